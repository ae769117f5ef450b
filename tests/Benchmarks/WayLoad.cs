using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.Benchmarks;

/// <summary>What the whole way is measured with: a shop's traces as bodies of one protocol, sent with the times of now.</summary>
/// <remarks>
/// OTLP bodies are those of one process: the five tags that are the process's stand once in the resource, the other seven in each span
/// (of which the kind is a field of its own), so that the spans are stored with the same tags.
/// </remarks>
sealed class WayLoad
{
    public const int SpansPerTrace = 10;
    public const int TracesPerPayload = 100;
    public const int SpansPerPayload = SpansPerTrace * TracesPerPayload;
    const int Payloads = 160;
    const int Senders = 4;
    const int WarmUpSpans = 1_000_000;
    const long StampNanos = 1_764_000_000_000_000_000;
    const int GrpcPrefixBytes = 5;

    readonly List<Template> _payloads;
    readonly WayProtocol _protocol;

    public WayLoad(WayProtocol protocol)
    {
        _protocol = protocol;
        Traces = MakeTraces();
        _payloads = [.. Traces.Select(payload => new Template(Encode(protocol, payload), protocol.IsOtlp))];
    }

    /// <summary>The traces of each payload; sent again and again.</summary>
    public List<List<List<Span>>> Traces { get; }

    public double BytesPerSpan => _payloads.Average(payload => payload.Bytes.Length) / SpansPerPayload;

    /// <summary>Sends until code is compiled as it stays and files are open: by spans, because on a busy machine that takes longer.</summary>
    public async Task WarmUp(int port)
    {
        var sent = 0L;
        for (var i = 0; i < 2 || (sent < WarmUpSpans && i < 20); i++) sent += await Send(port, TimeSpan.FromSeconds(1), int.MaxValue);
    }

