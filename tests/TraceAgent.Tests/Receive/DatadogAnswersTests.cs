using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Receive;

namespace Apm.TraceAgent.Tests.Receive;

/// <summary>What a Datadog tracer gets to hear (trace-intake §1.2–§1.9, §1.22).</summary>
public class DatadogAnswersTests
{
    const string Rates = "{\"rate_by_service\":{\"service:,env:\":1}}\n";

    [Fact]
    public async Task The_bytes_of_info_never_change_and_their_hash_stands_on_every_other_answer()
    {
        await using var agent = await AgentFixture.Start();

        var first = await agent.Http.GetByteArrayAsync(new Uri("/info", UriKind.Relative));
        await agent.Send("/v0.4/traces", Traces());
        var second = await agent.Http.GetByteArrayAsync(new Uri("/info", UriKind.Relative));

        Assert.Equal(first, second);
        var hash = Convert.ToHexStringLower(SHA256.HashData(first));
        foreach (var path in new[] { "/v0.3/traces", "/v0.4/traces", "/v0.5/traces", "/v0.7/traces", "/v0.3/services", "/v0.6/stats", "/v0.7/config", "/telemetry/proxy/api/v2/apmtelemetry", "/dogstatsd/v2/proxy" })
        {
            var answer = await agent.Send(path, []);
            Assert.True(hash == answer.Header("Datadog-Agent-State"), $"{path}: {(int)answer.Status} {answer.Header("Datadog-Agent-State")}");
            Assert.Equal("7.80.0", answer.Header("Datadog-Agent-Version"));
        }
    }

    [Fact]
    public async Task Info_names_what_is_served_and_leaves_out_what_would_void_it()
    {
        await using var agent = await AgentFixture.Start();

        using var info = JsonDocument.Parse(await agent.Http.GetStringAsync(new Uri("/info", UriKind.Relative)));

        var root = info.RootElement;
        Assert.False(root.GetProperty("client_drop_p0s").GetBoolean());
        Assert.False(root.GetProperty("config").TryGetProperty("obfuscation", out _));
        Assert.Equal(26_214_400, root.GetProperty("config").GetProperty("max_request_bytes").GetInt32());
        Assert.Contains("/v0.5/traces", root.GetProperty("endpoints").EnumerateArray().Select(path => path.GetString()));
        foreach (var path in root.GetProperty("endpoints").EnumerateArray().Select(path => path.GetString()!))
        {
            var answer = await agent.Send(path.EndsWith('/') ? path + "x" : path, []);
            Assert.True((int)answer.Status is >= 200 and < 300, $"{path}: {(int)answer.Status} {answer.Text}");
        }
    }

    [Fact]
    public async Task Info_tells_what_the_settings_say()
    {
        await using var agent = await AgentFixture.Start(pipelineSettings: new PipelineSettings
        {
            Sampler = new() { TargetTracesPerSecond = 1, MaxEventsPerSecond = 7, Features = ["big_resource"], AnalyzedSpans = [new("web", "http.request", 0.5), new("web", "rpc", 1)] },
            Counting = new() { PeerTags = ["shop.region", "db.name"], CountsBySpanKind = false },
        });

        using var info = JsonDocument.Parse(await agent.Http.GetStringAsync(new Uri("/info", UriKind.Relative)));

        var root = info.RootElement;
        var config = root.GetProperty("config");
        Assert.Equal((1, 7), (config.GetProperty("target_tps").GetInt32(), config.GetProperty("max_eps").GetInt32()));
        Assert.Equal("""{"web":{"http.request":0.5,"rpc":1}}""", config.GetProperty("analyzed_spans_by_service").GetRawText());
        Assert.Equal(["big_resource"], root.GetProperty("feature_flags").EnumerateArray().Select(flag => flag.GetString()));
        Assert.Empty(root.GetProperty("span_kinds_stats_computed").EnumerateArray());
        Assert.Equal("shop.region", root.GetProperty("peer_tags").EnumerateArray().Last().GetString());
    }

    [Fact]
    public async Task A_tracer_may_come_over_a_unix_socket()
    {
        var folder = Directory.CreateTempSubdirectory("apm-socket-");
        var path = Path.Combine(folder.FullName, "apm.socket");
        try
        {
            await using (var agent = await AgentFixture.Start(agent: new AgentSettings { SocketPath = path }))
            {
                using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = async (_, cancel) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
                    return new NetworkStream(socket, ownsSocket: true);
                } });
                using var body = new ByteArrayContent(Traces());
                body.Headers.ContentType = new("application/msgpack");

                using var answer = await http.PutAsync(new Uri("http://localhost/v0.4/traces"), body);

