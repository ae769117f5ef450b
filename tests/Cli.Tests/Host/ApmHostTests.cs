using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Apm.Cli.Host;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;
using Apm.TraceAgent.Metrics;
using Apm.TraceAgent.Receive;

namespace Apm.Cli.Tests.Host;

/// <summary>The whole process, on free ports and a folder of its own.</summary>
public sealed class ApmHostTests : IAsyncLifetime, IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("apm-host-test").FullName;
    readonly HttpClient _http = new();
    ApmHost _host = null!;

    public async Task InitializeAsync() => _host = await StartHost();

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task A_trace_is_found_counted_and_still_there_once_after_a_restart()
    {
        var now = TimeProvider.System.NowUnixNanos();
        await Post("v0.4/traces", DatadogV04Encoder.Encode([[Some.Span(id: 7, trace: 77) with { StartUnixNanos = now }]]), HttpStatusCode.OK);

        Assert.Equal(1, await SpansOfTrace(77));
        Assert.Equal(1, await Hits(now));
        await _host.DisposeAsync();
        _host = await StartHost();

        Assert.Equal(1, await SpansOfTrace(77));
        Assert.Equal(1, await Hits(now));
    }

    [Fact]
    public async Task The_command_why_says_where_a_trace_is_or_why_it_is_missing()
    {
        var start = TimeProvider.System.NowUnixNanos();
        await Post("v0.4/traces", DatadogV04Encoder.Encode(
        [
            [Some.Span(id: 7, trace: 0xabc) with { StartUnixNanos = start }],
            [Some.Span(id: 8, trace: 0xdef, numbers: [("_sampling_priority_v1", -1)]) with { StartUnixNanos = start }],
        ]), HttpStatusCode.OK);

        var stored = await Why("0000000000000abc");
        var dropped = await Why("0000000000000def");
        var unknown = await Why("00000000000000ff");
        var wrong = await Why("no id");
        var noApm = await CliProcess.Run(_folder, "why", "7", "--url", "http://localhost:1");

        Assert.Equal((0, ""), (stored.Code, stored.Errors));
        Assert.Contains("stored", stored.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(2, dropped.Code);
        Assert.Contains("sampled out", dropped.Output, StringComparison.Ordinal);
        Assert.Equal(2, unknown.Code);
        Assert.Contains("never", unknown.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal((1, ""), (wrong.Code, wrong.Output));
        Assert.StartsWith("apm: ", wrong.Errors, StringComparison.Ordinal);
        Assert.Equal(1, noApm.Code);
        Assert.StartsWith("apm: no Apm answers at http://localhost:1 (", noApm.Errors, StringComparison.Ordinal);
        Assert.EndsWith("). Start it with ./apm up, or give its address with --url.", noApm.Errors.TrimEnd(), StringComparison.Ordinal);

        Task<(int Code, string Output, string Errors)> Why(string id) => CliProcess.Run(_folder, "why", id, "--url", _host.UiUrl.ToString());
    }

    [Fact]
    public async Task Every_account_of_the_memory_budget_is_a_gauge()
    {
        using var status = JsonDocument.Parse(await _http.GetStringAsync(new Uri(_host.UiUrl + "/api/status")));
        string[] names = [.. status.RootElement.GetProperty("limits").EnumerateArray().Select(limit => limit.GetProperty("name").GetString()!)];

        string[] work = ["queue", "waiting_spans", "open_buckets", "known_blocks", "fates", "sampling_decisions", "tail", "metric_points", "metric_series", "dogstatsd", "events", "service_checks", "api_bodies", "api_event_bodies", "api_decoded", "otlp_decoded", "otlp_cumulative", "check_runs", "check_results", "checks", "outbox"];
        string[] caches = ["decoded_blocks", "statistics_read", "metric_directories"];
        Assert.Equal(
            work.Concat(caches).Select(account => $"memory.{account}").Concat(["limits.max_filter_bytes", "limits.max_bytes_in_flight"]).Order(),
            names.Where(name => name.StartsWith("memory.", StringComparison.Ordinal) && name is not ("memory.max_bytes" or "memory.work") || name is "limits.max_filter_bytes" or "limits.max_bytes_in_flight").Order());
    }

    [Fact]
    public async Task What_comes_by_DogStatsD_can_be_asked_for()
    {
        var now = TimeProvider.System.NowUnixNanos() / UnixTime.NanosPerSecond;
        using var client = new System.Net.Sockets.UdpClient(System.Net.Sockets.AddressFamily.InterNetwork);
        var packet = System.Text.Encoding.UTF8.GetBytes($"probe.depth:42|g|T{now}|#room:lab\n_e{{5,4}}:title|text|#room:lab\nbroken");
        await client.SendAsync(packet, new IPEndPoint(IPAddress.Loopback, _host.PortOf("dogstatsd")!.Value));

        const string Keys = "api_key=k&application_key=a";
        var (answer, _) = await Until.Answer("the point can be asked for", TimeSpan.FromSeconds(30), async () =>
            await _http.GetStringAsync(new Uri($"{_host.UiUrl}/api/v1/query?{Keys}&from={now - 60}&to={now + 60}&query=avg:probe.depth{{room:lab}}")) is var text && text.Contains("42", StringComparison.Ordinal) ? text : null);
        var (events, _) = await Until.Answer("the event can be asked for", TimeSpan.FromSeconds(30), async () =>
            await _http.GetStringAsync(new Uri($"{_host.UiUrl}/api/v1/events?{Keys}&start={now - 60}&end={now + 60}")) is var text && text.Contains("\"room:lab\"", StringComparison.Ordinal) ? text : null);
        using var status = JsonDocument.Parse(await _http.GetStringAsync(new Uri(_host.UiUrl + "/api/status")));
        using var info = JsonDocument.Parse(await _http.GetStringAsync(Agent("info")));

        Assert.Contains("probe.depth", answer, StringComparison.Ordinal);
        Assert.Contains("\"title\":\"title\"", events.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains(status.RootElement.GetProperty("problems").EnumerateArray(), problem => problem.GetProperty("sentence").GetString()!.StartsWith("Line \"broken\", byte 7: no \"|\"", StringComparison.Ordinal));
        Assert.Equal(_host.PortOf("dogstatsd"), info.RootElement.GetProperty("config").GetProperty("statsd_port").GetInt32());
    }

    [Fact]
    public async Task Gzip_data_that_was_cut_off_is_refused_whole()
    {
        var body = Gzip([.. Enumerable.Repeat((byte)0, 5_000)]);

        var answer = await Post("v1/traces", body[..^3], HttpStatusCode.BadRequest, "application/x-protobuf", "gzip");

        Assert.Contains("The body is not valid gzip data (its end is missing). Send it uncompressed, or check the client's compression.", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_in_chunks_that_grows_too_large_is_answered_413()
    {
        using var content = new StreamContent(new EndlessZeros(30_000_000));
        using var request = new HttpRequestMessage(HttpMethod.Put, Agent("v0.4/traces")) { Content = content };
        request.Headers.TransferEncodingChunked = true;
        request.Headers.ExpectContinue = true;

        using var answer = await _http.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Equal("payload-too-large\nThe body is larger than 26214400 bytes. Send smaller batches.\n", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public async Task Statistics_of_a_client_with_an_impossible_time_are_taken(long startUnixNanos)
    {
        var body = new MsgPackWriter().Map(1).Text("Stats").Array(1).Map(2)
            .Text("Start").Integer(startUnixNanos)
            .Text("Stats").Array(1).Map(3).Text("Service").Text("web").Text("Name").Text("op").Text("Hits").Integer(3);

        await Post("v0.6/stats", body.ToArray(), HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_slow_sender_does_not_hold_up_the_end()
    {
        using var slow = new System.Net.Sockets.TcpClient("127.0.0.1", _host.AgentPort);
        await slow.GetStream().WriteAsync("PUT /v0.4/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc"u8.ToArray());

        await _host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20)); // Kestrel's own patience is 30 s.
    }

    async Task<ApmHost> StartHost() => await ApmHost.Start(
        new HostSettings { DataFolder = _folder, UiPort = 0, Agent = new AgentSettings { AgentPort = 0, OtlpGrpcPort = null, OtlpHttpPort = null, ZipkinPort = null }, DogStatsD = new DogStatsDSettings { Port = 0 } },
        TimeProvider.System, _ => { });

    Uri Agent(string path) => new($"http://127.0.0.1:{_host.AgentPort}/{path}");

    async Task<string> Post(string path, byte[] body, HttpStatusCode expected, string type = "application/msgpack", string? encoding = null)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        using var answer = await _http.PostAsync(Agent(path), content);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(expected == answer.StatusCode, $"{answer.StatusCode}: {text}");
        return text;
    }

    async Task<int> SpansOfTrace(ulong id)
    {
        using var json = await GetUntil($"/jaeger/api/traces/{id:x32}", root => root.GetProperty("data").GetArrayLength() > 0);
        return json.RootElement.GetProperty("data")[0].GetProperty("spans").GetArrayLength();
    }

    async Task<double> Hits(long aroundUnixNanos)
    {
        var second = aroundUnixNanos / UnixTime.NanosPerSecond;
        using var json = await GetUntil(
            $"/api/v1/query?from={second - 60}&to={second + 60}&query=sum:trace.flask.request.hits{{service:web}}.as_count()",
            root => root.GetProperty("series").GetArrayLength() > 0);
        return json.RootElement.GetProperty("series")[0].GetProperty("pointlist").EnumerateArray()
            .Where(point => point[1].ValueKind == JsonValueKind.Number).Sum(point => point[1].GetDouble());
    }

    /// <summary>What was acknowledged is visible within a second, not at once.</summary>
    async Task<JsonDocument> GetUntil(string path, Func<JsonElement, bool> isThere)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            using var answer = await _http.GetAsync(new Uri(_host.UiUrl + path), patience.Token);
            if (answer.IsSuccessStatusCode || answer.StatusCode != HttpStatusCode.NotFound)
            {
                answer.EnsureSuccessStatusCode();
                var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(patience.Token));
                if (isThere(json.RootElement)) return json;
                json.Dispose();
            }
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    static byte[] Gzip(byte[] data)
    {
        var to = new MemoryStream();
        using (var gzip = new GZipStream(to, CompressionLevel.Fastest)) gzip.Write(data);
        return to.ToArray();
    }

    sealed class EndlessZeros(long length) : Stream
    {
        long _left = length;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(count, _left);
            Array.Clear(buffer, offset, read);
            _left -= read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
