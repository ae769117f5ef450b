using System.IO.Compression;
using System.Net;
using System.Text;
using Apm.Core.Ledger;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Receive;

namespace Apm.TraceAgent.Tests.Receive;

/// <summary>Bodies that are broken, too large, or made to hurt: each gets a sentence, nothing of it is kept, and the agent lives on.</summary>
public class RefusedBodiesTests
{
    const int Limit = 26_214_400;

    /// <summary>Path, content type, listener, and a good body of every endpoint that reads its body.</summary>
    public static TheoryData<string, string, string, string> Endpoints => new()
    {
        { "/v0.1/spans", "application/json", "agent", "[{\"service\":\"web\",\"name\":\"a\",\"trace_id\":1,\"span_id\":1,\"start\":1,\"duration\":1}]" },
        { "/v0.2/traces", "application/json", "agent", "py-ddtrace-0.14.0-ddtrace-run/001" },
        { "/v0.3/traces", "application/json", "agent", "py-ddtrace-0.14.0-ddtrace-run/001" },
        { "/v0.3/traces", "application/msgpack", "agent", "py-ddtrace-0.14.0-middleware-msgpack/001" },
        { "/v0.4/traces", "application/msgpack", "agent", "node-dd-trace-6/007" },
        { "/v0.4/traces", "application/octet-stream", "agent", "py-ddtrace-0.36.3-ddtrace-run/001" },
        { "/v0.5/traces", "application/msgpack", "agent", "node-dd-trace-6-v05-stats/007" },
        { "/v0.7/traces", "application/msgpack", "agent", "made here" },
        { "/v0.6/stats", "application/msgpack", "agent", "node-dd-trace-6-v05-stats/012" },
        { "/v1/traces", "application/x-protobuf", "otlp-http", "node-otel-http-protobuf/001" },
        { "/v1/traces", "application/json", "agent", "node-otel-http-json/001" },
        { "/v1/metrics", "application/x-protobuf", "otlp-http", "node-otel-http-protobuf/002" },
        { "/v1/metrics", "application/json", "otlp-http", "node-otel-http-json/003" },
        { "/v1/logs", "application/x-protobuf", "otlp-http", "node-otel-http-protobuf/004" },
        { "/v1/logs", "application/json", "otlp-http", "node-otel-http-json/004" },
        { "/api/v2/spans", "application/json", "zipkin", "node-zipkin/001" },
    };

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Truncated_and_random_bytes_are_refused_with_a_sentence_or_harmless(string path, string contentType, string listener, string good)
    {
        await using var agent = await AgentFixture.Start();
        var whole = path == "/v0.7/traces" ? V07() : good.StartsWith('[') ? Encoding.UTF8.GetBytes(good) : Fixtures.Bytes(good + ".bin");
        var chance = new Random(20_261_125);
        var refused = 0;
        for (var round = 0; round < 60; round++)
        {
            var body = round % 3 == 0 ? RandomBytes(chance) : round % 3 == 1 ? whole[..chance.Next(1, whole.Length)] : Damaged(whole, chance);
            var before = (Spans: agent.StoredSpans().Count, Hits: agent.Statistics().Sum(row => row.Cell.HitCount), agent.Parts.Log.Last);
            var answer = await agent.Send(path, body, contentType, method: "POST", listener: listener);
            var after = (Spans: agent.StoredSpans().Count, Hits: agent.Statistics().Sum(row => row.Cell.HitCount), agent.Parts.Log.Last);
            if ((int)answer.Status is 200 or 202) continue; // Chance may make a body that reads.
            refused++;
            Assert.True(answer.Status == HttpStatusCode.BadRequest, $"round {round}: {(int)answer.Status} {answer.Text}");
            Assert.True(answer.Text.Trim().Length > 25, $"round {round}: \"{answer.Text}\" is no sentence");
            Assert.Equal(before, after);
        }
        Assert.InRange(refused, 25, 60);
        Assert.Equal(refused, agent.Parts.Counters.Read("payloads_rejected", "undecodable"));
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task One_byte_over_the_limit_is_413_announced_or_not(string path, string contentType, string listener, string good)
    {
        Assert.NotEmpty(good);
        await using var agent = await AgentFixture.Start(agent: new AgentSettings { MaxBodyBytes = 200_000 });
        foreach (var isChunked in new[] { false, true })
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(agent.UrlOf(listener), path)) { Content = new ByteArrayContent(new byte[200_001]) };
            message.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
            message.Headers.TransferEncodingChunked = isChunked;
            var answer = await agent.Send(message);
            Assert.True(answer.Status == HttpStatusCode.RequestEntityTooLarge, $"{isChunked}: {(int)answer.Status} {answer.Text}");
            Assert.Contains("The body is larger than 200000 bytes. Send smaller batches.", answer.Text, StringComparison.Ordinal);
        }
        Assert.Equal(2, agent.Parts.Counters.Read("payloads_rejected", "too_large"));
    }

    [Fact]
    public async Task A_second_payload_behind_the_first_is_not_read_and_the_ledger_says_so()
    {
        await using var agent = await AgentFixture.Start();
        var payload = DatadogV04Encoder.Encode([[Some.Span()]]);

        var answer = await agent.Send("/v0.4/traces", [.. payload, .. payload]);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Single(agent.StoredSpans());
        Assert.Equal(1, agent.Pipeline.Ledger.UnreadPayloads("behind_the_payload"));
        Assert.Equal("Something stood behind the payload in the same body, and was not read; the payload was. Send each payload as a request of its own.",
            LedgerReasons.Sentence(SpanOutcome.Rejected, "behind_the_payload"));
    }

    [Fact]
    public async Task The_limit_is_25_MiB_exactly()
    {
        await using var agent = await AgentFixture.Start();

        var atLimit = await agent.Send("/dogstatsd/v2/proxy", new byte[Limit], contentType: null);
        var over = await agent.Send("/v0.4/traces", new byte[Limit + 1]);

        Assert.Equal(HttpStatusCode.OK, atLimit.Status);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "payload-too-large\nThe body is larger than 26214400 bytes. Send smaller batches.\n"), (over.Status, over.Text));
    }

    [Theory]
    [InlineData("/v0.4/traces", "application/msgpack", "agent")]
    [InlineData("/v1/traces", "application/x-protobuf", "otlp-http")]
    [InlineData("/api/v2/spans", "application/json", "zipkin")]
    public async Task A_small_body_that_unpacks_to_a_large_one_is_413(string path, string contentType, string listener)
    {
        await using var agent = await AgentFixture.Start();
        var bomb = Gzip(new byte[Limit + 1]);
        Assert.InRange(bomb.Length, 0, 100_000);

        var answer = await agent.Send(path, bomb, contentType, "POST", listener, ("Content-Encoding", "gzip"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Status);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("x-gzip")]
    public async Task Compressed_bodies_are_read_everywhere(string encoding)
    {
        await using var agent = await AgentFixture.Start();
        var body = DatadogV04Encoder.Encode([[Some.Span()]]);

        var answer = await agent.Send("/v0.4/traces", encoding == "deflate" ? Deflate(body) : Gzip(body), headers: [("Content-Encoding", encoding)]);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Single(agent.StoredSpans());
    }

    [Theory]
    [InlineData("gzip", "not gzip at all", "The body is not valid gzip data (")]
    [InlineData("br", "whatever", "Content-Encoding \"br\" is not one of gzip, deflate, zstd, identity. Turn compression off, or use gzip.")]
    public async Task Compression_that_cannot_be_undone_is_400(string encoding, string body, string sentence)
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send("/v0.4/traces", Encoding.UTF8.GetBytes(body), headers: [("Content-Encoding", encoding)]);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.StartsWith(sentence, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gzip_stream_that_breaks_off_is_400()
    {
        await using var agent = await AgentFixture.Start();
        var whole = Gzip(Fixtures.Bytes("node-dd-trace-6/007.bin"));

        var answer = await agent.Send("/v0.4/traces", whole[..(whole.Length / 2)], headers: [("Content-Encoding", "gzip")]);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Empty(agent.StoredSpans());
    }

    [Theory]
    //          what it is                       bytes
    [InlineData("4 billion traces",              "ddffffffff")]
    [InlineData("4 billion spans in a trace",    "91ddffffffff")]
    [InlineData("4 billion keys in a span",      "9191dfffffffff")]
    [InlineData("4 billion tags",                "919181a46d657461dfffffffff")]
    [InlineData("a text of 4 GB",                "919181a773657276696365dbffffffff")]
    [InlineData("an unknown key of 4 GB",        "919181a161c6ffffffff")]
    public async Task A_msgpack_bomb_is_refused_at_once(string what, string hex)
    {
        await using var agent = await AgentFixture.Start();
        var before = GC.GetTotalAllocatedBytes();

        var answer = await agent.Send("/v0.4/traces", Convert.FromHexString(hex));

        Assert.True(answer.Status == HttpStatusCode.BadRequest, $"{what}: {(int)answer.Status} {answer.Text}");
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 100_000_000);
    }

    [Theory]
    [InlineData("/v0.4/traces", "application/msgpack", 0x91)]
    [InlineData("/v0.5/traces", "application/msgpack", 0x91)]
    [InlineData("/v0.7/traces", "application/msgpack", 0x91)]
    [InlineData("/v0.6/stats", "application/msgpack", 0x91)]
    [InlineData("/v0.4/traces", "application/json", '[')]
    [InlineData("/v1/traces", "application/json", '[')]
    [InlineData("/api/v2/spans", "application/json", '[')]
    public async Task A_million_arrays_in_each_other_do_not_exhaust_the_stack(string path, string contentType, int opening)
    {
        await using var agent = await AgentFixture.Start();
        var deep = new byte[1_000_000];
        Array.Fill(deep, (byte)opening);
        // Inside a span's unknown key, where a decoder skips what it does not know.
        var inSpan = new MsgPackWriter().Array(1).Array(1).Map(1).Text("unknown").Raw(deep).ToArray();

        var answer = await agent.Send(path, deep, contentType, "POST");
        var skipped = await agent.Send("/v0.4/traces", inSpan);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        if (opening == 0x91) Assert.Equal(HttpStatusCode.BadRequest, skipped.Status);
    }

    [Fact]
    public async Task Of_a_payload_whose_last_span_is_broken_nothing_is_kept()
    {
        await using var agent = await AgentFixture.Start();
        var good = DatadogV04Encoder.Encode([.. Enumerable.Range(1, 100).Select(i => (IReadOnlyList<Span>)[Some.Span(id: (ulong)i, trace: (ulong)i)])]);

        var answer = await agent.Send("/v0.4/traces", good[..^1]);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Empty(agent.StoredSpans());
        Assert.Empty(agent.Statistics());
        Assert.Empty(agent.Parts.Catalogue.Services());
        Assert.Equal(0, agent.Pipeline.Ledger.Sums().ReceivedSpanCount);
        Assert.Equal(1, agent.Pipeline.Ledger.UnreadPayloads("undecodable"));
        var problem = Assert.Single(agent.Parts.Problems.ReadAll());
        Assert.Equal(("PUT /v0.4/traces", answer.Text.TrimEnd('\n')), (problem.Where, problem.Sentence));
    }

    [Fact]
    public async Task A_client_that_hangs_up_in_the_middle_of_a_body_leaves_no_trace()
    {
        await using var agent = await AgentFixture.Start();
        using (var client = new System.Net.Sockets.TcpClient())
        {
            await client.ConnectAsync("127.0.0.1", agent.UrlOf("agent").Port);
            await client.GetStream().WriteAsync("PUT /v0.4/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n\u0091"u8.ToArray());
            client.LingerState = new System.Net.Sockets.LingerOption(true, 0); // A reset, not a farewell.
        }

        await Until.True("the refusal is counted", TimeSpan.FromSeconds(10), () => Task.FromResult(agent.Parts.Counters.Read("payloads_rejected") > 0));

        Assert.Empty(agent.StoredSpans());
        Assert.Equal(HttpStatusCode.OK, (await agent.Send("/v0.4/traces", [0x90])).Status);
    }

    [Theory]
    [InlineData("zz\r\n")]
    [InlineData("ffffffffffffffff\r\n")] // The server tells this one by another exception.
    public async Task A_chunk_whose_size_cannot_be_is_the_senders_fault(string chunk)
    {
        await using var agent = await AgentFixture.Start();
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync("127.0.0.1", agent.UrlOf("agent").Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("PUT /v0.4/traces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk));

        using var reader = new StreamReader(client.GetStream());
        Assert.Equal("HTTP/1.1 400 Bad Request", await reader.ReadLineAsync());
        await Until.True("the refusal is counted", TimeSpan.FromSeconds(10), () => Task.FromResult(agent.Parts.Counters.Read("payloads_rejected", "broken_request") == 1));
        Assert.Equal(1, agent.Pipeline.Ledger.UnreadPayloads("broken_request"));
        Assert.StartsWith("The request broke off or is not HTTP as it should be:", Assert.Single(agent.Parts.Problems.ReadAll()).Sentence, StringComparison.Ordinal);
    }

    static byte[] V07()
    {
        var to = new MsgPackWriter().Map(2).Text("env").Text("prod").Text("chunks").Array(1).Map(2).Text("priority").Integer(1).Text("spans").Array(20);
        for (var i = 1; i <= 20; i++) DatadogV04Encoder.Write(to, Some.Span(id: (ulong)i, tags: [("http.method", "GET")]));
        return to.ToArray();
    }

    static byte[] RandomBytes(Random chance)
    {
        var bytes = new byte[chance.Next(1, 400)];
        chance.NextBytes(bytes);
        return bytes;
    }

    static byte[] Damaged(byte[] whole, Random chance)
    {
        var bytes = whole.ToArray();
        for (var hits = chance.Next(1, 12); hits > 0; hits--) bytes[chance.Next(bytes.Length)] = (byte)chance.Next(256);
        return bytes;
    }

    static byte[] Gzip(byte[] bytes)
    {
        var to = new MemoryStream();
        using (var gzip = new GZipStream(to, CompressionLevel.Optimal)) gzip.Write(bytes);
        return to.ToArray();
    }

    static byte[] Deflate(byte[] bytes)
    {
        var to = new MemoryStream();
        using (var zlib = new ZLibStream(to, CompressionLevel.Optimal)) zlib.Write(bytes);
        return to.ToArray();
    }
}
