using Apm.Core.Spans;
using Apm.Query.Filters;
using Apm.Query.Text;
using Apm.Query.Traces;

namespace Apm.Query.TraceQl;

/// <summary>What TraceQL's fields are among ours.</summary>
public static class TraceQlFields
{
    /// <summary>Attributes that are columns of ours, by the key that <c>span.</c>, <c>resource.</c> and <c>.</c> know them by.</summary>
    static readonly (string Key, FilterField Field)[] Columns =
    [
        ("service.name", FilterField.Service),
        ("deployment.environment.name", FilterField.Env), ("deployment.environment", FilterField.Env), ("env", FilterField.Env),
        ("operation.name", FilterField.Operation),
        ("resource.name", FilterField.Resource),
        ("span.type", FilterField.Type),
        ("host.name", FilterField.Host),
    ];

    /// <summary>Newer names of OpenTelemetry's, stored under the older (trace-intake §7.9).</summary>
    static readonly (string Key, string Tag)[] Renamed =
    [
        ("http.request.method", "http.method"), ("http.response.status_code", "http.status_code"), ("url.full", "http.url"),
        ("server.address", "http.server_name"), ("client.address", "http.client_ip"), ("user_agent.original", "http.useragent"),
        ("network.protocol.version", "http.version"), ("http.request.body.size", "http.request.content_length"), ("http.response.body.size", "http.response.content_length"),
    ];

    /// <summary>Tags that may say why a span failed, the first that is there.</summary>
    internal static readonly string[] StatusMessageTags = ["otel.status_description", TagNames.ErrorMessage, TagNames.ErrorMsg];

    /// <summary>Our fields in which a text may stand that TraceQL calls by this name, the preferred one first.</summary>
    public static IReadOnlyList<SpanField> Of(TraceQlField field)
    {
        if (field.Scope == TraceQlScope.Intrinsic)
        {
            return field.Name switch
            {
                "duration" or "span:duration" => [SpanField.Duration],
                "name" or "span:name" => [Plain(FilterField.Resource), Plain(FilterField.Operation)],
                "status" or "span:status" => [Plain(FilterField.Status)],
                "kind" or "span:kind" => [Plain(FilterField.Kind)],
                "statusMessage" or "span:statusMessage" => [.. StatusMessageTags.Select(SpanField.Tag)],
                "trace:id" => [Plain(FilterField.TraceId)],
                "span:id" => [Plain(FilterField.SpanId)],
                "span:parentID" or "nestedSetParent" => [Plain(FilterField.ParentId)],
                "traceDuration" or "trace:duration" => [Plain(FilterField.TraceDuration)],
                "rootName" or "trace:rootName" => [Plain(FilterField.RootResource), Plain(FilterField.RootOperation)],
                _ => [Plain(FilterField.RootService)],
            };
        }
        foreach (var (key, column) in Columns) if (key == field.Name) return [Plain(column)];
        foreach (var (key, tag) in Renamed) if (key == field.Name) return [SpanField.Tag(tag), SpanField.Tag(key)];
        return [.. ProcessTags.TagsOf(field.Name).Select(SpanField.Tag)];
    }

    /// <summary>A span's value of a field: <see cref="string"/>, <see cref="double"/>, or, in nanoseconds, <see cref="long"/>; null when it has none, or the field is of the trace.</summary>
    public static object? ValueOf(Span span, TraceQlField field)
    {
        if (field.IsSelectedOnly) return null;
        foreach (var one in Of(field))
        {
            object? value = one.Field switch
            {
                FilterField.Service => span.Service,
                FilterField.Env => span.Env,
                FilterField.Operation => span.Name,
                FilterField.Resource => span.Resource,
                FilterField.Type => span.Type,
                FilterField.Duration => span.DurationNanos,
                FilterField.Kind => FilterWords.Kinds[Math.Min((int)span.Kind, FilterWords.Kinds.Count - 1)],
                FilterField.Status => span.IsError ? "error" : span.Tags.GetValueOrDefault("otel.status_code") == "Ok" ? "ok" : "unset",
                FilterField.SpanId => span.Id.ToString(),
                FilterField.ParentId => span.ParentId.IsNone ? "" : span.ParentId.ToString(),
                FilterField.Host => span.Tag(TagNames.Hostname) ?? span.Tag("host.name") ?? span.Tag("host"),
                FilterField.Tag => span.Numbers.TryGetValue(one.Key, out var number) ? number : span.Tags.GetValueOrDefault(one.Key),
                _ => null,
            };
            if (value is not (null or "")) return value;
        }
        return null;
    }

    /// <summary>The one field of a span that can be computed with or grouped by.</summary>
    /// <param name="at">Where it stands, for the sentence.</param>
    /// <exception cref="QueryTextException">It is of the whole trace.</exception>
    public static SpanField OneOf(TraceQlField field, TextRange at)
    {
        var first = Of(field)[0];
        return first.Field.IsOfTrace()
            ? throw new QueryTextException($"\"{field}\" at column {at.Column} is of the whole trace; here only what each span has can stand, such as resource.service.name.", at)
            : first;
    }

    static SpanField Plain(FilterField field) => new(field, "");
}
