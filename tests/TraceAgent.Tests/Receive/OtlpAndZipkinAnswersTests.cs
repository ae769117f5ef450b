using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Apm.TestKit;

namespace Apm.TraceAgent.Tests.Receive;

/// <summary>What OTLP and Zipkin exporters get to hear (trace-intake §7.1–7.3, §8.1).</summary>
public class OtlpAndZipkinAnswersTests
{
    const string TraceExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    [Theory]
    [InlineData("otlp-http")]
    [InlineData("agent")]
    public async Task Json_is_answered_in_json_and_protobuf_in_protobuf(string listener)
    {
        await using var agent = await AgentFixture.Start();

        var json = await agent.Send("/v1/traces", Fixtures.Bytes("node-otel-http-json/001.bin"), "application/json", "POST", listener);
        var protobuf = await agent.Send("/v1/traces", Fixtures.Bytes("node-otel-http-protobuf/001.bin"), "application/x-protobuf", "POST", listener);

        Assert.Equal((HttpStatusCode.OK, "application/json", "{}"), (json.Status, json.ContentType, json.Text));
        Assert.Equal((HttpStatusCode.OK, "application/x-protobuf", ""), (protobuf.Status, protobuf.ContentType, protobuf.Text));
        Assert.NotEmpty(agent.StoredSpans());
    }