    /// <summary>Sends from as many connections as there are senders, each waiting for its answer.</summary>
    /// <param name="port">Where the agent, or what stands in for it, listens.</param>
    /// <returns>How many spans were acknowledged.</returns>
    public async Task<long> Send(int port, TimeSpan duration, int spansPerSecond)
    {
        var address = new Uri($"http://127.0.0.1:{port}{_protocol.Path}");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var next = -1;
        var sent = 0L;
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(async () =>
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            while (clock.Elapsed < duration)
            {
                var number = Interlocked.Increment(ref next);
                var due = TimeSpan.FromSeconds((double)number * SpansPerPayload / spansPerSecond);
                if (due > clock.Elapsed) await Task.Delay(due - clock.Elapsed);
                if (await IsTaken(http, address, _payloads[number % _payloads.Count].Stamped(TimeProvider.System.NowUnixNanos()))) Interlocked.Add(ref sent, SpansPerPayload);
            }
        })));
        return sent;
    }

    /// <summary>False when the receiver was overloaded.</summary>
    async Task<bool> IsTaken(HttpClient http, Uri address, byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(_protocol.ContentType);
        if (_protocol.IsGrpc)
        {
            (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
            request.Headers.TE.ParseAdd("trailers");
        }
        using var answer = await http.SendAsync(request);
        if (_protocol.IsGrpc)
        {
            var status = answer.TrailingHeaders.TryGetValues("grpc-status", out var values) ? values.First() : "none";
            return status == "0" || (status == "14" ? false : throw new InvalidOperationException($"gRPC status {status}."));
        }
        if (answer.IsSuccessStatusCode) return true;
        if (answer.StatusCode == HttpStatusCode.TooManyRequests) return false;
        throw new InvalidOperationException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }

    static byte[] Encode(WayProtocol protocol, List<List<Span>> payload)
    {
        if (!protocol.IsOtlp) return protocol.Name == "v05" ? DatadogV05Encoder.Encode(payload) : DatadogV04Encoder.Encode(payload);
        var resource = new Dictionary<string, string>
        {
            ["service.name"] = "shop", ["deployment.environment.name"] = "prod", ["service.version"] = "1.4.2", ["host.name"] = payload[0][0].Tags["host"],
            ["telemetry.sdk.language"] = "python", ["service.instance.id"] = "0f3c2a51e8d14b7e9d1f6b0c4a7e5d21",
        };
        var message = OtlpEncoder.Encode(resource, payload.SelectMany(trace => trace).Select(AsOtlp));
        if (!protocol.IsGrpc) return message;
        var framed = new byte[GrpcPrefixBytes + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(framed.AsSpan(1), (uint)message.Length);
        message.CopyTo(framed, GrpcPrefixBytes);
        return framed;
    }

    static Span AsOtlp(Span span)
    {
        var tags = new Dictionary<string, string>(span.Tags);
        foreach (var key in new[] { "env", "version", "runtime-id", "language", "host", "span.kind" }) tags.Remove(key);
        return span with { Kind = span.Tags["span.kind"] == "server" ? SpanKind.Server : SpanKind.Client, Tags = tags, Numbers = new Dictionary<string, double>() };
    }

    static List<List<List<Span>>> MakeTraces()
    {
        var chance = new Random(42);
        return [.. Enumerable.Range(0, Payloads).Select(_ => Enumerable.Range(0, TracesPerPayload).Select(_ => MakeTrace(chance)).ToList())];
    }

    /// <summary>A web request with nine spans beneath it, twelve tags each, some of them all but unique.</summary>
    static List<Span> MakeTrace(Random chance)
    {
        var id = new TraceId(0, (ulong)chance.NextInt64(1, long.MaxValue));
        var rootId = (ulong)chance.NextInt64(1, long.MaxValue);
        var endpoint = chance.Next(40);
        var host = $"web-{chance.Next(12)}";
        var user = chance.Next(50_000);
        var spans = new List<Span>();
        for (var i = 0; i < SpansPerTrace; i++)
        {
            var isRoot = i == 0;
            var tags = new Dictionary<string, string>
            {
                ["env"] = "prod",
                ["version"] = "1.4.2",
                ["runtime-id"] = "0f3c2a51e8d14b7e9d1f6b0c4a7e5d21",
                ["language"] = "python",
                ["component"] = isRoot ? "flask" : i % 3 == 0 ? "redis" : "sqlalchemy",
                ["span.kind"] = isRoot ? "server" : "client",
                ["http.method"] = "GET",
                ["http.url"] = $"http://shop.example/api/item/{chance.Next(100_000)}?user={user}",
                ["http.status_code"] = chance.Next(50) == 0 ? "500" : "200",
                ["user.id"] = user.ToString(CultureInfo.InvariantCulture),
                ["host"] = host,
                ["out.host"] = $"db-{chance.Next(4)}",
            };
            spans.Add(new Span
            {
                TraceId = id,
                Id = new SpanId(isRoot ? rootId : (ulong)chance.NextInt64(1, long.MaxValue)),
                ParentId = new SpanId(isRoot ? 0 : rootId),
                StartUnixNanos = StampNanos,
                DurationNanos = chance.Next(50_000, 90_000_000),
                Service = isRoot ? "shop" : i % 3 == 0 ? "cache" : "shop-db",
                Name = isRoot ? "flask.request" : i % 3 == 0 ? "redis.command" : "postgres.query",
                Resource = isRoot ? $"GET /api/item/{endpoint}" : $"SELECT * FROM item_{endpoint} WHERE id = ?",
                Type = isRoot ? "web" : i % 3 == 0 ? "redis" : "sql",
                Tags = tags,
                Numbers = isRoot ? new Dictionary<string, double> { ["_sampling_priority_v1"] = 1, ["process_id"] = 4_242 } : new Dictionary<string, double>(),
            });
        }
        return spans;
    }

    /// <summary>An encoded payload and where its start times stand, so that each sending is of now without encoding again.</summary>
    sealed class Template
    {
        readonly List<int> _starts = [];
        readonly bool _isOtlp;

        public Template(byte[] bytes, bool isOtlp)
        {
            Bytes = bytes;
            _isOtlp = isOtlp;
            Span<byte> start = stackalloc byte[9];
            start[0] = isOtlp ? (byte)0x39 : (byte)0xD3;
            if (isOtlp) BinaryPrimitives.WriteInt64LittleEndian(start[1..], StampNanos);
            else BinaryPrimitives.WriteInt64BigEndian(start[1..], StampNanos);
            for (var pass = 0; pass < 2 && _starts.Count == 0; pass++, start[0] = 0xCF) // int64 or uint64, as the encoder likes.
                for (var at = 0; bytes.AsSpan(at).IndexOf(start) is var found and >= 0; at += found + 9) _starts.Add(at + found + 1);
            if (_starts.Count != SpansPerPayload) throw new InvalidOperationException($"{_starts.Count} start times found.");
        }

        public byte[] Bytes { get; }

        public byte[] Stamped(long nowUnixNanos)
        {
            var bytes = (byte[])Bytes.Clone();
            foreach (var at in _starts)
            {
                var start = nowUnixNanos - 100_000_000 + (at * 7L % 1_000_000);
                if (!_isOtlp)
                {
                    BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(at), start);
                    continue;
                }
                var end = bytes.AsSpan(at + 9); // After the tag of the end, which follows the start.
                BinaryPrimitives.WriteInt64LittleEndian(end, BinaryPrimitives.ReadInt64LittleEndian(end) - StampNanos + start);
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), start);
            }
            return bytes;
        }
    }
}
