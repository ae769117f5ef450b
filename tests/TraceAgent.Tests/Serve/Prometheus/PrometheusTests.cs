using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.TestKit;
using Apm.TraceAgent.Serve.Prometheus;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Tests.Serve.Prometheus;

public class PrometheusTests
{
    [Fact]
    public void The_text_format_with_its_escapes()
    {
        var text = new PrometheusText()
            .Family("a_total", "counter", "Back\\slash, \"quote\"\nand line.")
            .Sample("a_total", 5, ("label", "x\\y\"z\n"), ("service", ""), ("other", "ä"))
            .Sample("a_total", 1e21)
            .Family("b", "gauge", "Odd numbers.")
            .Sample("b", double.NaN).Sample("b", double.PositiveInfinity).Sample("b", double.NegativeInfinity).Sample("b", -0.5);

        Assert.Equal("""
            # HELP a_total Back\\slash, "quote"\nand line.
            # TYPE a_total counter
            a_total{label="x\\y\"z\n",other="ä"} 5
            a_total 1E+21
            # HELP b Odd numbers.
            # TYPE b gauge
            b NaN
            b +Inf
            b -Inf
            b -0.5

            """, text.ToString());
        Assert.Equal(("_9a_b", "_", "spans_received"), (PrometheusText.NameOf("9a-b"), PrometheusText.NameOf(""), PrometheusText.NameOf("spans_received")));
    }

    [Fact]
    public async Task Counters_and_limits_of_this_process()
    {
        var counters = new Counters();
        counters.Add("payloads_rejected", "too_large", 2);
        counters.Add("payloads_rejected", "timeout");
        counters.Add("spans_late", count: 7, service: "web");
        var limits = new LimitBook(new FixedClock(0));
        limits.Add(new Limit("memory.max_bytes", "Memory", "bytes", "…") { Value = () => 5, Ceiling = () => 10, BitCount = () => 3 });
        var api = new PrometheusApi(counters, limits, "1.2.3", 1_500_000_000);

        var http = new DefaultHttpContext();
        http.Request.Method = "GET";
        http.Request.Path = "/metrics";
        http.Response.Body = new MemoryStream();
        await api.Answer(http, _ => throw new InvalidOperationException());

        var text = System.Text.Encoding.UTF8.GetString(((MemoryStream)http.Response.Body).ToArray());
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", http.Response.ContentType);
        Assert.Contains("apm_build_info{version=\"1.2.3\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("process_start_time_seconds 1.5\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE apm_limit_used gauge\napm_limit_used{limit=\"memory.max_bytes\",unit=\"bytes\"} 5\n", text, StringComparison.Ordinal);
        Assert.Contains("apm_limit_max{limit=\"memory.max_bytes\",unit=\"bytes\"} 10\n", text, StringComparison.Ordinal);
        Assert.Contains("apm_limit_reached_total{limit=\"memory.max_bytes\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE apm_payloads_rejected_total counter\napm_payloads_rejected_total{label=\"timeout\"} 1\napm_payloads_rejected_total{label=\"too_large\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("apm_spans_late_total{service=\"web\"} 7\n", text, StringComparison.Ordinal);
        Assert.Equal(text.Split('\n').Count(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)), text.Split('\n').Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Distinct().Count());
    }

    [Fact]
    public void What_is_written_can_be_scraped()
    {
        var text = new PrometheusText().Family("a_total", "counter", "Odd \\ things.\nReally.").Sample("a_total", 5, ("label", "x\\y\"z\n{},="), ("service", "ä"));

        var family = Assert.Single(Wire.OpenMetrics.ExpositionParser.Parse(System.Text.Encoding.UTF8.GetBytes(text.ToString()), isOpenMetrics: false));

        var sample = Assert.Single(family.Samples);
        Assert.Equal(("a_total", 5.0), (family.Name, sample.Value));
        Assert.Equal([("label", "x\\y\"z\n{},="), ("service", "ä")], sample.Labels.Select(label => (label.Key, label.Value)));
    }

    [Theory]
    [InlineData("GET", "/metrics", "text/html,*/*", false)]
    [InlineData("GET", "/metrics", "application/openmetrics-text;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true)]
    [InlineData("GET", "/metrics/x", "", false)]
    [InlineData("POST", "/metrics", "", false)]
    public async Task Only_a_scraper_is_answered(string method, string path, string accept, bool isAnswered)
    {
        var passedOn = false;
        var http = new DefaultHttpContext();
        (http.Request.Method, http.Request.Path, http.Request.Headers.Accept, http.Response.Body) = (method, path, accept, new MemoryStream());

        await new PrometheusApi(new Counters(), new LimitBook(new FixedClock(0)), "1", 0).Answer(http, _ =>
        {
            passedOn = true;
            return Task.CompletedTask;
        });

        Assert.Equal(isAnswered, !passedOn);
    }
}
