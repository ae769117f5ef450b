using System.Net;
using Apm.Core.Ports;
using Apm.TestKit;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Receive;
using Apm.TraceAgent.Tests.Intake;

namespace Apm.TraceAgent.Tests.Receive;

/// <summary>A 2xx means that the payload is on disk. When it cannot be, the client is told to come again (docs/adr/0003).</summary>
public class OverloadTests
{
    [Fact]
    public async Task The_answer_waits_for_the_disk()
    {
        var log = new HeldLog();
        await using var agent = await AgentFixture.Start(log: log);

        var sending = agent.Send("/v0.4/traces", Traces(1));
        await log.Waiting(1);
        Assert.False(sending.IsCompleted);
        Assert.Empty(agent.StoredSpans());

        log.LetGo();
        Assert.Equal(HttpStatusCode.OK, (await sending).Status);
        Assert.Single(agent.StoredSpans());
    }

    [Fact]
    public async Task When_too_much_waits_more_is_429_with_a_time_to_come_again_and_nothing_of_it_is_kept()
    {
        var log = new HeldLog();
        await using var agent = await AgentFixture.Start(log: log, pipelineSettings: new PipelineSettings { MaxQueuedSpans = 10 });

        var first = agent.Send("/v0.4/traces", Traces(10));
        await log.Waiting(1);
        var second = await agent.Send("/v0.4/traces", Traces(1));
        var otlp = await agent.Send("/v1/traces", Fixtures.Bytes("node-otel-http-json/001.bin"), "application/json", "POST");
        log.LetGo();

        Assert.Equal((HttpStatusCode.TooManyRequests, "More than 10 spans wait to be written; retry in a second.\n", "1"), (second.Status, second.Text, second.Header("Retry-After")));
        Assert.Equal((HttpStatusCode.TooManyRequests, "application/json", "1"), (otlp.Status, otlp.ContentType, otlp.Header("Retry-After")));
        Assert.Equal(HttpStatusCode.OK, (await first).Status);
        Assert.Equal(10, agent.StoredSpans().Count);

        // Room again: the same payload is taken now.
        Assert.Equal(HttpStatusCode.OK, (await agent.Send("/v0.4/traces", Traces(1))).Status);
    }

    [Fact]
    public async Task Each_refusal_is_counted_once()
    {
        var log = new HeldLog();
        await using var agent = await AgentFixture.Start(log: log, pipelineSettings: new PipelineSettings { MaxQueuedSpans = 10 });

        var first = agent.Send("/v0.4/traces", Traces(10));
        await log.Waiting(1);
        await agent.Send("/v0.4/traces", Traces(1));
        log.LetGo();
        await first;

        Assert.Equal(1, agent.Parts.Counters.Read("payloads_rejected", "overloaded"));
    }

    [Fact]
    public async Task A_log_that_cannot_be_written_is_503_and_nothing_is_counted_or_kept()
    {
        await using var agent = await AgentFixture.Start(log: new FailingLog());

        var datadog = await agent.Send("/v0.4/traces", Traces(3));
        var stats = await agent.Send("/v0.6/stats", Fixtures.Bytes("node-dd-trace-6-v05-stats/012.bin"));
        var otlp = await agent.Send("/v1/traces", Fixtures.Bytes("node-otel-http-protobuf/001.bin"), "application/x-protobuf", "POST");
        var zipkin = await agent.Send("/api/v2/spans", Fixtures.Bytes("node-zipkin/001.bin"), "application/json", "POST");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, $"{FailingLog.Sentence}\n", "5"), (datadog.Status, datadog.Text, datadog.Header("Retry-After")));
        Assert.All(new[] { stats, otlp, zipkin }, answer => Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (answer.Status, answer.Header("Retry-After"))));
        Assert.Empty(agent.StoredSpans());
        Assert.Empty(agent.Statistics());
        Assert.Equal(4, agent.Parts.Counters.Read("payloads_rejected", "store_unavailable"));
    }

    [Fact]
    public async Task Bytes_in_flight_are_limited()
    {
        await using var agent = await AgentFixture.Start(agent: new AgentSettings { MaxBytesInFlight = 1_000 });

        var answer = await agent.Send("/v0.4/traces", new byte[2_000]);
        var small = await agent.Send("/v0.4/traces", [0x90]);

        Assert.Equal((HttpStatusCode.TooManyRequests, "Bodies of more than 1000 bytes are being read at once; retry in a second.\n"), (answer.Status, answer.Text));
        Assert.Equal(HttpStatusCode.OK, small.Status);
    }

    static byte[] Traces(int count) => DatadogV04Encoder.Encode([[.. Enumerable.Range(1, count).Select(i => Some.Span(id: (ulong)i))]]);

    /// <summary>A disk that is full.</summary>
    sealed class FailingLog : IPayloadLog
    {
        public const string Sentence = "The disk is full. Free some space; nothing was kept.";

        public LogPosition Last => LogPosition.Start;

        public long ByteCount => 0;

        public Task<LogPosition> Append(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, Action<LogPosition> whenDurable) =>
            Task.FromException<LogPosition>(new StoreUnavailableException(Sentence));

        public IEnumerable<LogRecord> ReadAfter(LogPosition after) => [];

        public void Release(LogPosition upTo)
        {
        }

        public void Dispose()
        {
        }
    }
}