    [Theory]
    [InlineData("application/json", "{}")]
    [InlineData("application/x-protobuf", "")]
    [InlineData(null, "")]
    public async Task An_empty_request_is_fine(string? contentType, string body)
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send("/v1/traces", System.Text.Encoding.UTF8.GetBytes(body), contentType, "POST", "otlp-http");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Fact]
    public async Task What_cannot_be_decoded_is_a_status_message_in_the_encoding_of_the_request()
    {
        await using var agent = await AgentFixture.Start();

        var json = await agent.Send("/v1/traces", "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":17"u8.ToArray(), "application/json", "POST", "otlp-http");
        var protobuf = await agent.Send("/v1/traces", [0x0a, 0x7f, 0x01], "application/x-protobuf", "POST", "otlp-http");

        Assert.Equal((HttpStatusCode.BadRequest, "application/json"), (json.Status, json.ContentType));
        using var status = JsonDocument.Parse(json.Bytes);
        Assert.Equal(3, status.RootElement.GetProperty("code").GetInt32());
        Assert.Contains("JSON", status.RootElement.GetProperty("message").GetString(), StringComparison.Ordinal);

        Assert.Equal((HttpStatusCode.BadRequest, "application/x-protobuf"), (protobuf.Status, protobuf.ContentType));
        var (code, message) = ReadStatus(protobuf.Bytes);
        Assert.Equal(3, code);
        Assert.Contains("byte", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/traces", "otlp-http", "OTLP wants POST /v1/traces, not GET.\n")]
    [InlineData("/v1/metrics", "agent", "OTLP wants POST /v1/metrics, not GET.\n")]
    [InlineData("/v1/logs", "otlp-http", "OTLP wants POST /v1/logs, not GET.\n")]
    [InlineData("/api/v2/spans", "zipkin", "Zipkin wants POST /api/v2/spans, not GET.\n")]
    public async Task Only_post_is_taken(string path, string listener, string sentence)
    {
        await using var agent = await AgentFixture.Start();

        using var response = await agent.Http.GetAsync(new Uri(agent.UrlOf(listener), path));

        Assert.Equal((HttpStatusCode.MethodNotAllowed, sentence), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal(["POST"], response.Content.Headers.Allow);
    }

    [Fact]
    public async Task Another_content_type_is_415_and_told_the_right_ones()
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send("/v1/traces", "hello"u8.ToArray(), "text/plain", "POST", "otlp-http");

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "OTLP wants Content-Type application/x-protobuf or application/json, not \"text/plain\".\n"), (answer.Status, answer.Text));
    }

    [Fact]
    public async Task Metrics_and_logs_are_counted_and_the_exporter_is_told_that_they_are_not_kept()
    {
        await using var agent = await AgentFixture.Start();

        var metrics = await agent.Send("/v1/metrics", Fixtures.Bytes("node-otel-http-json/003.bin"), "application/json", "POST", "otlp-http");
        var logs = await agent.Send("/v1/logs", Fixtures.Bytes("node-otel-http-json/004.bin"), "application/json", "POST", "otlp-http");

        foreach (var (answer, what) in new[] { (metrics, "data points"), (logs, "log records") })
        {
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            using var body = JsonDocument.Parse(answer.Bytes);
            Assert.EndsWith($"{what} were counted, not kept.", body.RootElement.GetProperty("partialSuccess").GetProperty("errorMessage").GetString(), StringComparison.Ordinal);
        }
        Assert.True(agent.Parts.Counters.Read("otlp_not_kept", "metric data points") > 0);
        Assert.True(agent.Parts.Counters.Read("otlp_not_kept", "log records") > 0);
    }

    [Fact]
    public async Task A_grpc_call_is_answered_with_a_message_and_status_0()
    {
        await using var agent = await AgentFixture.Start();

        var plain = await Call(agent, Fixtures.Bytes("node-otel-grpc/001.bin"));
        var zipped = await Call(agent, Framed(Gzip(Fixtures.Bytes("node-otel-grpc/002.bin")[5..]), isCompressed: true), ("grpc-encoding", "gzip"));

        using var compressor = new ZstdSharp.Compressor();
        var zstd = await Call(agent, Framed(compressor.Wrap(Fixtures.Bytes("node-otel-grpc/001.bin").AsSpan(5)).ToArray(), isCompressed: true), ("grpc-encoding", "zstd"));

        foreach (var answer in new[] { plain, zipped, zstd })
        {
            Assert.Equal((HttpStatusCode.OK, "application/grpc", "0"), (answer.Status, answer.ContentType, answer.Header("grpc-status")));
            Assert.Equal([0, 0, 0, 0, 0], answer.Bytes);
        }
        var traces = agent.StoredSpans().Count;
        Assert.Equal(traces, agent.Pipeline.Ledger.Sums().ReceivedSpanCount);
        Assert.True(traces > 100, $"{traces} spans");
    }

    [Theory]
    //          frame                     status  sentence begins
    [InlineData("",                       "3", "gRPC: a message begins with 5 bytes of flag and length; 0 came.")]
    [InlineData("0000000005aabb",         "3", "gRPC: the prefix announces 5 bytes, 2 came.")]
    [InlineData("0700000000",             "3", "gRPC: the first byte of a message is 0 or 1, not 7.")]
    [InlineData("00000000030a7f01",       "3", "OTLP")]
    [InlineData("0100000003616263",       "3", "")]
    public async Task A_broken_grpc_message_is_an_invalid_argument_with_the_sentence_in_the_trailers(string frameHex, string status, string sentence)
    {
        await using var agent = await AgentFixture.Start();

        var answer = await Call(agent, Convert.FromHexString(frameHex), ("grpc-encoding", "gzip"));

        Assert.Equal((HttpStatusCode.OK, status), (answer.Status, answer.Header("grpc-status")));
        var message = Uri.UnescapeDataString(answer.Header("grpc-message")!);
        Assert.StartsWith(sentence, message, StringComparison.Ordinal);
        Assert.True(message.Length > 25, message);
        Assert.Equal(1, agent.Parts.Counters.Read("payloads_rejected", "undecodable"));
    }

    [Fact]
    public async Task A_grpc_message_over_the_limit_is_resource_exhausted()
    {
        await using var agent = await AgentFixture.Start(agent: new() { MaxBodyBytes = 100_000 });

        var large = await Call(agent, Framed(new byte[100_001]));
        var bomb = await Call(agent, Framed(Gzip(new byte[100_001]), isCompressed: true), ("grpc-encoding", "gzip"));

        Assert.Equal(("8", "8"), (large.Header("grpc-status"), bomb.Header("grpc-status")));
    }

    [Fact]
    public async Task Metrics_and_logs_over_grpc_are_counted()
    {
        await using var agent = await AgentFixture.Start();
        foreach (var request in RecordedRequest.All("node-otel-grpc").Where(request => !request.Path.Contains("TraceService", StringComparison.Ordinal)))
        {
            using var message = request.ToMessage(agent.UrlOf("otlp-grpc"));
            var answer = await agent.Send(message);
            Assert.Equal("0", answer.Header("grpc-status"));
        }
        Assert.True(agent.Parts.Counters.Read("otlp_not_kept") > 10);
        Assert.Empty(agent.StoredSpans());
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("")]
    public async Task Zipkin_says_202_and_nothing_else_also_to_nothing(string body)
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send("/api/v2/spans", System.Text.Encoding.UTF8.GetBytes(body), "application/json", "POST", "zipkin");

        Assert.Equal((HttpStatusCode.Accepted, ""), (answer.Status, answer.Text));
    }

    [Theory]
    [InlineData("agent")]
    [InlineData("otlp-http")]
    public async Task Zipkin_is_taken_on_every_port(string listener)
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send("/api/v2/spans", Fixtures.Bytes("node-zipkin/001.bin"), "application/json", "POST", listener);

        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        Assert.NotEmpty(agent.StoredSpans());
    }

    [Fact]
    public async Task The_old_zipkin_protocol_is_told_the_new_one()
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send("/api/v1/spans", "[]"u8.ToArray(), "application/json", "POST", "zipkin");

        Assert.Equal((HttpStatusCode.NotFound, "Zipkin v1 is not read here. Set the reporter to v2 (POST /api/v2/spans); every client since 2018 can.\n"), (answer.Status, answer.Text));
    }

    static async Task<Answer> Call(AgentFixture agent, byte[] frame, params (string Name, string Value)[] headers)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(agent.UrlOf("otlp-grpc"), TraceExport))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(frame),
        };
        message.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
        message.Headers.TryAddWithoutValidation("TE", "trailers");
        foreach (var (name, value) in headers) message.Headers.TryAddWithoutValidation(name, value);
        return await agent.Send(message);
    }

    static byte[] Framed(byte[] message, bool isCompressed = false)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = isCompressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    static byte[] Gzip(byte[] bytes)
    {
        var to = new MemoryStream();
        using (var gzip = new GZipStream(to, CompressionLevel.Optimal)) gzip.Write(bytes);
        return to.ToArray();
    }

    /// <summary>Reads a google.rpc.Status: 08 code 12 length message.</summary>
    static (int Code, string Message) ReadStatus(byte[] bytes)
    {
        Assert.Equal((0x08, 0x12), (bytes[0], bytes[2]));
        var at = bytes[3] < 128 ? 4 : 5; // The length is one or two bytes long.
        return (bytes[1], System.Text.Encoding.UTF8.GetString(bytes[at..]));
    }
}
