using Apm.Core.Ledger;
using System.Globalization;
using System.Net;
using System.Text;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.TraceAgent.Tests.Receive;

/// <summary>
/// Every request that a real client was recorded with (shared/fixtures), sent again over a socket. What is stored is drawn
/// in a file beside this test, one per client, and its sums are those of another decoder, shared/fixtures/decode.py.
/// </summary>
public class RecordedClientsTests
{
    [Theory]
    //          client                                  now (s)      spans traces errors  xor of span ids      sum of starts mod 2^64   sum of durations
    //          (Zipkin's shared spans get an id of their own here, so theirs is not compared)
    [InlineData("node-dd-trace-6",                      1795481244L, 174, 23, 15, 0x7986c1e96b3a17a1u, 17265831274664730368u, 581_877_925L)]
    [InlineData("node-dd-trace-6-v05-stats",            1795481287L, 117, 16, 10, 0x0343c8508c1ae876u, 7157125738563177984u, 332_874_023L)]
    [InlineData("node-otel-grpc",                       1795484220L, 148, 21, 18, 0xe0b9aaac6d3f0d07u, 7477247552154277376u, 583_821_266L)]
    [InlineData("node-otel-http-json",                  1795484244L, 148, 21, 18, 0xc290bc643df05f17u, 7477251111287277376u, 478_900_802L)]
    [InlineData("node-otel-http-protobuf",              1795484233L, 148, 21, 18, 0xa3e7d0985f9ed8e7u, 7477249432579277376u, 610_514_034L)]
    [InlineData("node-zipkin",                          1795484277L, 20, 8, 3, 0u, 17462941458782744384u, 79_544_000L)]
    [InlineData("py-ddtrace-0.14.0-ddtrace-run",        1795481385L, 12, 12, 0, 0x9c186a27a5cc8713u, 3099032542341351168u, 7_943_386L)]
    [InlineData("py-ddtrace-0.14.0-middleware-msgpack", 1795481400L, 12, 12, 0, 0xe8c3408ed18ee56fu, 3099032731316689920u, 4_627_936L)]
    [InlineData("py-ddtrace-0.36.3-ddtrace-run",        1795481439L, 99, 5, 3, 0x00030bc30fcb483du, 11731965836511026497u, 20_348_600L)]
    public async Task What_it_sent_is_taken_and_stored(string client, long nowSeconds, int spans, int traces, int errors, ulong spanIds, ulong starts, long nanos)
    {
        await using var agent = await AgentFixture.Start(DateTimeOffset.FromUnixTimeSeconds(nowSeconds));

        await SendAll(agent, client);

        var stored = agent.StoredSpans();
        Assert.Equal((spans, traces, errors), (stored.Count, stored.Select(span => span.TraceId.Low).Distinct().Count(), stored.Count(span => span.IsError)));
        if (spanIds != 0) Assert.Equal(spanIds, stored.Aggregate(0ul, (sum, span) => sum ^ span.Id.Value));
        Assert.Equal(starts, stored.Aggregate(0ul, (sum, span) => unchecked(sum + (ulong)span.StartUnixNanos)));
        Assert.Equal(nanos, stored.Sum(span => span.DurationNanos));
        Assert.Equal(spans, agent.Pipeline.Ledger.Sums().ReceivedSpanCount);
        Assert.Equal(spans, agent.Pipeline.Ledger.Spans(SpanOutcome.Stored));

        var picture = Draw(agent, stored);
        Assert.Equal(ApprovedText.Of($"TraceAgent.Tests/Receive/Recorded/{client}", picture), picture);

        var (sent, kept) = (SpansAsSent.Expected(client), SpansAsSent.Stored(stored));
        Assert.True(sent.SequenceEqual(kept), $"sent and not stored so:\n{string.Join('\n', sent.Except(kept))}\nstored and not sent so:\n{string.Join('\n', kept.Except(sent))}");

        // A trace with a statement if there is one, of the most services, and of those the longest, with everything that is stored of it.
        var trace = stored.GroupBy(span => span.TraceId).OrderByDescending(group => group.Any(span => span.Type == "sql")).ThenByDescending(group => group.Select(span => span.Service).Distinct().Count()).ThenByDescending(group => group.Count()).ThenBy(group => group.Key).First();
        var full = TraceText.DrawFull(SpanBatches.Of([.. trace]));
        Assert.Equal(ApprovedText.Of($"TraceAgent.Tests/Receive/Recorded/{client}.trace", full), full);
    }

    [Theory]
    //          client                                  now (s)      hits that decode.py counts; 0: it cannot tell
    [InlineData("node-dd-trace-6",                      1795481244L, 42)]
    [InlineData("node-otel-grpc",                       1795484220L, 0)]
    [InlineData("node-otel-http-json",                  1795484244L, 0)]
    [InlineData("node-otel-http-protobuf",              1795484233L, 0)]
    [InlineData("node-zipkin",                          1795484277L, 0)]
    [InlineData("py-ddtrace-0.14.0-ddtrace-run",        1795481385L, 0)]
    [InlineData("py-ddtrace-0.14.0-middleware-msgpack", 1795481400L, 0)]
    [InlineData("py-ddtrace-0.36.3-ddtrace-run",        1795481439L, 0)]
    public async Task Every_stored_span_that_counts_is_counted_once(string client, long nowSeconds, int hits)
    {
        await using var agent = await AgentFixture.Start(DateTimeOffset.FromUnixTimeSeconds(nowSeconds));

        await SendAll(agent, client);

        var expected = Some.Stats(agent.StoredSpans()).SelectMany(bucket => bucket.Cells.Select(pair => (bucket.StartUnixNanos, pair.Key, pair.Value)))
            .GroupBy(cell => (cell.StartUnixNanos, cell.Key.Service, cell.Key.Name, cell.Key.Resource))
            .Select(cells => Line(cells.Key.StartUnixNanos, cells.Key.Service, cells.Key.Name, cells.Key.Resource, cells.Select(cell => cell.Value)));
        var counted = agent.Statistics()
            .GroupBy(row => (row.StartUnixNanos, row.Key.Service, row.Key.Name, row.Key.Resource))
            .Select(rows => Line(rows.Key.StartUnixNanos, rows.Key.Service, rows.Key.Name, rows.Key.Resource, rows.Select(row => row.Cell)));
        Assert.Equal(expected.Order(StringComparer.Ordinal), counted.Order(StringComparer.Ordinal));
        if (hits > 0) Assert.Equal(hits, agent.Statistics().Sum(row => row.Cell.HitCount));
    }

