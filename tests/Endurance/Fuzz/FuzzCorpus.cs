using System.Text;
using Apm.Core.Spans;
using Apm.TestKit;

namespace Apm.Endurance.Fuzz;

/// <summary>Sound bodies of each format: recorded ones of real clients, and written ones with nasty contents.</summary>
/// <remarks>The same every time: order by name, chance with a seed of its own.</remarks>
static class FuzzCorpus
{
    /// <summary>Larger recorded bodies are left to the other tests: here the number of cases counts.</summary>
    const int MaxRecordedBytes = 16_384;

    const int Written = 24;

    static readonly string[] Clients =
    [
        "node-dd-trace-6", "node-dd-trace-6-v05-stats", "node-otel-grpc", "node-otel-http-json", "node-otel-http-protobuf", "node-zipkin", "py-datadogpy-0.26.0", "py-ddtrace-0.14.0-ddtrace-run",
        "py-ddtrace-0.14.0-middleware-msgpack", "py-ddtrace-0.36.3-ddtrace-run",
    ];

    /// <summary>Recorded bodies whose path and content type fit.</summary>
    public static IEnumerable<byte[]> Recorded(string path, string contentType)
    {
        var all = Clients.SelectMany(RecordedRequest.All)
            .Where(request => request.Body.Length > 0 && request.Path.StartsWith(path, StringComparison.Ordinal))
            .Where(request => request.Headers.Any(header => header.Key.Equals("content-type", StringComparison.OrdinalIgnoreCase) && header.Value.StartsWith(contentType, StringComparison.Ordinal)))
            .Where(request => !request.Headers.Any(header => header.Key.Equals("content-encoding", StringComparison.OrdinalIgnoreCase)))
            .Select(request => request.Listener == "otlp-grpc" ? request.Body[5..] : request.Body)
            .OrderBy(body => body.Length).ToList();
        return all.Where((body, i) => i == 0 || body.Length <= MaxRecordedBytes);
    }

    /// <summary>Spans with nasty contents, written by an encoder.</summary>
    public static IEnumerable<byte[]> Nasty(int seed, Func<IReadOnlyList<IReadOnlyList<Span>>, byte[]> encode)
    {
        var chance = new Random(seed);
        for (var i = 0; i < Written; i++) yield return encode(NastySpans.Traces(chance));
    }

    /// <summary>v0.7: a map with chunks and tags around v0.4 spans.</summary>
    public static byte[] V07(IReadOnlyList<IReadOnlyList<Span>> traces)
    {
        var body = new MsgPackWriter().Map(4).Text("container_id").Text("c1").Text("language_name").Text("go").Text("tags").Map(2).Text("env").Text("prod").Text("a").Text("b")
            .Text("chunks").Array(traces.Count);
        foreach (var trace in traces)
        {
            body.Map(5).Text("priority").Integer(trace.Count - 2).Text("origin").Text("rum").Text("dropped_trace").Bool(trace.Count == 3).Text("tags").Map(1).Text("_dd.p.dm").Text("-4")
                .Text("spans").Array(trace.Count);
            foreach (var span in trace) DatadogV04Encoder.Write(body, span);
        }
        return body.ToArray();
    }

    /// <summary>v1.0: every kind of field and attribute (trace-intake §1.18), with strings by reference.</summary>
    public static byte[] V1(IReadOnlyList<IReadOnlyList<Span>> traces)
    {
        byte[] traceId = [0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 8];
        var body = new MsgPackWriter().Map(4).Unsigned(1).Array(2).Text("").Text("prod").Unsigned(7).Unsigned(1).Unsigned(11).Array(traces.Count);
        foreach (var trace in traces)
        {
            body.Map(5).Unsigned(1).Integer(trace.Count - 2).Unsigned(2).Text("rum").Unsigned(3).Array(3).Text("team").Unsigned(1).Text("shop").Unsigned(6).Bin(traceId).Unsigned(4).Array(trace.Count);
            foreach (var span in trace)
            {
                body.Map(10).Unsigned(1).Text(span.Service).Unsigned(2).Text(span.Name).Unsigned(3).Text(span.Resource).Unsigned(4).Unsigned(span.Id.Value).Unsigned(5).Unsigned(span.ParentId.Value)
                    .Unsigned(6).Integer(span.StartUnixNanos).Unsigned(7).Integer(span.DurationNanos).Unsigned(9).Array(span.Tags.Count * 3);
                foreach (var (key, value) in span.Tags) body.Text(key).Unsigned(1).Text(value);
                body.Unsigned(11).Array(1).Map(5).Unsigned(1).Bin(traceId).Unsigned(2).Unsigned(255).Unsigned(3).Array(6).Text("k").Unsigned(4).Integer(5).Unsigned(1).Unsigned(1).Unsigned(1)
                    .Unsigned(4).Text("dd=s:1").Unsigned(5).Unsigned(1)
                    .Unsigned(12).Array(1).Map(3).Unsigned(1).Unsigned(77).Unsigned(2).Text("retry").Unsigned(3).Array(6).Text("n").Unsigned(6).Array(2).Unsigned(4).Integer(2).Text("l").Unsigned(7).Array(3).Text("in").Unsigned(2).Bool(true);
            }
        }
        return body.Unsigned(10).Array(6).Text("x").Unsigned(5).Bin([1, 2, 3]).Text("apm").Unsigned(3).Float64(2).ToArray();
    }

