using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.Benchmarks;

/// <summary>What the whole way is measured with: a shop's traces as bodies of one protocol, sent with the times of now and ids of their own.</summary>
/// <remarks>
/// OTLP bodies are those of one process: the five tags that are the process's stand once in the resource, the other seven in each span
/// (of which the kind is a field of its own), so that the spans are stored with the same tags.
/// </remarks>
sealed class WayLoad
{
    const int Spans = 160_000; // Of all payloads together.
    const long StampNanos = 1_764_000_000_000_000_000;
    const int GrpcPrefixBytes = 5;
    const int RememberEvery = 50;

    /// <summary>How long to warm up: the runtime compiles what runs often a second and a third time, in the background; measured, the rate no longer rises after it.</summary>
    public const int DefaultWarmUpSeconds = 20;

    readonly List<List<List<Span>>> _traces;
    readonly List<Template> _payloads;
    readonly WayProtocol _protocol;
    readonly Random _chance = new(7);
    readonly List<TraceId> _sent = [];

    /// <param name="tracesPerPayload">Traces of a body.</param>
    /// <param name="spansPerTrace">Spans of each.</param>
    /// <param name="senders">Connections that send at once.</param>
    public WayLoad(WayProtocol protocol, int tracesPerPayload = 100, int spansPerTrace = 10, int senders = 4)
    {
        _protocol = protocol;
        (TracesPerPayload, SpansPerTrace, Senders) = (tracesPerPayload, spansPerTrace, senders);
        _traces = MakeTraces();
        _payloads = [.. _traces.Select(payload => new Template(Encode(protocol, payload), payload, protocol.IsOtlp))];
    }

    public int TracesPerPayload { get; }
    public int SpansPerTrace { get; }
    public int Senders { get; }
    public int SpansPerPayload => SpansPerTrace * TracesPerPayload;

    /// <summary>Ids of traces that were acknowledged: one of each fiftieth payload.</summary>
    public IReadOnlyList<TraceId> Sent => _sent;

    public double BytesPerSpan => _payloads.Average(payload => payload.Bytes.Length) / SpansPerPayload;

    /// <summary>Sends until code is compiled as it stays and files are open.</summary>
    public Task WarmUp(int port, int seconds) => Send(port, TimeSpan.FromSeconds(seconds), int.MaxValue);

    /// <summary>Sends from as many connections as there are senders, each waiting for its answer.</summary>
    /// <param name="port">Where the agent, or what stands in for it, listens.</param>
    /// <param name="duration">How long to send.</param>
    /// <param name="spansPerSecond">At most so many.</param>
    /// <param name="spans">Ends earlier when so many were acknowledged.</param>
    /// <returns>How many spans were acknowledged.</returns>
    public async Task<long> Send(int port, TimeSpan duration, int spansPerSecond, long spans = long.MaxValue)
    {
        var address = new Uri($"http://127.0.0.1:{port}{_protocol.Path}");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var next = -1;
        var sent = 0L;
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(async () =>
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            while (clock.Elapsed < duration && Interlocked.Read(ref sent) < spans)
            {
                var number = Interlocked.Increment(ref next);
                var due = TimeSpan.FromSeconds((double)number * SpansPerPayload / spansPerSecond);
                if (due > clock.Elapsed) await Task.Delay(due - clock.Elapsed);
                var payload = number % _payloads.Count;
                var change = NextChange();
                if (!await IsTaken(http, address, _payloads[payload].Stamped(TimeProvider.System.NowUnixNanos(), change))) continue;
                Interlocked.Add(ref sent, SpansPerPayload);
                if (number % RememberEvery == 0) Remember(_traces[payload][number / RememberEvery % TracesPerPayload][0].TraceId, change);
            }
        })));
        return sent;
    }

    /// <summary>What ids are changed by; it keeps them positive.</summary>
    ulong NextChange()
    {
        lock (_chance) return (ulong)_chance.NextInt64();
    }

    void Remember(TraceId id, ulong change)
    {
        lock (_chance) _sent.Add(new TraceId(0, id.Low ^ change));
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

    List<List<List<Span>>> MakeTraces()
    {
        var chance = new Random(42);
        return [.. Enumerable.Range(0, Spans / SpansPerPayload).Select(_ => Enumerable.Range(0, TracesPerPayload).Select(_ => MakeTrace(chance)).ToList())];
    }

    /// <summary>A web request with nine spans beneath it, twelve tags each, some of them all but unique.</summary>
    List<Span> MakeTrace(Random chance)
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

    /// <summary>An encoded payload and where its start times and ids stand, so that each sending is of now and has traces of its own without encoding again.</summary>
    sealed class Template
    {
        readonly List<int> _starts = [];
        readonly List<int> _ids = [];
        readonly bool _isOtlp;

        public Template(byte[] bytes, List<List<Span>> traces, bool isOtlp)
        {
            Bytes = bytes;
            _isOtlp = isOtlp;
            Span<byte> start = stackalloc byte[9];
            start[0] = isOtlp ? (byte)0x39 : (byte)0xD3;
            if (isOtlp) BinaryPrimitives.WriteInt64LittleEndian(start[1..], StampNanos);
            else BinaryPrimitives.WriteInt64BigEndian(start[1..], StampNanos);
            for (var pass = 0; pass < 2 && _starts.Count == 0; pass++, start[0] = 0xCF) // int64 or uint64, as the encoder likes.
                for (var at = 0; bytes.AsSpan(at).IndexOf(start) is var found and >= 0; at += found + 9) _starts.Add(at + found + 1);
            var spans = traces.SelectMany(trace => trace).ToList();
            if (_starts.Count != spans.Count) throw new InvalidOperationException($"{_starts.Count} start times found.");
            for (var i = 0; i < spans.Count; i++) FindIds(spans[i], i == 0 ? 0 : _starts[i - 1], i + 1 == spans.Count ? bytes.Length : _starts[i + 1]);
            _ids.Sort();
            for (var i = _ids.Count - 1; i > 0; i--) if (_ids[i] == _ids[i - 1]) _ids.RemoveAt(i);
            if (_ids.Count != (3 * spans.Count) - traces.Count) throw new InvalidOperationException($"{_ids.Count} ids found.");
        }

        /// <summary>A span's ids stand near its start; those of its neighbours that are found as well are changed alike.</summary>
        void FindIds(Span span, int from, int to)
        {
            Span<byte> id = stackalloc byte[sizeof(ulong)];
            foreach (var value in new[] { span.TraceId.Low, span.Id.Value, span.ParentId.Value })
            {
                if (value == 0) continue;
                BinaryPrimitives.WriteUInt64BigEndian(id, value);
                for (var at = from; Bytes.AsSpan(at, to - at).IndexOf(id) is var found and >= 0; at += found + id.Length) _ids.Add(at + found);
            }
        }

        public byte[] Bytes { get; }

        public byte[] Stamped(long nowUnixNanos, ulong change)
        {
            var bytes = (byte[])Bytes.Clone();
            foreach (var at in _ids)
            {
                var id = bytes.AsSpan(at);
                BinaryPrimitives.WriteUInt64BigEndian(id, BinaryPrimitives.ReadUInt64BigEndian(id) ^ change);
            }
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
