using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.Endurance.Crash;

/// <summary>A body to send, and what must be found of it when it was acknowledged.</summary>
/// <param name="Service">Whose spans, or whose statistics, they are.</param>
/// <param name="Traces">The traces it brings; none for client statistics.</param>
/// <param name="SpanCount">Spans in the body.</param>
/// <param name="Hits">What it adds to the hits of its service: one per trace, or what a client counted.</param>
public sealed record CrashBody(string Path, string ContentType, byte[] Bytes, string Service, IReadOnlyList<TraceId> Traces, int SpanCount, long Hits)
{
    /// <summary>The operation that each format's hits are counted under.</summary>
    public const string Operation = "crash.request";

    /// <summary>Traces in a body, and spans in a trace: a root that is counted and three beneath it that are not.</summary>
    public const int TracesPerBody = 5, SpansPerTrace = 4;

    /// <summary>What is sent, round and round.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["v04", "v05", "otlp", "zipkin", "stats"];

    /// <summary>A new body with ids that no other has.</summary>
    public static CrashBody Make(string kind, Random chance)
    {
        var (service, now) = ("crash-" + kind, TimeProvider.System.NowUnixNanos());
        if (kind == "stats") return Statistics(service, now, chance.Next(1, 9));
        var traces = Enumerable.Range(0, TracesPerBody).Select(_ => Trace(service, now, chance)).ToList();
        var spans = traces.SelectMany(trace => trace);
        var (path, type, bytes) = kind switch
        {
            "v04" => ("/v0.4/traces", "application/msgpack", DatadogV04Encoder.Encode(traces)),
            "v05" => ("/v0.5/traces", "application/msgpack", DatadogV05Encoder.Encode(traces)),
            "otlp" => ("/v1/traces", "application/x-protobuf", OtlpEncoder.Encode(new Dictionary<string, string> { ["service.name"] = service }, spans)),
            _ => ("/api/v2/spans", "application/json", Zipkin(spans)),
        };
        return new CrashBody(path, type, bytes, service, [.. traces.Select(trace => trace[0].TraceId)], TracesPerBody * SpansPerTrace, TracesPerBody);
    }

    static IReadOnlyList<Span> Trace(string service, long now, Random chance)
    {
        var trace = new TraceId(0, (ulong)chance.NextInt64(1, long.MaxValue));
        var root = (ulong)chance.NextInt64(1, long.MaxValue - 10);
        return [.. Enumerable.Range(0, SpansPerTrace).Select(i => new Span
        {
            TraceId = trace, Id = new SpanId(root + (ulong)i), ParentId = new SpanId(i == 0 ? 0 : root), StartUnixNanos = now - 2_000_000 + (i * 1_000), DurationNanos = 1_000_000,
            Service = service, Name = Operation, Resource = "GET /" + i, Kind = i == 0 ? SpanKind.Server : SpanKind.Internal,
            Tags = new Dictionary<string, string> { ["operation.name"] = Operation, ["case"] = i.ToString(CultureInfo.InvariantCulture) },
        })];
    }

    static readonly JsonSerializerOptions WithoutNulls = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    static byte[] Zipkin(IEnumerable<Span> spans)
    {
        var rows = spans.Select(span => JsonSerializer.Serialize(new
        {
            traceId = span.TraceId.ToString(), id = span.Id.Value.ToString("x16", CultureInfo.InvariantCulture), parentId = span.ParentId.IsNone ? null : span.ParentId.Value.ToString("x16", CultureInfo.InvariantCulture),
            kind = span.Kind == SpanKind.Server ? "SERVER" : null, name = span.Resource, timestamp = span.StartUnixNanos / 1_000, duration = 1_000, localEndpoint = new { serviceName = span.Service },
            tags = new Dictionary<string, string> { ["operation.name"] = Operation },
        }, WithoutNulls));
        return Encoding.UTF8.GetBytes($"[{string.Join(',', rows)}]");
    }

    /// <summary>What a tracer counted itself (trace-intake §1.13).</summary>
    static CrashBody Statistics(string service, long now, int hits)
    {
        var start = UnixTime.Floor(now, 10 * UnixTime.NanosPerSecond);
        var bytes = new MsgPackWriter().Map(4).Text("Hostname").Text("h").Text("Env").Text("").Text("Lang").Text("python").Text("Stats").Array(1).Map(3)
            .Text("Start").Unsigned((ulong)start).Text("Duration").Unsigned(10 * (ulong)UnixTime.NanosPerSecond).Text("Stats").Array(1).Map(9)
            .Text("Service").Text(service).Text("Name").Text(Operation).Text("Resource").Text("GET /").Text("HTTPStatusCode").Unsigned(200).Text("Type").Text("web")
            .Text("Hits").Unsigned((ulong)hits).Text("TopLevelHits").Unsigned((ulong)hits).Text("Errors").Unsigned(0).Text("Duration").Unsigned((ulong)hits * 1_000_000).ToArray();
        return new CrashBody("/v0.6/stats", "application/msgpack", bytes, service, [], 0, hits);
    }
}
