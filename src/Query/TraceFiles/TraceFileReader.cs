using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Query.Traces;

namespace Apm.Query.TraceFiles;

/// <summary>Reads the JSON of docs/formats/trace-file.md. Members that are not known are passed over. Pure.</summary>
public static class TraceFileReader
{
    static readonly Dictionary<string, SampleVerdict> Verdicts = Enum.GetValues<SampleVerdict>().Where(verdict => verdict.IsKept()).ToDictionary(verdict => verdict.Word(), StringComparer.Ordinal);

    /// <summary>The trace of a file.</summary>
    /// <param name="utf8">The whole file.</param>
    /// <exception cref="TraceFileException">It is no such file.</exception>
    public static TraceTree Read(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Length > TraceFile.MaxBytes)
            throw new TraceFileException(string.Create(CultureInfo.InvariantCulture, $"The file has {utf8.Length:#,0} bytes; at most {TraceFile.MaxBytes:#,0} are read."));
        if (!Utf8.IsValid(utf8.Span)) throw new TraceFileException("The file is no text in UTF-8. Export the trace again, or save the file in that encoding.");
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 16 });
            return ReadFile(document.RootElement);
        }
        catch (InvalidOperationException problem)
        {
            throw new TraceFileException("The file holds half of a character (an escaped surrogate without its other half). Export the trace again.", problem);
        }
        catch (JsonException problem)
        {
            throw new TraceFileException($"The file is no JSON: line {problem.LineNumber + 1}, byte {problem.BytePositionInLine}. Was it cut off on its way? Export the trace again.", problem);
        }
    }

    static TraceTree ReadFile(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || TextOf(root, "format") != TraceFile.Format)
            throw new TraceFileException($"The file has no \"format\": \"{TraceFile.Format}\". Only traces that Apm exported can be shown; send others to the receiver of their protocol.");
        if (!root.TryGetProperty("version", out var version) || version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out var number) || number < 1)
            throw new TraceFileException("The file does not say its \"version\".");
        if (number > TraceFile.Version) throw new TraceFileException($"The file has version {number}; this Apm reads up to {TraceFile.Version}. Open it with a newer one.");
        if (!root.TryGetProperty("spans", out var spans) || spans.ValueKind != JsonValueKind.Array || spans.GetArrayLength() == 0) throw new TraceFileException("The file holds no spans.");
        if (spans.GetArrayLength() > TraceFile.MaxSpans)
            throw new TraceFileException(string.Create(CultureInfo.InvariantCulture, $"The file holds {spans.GetArrayLength():#,0} spans; at most {TraceFile.MaxSpans:#,0} are read."));

        var batch = new SpanBatch(spans.GetArrayLength());
        var at = 0;
        var fileTrace = TextOf(root, "trace_id") ?? "";
        foreach (var span in spans.EnumerateArray()) Add(batch, span, fileTrace, $"spans[{at++}]");
        var traceId = batch.TraceIdOf(0);
        for (var i = 1; i < batch.SpanCount; i++)
            if (batch.TraceIdOf(i) != traceId) throw new TraceFileException($"spans[{i}] is of trace {batch.TraceIdOf(i)}, the ones before it of {traceId}. A file holds one trace.");
        return TraceLookup.Read([batch], traceId)!;
    }

    static void Add(SpanBatch batch, JsonElement span, string fileTrace, string where)
    {
        if (span.ValueKind != JsonValueKind.Object) throw new TraceFileException($"{where} is no object.");
        if (!TraceId.TryParse(TextOf(span, "trace_id") ?? fileTrace, out var traceId)) throw new TraceFileException($"{where}.trace_id is no trace id: 32 or 16 hex digits are.");
        if (!SpanId.TryParse(TextOf(span, "span_id") ?? "", out var spanId)) throw new TraceFileException($"{where}.span_id is no span id: 16 hex digits are.");
        var parentId = SpanId.None;
        if (TextOf(span, "parent_id") is { } parent && !SpanId.TryParse(parent, out parentId)) throw new TraceFileException($"{where}.parent_id is no span id: 16 hex digits are.");
        var strings = batch.Strings;
        var i = batch.AddSpan();
        (batch.TraceIdHigh[i], batch.TraceIdLow[i]) = (traceId.High, traceId.Low);
        (batch.SpanIds[i], batch.ParentIds[i]) = (spanId.Value, parentId.Value);
        (batch.StartUnixNanos[i], batch.DurationNanos[i]) = (Nanos(span, "start_unix_nanos", where), Nanos(span, "duration_nanos", where));
        (batch.Services[i], batch.Names[i], batch.Resources[i]) = (Text("service"), Text("name"), Text("resource"));
        (batch.Types[i], batch.Envs[i]) = (Text("type"), Text("env"));
        batch.Kinds[i] = Enum.TryParse<SpanKind>(TextOf(span, "kind"), ignoreCase: true, out var kind) && Enum.IsDefined(kind) ? kind : SpanKind.Unspecified;
        var flags = (Is("error") ? SpanFlags.Error : 0) | (Is("top_level") ? SpanFlags.TopLevel : 0) | (Is("measured") ? SpanFlags.Measured : 0) | (Is("running") ? SpanFlags.Partial : 0);
        batch.Flags[i] = TextOf(span, "kept") is { } word && Verdicts.TryGetValue(word, out var verdict) ? flags.With(verdict) : flags;
        if (span.TryGetProperty("tags", out var tags))
        {
            foreach (var tag in Members(tags, where + ".tags"))
                batch.SetTag(strings.Intern(tag.Name), strings.Intern(tag.Value.ValueKind == JsonValueKind.String ? tag.Value.GetString()! : throw new TraceFileException($"{where}.tags has a value that is no text.")));
        }
        if (span.TryGetProperty("numbers", out var numbers))
            foreach (var number in Members(numbers, where + ".numbers")) batch.SetNumber(strings.Intern(number.Name), NumberOf(number.Value, where));

        int Text(string name) => strings.Intern(TextOf(span, name) ?? "");
        bool Is(string name) => span.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
    }

    static JsonElement.ObjectEnumerator Members(JsonElement value, string where) =>
        value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : throw new TraceFileException($"{where} is no object.");

    static double NumberOf(JsonElement value, string where) =>
        value.ValueKind == JsonValueKind.Number ? value.GetDouble()
        : value.ValueKind == JsonValueKind.String && double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var odd) ? odd
        : throw new TraceFileException($"{where}.numbers has a value that is no number.");

    static long Nanos(JsonElement span, string name, string where) =>
        span.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var nanos) && nanos >= 0 ? nanos
        : throw new TraceFileException($"{where}.{name} is no whole number of nanoseconds from 0 on.");

    static string? TextOf(JsonElement of, string name) => of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
