using System.Globalization;
using System.Text;
using Apm.Core.Checks;
using Apm.Core.Limits;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.OpenMetrics;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Tests.Checks.OpenMetrics;

public class OpenMetricsCheckTests
{
    const string Shop = """
        # TYPE http_requests_total counter
        http_requests_total{method="get",pod="a1"} 10
        # TYPE queue_depth gauge
        queue_depth{queue="mail"} 4
        queue_depth{queue="empty"} NaN
        # TYPE took_seconds histogram
        took_seconds_bucket{le="0.5"} 2
        took_seconds_bucket{le="1"} 5
        took_seconds_bucket{le="+Inf"} 6
        took_seconds_sum 3.5
        took_seconds_count 6
        # TYPE rpc summary
        rpc{quantile="0.99"} 7
        rpc_sum 70
        rpc_count 12
        untyped_thing 3
        """;

    static async Task<RecordingOutput> RunAsync(string body, params (string Key, object? Value)[] keys) => await RunAsync(await TestSite.StartAsync(body), keys);

    static async Task<RecordingOutput> RunAsync(TestSite site, params (string Key, object? Value)[] keys)
    {
        await using (site)
        {
            var output = new RecordingOutput();
            await using var check = new OpenMetricsCheckKind().Create(Instance.Of([("openmetrics_endpoint", site.Url + "/metrics"), ("tag_by_endpoint", false), .. keys]));
            await check.RunAsync(output, CancellationToken.None);
            return output;
        }
    }

    static (string, object?) Metrics(params object?[] items) => ("metrics", Instance.List(items));

    [Fact]
    public async Task Every_type_has_its_names()
    {
        var output = await RunAsync(Shop, Metrics(".+"), ("namespace", "shop"), ("tags", Instance.List("env:prod")));

        Assert.Equal(
        [
            "MonotonicCount shop.http_requests.count 10 method:get pod:a1 env:prod",
            "Gauge shop.queue_depth 4 queue:mail env:prod",
            "MonotonicCount shop.took_seconds.sum 3.5 env:prod",
            "MonotonicCount shop.took_seconds.count 6 env:prod",
            "MonotonicCount shop.took_seconds.bucket 2 upper_bound:0.5 env:prod",
            "MonotonicCount shop.took_seconds.bucket 5 upper_bound:1.0 env:prod",
            "Gauge shop.rpc.quantile 7 quantile:0.99 env:prod",
            "MonotonicCount shop.rpc.sum 70 env:prod",
            "MonotonicCount shop.rpc.count 12 env:prod",
        ], output.Lines);
        Assert.Equal("shop.openmetrics.health Ok", string.Join(' ', output.ServiceChecks.Select(answer => $"{answer.Name} {answer.Status}")));
        Assert.Matches("^openmetrics: http://127.0.0.1:[0-9]+/metrics does not say of what type untyped_thing is, so nothing of it was sent. Say it in the file: `- untyped_thing: {name: untyped_thing, type: gauge}`.$", Assert.Single(output.Warnings));
    }

    [Fact]
    public async Task Names_are_chosen_and_changed()
    {
        var output = await RunAsync(Shop, Metrics("queue_depth", Instance.Map(("http_requests", "requests")), Instance.Map(("untyped_thing", Instance.Map(("name", "thing"), ("type", "gauge"))))));

        Assert.Equal(["MonotonicCount requests.count 10 method:get pod:a1", "Gauge queue_depth 4 queue:mail", "Gauge thing 3"], output.Lines);
        Assert.Empty(output.Warnings);
    }

    [Fact]
    public async Task Labels_and_metrics_are_left_out()
    {
        var output = await RunAsync(Shop, Metrics(".+"), ("exclude_metrics", Instance.List("^took", "^rpc", "untyped")), ("exclude_labels", Instance.List("pod")), ("rename_labels", Instance.Map(("method", "verb"))),
            ("exclude_metrics_by_labels", Instance.Map(("queue", Instance.List("mail")))));

        Assert.Equal(["MonotonicCount http_requests.count 10 verb:get"], output.Lines);
    }

