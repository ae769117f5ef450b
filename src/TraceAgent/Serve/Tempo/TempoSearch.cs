using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Query.Filters;
using Apm.Query.Spans;
using Apm.Query.TraceQl;
using Apm.Query.Traces;
using Apm.Wire.Json;
using Apm.Wire.Otlp;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve.Tempo;

/// <summary>
/// <c>GET /tempo/api/search</c>: traces by TraceQL (<c>q</c>), or by <c>tags</c> in logfmt, <c>minDuration</c> and <c>maxDuration</c>; the newest
/// first, each with the spans that were found in it.
/// </summary>
static partial class TempoSearch
{
    public static Task Answer(HttpContext http)
    {
        var query = http.Request.Query;
        KnownParameters.Check(query, "q", "tags", "minDuration", "maxDuration", "limit", "spss", "start", "end", "since");
        var text = query["q"].ToString();
        if (text.Length > 0 && ((string[])["tags", "minDuration", "maxDuration"]).FirstOrDefault(name => query[name].ToString().Length > 0) is { } beside)
            throw new RefusedException($"{beside} stands beside q, and only one of them is looked at: write it into q, such as {{ span.http.method = \"GET\" && traceDuration > 1s }}.");
        var plan = text.Length > 0 ? TraceQlPlan.Of(text) : new TraceQlPlan { Filter = TagFilter(query) };
        if (plan.Metric is { } metric) throw new RefusedException($"{metric.Function}() at column {metric.At.Column} makes series. Ask /tempo/api/metrics/query_range for them.");
        var range = TempoRequest.RangeOf(http);
        var spansPerSet = TempoRequest.Whole(query, "spss", TempoRequest.DefaultSpansPerSet, TempoRequest.MaxSpansPerSet);
        var found = new TraceSearch(http.RequestServices.GetRequiredService<ITraceReader>(), http.RequestServices.GetRequiredService<TimeProvider>())
            .Search(new TraceSearchRequest { Range = range, Filter = plan.Filter, Limit = TempoRequest.Whole(query, "limit", TempoRequest.DefaultLimit, TempoRequest.MaxLimit) }, http.RequestAborted);
        // An empty list would look like an answer.
        if (found.IncompleteReason is { } reason && found.ScannedSpanCount == 0) throw new RefusedException(reason);
        SearchHeaders.Write(http, found.MatchedTraceCount, found.ScannedSpanCount, found.IncompleteReason);
        var limit = plan.By is null ? spansPerSet : SpanSearch.MaxLimit;
        var matches = TempoApi.MatchesOf(http).Read(range, plan.Filter, [.. found.Traces.Select(trace => trace.TraceId)], limit, http.RequestAborted);
        var lookup = plan.Select.Any(IsNestedSet) ? new TraceLookup(http.RequestServices.GetRequiredService<ITraceReader>()) : null;
        return JsonAnswer.Write(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("traces");
            for (var i = 0; i < matches.Count; i++)
            {
                var sets = lookup?.Read(found.Traces[i].TraceId, http.RequestAborted) is { } whole ? new NestedSets(whole) : null;
                WriteTrace(json, found.Traces[i], matches[i], plan, spansPerSet, sets);
            }
            json.WriteEndArray();
            json.WriteStartObject("metrics");
            json.WriteNumber("inspectedTraces", found.MatchedTraceCount);
            json.WriteString("inspectedSpans", found.ScannedSpanCount.ToString(CultureInfo.InvariantCulture));
            json.WriteNumber("completedJobs", found.IsComplete ? 1 : 0);
            json.WriteNumber("totalJobs", 1);
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    static void WriteTrace(Utf8JsonWriter json, TraceSummary trace, TraceMatches matches, TraceQlPlan plan, int spansPerSet, NestedSets? sets)
    {
        json.WriteStartObject();
        json.WriteString("traceID", trace.TraceId.ToString());
        json.WriteString("rootServiceName", trace.IsRootMissing ? "<root span not yet received>" : trace.Root.Service);
        json.WriteString("rootTraceName", trace.IsRootMissing ? "" : trace.Root.Resource);
        json.WriteString("startTimeUnixNano", Text(trace.StartUnixNanos));
        json.WriteNumber("durationMs", trace.DurationNanos / 1_000_000);
        List<(object? By, IReadOnlyList<Span> Spans, long Total)> parts = plan.By is { } by
            ? matches.Spans.GroupBy(span => TraceQlFields.ValueOf(span, by)).Select(group => ((object?)group.Key, (IReadOnlyList<Span>)[.. group.Take(spansPerSet)], group.LongCount())).ToList()
            : [(null, matches.Spans, matches.Total)];
        json.WritePropertyName("spanSet"); // Older clients know one set only.
        if (parts.Count == 0) parts.Add((By: null, [], 0)); // The trace went away, or grew out of the conditions, since it was found.
        WriteSet(json, parts[0].Spans, parts[0].Total, parts[0].By, plan, sets);
        json.WriteStartArray("spanSets");
        foreach (var part in parts) WriteSet(json, part.Spans, part.Total, part.By, plan, sets);
        json.WriteEndArray();
        json.WriteStartObject("serviceStats");
        foreach (var share in trace.Services)
        {
            json.WriteStartObject(share.Service);
            json.WriteNumber("spanCount", share.SpanCount);
            if (share.ErrorCount > 0) json.WriteNumber("errorCount", share.ErrorCount);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void WriteSet(Utf8JsonWriter json, IReadOnlyList<Span> spans, long total, object? by, TraceQlPlan plan, NestedSets? sets)
    {
        json.WriteStartObject();
        json.WriteStartArray("spans");
        foreach (var span in spans)
        {
            json.WriteStartObject();
            json.WriteString("spanID", span.Id.ToString());
            json.WriteString("name", span.Resource);
            json.WriteString("startTimeUnixNano", Text(span.StartUnixNanos));
            json.WriteString("durationNanos", Text(span.DurationNanos));
            WriteAttributes(json, span, plan.ConditionFields.Concat(plan.Select).Distinct(), sets);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("matched", total);
        if (plan.By is { } field)
        {
            json.WriteStartArray("attributes");
            WriteAttribute(json, $"by({field})", by ?? "nil");
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    static void WriteAttributes(Utf8JsonWriter json, Span span, IEnumerable<TraceQlField> fields, NestedSets? sets)
    {
        var values = fields.Where(field => field.Name is not ("duration" or "name" or "span:duration" or "span:name"))
            .Select(field => (Key: field.Name, Value: ValueOf(span, field, sets))).Where(pair => pair.Value is not null).DistinctBy(pair => pair.Key).ToList();
        if (values.Count == 0) return;
        json.WriteStartArray("attributes");
        foreach (var (key, value) in values) WriteAttribute(json, key, value!);
        json.WriteEndArray();
    }

    static bool IsNestedSet(TraceQlField field) => field is { Scope: TraceQlScope.Intrinsic, Name: "nestedSetParent" or "nestedSetLeft" or "nestedSetRight" };

    static object? ValueOf(Span span, TraceQlField field, NestedSets? sets) =>
        IsNestedSet(field) ? sets?.Of(span.Id, span.Service, field.Name) : field.IsSelectedOnly ? OfEvent(span, field.Name) : TraceQlFields.ValueOf(span, field);

    /// <summary>What the first event that has it says; of an exception, which Datadog's tracers tell in tags, those.</summary>
    static object? OfEvent(Span span, string name)
    {
        foreach (var happening in SpanEvent.Of(span))
        {
            if (name == "event:name" && happening.Name.Length > 0) return happening.Name;
            foreach (var (key, value) in happening.Attributes)
            {
                if (key != name) continue;
                return value.ValueKind switch
                {
                    JsonValueKind.String => value.GetString(),
                    JsonValueKind.Number => value.GetDouble(),
                    JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
                    _ => value.GetRawText(),
                };
            }
        }
        return name switch
        {
            "exception.type" => span.Tags.GetValueOrDefault(TagNames.ErrorType),
            "exception.message" => span.Tags.GetValueOrDefault(TagNames.ErrorMessage) ?? span.Tags.GetValueOrDefault(TagNames.ErrorMsg),
            "exception.stacktrace" => span.Tags.GetValueOrDefault(TagNames.ErrorStack),
            _ => null,
        };
    }

    static void WriteAttribute(Utf8JsonWriter json, string key, object value)
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        json.WritePropertyName("value");
        OtlpJsonTraceWriter.WriteValue(json, value is double number ? OtlpAttribute.Of(key, number).Value : value);
        json.WriteEndObject();
    }

    /// <summary>Tags have to be in a span's texts, case ignored; durations are of the trace.</summary>
    static TraceFilter TagFilter(IQueryCollection query)
    {
        var filter = TraceFilter.Empty;
        foreach (var (key, value) in Pairs(string.Join(' ', query["tags"].ToArray())))
            filter = filter.And(TraceQlPlan.Of($"{{ {FieldOf(key)} =~ {Quoted("(?i).*" + Regex.Escape(value) + ".*")} }}").Filter);
        var (least, most) = (TempoRequest.Duration(query, "minDuration"), TempoRequest.Duration(query, "maxDuration"));
        if (most < least) throw new RefusedException($"maxDuration ({query["maxDuration"]}) must not be below minDuration ({query["minDuration"]})");
        if (least is { } min) filter = filter.And(TraceQlPlan.Of($"{{ traceDuration >= {min}ns }}").Filter);
        if (most is { } max) filter = filter.And(TraceQlPlan.Of($"{{ traceDuration <= {max}ns }}").Filter);
        return filter;
    }

    /// <summary>Pairs in logfmt: <c>key=value other="with blanks"</c>.</summary>
    /// <exception cref="RefusedException">Something in the text is no pair.</exception>
    static IEnumerable<(string Key, string Value)> Pairs(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }
            var pair = LogfmtPair().Match(text, at);
            if (!pair.Success)
                throw new RefusedException($"invalid tags: at column {at + 1} the pairs end, before \"{text[at..]}\". Write key=value with blanks between the pairs, such as service.name=checkout http.status_code=500; a value with blanks or quotes in quotes.");
            yield return (pair.Groups["key"].Value, pair.Groups["quoted"].Success ? pair.Groups["quoted"].Value.Replace("\\\"", "\"", StringComparison.Ordinal) : pair.Groups["bare"].Value);
            at += pair.Length;
        }
    }

    static string FieldOf(string tag) => tag is "name" or "statusMessage" ? tag : new TraceQlField(TraceQlScope.Any, tag is "root.name" or "root.service.name" ? tag["root.".Length..] : tag).ToString();

    static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex("""\G(?<key>[^\s="]+)=(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<bare>[^\s"]*))(?=\s|$)""")]
    private static partial Regex LogfmtPair();
}