                await agent.Pipeline.Settled();
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Assert.NotEmpty(agent.StoredSpans());
                if (!OperatingSystem.IsWindows()) Assert.True(File.GetUnixFileMode(path).HasFlag(UnixFileMode.OtherWrite)); // Tracers of any user, as over loopback.
            }
            Assert.False(File.Exists(path));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_socket_that_cannot_be_opened_is_told_and_the_port_works_on()
    {
        var warnings = new List<string>();
        await using var agent = await AgentFixture.Start(agent: new AgentSettings { SocketPath = "/nowhere/apm.socket" }, warn: warnings.Add);

        Assert.Equal(HttpStatusCode.OK, (await agent.Send("/v0.4/traces", Traces())).Status);
        var warning = Assert.Single(warnings);
        Assert.StartsWith("The socket /nowhere/apm.socket (trace agent) cannot be opened: ", warning, StringComparison.Ordinal);
        Assert.EndsWith(" Choose a path in a folder that exists and may be written, of at most 107 bytes.", warning, StringComparison.Ordinal);
    }

    [Theory]
    //          known      body     version
    [InlineData(null,      Rates,   null)]
    [InlineData("0",       Rates,   "current")]
    [InlineData("current", "{}\n",  "current")]
    public async Task Rates_are_told_until_the_tracer_has_them(string? known, string body, string? version)
    {
        await using var agent = await AgentFixture.Start();

        var current = agent.Pipeline.Rates.Version;
        if (known == "current") known = current;

        var answer = await agent.Send("/v0.4/traces", Traces(), headers: known is null ? [] : [("Datadog-Rates-Payload-Version", known)]);

        Assert.Equal((body, version is null ? null : current, "application/json"), (answer.Text, answer.Header("Datadog-Rates-Payload-Version"), answer.ContentType));
    }

    [Theory]
    //          path             content type            body            answer
    [InlineData("/v0.4/traces",  "application/msgpack",  "90",           Rates)]  // The .NET tracer's ping.
    [InlineData("/v0.4/traces",  "application/msgpack",  "",             Rates)]
    [InlineData("/v0.4/traces",  "application/json",     "5b5d",         Rates)]
    [InlineData("/v0.4/traces",  null,                   "",             Rates)]
    [InlineData("/v0.3/traces",  "application/msgpack",  "90",           "OK\n")]
    [InlineData("/v0.3/traces",  "application/json",     "5b5d",         "OK\n")]
    [InlineData("/v0.2/traces",  "application/json",     "5b5d",         "OK\n")]
    [InlineData("/v0.1/spans",   "application/json",     "5b5d",         "OK\n")]
    [InlineData("/spans",        "application/json",     "5b5d",         "OK\n")]
    [InlineData("/v0.5/traces",  "application/msgpack",  "929090",       Rates)]
    [InlineData("/v0.5/traces",  "application/msgpack",  "",             Rates)]
    [InlineData("/v0.7/traces",  "application/msgpack",  "80",           Rates)]
    [InlineData("/v0.6/stats",   "application/msgpack",  "80",           "{}\n")]
    [InlineData("/v0.3/services", "application/json",    "7b7d",         "OK\n")]
    [InlineData("/v0.4/services", "application/msgpack", "80",           "OK\n")]
    [InlineData("/v0.7/config",  "application/json",     "",             "{}")]
    [InlineData("/v0.7/config",  "application/json",     "7b7d",         "{}")]
    public async Task Nothing_at_all_is_a_valid_payload(string path, string? contentType, string bodyHex, string expected)
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send(path, Convert.FromHexString(bodyHex), contentType, headers: [("X-Datadog-Trace-Count", "0")]);

        Assert.Equal((HttpStatusCode.OK, expected), (answer.Status, answer.Text));
        Assert.Empty(agent.StoredSpans());
        Assert.Equal(0, agent.Parts.Log.Last.Number);
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("POST")]
    [InlineData("PATCH")]
    [InlineData("GET")]
    [InlineData("DELETE")]
    [InlineData("PROPFIND")]
    public async Task Any_method_will_do(string method)
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send("/v0.4/traces", Traces(), method: method);

        Assert.Equal((HttpStatusCode.OK, Rates), (answer.Status, answer.Text));
        Assert.Single(agent.StoredSpans());
    }

    [Theory]
    [InlineData("application/json; charset=utf-8", true)]
    [InlineData("text/json", true)]
    [InlineData("", true)]
    [InlineData("application/octet-stream", true)]
    [InlineData("application/octet-stream", false)]
    [InlineData("application/msgpack; v=1", false)]
    public async Task The_content_type_chooses_the_decoder_and_one_that_says_neither_has_both_tried(string contentType, bool isJson)
    {
        await using var agent = await AgentFixture.Start();
        var json = """[[{"service":"web","name":"flask.request","resource":"GET /","trace_id":1,"span_id":1,"start":1764072000000000000,"duration":5}]]"""u8.ToArray();

        var answer = await agent.Send("/v0.3/traces", isJson ? json : Traces(), contentType);

        Assert.Equal((HttpStatusCode.OK, "OK\n"), (answer.Status, answer.Text));
        Assert.Equal("web", Assert.Single(agent.StoredSpans()).Service);
    }

    [Theory]
    [InlineData("/v0.1/pipeline_stats")]
    [InlineData("/profiling/v1/input")]
    [InlineData("/debugger/v1/input")]
    [InlineData("/debugger/v1/diagnostics")]
    [InlineData("/debugger/v2/input")]
    [InlineData("/symdb/v1/input")]
    [InlineData("/tracer_flare/v1")]
    [InlineData("/dogstatsd/v1/proxy")]
    [InlineData("/dogstatsd/v2/proxy")]
    [InlineData("/openlineage/api/v1/lineage")]
    [InlineData("/evp_proxy/v1/api/v2/llmobs")]
    [InlineData("/evp_proxy/v4/api/v2/citestcycle")]
    public async Task What_a_local_agent_has_no_use_for_is_taken_quietly_and_counted(string path)
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send(path, [0, 255, 1, 2], contentType: null, method: "POST");

        Assert.Equal((HttpStatusCode.OK, "{}\n"), (answer.Status, answer.Text));
        Assert.Equal(4, agent.Parts.Counters.Read("bytes_taken_without_use"));
        Assert.Equal(0, agent.Parts.Counters.Read("payloads_rejected"));
    }

    [Theory]
    [InlineData("agent", "/v0.9/traces")]
    [InlineData("agent", "/")]
    [InlineData("otlp-http", "/v1/trace")]
    [InlineData("zipkin", "/api/v3/spans")]
    public async Task An_unknown_path_is_told_the_known_ones(string listener, string path)
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send(path, [], listener: listener);

        Assert.Equal((HttpStatusCode.NotFound, "text/plain"), (answer.Status, answer.ContentType));
        Assert.StartsWith($"Nothing answers {path} here. Paths: /api/v1/spans, /api/v2/spans, ", answer.Text, StringComparison.Ordinal);
        foreach (var known in new[] { "/info", "/v0.3/traces", "/v0.4/traces", "/v0.5/traces", "/v0.6/stats", "/v1/traces", "/telemetry/proxy/" }) Assert.Contains(known, answer.Text, StringComparison.Ordinal);
        Assert.Equal(1, agent.Parts.Counters.Read("payloads_rejected", "unknown_path"));
    }

    [Fact]
    public async Task Spans_from_another_sites_page_are_refused()
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send("/v0.4/traces", Traces(), headers: [("Sec-Fetch-Site", "cross-site")]);

        Assert.Equal((HttpStatusCode.Forbidden, "Spans from a page of another site are refused. Send them from a program, or through your own server.\n"), (answer.Status, answer.Text));
        Assert.Empty(agent.StoredSpans());
    }

    [Theory]
    [InlineData("/v0.1/spans", "v0.1")]
    [InlineData("/v0.2/traces", "v0.2")]
    public async Task The_oldest_routes_take_no_msgpack(string path, string name)
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send(path, Traces());

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, $"Datadog {name} is JSON only; send application/json, or use /v0.4/traces for msgpack.\n"), (answer.Status, answer.Text));
    }

    [Theory]
    //          header                             value    counted by us
    [InlineData("Datadog-Client-Computed-Stats",   "yes",   false)]
    [InlineData("Datadog-Client-Computed-Stats",   "junk",  false)]
    [InlineData("Datadog-Client-Computed-Stats",   "false", true)]
    [InlineData("Datadog-Client-Computed-Stats",   "0",     true)]
    public async Task A_tracer_that_counts_itself_is_not_counted_again(string header, string value, bool isCounted)
    {
        await using var agent = await AgentFixture.Start();

        await agent.Send("/v0.4/traces", Traces(), headers: [(header, value)]);

        Assert.Single(agent.StoredSpans());
        Assert.Equal(isCounted ? 1 : 0, agent.Statistics().Count);
    }

    [Fact]
    public async Task What_the_headers_say_reaches_the_catalogue()
    {
        await using var agent = await AgentFixture.Start();

        await agent.Send("/v0.4/traces", Traces(), headers: [("Datadog-Meta-Lang", ".NET"), ("Datadog-Meta-Lang-Version", "10.0.1"), ("Datadog-Meta-Tracer-Version", "3.1.0")]);

        Assert.Equal("dotnet", Assert.Single(agent.Parts.Catalogue.Services()).Language);
    }

    static byte[] Traces() => DatadogV04Encoder.Encode([[Some.Span()]]);
}
