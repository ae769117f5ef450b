using System.Globalization;
using System.Text.Json;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Spans;
using Apm.Query.Text;
using Apm.Query.TraceQl;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve.Tempo;

/// <summary>
/// Names of attributes and their values, for completion: <c>search/tags</c> and <c>search/tag/{tag}/values</c> in both versions. With <c>q</c>
/// only those of spans that it names; a text that is no such query narrows nothing, as in Tempo.
/// </summary>
static class TempoTags
{
    static readonly string[] ResourceColumns = ["service.name", "deployment.environment.name"];
    static readonly string[] SpanColumns = ["operation.name", "resource.name", "span.type"];

    /// <summary>Not attributes: lists, and what the fields of a span say.</summary>
    static readonly string[] Hidden = [TagNames.SpanLinks, TagNames.SpanEvents, TagNames.SpanKind, TagNames.Env];

    public static Task Names(HttpContext http)
    {
        var scopes = Scopes(http);
        return Write(http, json =>
        {
            json.WriteStartArray("tagNames");
            foreach (var name in scopes.SelectMany(scope => scope.Tags).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)) json.WriteStringValue(name);
            json.WriteEndArray();
        });
    }

    public static Task ScopedNames(HttpContext http)
    {
        var scopes = Scopes(http);
        return Write(http, json =>
        {
            json.WriteStartArray("scopes");
            foreach (var (name, tags) in scopes)
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteStartArray("tags");
                foreach (var tag in tags) json.WriteStringValue(tag);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }

    public static Task Values(HttpContext http)
    {
        var tag = (string)http.Request.RouteValues["tag"]!;
        var field = TraceQlField.Intrinsics.Contains(tag) ? new TraceQlField(TraceQlScope.Intrinsic, tag) : new TraceQlField(TraceQlScope.Any, tag);
        var values = ValuesOf(http, field);
        return Write(http, json =>
        {
            json.WriteStartArray("tagValues");
            foreach (var value in values) json.WriteStringValue(value);
            json.WriteEndArray();
        });
    }

    public static Task TypedValues(HttpContext http)
    {
        var field = TraceQlParser.ParseField((string)http.Request.RouteValues["tag"]!);
        var values = ValuesOf(http, field);
        return Write(http, json =>
        {
            json.WriteStartArray("tagValues");
            foreach (var value in values)
            {
                json.WriteStartObject();
                json.WriteString("type", TypeOf(field, value));
                json.WriteString("value", value);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }

    static List<(string Name, IReadOnlyList<string> Tags)> Scopes(HttpContext http)
    {
        var wanted = http.Request.Query["scope"].ToString();
        if (wanted is not ("" or "all" or "none" or "resource" or "span" or "intrinsic" or "event" or "link" or "instrumentation"))
            throw new RefusedException($"invalid scope: \"{wanted}\". There are: resource, span, intrinsic.");
        var known = new KeysAndValues(http.RequestServices.GetRequiredService<ITraceReader>(), http.RequestServices.GetRequiredService<TimeProvider>()) { Filter = FilterOf(http) }
            .CompleteKeys(TempoRequest.RangeOf(http), "", KeysAndValues.MaxDistinct, http.RequestAborted);
        var keys = known.Values.Select(key => key.Value).Where(key => !Hidden.Contains(key)).ToList();
        var limit = LimitOf(http);
        var (scopes, total) = (new List<(string Name, IReadOnlyList<string> Tags)>(), 0);
        Add("resource", ResourceColumns.Concat(keys.Where(ProcessTags.Contains).Select(ProcessTags.OtelNameOf)));
        Add("span", SpanColumns.Concat(keys.Where(key => !ProcessTags.Contains(key))));
        Add("intrinsic", TraceQlField.Intrinsics);
        SearchHeaders.Write(http, total, known.LookedAtSpanCount, known.IsPart
            ? string.Create(CultureInfo.InvariantCulture, $"The names are those of the newest {known.LookedAtSpanCount:N0} spans of the range; there may be more. Narrow it by start, end or q.")
            : CutReason(http, isCut: total > scopes.Sum(scope => scope.Tags.Count), "names of one scope"));
        return scopes;

        void Add(string name, IEnumerable<string> tags)
        {
            if (wanted is not ("" or "all" or "none") && wanted != name) return;
            var all = tags.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
            total += all.Count;
            scopes.Add((name, [.. all.Take(limit)]));
        }
    }

    static int LimitOf(HttpContext http) => TempoRequest.Whole(http.Request.Query, "limit", TempoRequest.MaxTags, TempoRequest.MaxTags);

    /// <summary>That our limit ended a list, not the one that was asked for; null when it did not.</summary>
    static string? CutReason(HttpContext http, bool isCut, string names) =>
        !isCut || (int.TryParse(http.Request.Query["limit"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) && asked <= TempoRequest.MaxTags) ? null
        : string.Create(CultureInfo.InvariantCulture, $"At most {TempoRequest.MaxTags:N0} {names} are given. Narrow the question by start, end or q.");

    static List<string> ValuesOf(HttpContext http, TraceQlField field)
    {
        var ours = TraceQlFields.Of(field)[0];
        switch (ours.Field)
        {
            case FilterField.Status: return ["error", "ok", "unset"];
            case FilterField.Kind: return [.. FilterWords.Kinds];
            case FilterField.Duration or FilterField.TraceDuration or FilterField.TraceId or FilterField.SpanId or FilterField.ParentId: return []; // Nearly each span has its own.
        }
        var filter = FilterOf(http);
        if (ours.Field.IsOfTrace())
        {
            filter = filter.With("is", "root");
            ours = new SpanField(ours.Field == FilterField.RootService ? FilterField.Service : FilterField.Resource, "");
        }
        var limit = LimitOf(http);
        var found = new SpanAggregation(http.RequestServices.GetRequiredService<ITraceReader>(), http.RequestServices.GetRequiredService<TimeProvider>()).Aggregate(new SpanAggregationRequest
        {
            Range = TempoRequest.RangeOf(http),
            Filter = filter,
            GroupBy = [new SpanGroupBy(ours) { Limit = limit }],
        }, http.RequestAborted);
        SearchHeaders.Write(http, found.GroupCount, found.Report.ScannedSpanCount, found.Report.IncompleteReason ?? CutReason(http, isCut: found.GroupCount > found.Groups.Count, "values"));
        return [.. found.Groups.Select(group => group.Values[0])];
    }

    static TraceFilter FilterOf(HttpContext http)
    {
        var text = http.Request.Query["q"].ToString();
        if (text.Length == 0) return TraceFilter.Empty;
        try
        {
            var filter = TraceQlPlan.Of(text).Filter;
            return filter.IsOfTrace ? TraceFilter.Empty : filter;
        }
        catch (QueryTextException)
        {
            return TraceFilter.Empty; // Somebody is typing.
        }
    }

    static string TypeOf(TraceQlField field, string value) =>
        TraceQlFields.Of(field)[0].Field is FilterField.Status or FilterField.Kind ? "keyword"
        : TraceQlFields.Of(field)[0].Field != FilterField.Tag ? "string"
        : long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? "int"
        : double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? "float"
        : value is "true" or "false" ? "bool"
        : "string";

    static Task Write(HttpContext http, Action<Utf8JsonWriter> write) => JsonAnswer.Write(http, 200, json =>
    {
        json.WriteStartObject();
        write(json);
        json.WriteStartObject("metrics");
        json.WriteEndObject();
        json.WriteEndObject();
    });
}
