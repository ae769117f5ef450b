using System.Text.Encodings.Web;
using System.Text.Json;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Query.Traces;

namespace Apm.Query.TraceFiles;

/// <summary>Writes a trace as the JSON of docs/formats/trace-file.md. Secrets are masked (<see cref="SecretMask"/>). Pure.</summary>
public static class TraceFile
{
    /// <summary>Value of <c>format</c>.</summary>
    public const string Format = "apm-trace";

    /// <summary>Newest <c>version</c> that is written and read.</summary>
    public const int Version = 1;

    /// <summary>Largest file that is read, 48 MiB: 100,000 spans with some ten attributes each. A larger one is refused with a sentence.</summary>
    public const int MaxBytes = 50_331_648;

    /// <summary>Most spans of a file that is read; default 200,000.</summary>
    public const int MaxSpans = 200_000;

    /// <summary>Writes the whole file.</summary>
    /// <param name="to">UTF-8 goes here.</param>
    /// <param name="tree">Times are written as they were sent, also from a tree whose clocks were aligned.</param>
    public static void Write(Stream to, TraceTree tree)
    {
        using var json = new Utf8JsonWriter(to, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("format", Format);
        json.WriteNumber("version", Version);
        json.WriteString("trace_id", tree.TraceId.ToString());
        json.WriteStartArray("spans");
        foreach (var node in tree.Nodes)
        {
            if (node.ReadSpan() is { } span) WriteSpan(json, span, isMasked: true, tree.TraceId);
            if (json.BytesPending > 65_536) json.Flush();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>One span as an object: an item of <c>spans</c>.</summary>
    /// <param name="json">Written to.</param>
    /// <param name="span">The span.</param>
    /// <param name="isMasked">Whether secrets are taken out.</param>
    /// <param name="knownTrace">The trace that is told around it already; it is not told again.</param>
    public static void WriteSpan(Utf8JsonWriter json, Span span, bool isMasked, TraceId? knownTrace = null)
    {
        json.WriteStartObject();
        if (span.TraceId != knownTrace) json.WriteString("trace_id", span.TraceId.ToString());
        json.WriteString("span_id", span.Id.ToString());
        if (!span.ParentId.IsNone) json.WriteString("parent_id", span.ParentId.ToString());
        json.WriteString("service", span.Service);
        json.WriteString("name", Text("", span.Name));
        json.WriteString("resource", Text("", span.Resource));
        if (span.Type.Length > 0) json.WriteString("type", span.Type);
        if (span.Env.Length > 0) json.WriteString("env", span.Env);
        if (span.Kind != SpanKind.Unspecified) json.WriteString("kind", span.Kind.ToString().ToLowerInvariant());
        json.WriteNumber("start_unix_nanos", span.StartUnixNanos);
        json.WriteNumber("duration_nanos", span.DurationNanos);
        if (span.IsError) json.WriteBoolean("error", true);
        if (span.IsTopLevel) json.WriteBoolean("top_level", true);
        if ((span.Flags & SpanFlags.Measured) != 0) json.WriteBoolean("measured", true);
        if ((span.Flags & SpanFlags.Partial) != 0) json.WriteBoolean("running", true);
        json.WriteString("kept", span.Flags.Verdict().Word());
        if (span.Tags.Count > 0)
        {
            json.WriteStartObject("tags");
            foreach (var (key, value) in span.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal)) json.WriteString(key, Text(key, value));
            json.WriteEndObject();
        }
        if (span.Numbers.Count > 0)
        {
            json.WriteStartObject("numbers");
            foreach (var (key, value) in span.Numbers.OrderBy(number => number.Key, StringComparer.Ordinal))
            {
                if (double.IsFinite(value)) json.WriteNumber(key, value);
                else json.WriteString(key, value.ToString("R", System.Globalization.CultureInfo.InvariantCulture));
            }
            json.WriteEndObject();
        }
        json.WriteEndObject();

        string Text(string key, string value) => isMasked ? SecretMask.Of(key, value) : value;
    }
}
