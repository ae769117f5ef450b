using System.Text.Json;
using Apm.Core.Spans;

namespace Apm.Wire.Json;

/// <summary>Something that happened within a span, read back from the JSON in the tag <see cref="TagNames.SpanEvents"/> (trace-intake §1.15).</summary>
/// <param name="Name">"" when there is none.</param>
/// <param name="Attributes">Plain JSON values.</param>
public sealed record SpanEvent(long UnixNanos, string Name, IReadOnlyList<KeyValuePair<string, JsonElement>> Attributes)
{
    /// <summary>The events of a span in their order. What a client sent broken is left out: it still stands in the tag.</summary>
    public static IReadOnlyList<SpanEvent> Of(Span span)
    {
        var events = new List<SpanEvent>();
        foreach (var element in StoredList.Elements(span, TagNames.SpanEvents))
        {
            if (!element.TryGetProperty("time_unix_nano", out var time) || time.ValueKind != JsonValueKind.Number || !time.TryGetInt64(out var nanos)) continue;
            events.Add(new SpanEvent(nanos, StoredList.Text(element, "name"), StoredList.Attributes(element)));
        }
        return events;
    }
}

/// <summary>Another span that belongs to the story, read back from the JSON in the tag <see cref="TagNames.SpanLinks"/> (trace-intake §1.15).</summary>
/// <param name="TraceState">"" when there is none.</param>
public sealed record SpanLink(Core.Ids.TraceId TraceId, Core.Ids.SpanId SpanId, string TraceState, IReadOnlyList<KeyValuePair<string, JsonElement>> Attributes)
{
    /// <summary>The links of a span in their order. What a client sent broken is left out: it still stands in the tag.</summary>
    public static IReadOnlyList<SpanLink> Of(Span span)
    {
        var links = new List<SpanLink>();
        foreach (var element in StoredList.Elements(span, TagNames.SpanLinks))
        {
            if (Core.Ids.TraceId.TryParse(StoredList.Text(element, "trace_id"), out var traceId) && Core.Ids.SpanId.TryParse(StoredList.Text(element, "span_id"), out var spanId))
                links.Add(new SpanLink(traceId, spanId, StoredList.Text(element, "tracestate"), StoredList.Attributes(element)));
        }
        return links;
    }
}

/// <summary>The JSON arrays that stand in tags.</summary>
static class StoredList
{
    public static IReadOnlyList<JsonElement> Elements(Span span, string tag)
    {
        if (!span.Tags.TryGetValue(tag, out var array)) return [];
        try
        {
            using var json = JsonDocument.Parse(array);
            return json.RootElement.ValueKind == JsonValueKind.Array
                ? [.. json.RootElement.EnumerateArray().Where(element => element.ValueKind == JsonValueKind.Object).Select(element => element.Clone())]
                : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    public static string Text(JsonElement element, string member) =>
        element.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    public static IReadOnlyList<KeyValuePair<string, JsonElement>> Attributes(JsonElement element) =>
        element.TryGetProperty("attributes", out var attributes) && attributes.ValueKind == JsonValueKind.Object
            ? [.. attributes.EnumerateObject().Select(attribute => new KeyValuePair<string, JsonElement>(attribute.Name, attribute.Value))]
            : [];
}
