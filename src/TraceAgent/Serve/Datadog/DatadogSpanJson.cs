using System.Globalization;
using System.Text.Json;
using Apm.Core.Spans;
using Apm.Core.Time;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>
/// One span in the JSON:API of Datadog's v2. Tags stand in <c>custom</c>, nested at the dots of their keys, and in <c>attributes</c> under their
/// whole keys; span ids are decimal, trace ids decimal when they have 64 bits and hex when they have 128.
/// </summary>
static class DatadogSpanJson
{
    static readonly string[] Lists = [TagNames.SpanLinks, TagNames.SpanEvents];

    public static void Write(Utf8JsonWriter json, Span span)
    {
        json.WriteStartObject();
        json.WriteString("id", $"{span.TraceId}-{span.Id}");
        json.WriteString("type", "spans");
        json.WriteStartObject("attributes");
        json.WriteString("service", span.Service);
        json.WriteString("operation_name", span.Name);
        json.WriteString("resource_name", span.Resource);
        if (span.Type.Length > 0) json.WriteString("type", span.Type);
        if (span.Env.Length > 0) json.WriteString("env", span.Env);
        var host = span.Tag(TagNames.Hostname) ?? span.Tag("host.name") ?? span.Tag("host");
        if (host is not null) json.WriteString("host", host);
        json.WriteString("trace_id", span.TraceId.High == 0 ? Decimal(span.TraceId.Low) : span.TraceId.ToString());
        json.WriteString("span_id", Decimal(span.Id.Value));
        json.WriteString("parent_id", Decimal(span.ParentId.Value));
        json.WriteString("start_timestamp", Iso(span.StartUnixNanos));
        json.WriteString("end_timestamp", Iso(span.DurationNanos > long.MaxValue - Math.Max(0, span.StartUnixNanos) ? long.MaxValue : span.EndUnixNanos));
        json.WriteString("status", span.IsError ? "error" : "ok");
        json.WriteBoolean("single_span", span.Flags.Verdict() == SampleVerdict.KeepSpanRule);
        if (IngestionReason(span) is { } reason) json.WriteString("ingestion_reason", reason);
        json.WriteString("retained_by", span.Flags.Verdict().Word());
        WriteTags(json, span, host);
        var values = Values(span);
        json.WriteStartObject("custom");
        WriteNested(json, values, depth: 0, from: 0, to: values.Count);
        json.WriteEndObject();
        json.WriteStartObject("attributes");
        foreach (var (key, value) in values) WriteValue(json, key, value);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>UTC with milliseconds, as Datadog writes times; in the range that its clients can read.</summary>
    public static string Iso(long unixNanos) => UnixTime.ToDateTime(unixNanos).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    static void WriteTags(Utf8JsonWriter json, Span span, string? host)
    {
        json.WriteStartArray("tags");
        Write("service", span.Service);
        Write("env", span.Env);
        Write("version", span.Tag(TagNames.Version));
        Write("host", host);
        foreach (var key in (string[])[TagNames.Language, TagNames.RuntimeId, "container_id"]) Write(key, span.Tag(key));
        json.WriteEndArray();

        void Write(string key, string? value)
        {
            if (!string.IsNullOrEmpty(value)) json.WriteStringValue($"{key}:{value}");
        }
    }

    /// <summary>Duration and tags by key.</summary>
    static List<KeyValuePair<string, object>> Values(Span span)
    {
        var values = new SortedDictionary<string, object>(StringComparer.Ordinal);
        foreach (var (key, value) in span.Tags) values[key] = value;
        foreach (var (key, value) in span.Numbers) values[key] = value;
        values["duration"] = (double)span.DurationNanos;
        return [.. values.Where(pair => pair.Key.Length > 0)];
    }

    /// <summary>Keys that agree up to a dot become one object. When a shorter key has a value of its own, the longer stay whole beside it.</summary>
    static void WriteNested(Utf8JsonWriter json, List<KeyValuePair<string, object>> values, int depth, int from, int to)
    {
        var groups = new Dictionary<string, List<KeyValuePair<string, object>>>(StringComparer.Ordinal);
        var order = new List<string>();
        foreach (var pair in values[from..to])
        {
            var rest = pair.Key[depth..];
            var dot = rest.IndexOf('.', StringComparison.Ordinal);
            var head = dot > 0 && dot < rest.Length - 1 ? rest[..dot] : rest;
            if (!groups.TryGetValue(head, out var group))
            {
                groups.Add(head, group = []);
                order.Add(head);
            }
            group.Add(pair);
        }
        foreach (var head in order)
        {
            var group = groups[head];
            var isScalar = group.Any(pair => pair.Key.Length == depth + head.Length);
            if (isScalar || depth > 256)
            {
                foreach (var (key, value) in group) WriteValue(json, key[depth..], value);
                continue;
            }
            json.WriteStartObject(head);
            WriteNested(json, group, depth + head.Length + 1, 0, group.Count);
            json.WriteEndObject();
        }
    }

    static void WriteValue(Utf8JsonWriter json, string key, object value)
    {
        switch (value)
        {
            case double number when double.IsFinite(number): json.WriteNumber(key, number); break;
            case double number: json.WriteString(key, number.ToString(CultureInfo.InvariantCulture)); break;
            case string text when Array.Exists(Lists, list => list == key) && IsJson(text):
                json.WritePropertyName(key);
                json.WriteRawValue(text);
                break;
            default: json.WriteString(key, (string)value); break;
        }
    }

    static bool IsJson(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>By the mechanism that decided in the tracer (trace-intake §1.13).</summary>
    static string? IngestionReason(Span span) => span.Tag(TagNames.DecisionMaker) switch
    {
        "-0" or "-1" => "auto",
        "-3" or "-11" or "-12" => "rule",
        "-4" => "manual",
        "-8" => "single_span",
        _ => null,
    };

    static string Decimal(ulong id) => id.ToString(CultureInfo.InvariantCulture);
}
