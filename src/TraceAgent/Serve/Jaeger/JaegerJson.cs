using System.Text.Json;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Query.Traces;
using Apm.Wire.Json;

namespace Apm.TraceAgent.Serve.Jaeger;

/// <summary>
/// Traces in the JSON of Jaeger's query service: times in microseconds, tags with types, the sending processes apart.
/// </summary>
static class JaegerJson
{
    /// <summary>What belongs to the process, not to the span; given once per process.</summary>
    static readonly string[] ProcessTags = [TagNames.Hostname, TagNames.RuntimeId, TagNames.Version, TagNames.Language, TagNames.ProcessId, "telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version"];

    /// <summary>The frame of every answer.</summary>
    public static void WriteAnswer(Utf8JsonWriter json, Action<Utf8JsonWriter>? writeData, int total, int limit, int errorCode = 0, string error = "")
    {
        json.WriteStartObject();
        json.WritePropertyName("data");
        if (writeData is null) json.WriteNullValue();
        else writeData(json);
        json.WriteNumber("total", total);
        json.WriteNumber("limit", limit);
        json.WriteNumber("offset", 0);
        if (error.Length == 0) json.WriteNull("errors");
        else
        {
            json.WriteStartArray("errors");
            json.WriteStartObject();
            json.WriteNumber("code", errorCode);
            json.WriteString("msg", error);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    public static void WriteTrace(Utf8JsonWriter json, TraceTree trace)
    {
        var traceId = trace.TraceId.ToString();
        var processes = new Dictionary<(string Service, string Host, string Runtime), (string Id, Span First)>();
        json.WriteStartObject();
        json.WriteString("traceID", traceId);
        json.WriteStartArray("spans");
        foreach (var node in trace.Nodes)
        {
            if (node.ReadSpan() is not { } span) continue;
            var key = (span.Service, span.Tag(TagNames.Hostname) ?? "", span.Tag(TagNames.RuntimeId) ?? "");
            if (!processes.TryGetValue(key, out var process)) processes.Add(key, process = ($"p{processes.Count + 1}", span));
            WriteSpan(json, span, node, trace, traceId, process.Id);
        }
        json.WriteEndArray();
        json.WriteStartObject("processes");
        foreach (var (id, first) in processes.Values) WriteProcess(json, id, first);
        json.WriteEndObject();
        if (trace.IncompleteReason is null && trace.ClockSkewReason is null) json.WriteNull("warnings");
        else
        {
            json.WriteStartArray("warnings");
            if (trace.IncompleteReason is { } missing) json.WriteStringValue(missing);
            if (trace.ClockSkewReason is { } skew) json.WriteStringValue(skew);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    static void WriteSpan(Utf8JsonWriter json, Span span, TraceNode node, TraceTree trace, string traceId, string processId)
    {
        json.WriteStartObject();
        json.WriteString("traceID", traceId);
        json.WriteString("spanID", span.Id.ToString());
        json.WriteString("operationName", span.Name);
        json.WriteStartArray("references");
        var parent = node.ParentIndex >= 0 ? trace.Nodes[node.ParentIndex].SpanId : span.ParentId;
        if (!parent.IsNone) WriteReference(json, "CHILD_OF", traceId, parent.ToString());
        foreach (var link in SpanLink.Of(span)) WriteReference(json, "FOLLOWS_FROM", link.TraceId.ToString(), link.SpanId.ToString());
        json.WriteEndArray();
        json.WriteNumber("startTime", span.StartUnixNanos / 1000);
        json.WriteNumber("duration", span.DurationNanos / 1000);
        json.WriteStartArray("tags");
        WriteTag(json, "resource.name", span.Resource);
        if (span.Type.Length > 0) WriteTag(json, "span.type", span.Type);
        if (span.Env.Length > 0 && !span.Tags.ContainsKey(TagNames.Env)) WriteTag(json, TagNames.Env, span.Env);
        if (span.Kind != SpanKind.Unspecified && !span.Tags.ContainsKey(TagNames.SpanKind)) WriteTag(json, TagNames.SpanKind, new OperationName(span.Name, span.Kind).KindText);
        if (span.IsError) WriteErrorTag(json);
        foreach (var (key, value) in span.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
            if (key is not (TagNames.SpanLinks or TagNames.SpanEvents or "error") && !ProcessTags.Contains(key)) WriteTag(json, key, value);
        foreach (var (key, value) in span.Numbers.OrderBy(number => number.Key, StringComparer.Ordinal))
            if (!ProcessTags.Contains(key)) WriteTag(json, key, value);
        json.WriteEndArray();
        json.WriteStartArray("logs");
        WriteLogs(json, SpanEvent.Of(span));
        json.WriteEndArray();
        json.WriteString("processID", processId);
        json.WriteNull("warnings");
        json.WriteEndObject();
    }

    static void WriteProcess(Utf8JsonWriter json, string id, Span first)
    {
        json.WriteStartObject(id);
        json.WriteString("serviceName", first.Service);
        json.WriteStartArray("tags");
        foreach (var key in ProcessTags)
        {
            var name = key == TagNames.Hostname ? "hostname" : key;
            if (first.Tags.TryGetValue(key, out var text)) WriteTag(json, name, text);
            else if (first.Numbers.TryGetValue(key, out var number)) WriteTag(json, name, number);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteReference(Utf8JsonWriter json, string type, string traceId, string spanId)
    {
        json.WriteStartObject();
        json.WriteString("refType", type);
        json.WriteString("traceID", traceId);
        json.WriteString("spanID", spanId);
        json.WriteEndObject();
    }

    static void WriteLogs(Utf8JsonWriter json, IReadOnlyList<SpanEvent> events)
    {
        foreach (var happening in events)
        {
            json.WriteStartObject();
            json.WriteNumber("timestamp", happening.UnixNanos / 1000);
            json.WriteStartArray("fields");
            if (happening.Name.Length > 0) WriteTag(json, "event", happening.Name);
            foreach (var (key, value) in happening.Attributes) WriteTag(json, key, value);
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    static void WriteErrorTag(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("key", "error");
        json.WriteString("type", "bool");
        json.WriteBoolean("value", true);
        json.WriteEndObject();
    }

    static void WriteTag(Utf8JsonWriter json, string key, string value)
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        json.WriteString("type", "string");
        json.WriteString("value", value);
        json.WriteEndObject();
    }

    /// <summary>Whole numbers that a double holds exactly are int64, as their sender meant them; what JSON has no number for is text.</summary>
    static void WriteTag(Utf8JsonWriter json, string key, double value)
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        if (Math.Abs(value) <= 1L << 53 && value == Math.Floor(value))
        {
            json.WriteString("type", "int64");
            json.WriteNumber("value", (long)value);
        }
        else if (double.IsFinite(value))
        {
            json.WriteString("type", "float64");
            json.WriteNumber("value", value);
        }
        else
        {
            json.WriteString("type", "string");
            json.WriteString("value", value.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        json.WriteEndObject();
    }

    static void WriteTag(Utf8JsonWriter json, string key, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String: WriteTag(json, key, value.GetString()!); break;
            case JsonValueKind.Number: WriteTag(json, key, value.GetDouble()); break;
            case JsonValueKind.True or JsonValueKind.False:
                json.WriteStartObject();
                json.WriteString("key", key);
                json.WriteString("type", "bool");
                json.WriteBoolean("value", value.GetBoolean());
                json.WriteEndObject();
                break;
            default: WriteTag(json, key, value.GetRawText()); break;
        }
    }
}