    /// <summary>The tracer counted 29 spans, 6 of them errors; its 117 spans must not be counted again.</summary>
    [Fact]
    public async Task Statistics_that_a_tracer_computed_are_used_and_its_spans_not_counted_again()
    {
        await using var agent = await AgentFixture.Start(DateTimeOffset.FromUnixTimeSeconds(1_795_481_287));

        await SendAll(agent, "node-dd-trace-6-v05-stats");

        var rows = agent.Statistics();
        Assert.Equal((29.0, 6.0), (rows.Sum(row => row.Cell.HitCount), rows.Sum(row => row.Cell.ErrorCount)));
        Assert.Equal(
            ["acc-back 7", "acc-front 20", "acc-postgres 2"],
            rows.GroupBy(row => row.Key.Service).Select(group => $"{group.Key} {group.Sum(row => row.Cell.HitCount)}").Order(StringComparer.Ordinal));
        Assert.Equal(117, agent.StoredSpans().Count);
    }

    static async Task SendAll(AgentFixture agent, string client)
    {
        foreach (var request in RecordedRequest.All(client))
        {
            using var message = request.ToMessage(agent.UrlOf(request.Listener));
            var answer = await agent.Send(message);
            var wanted = request.Path.StartsWith("/dogstatsd", StringComparison.Ordinal) ? 200 : request.Status; // 200 and 202 are both right there (trace-intake §1.2).
            Assert.True(wanted == (int)answer.Status, $"{request.Name} {request.Path}: {(int)answer.Status} instead of {wanted}: {answer.Text}");
            if (request.Listener == "otlp-grpc") Assert.Equal("0", answer.Header("grpc-status"));
            if (request.Path is "/v0.4/traces" or "/v0.5/traces") Assert.Equal("{\"rate_by_service\":{\"service:,env:\":1}}\n", answer.Text);
            if (request.Path.StartsWith("/v0.3/", StringComparison.Ordinal)) Assert.Equal("OK\n", answer.Text);
            if (request.Path == "/v1/traces" && answer.ContentType == "application/x-protobuf") Assert.Empty(answer.Bytes);
        }
    }

    static string Draw(AgentFixture agent, IReadOnlyList<Span> stored)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{stored.Count} spans, {stored.Sum(span => span.Tags.Count)} text tags, {stored.Sum(span => span.Numbers.Count)} numbers\n\nservices\n");
        foreach (var service in agent.Parts.Catalogue.Services())
            text.Append(CultureInfo.InvariantCulture, $"  {service.Name}  [{service.Type}]  {service.Language}  {service.Version}  {string.Join(' ', service.Envs)}\n");
        text.Append("\nprocesses\n");
        foreach (var process in agent.Parts.Catalogue.Processes().OrderBy(process => process.Service, StringComparer.Ordinal).ThenBy(process => process.RuntimeId, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"  {process.Service}  {process.Language} {process.LanguageVersion}  tracer {process.TracerVersion}  pid {process.ProcessId}  {process.SpanCount} spans  {process.Routes.Count} routes  {process.Settings.Count} settings{(process.HasEnded ? "  ended" : "")}\n");
        text.Append("\nstatistics: hits, of them entries, errors, milliseconds\n");
        foreach (var row in agent.Statistics().OrderBy(row => row.StartUnixNanos).ThenBy(row => row.Key.ToString(), StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"  {row.StartUnixNanos / UnixTime.NanosPerSecond}  {row.Key.Service}  {row.Key.Name}  {row.Key.Resource}  {row.Key.Kind} {row.Key.HttpStatusCode}: {row.Cell.HitCount:0.###} {row.Cell.TopLevelHitCount:0.###} {row.Cell.ErrorCount:0.###} {row.Cell.DurationNanos / 1e6:0.######}\n");
        var repairs = agent.Parts.Counters.ReadAll().Where(counter => counter.Name is "spans_repaired" or "spans_late");
        text.Append("\nrepairs\n");
        foreach (var repair in repairs) text.Append(CultureInfo.InvariantCulture, $"  {repair.Name} {repair.Label} {repair.Service}: {repair.Value}\n");
        text.Append('\n').Append(TraceText.Draw(SpanBatches.Of(stored)));
        return text.ToString();
    }

    static string Line(long start, string service, string name, string resource, IEnumerable<Core.Stats.StatsCell> cells)
    {
        var all = cells.ToList();
        return $"{start} {service} {name} {resource}: {all.Sum(cell => cell.HitCount)} {all.Sum(cell => cell.TopLevelHitCount)} {all.Sum(cell => cell.ErrorCount)} {all.Sum(cell => cell.DurationNanos)}";
    }
}
