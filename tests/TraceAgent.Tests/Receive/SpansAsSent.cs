using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Normalize;
using Apm.Wire.Datadog;
using Apm.Wire.Otlp;
using Apm.Wire.Zipkin;

namespace Apm.TraceAgent.Tests.Receive;

/// <summary>
/// What a recorded client's bodies hold, by the decoders alone, to be compared with what is stored: a line per span with ids, times,
/// error, texts and every tag. These rules change a span on its way, and nothing else may:
/// <list type="bullet">
/// <item>service: the service rule; <c>env</c>, <c>peer.service</c>, <c>_dd.base_service</c>: the value rule;</item>
/// <item>name: the operation rule; a resource that is empty becomes the name;</item>
/// <item><c>http.status_code</c> that is no number from 100 to 599 is removed;</item>
/// <item><c>run</c> of the Node tracer's app, milliseconds of 13 digits that begin with 1, looks like a card's number and becomes <c>?</c> (trace-intake §5.6);</item>
/// <item>type <c>sql</c>, <c>cassandra</c>: values are hidden in the resource, <c>db.statement</c> and <c>db.query.text</c>, and <c>sql.query</c> is the resource again.
/// What they become is approved in the drawings.</item>
/// </list>
/// </summary>
static class SpansAsSent
{
    static readonly string[] Statements = ["db.statement", "db.query.text"];

    /// <summary>Lines of all spans that were sent, changed by the rules; in ordinal order.</summary>
    public static IReadOnlyList<string> Expected(string client) =>
        [.. RecordedRequest.All(client).Where(request => request.Status < 400).SelectMany(Decode).Select(AsRulesHaveIt).Select(Line).Order(StringComparer.Ordinal)];

    /// <summary>Lines of all spans that were stored; in ordinal order.</summary>
    public static IReadOnlyList<string> Stored(IReadOnlyList<Span> stored)
    {
        Assert.All(stored.Where(IsStatement), span => Assert.Equal(span.Resource, span.Tags["sql.query"]));
        return [.. stored.Select(Line).Order(StringComparer.Ordinal)];
    }

    static bool IsStatement(Span span) => span.Type is "sql" or "cassandra";

    static Span AsRulesHaveIt(Span sent)
    {
        var tags = sent.Tags.ToDictionary();
        foreach (var key in new[] { "env", "peer.service", "_dd.base_service" })
            if (tags.TryGetValue(key, out var value)) tags[key] = NameRules.TagValueText(value);
        if (tags.TryGetValue("http.status_code", out var status) && !(status.All(char.IsAsciiDigit) && int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 100 and < 600))
            tags.Remove("http.status_code");
        if (tags.TryGetValue("run", out var run) && run.Length == 13 && run[0] == '1' && run.All(char.IsAsciiDigit)) tags["run"] = "?";
        var name = System.Text.Encoding.UTF8.GetString(NameRules.OperationName(System.Text.Encoding.UTF8.GetBytes(sent.Name)));
        return sent with { Service = NameRules.ServiceText(sent.Service), Name = name, Resource = sent.Resource.Length == 0 ? name : sent.Resource, Tags = tags };
    }

    /// <summary>Of a statement only that it is there.</summary>
    static string Line(Span span)
    {
        var tags = span.Tags.Where(tag => !(IsStatement(span) && tag.Key == "sql.query"))
            .Select(tag => $"{tag.Key}={(IsStatement(span) && Statements.Contains(tag.Key) ? "a statement" : tag.Value)}").Order(StringComparer.Ordinal);
        var numbers = span.Numbers.Select(number => string.Create(CultureInfo.InvariantCulture, $"{number.Key}:={number.Value:R}")).Order(StringComparer.Ordinal);
        return string.Create(CultureInfo.InvariantCulture,
            $"{span.TraceId.Low:x16} {span.Id} < {span.ParentId} {span.StartUnixNanos} + {span.DurationNanos} error {span.IsError} {span.Service} {span.Name} {(IsStatement(span) ? "a statement" : span.Resource)} [{span.Type}] {string.Join(", ", tags)}; {string.Join(", ", numbers)}");
    }

    static IEnumerable<Span> Decode(RecordedRequest request)
    {
        var batch = new SpanBatch();
        var payload = new Payload { Protocol = "", ReceivedUnixNanos = 0 };
        var body = IsZipped(request) ? Unzip(request.Body) : request.Body;
        var isJson = request.Headers.Any(header => header.Key.Equals("content-type", StringComparison.OrdinalIgnoreCase) && header.Value.StartsWith("application/json", StringComparison.Ordinal));
        switch (request.Path)
        {
            case "/v0.3/traces" when isJson: DatadogJsonDecoder.Decode(body, batch, payload); break;
            case "/v0.3/traces" or "/v0.4/traces": DatadogV04Decoder.Decode(body, batch, payload); break;
            case "/v0.5/traces": DatadogV05Decoder.Decode(body, batch, payload); break;
            case "/v1/traces" when isJson: OtlpJsonTraceDecoder.Decode(body, batch, payload); break;
            case "/v1/traces": OtlpProtobufTraceDecoder.Decode(body, batch, payload); break;
            case "/api/v2/spans": ZipkinJsonDecoder.Decode(body, batch, payload); break;
            case "/opentelemetry.proto.collector.trace.v1.TraceService/Export":
                var message = body.AsSpan(5, (int)BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1))).ToArray();
                OtlpProtobufTraceDecoder.Decode(body[0] == 1 ? Unzip(message) : message, batch, payload);
                break;
        }
        return SpanBatches.Spans(batch);
    }

    static bool IsZipped(RecordedRequest request) =>
        request.Headers.Any(header => header.Key.Equals("content-encoding", StringComparison.OrdinalIgnoreCase) && header.Value == "gzip");

    static byte[] Unzip(byte[] bytes)
    {
        using var unzipped = new MemoryStream();
        using (var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress)) gzip.CopyTo(unzipped);
        return unzipped.ToArray();
    }
}