    /// <summary>Datadog JSON.</summary>
    /// <param name="isFlat">v0.1: spans without traces around them.</param>
    public static byte[] Json(IReadOnlyList<IReadOnlyList<Span>> traces, bool isFlat)
    {
        var rows = traces.Select(trace => string.Join(',', trace.Select(span => System.Text.Json.JsonSerializer.Serialize(new
        {
            trace_id = span.TraceId.Low, span_id = span.Id.Value, parent_id = span.ParentId.IsNone ? null : (ulong?)span.ParentId.Value, service = span.Service, name = span.Name, resource = span.Resource,
            type = span.Type, start = span.StartUnixNanos, duration = span.DurationNanos, error = span.IsError ? 1 : 0, meta = span.Tags,
            metrics = span.Numbers.Where(pair => double.IsFinite(pair.Value)).ToDictionary(), span_links = new[] { new { trace_id = 1, attributes = new { k = "v" } } },
            span_events = new[] { new { name = "e", time_unix_nano = 1, attributes = new { k = new { type = 0, string_value = "v" } } } },
        }))));
        return Encoding.UTF8.GetBytes(isFlat ? $"[{string.Join(',', rows)}]" : $"[{string.Join(',', rows.Select(row => $"[{row}]"))}]");
    }

    /// <summary>Zipkin v2 JSON.</summary>
    public static byte[] ZipkinJson(IReadOnlyList<IReadOnlyList<Span>> traces) =>
        System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(traces.SelectMany(trace => trace).Select((span, i) => new
        {
            traceId = $"{span.TraceId.High:x16}{span.TraceId.Low | 1:x16}", id = (span.Id.Value | 1).ToString("x16", System.Globalization.CultureInfo.InvariantCulture), kind = i % 3 == 0 ? "CLIENT" : "SERVER", name = span.Name, timestamp = Math.Max(0, span.StartUnixNanos / 1_000),
            duration = span.DurationNanos / 1_000, shared = i % 4 == 0, localEndpoint = new { serviceName = span.Service, ipv4 = "10.0.0.1", port = 80 }, remoteEndpoint = new { serviceName = "b", ipv6 = "2001:db8::1" },
            annotations = new[] { new { timestamp = 1_001, value = span.Resource } }, tags = span.Tags,
        }));

    /// <summary>Zipkin v2 protobuf: one list of spans (zipkin.proto).</summary>
    public static byte[] ZipkinProtobuf(IReadOnlyList<IReadOnlyList<Span>> traces)
    {
        var list = new ProtoMessage();
        foreach (var span in traces.SelectMany(trace => trace))
        {
            var message = new ProtoMessage().Bytes(1, ProtoMessage.BigEndian(span.TraceId.Low | 1)).Bytes(3, ProtoMessage.BigEndian(span.Id.Value | 1)).Varint(4, 1 + (span.Id.Value % 4)).Text(5, span.Name)
                .Fixed64(6, unchecked((ulong)(span.StartUnixNanos / 1_000))).Varint(7, (ulong)Math.Max(0, span.DurationNanos / 1_000))
                .Inner(8, new ProtoMessage().Text(1, span.Service).Bytes(2, [10, 0, 0, 1]).Varint(4, 80)).Inner(10, new ProtoMessage().Fixed64(1, 1_001).Text(2, span.Resource)).Varint(13, 1);
            foreach (var (key, value) in span.Tags) message.Inner(11, new ProtoMessage().Text(1, key).Text(2, value));
            list.Inner(1, message);
        }
        return list.ToArray();
    }

    /// <summary>OTLP protobuf, one resource.</summary>
    public static byte[] Otlp(IReadOnlyList<IReadOnlyList<Span>> traces) =>
        OtlpEncoder.Encode(new Dictionary<string, string> { ["service.name"] = "shop", ["deployment.environment"] = "prod" }, traces.SelectMany(trace => trace)
            .Select(span => span with { StartUnixNanos = Math.Clamp(span.StartUnixNanos, 0, 1L << 62), DurationNanos = Math.Clamp(span.DurationNanos, 0, 1L << 61), Numbers = span.Numbers.Where(pair => Math.Abs(pair.Value) < 1e15).ToDictionary() }));
}
