using System.Net;
using System.Text;
using Apm.TestKit;
using Apm.TraceAgent.Tests.Receive;

namespace Apm.TraceAgent.Tests.OtlpMetrics;

/// <summary>Metrics over OTLP as clients send them, on the ports on which they do.</summary>
public class OtlpMetricsAnswersTests
{
    [Theory]
    [InlineData("node-otel-http-json", "otlp-http")]
    [InlineData("node-otel-http-protobuf", "agent")]
    [InlineData("node-otel-grpc", "otlp-grpc")]
    public async Task What_a_real_client_sends_is_kept_and_accepted(string client, string listener)
    {
        var metrics = new RecordedMetrics();
        await using var agent = await AgentFixture.Start(metrics: metrics);

        foreach (var request in RecordedRequest.All(client).Where(request => request.Path.Contains("etrics", StringComparison.Ordinal)))
        {
            var answer = await agent.Send(request.ToMessage(agent.UrlOf(listener)));
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.Equal(listener == "otlp-grpc" ? 5 : request.Path.EndsWith("metrics", StringComparison.Ordinal) && client.EndsWith("json", StringComparison.Ordinal) ? 2 : 0, answer.Bytes.Length);
        }

        Assert.NotEmpty(metrics.Series());
        Assert.All(metrics.Series(), series => Assert.Contains(series.Tags, tag => tag.StartsWith("service:", StringComparison.Ordinal)));
        Assert.Equal(0, agent.Parts.Counters.Read("otlp_not_kept"));
    }

    [Fact]
    public async Task What_had_to_be_left_out_is_told_in_the_answer()
    {
        await using var agent = await AgentFixture.Start(metrics: new RecordedMetrics());

        var answer = await agent.Send("/v1/metrics", Encoding.UTF8.GetBytes("""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"timeUnixNano":"5","asInt":1},{"asInt":1}]}}]}]}]}"""), "application/json", "POST", "otlp-http");

        Assert.Equal((HttpStatusCode.OK, """{"partialSuccess":{"rejectedDataPoints":"1","errorMessage":"1 data points were not stored. The first: resource 0, scope 0, metric 0, point 1 (m): the point has no time."}}"""), (answer.Status, answer.Text));
        Assert.Equal(1, agent.Parts.Counters.Read("otlp_points_rejected"));
    }

    [Fact]
    public async Task A_store_that_is_away_lets_the_client_come_again_and_nothing_is_lost_by_it()
    {
        var metrics = new RecordedMetrics();
        await using var agent = await AgentFixture.Start(metrics: metrics);
        static byte[] Sum(int seconds, int value) => Encoding.UTF8.GetBytes($$$"""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"startTimeUnixNano":"1000000000","timeUnixNano":"{{{seconds}}}000000000","asInt":{{{value}}}}]}}]}]}]}""");
        await agent.Send("/v1/metrics", Sum(10, 5), "application/json", "POST", "otlp-http");

        metrics.IsDown = true;
        var refused = await agent.Send("/v1/metrics", Sum(20, 7), "application/json", "POST", "otlp-http");
        metrics.IsDown = false;
        var again = await agent.Send("/v1/metrics", Sum(20, 7), "application/json", "POST", "otlp-http");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (refused.Status, refused.Header("Retry-After")));
        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal(2, Assert.Single(metrics.Series()).Points[0].Value);
    }
}