    [Fact]
    public async Task Buckets_can_be_each_for_itself_or_not_at_all()
    {
        Assert.Equal(["MonotonicCount took_seconds.bucket 2 upper_bound:0.5 lower_bound:0.0", "MonotonicCount took_seconds.bucket 3 upper_bound:1.0 lower_bound:0.5"],
            (await RunAsync(Shop, Metrics("took_seconds"), ("non_cumulative_histogram_buckets", true))).Lines.Where(line => line.Contains("bucket", StringComparison.Ordinal)));
        Assert.DoesNotContain("took_seconds.bucket", (await RunAsync(Shop, Metrics("took_seconds"), ("collect_histogram_buckets", false))).Names);
    }

    [Fact]
    public async Task The_older_mode_has_its_own_keys()
    {
        await using var site = await TestSite.StartAsync(Shop);
        await using var check = new OpenMetricsCheckKind().Create(Instance.Of(("prometheus_url", site.Url), ("namespace", "old"), ("prometheus_metrics_prefix", "http_"), ("metrics", Instance.List("req*", Instance.Map(("untyped_thing", "thing")))),
            ("type_overrides", Instance.Map(("untyped_thing", "gauge"))), ("labels_mapper", Instance.Map(("pod", "kube_pod"))), ("health_service_check", false)));
        var output = new RecordingOutput();

        await check.RunAsync(output, CancellationToken.None);

        Assert.Equal([$"MonotonicCount old.requests.count 10 method:get kube_pod:a1 endpoint:{site.Url}", $"Gauge old.thing 3 endpoint:{site.Url}"], output.Lines);
        Assert.Empty(output.ServiceChecks);
    }

    [Fact]
    public async Task More_samples_than_are_taken_name_the_guilty_family()
    {
        var text = new StringBuilder("# TYPE ok gauge\nok 1\n# TYPE by_user gauge\n");
        for (var i = 0; i < 50; i++) text.Append(CultureInfo.InvariantCulture, $"by_user{{user=\"{i}\"}} 1\n");

        var output = await RunAsync(text.ToString(), Metrics(".+"), ("max_returned_metrics", 10L));

        Assert.Equal(10, output.Metrics.Count);
        Assert.EndsWith("has 51 chosen samples; 10 were sent (`max_returned_metrics`) and 41 were not. The family `by_user` alone has 50: leave it out with `exclude_metrics: [by_user]`, or have the program drop a label of it.", Assert.Single(output.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("oops", "text/plain", 200, "Metrics text, line 1, column 5: a value is missing; numbers are such as 12, 0.5, 1e9, +Inf and NaN. The line: oops")]
    [InlineData("a 1", "application/openmetrics-text; version=1.0.0", 200, "Metrics text, line 1: it ends without `# EOF`")]
    [InlineData("<html>", "text/html", 200, "answered with a web page, not with metrics. Many programs expose them under /metrics.")]
    [InlineData("no", "text/plain", 403, "answered 403 Forbidden instead of its metrics. Check the path, and `username`, `password` or `headers` if it asks who we are.")]
    public async Task An_answer_that_is_no_metrics_fails_the_run(string body, string type, int status, string sentence)
    {
        await using var site = await TestSite.StartAsync(body, type, status);
        await using var check = new OpenMetricsCheckKind().Create(Instance.Of(("openmetrics_endpoint", site.Url), Metrics(".+")));
        var output = new RecordingOutput();

        var fault = await Assert.ThrowsAsync<CheckFailedException>(() => check.RunAsync(output, CancellationToken.None));

        Assert.Contains(sentence, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith(site.Url, fault.Message, StringComparison.Ordinal);
        Assert.Equal(("openmetrics.health", CheckStatus.Critical, $"endpoint:{site.Url}", fault.Message), Assert.Single(output.ServiceChecks));
        Assert.Empty(output.Metrics);
    }

    [Fact]
    public async Task A_text_that_never_ends_is_given_up()
    {
        await using var site = await TestSite.StartAsync(async context =>
        {
            var line = Encoding.UTF8.GetBytes(new string('#', 64 * 1024) + "\n");
            while (!context.RequestAborted.IsCancellationRequested) await context.Response.Body.WriteAsync(line, context.RequestAborted);
        });
        await using var check = new OpenMetricsCheckKind().Create(Instance.Of(("openmetrics_endpoint", site.Url), Metrics(".+")));

        var fault = await Assert.ThrowsAsync<CheckFailedException>(() => check.RunAsync(new RecordingOutput(), CancellationToken.None));

        Assert.Equal($"{site.Url} sends more than 8 MiB of metrics; nothing of it was used. Have it expose fewer.", fault.Message);
    }

    [Fact]
    public async Task Without_memory_for_it_nothing_is_read_and_what_was_taken_is_given_back()
    {
        await using var site = await TestSite.StartAsync(Shop);
        var narrow = MemoryBudget.None().OpenWork("checks", 100);
        await using (var check = new OpenMetricsCheckKind(narrow).Create(Instance.Of(("openmetrics_endpoint", site.Url), Metrics(".+"))))
        {
            var fault = await Assert.ThrowsAsync<CheckFailedException>(() => check.RunAsync(new RecordingOutput(), CancellationToken.None));
            Assert.Matches("^http://127.0.0.1:[0-9]+ sent [0-9]+ bytes of metrics, and the agent's memory has no room to read them now \\(`memory.max_bytes`\\); the next run tries again.$", fault.Message);
        }

        var wide = MemoryBudget.None().OpenWork("checks");
        await using (var check = new OpenMetricsCheckKind(wide).Create(Instance.Of(("openmetrics_endpoint", site.Url), Metrics(".+"))))
            await check.RunAsync(new RecordingOutput(), CancellationToken.None);
        Assert.True(wide.MostHeldBytes > Shop.Length);
        Assert.Equal((0, 0), (wide.HeldBytes, narrow.HeldBytes));
    }

    [Fact]
    public async Task A_program_that_says_nothing_is_given_up_after_the_timeout()
    {
        await using var site = await TestSite.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(condition => { }, TaskScheduler.Default));
        await using var check = new OpenMetricsCheckKind().Create(Instance.Of(("openmetrics_endpoint", site.Url), Metrics(".+"), ("timeout", 0.2)));

        var fault = await Assert.ThrowsAsync<CheckFailedException>(() => check.RunAsync(new RecordingOutput(), CancellationToken.None));

        Assert.Equal($"{site.Url}/ did not answer within 0.2 s (`timeout`).", fault.Message);
    }

    [Theory]
    [InlineData("ftp://x/metrics", "openmetrics: `openmetrics_endpoint: ftp://x/metrics` cannot be used; it must be a URL that begins with http:// or https://.")]
    [InlineData("/metrics", "openmetrics: `openmetrics_endpoint: /metrics` cannot be used; it must be a URL that begins with http:// or https://.")]
    [InlineData(null, "openmetrics: `openmetrics_endpoint` is needed, such as `openmetrics_endpoint: http://localhost:9090/metrics`.")]
    public void An_address_that_is_none(string? url, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<CheckFailedException>(() => new OpenMetricsCheckKind().Create(Instance.Of(("openmetrics_endpoint", url), Metrics(".+")))).Message);

    [Fact]
    public void Without_a_choice_of_metrics_it_is_asked_for() =>
        Assert.Equal("openmetrics: `metrics` is needed: a list of names, `- go_goroutines`, of patterns, `- go_.+`, or of new names, `- go_goroutines: app.goroutines`. All of them: `- .+`.",
            Assert.Throws<CheckFailedException>(() => new OpenMetricsCheckKind().Create(Instance.Of(("openmetrics_endpoint", "http://localhost")))).Message);
}
