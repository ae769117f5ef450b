using System.Net;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.EndToEnd.Tests.Browser;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests;

/// <summary><c>apm up</c>, <c>apm status</c>: starting, stopping, dying, and what they say when something is in the way.</summary>
[Collection(OneAfterTheOther.Name)]
public class UpCommandTests(BrowserFixture browser)
{
    static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task It_is_ready_within_three_seconds_and_stops_in_good_order()
    {
        await using var first = await ApmProcess.Start();
        await first.Stop();

        await using var apm = await ApmProcess.Start();
        Assert.True(apm.ReadyAfter < TimeSpan.FromSeconds(3), $"ready after {apm.ReadyAfter.TotalSeconds:0.00} s");
        await apm.Stop(StopPatience);
    }

    [Fact]
    public async Task It_stops_in_good_order_while_a_live_page_is_open_which_then_says_so()
    {
        await using var apm = await ApmProcess.Start();
        Assert.Equal(HttpStatusCode.OK, await apm.Send("/v0.4/traces", DatadogV04Encoder.Encode(Shop.Traces(3, TimeProvider.System))));
        await apm.TracesOf("shop", 3);

        await browser.Use(apm.Ui, nameof(It_stops_in_good_order_while_a_live_page_is_open_which_then_says_so), async page =>
        {
            await page.GotoAsync("/services");
            var pulse = await page.Locator("apm-live").GetAttributeAsync("src");
            await page.WaitForResponseAsync(answer => answer.Url.EndsWith(pulse!, StringComparison.Ordinal)); // It is alive: it has asked.

            await apm.Stop(StopPatience);

            Assert.False(page.IsClosed);
            await Expect(page.Locator("html.offline")).ToHaveCountAsync(1);
        }, isExpected: error => error.Contains("net::ERR_", StringComparison.Ordinal)); // Nobody answers any more.
    }

    [Fact]
    public async Task The_demo_shows_two_services_and_who_calls_whom_and_ends_with_both()
    {
        await Built.NobodyListens(5050);
        await Built.NobodyListens(5080);
        await using var apm = await ApmProcess.Start(options: ["--demo"]);

        await Until.True("both samples are services, one calling the other", TimeSpan.FromSeconds(15) - apm.ReadyAfter, async () =>
        {
            var services = (await apm.Get("/jaeger/api/services")).GetProperty("data").EnumerateArray().Select(name => name.GetString());
            var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            var edges = (await apm.Get($"/jaeger/api/dependencies?endTs={now + 60_000}&lookback=3600000")).GetProperty("data").EnumerateArray();
            return !new[] { "flaskapp", "flasklikeapp" }.Except(services).Any()
                && edges.Any(edge => (edge.GetProperty("parent").GetString(), edge.GetProperty("child").GetString()) == ("flasklikeapp", "flaskapp"));
        }, () => apm.Program.Evidence);

        await browser.Use(apm.Ui, nameof(The_demo_shows_two_services_and_who_calls_whom_and_ends_with_both), async page =>
        {
            await page.GotoAsync("/map");
            await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync("2 nodes, 1 edge");
            await page.GetByRole(AriaRole.Link, new() { Name = "Table" }).ClickAsync();
            var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = "flasklikeapp" });
            await Expect(row.GetByRole(AriaRole.Cell).First).ToHaveTextAsync("flasklikeapp");
            await Expect(row.GetByRole(AriaRole.Cell).Nth(1)).ToHaveTextAsync("flaskapp");
        });

        var samples = apm.Program.Descendants();
        Assert.Contains(samples, process => process.Contains("flaskapp.py", StringComparison.Ordinal));
        Assert.Contains(samples, process => process.Contains("FlaskLikeApp.dll", StringComparison.Ordinal));
        await apm.Stop(StopPatience);
        Assert.Empty(RunningProgram.StillRunning(samples));
    }

    [Fact]
    public async Task Killed_right_after_the_answer_and_started_again_the_trace_is_there_once_and_counted_once()
    {
        var data = Path.Combine(Path.GetTempPath(), "apm-e2e-" + Guid.NewGuid().ToString("N")[..8]);
        try
        {
            var now = TimeProvider.System.NowUnixNanos();
            var trace = new TraceId(0, 0x5eed);
            await using (var apm = await ApmProcess.Start(data))
            {
                Assert.Equal(HttpStatusCode.OK, await apm.Send("/v0.4/traces", DatadogV04Encoder.Encode([Spans(trace, now)])));
                await apm.Kill();
            }

            var (agentPort, uiPort) = (0, 0);
            for (var life = 0; life < 3; life++)
            {
                await using var apm = await ApmProcess.Start(data, agentPort, uiPort);
                (agentPort, uiPort) = (apm.AgentPort, apm.Ui.Port); // The next life takes the same ports at once.
                var stored = (await apm.Get($"/jaeger/api/traces/{trace}")).GetProperty("data")[0].GetProperty("spans");
                Assert.Equal(["a", "b", "c"], stored.EnumerateArray().Select(span => span.GetProperty("spanID").GetString()!.TrimStart('0')).Order(StringComparer.Ordinal));
                var seconds = now / UnixTime.NanosPerSecond;
                var hits = await apm.Get($"/api/v1/query?from={seconds - 600}&to={seconds + 600}&query={Uri.EscapeDataString("sum:trace.web.request.hits{service:killed}.as_count()")}");
                var points = hits.GetProperty("series")[0].GetProperty("pointlist").EnumerateArray().Select(point => point[1]).Where(value => value.ValueKind == System.Text.Json.JsonValueKind.Number);
                Assert.Equal(1, points.Sum(value => value.GetDouble()));
                Assert.Equal(3, (await apm.Get("/api/status")).GetProperty("traces").GetProperty("spanCount").GetInt64());
                if (life == 0) await apm.Kill();
                else await apm.Stop();
            }
        }
        finally
        {
            if (Directory.Exists(data)) Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_with_who_has_it()
    {
        var port = Built.FreePort();
        await using var other = RunningProgram.Start([Built.Python, "-u", "-m", "http.server", $"{port}", "--bind", "127.0.0.1"]);
        await Built.Listening(port, other);

        foreach (var name in new[] { "agent", "ui" })
        {
            var (exitCode, up) = await Up("--port", "agent=0", "ui=0", "otlp-grpc=off", "otlp-http=off", "zipkin=off", "dogstatsd=off", $"{name}={port}");
            Assert.Equal(1, exitCode);
            var sentence = Assert.Single(up.Errors);
            Assert.StartsWith($"apm: Port {port} ({name}) is taken by pid {other.Id} (", sentence, StringComparison.Ordinal);
            Assert.Contains("http.server", sentence, StringComparison.Ordinal);
            Assert.EndsWith($"Stop it, or choose another port with --port {name}=N.", sentence, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_taken_port_of_the_others_is_a_warning_and_the_rest_runs()
    {
        var port = Built.FreePort();
        await using var other = RunningProgram.Start([Built.Python, "-u", "-m", "http.server", $"{port}", "--bind", "127.0.0.1"]);
        await Built.Listening(port, other);
        var data = Path.Combine(Path.GetTempPath(), "apm-e2e-" + Guid.NewGuid().ToString("N")[..8]);

        await using var up = RunningProgram.Apm(["up", "--data", data, "--no-browser", "--port", "agent=0", "ui=0", "otlp-grpc=0", "otlp-http=0", "dogstatsd=0", $"zipkin={port}"]);
        await up.Line("it is up all the same", line => line.Contains("Apm is up.", StringComparison.Ordinal));
        Assert.Contains(up.Errors, line => line.StartsWith($"apm: Port {port} (zipkin) is taken by pid {other.Id} (", StringComparison.Ordinal));
        up.Signal("TERM");
        Assert.Equal(0, await up.Ended());
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task A_second_process_on_the_same_data_is_refused()
    {
        await using var first = await ApmProcess.Start();

        var (exitCode, second) = await RunningProgram.ToEnd(RunningProgram.Apm(["up", "--data", first.DataFolder, "--no-browser", "--port", "agent=0", "ui=0", "otlp-grpc=0", "otlp-http=0", "zipkin=0", "dogstatsd=0"]));

        Assert.Equal(1, exitCode);
        var sentence = Assert.Single(second.Errors);
        Assert.Contains(first.DataFolder, sentence, StringComparison.Ordinal);
        Assert.Contains(first.Program.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), sentence, StringComparison.Ordinal);
        await first.Stop();
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_is_said()
    {
        var file = Path.GetTempFileName();

        var (exitCode, up) = await RunningProgram.ToEnd(RunningProgram.Apm(["up", "--data", file, "--no-browser", "--port", "agent=0", "ui=0", "otlp-grpc=0", "otlp-http=0", "zipkin=0", "dogstatsd=0"]));

        Assert.Equal(1, exitCode);
        Assert.Contains(file, Assert.Single(up.Errors), StringComparison.Ordinal);
        File.Delete(file);
    }

    [Theory]
    [InlineData("nonsense", "apm: --port nonsense: expected NAME=N, where NAME is one of agent, ui, otlp-grpc, otlp-http, zipkin, dogstatsd. For example --port agent=8126.")]
    [InlineData("agent=x", "apm: option --port agent=x: \"x\" is not what ports.agent takes: a port from 0 to 65535.\napm: Nothing was started. `./apm config` prints the settings and where each comes from.")]
    [InlineData("agent=off", "apm: option --port agent=off: \"off\" is not what ports.agent takes: a port from 0 to 65535.\napm: Nothing was started. `./apm config` prints the settings and where each comes from.")]
    public async Task A_port_option_that_makes_no_sense_is_told_what_to_write(string port, string sentence)
    {
        var (exitCode, up) = await Up("--port", port);

        Assert.Equal((2, sentence), (exitCode, string.Join('\n', up.Errors)));
    }

    [Fact]
    public async Task Status_tells_what_listens_and_what_came()
    {
        var free = Built.FreePort();
        var (exitCode, nothing) = await RunningProgram.ToEnd(RunningProgram.Apm(["status", "--url", $"http://localhost:{free}"]));
        Assert.Equal(1, exitCode);
        Assert.StartsWith($"apm: no Apm answers at http://localhost:{free} (", Assert.Single(nothing.Errors), StringComparison.Ordinal);
        Assert.EndsWith("Start it with ./apm up, or give its address with --url.", nothing.Errors[0], StringComparison.Ordinal);

        await using var apm = await ApmProcess.Start();
        var (_, before) = await Status(apm);
        Assert.Contains("No span has arrived yet. Trace an app with: ./apm-run python3 flaskapp.py", before.Output);

        await apm.Send("/v0.4/traces", DatadogV04Encoder.Encode([Spans(new TraceId(0, 1), TimeProvider.System.NowUnixNanos())]));
        await apm.TracesOf("killed", 1);
        var (ended, after) = await Status(apm);
        Assert.Equal(0, ended);
        var text = string.Join('\n', after.Output);
        Assert.Contains($"agent {apm.AgentPort}", text, StringComparison.Ordinal);
        Assert.Matches(@"killed\s.*\s3\s+3\s+0\s", text);
        await apm.Stop();
    }

    [Theory]
    [InlineData("--help", "up", "run", "status")]
    [InlineData("up --help", "--data", "--port", "--demo", "--no-browser")]
    [InlineData("run --help", "--service", "--env", "--version", "command")]
    [InlineData("status --help", "--url", "--json")]
    public async Task Help_names_every_option(string arguments, params string[] words)
    {
        var (exitCode, help) = await RunningProgram.ToEnd(RunningProgram.Apm(arguments.Split(' ')));

        Assert.Equal(0, exitCode);
        var text = string.Join('\n', help.Output);
        Assert.All(words, word => Assert.Contains(word, text, StringComparison.Ordinal));
    }

    static IReadOnlyList<Span> Spans(TraceId trace, long nowUnixNanos) =>
        [.. new[] { (0xaul, 0ul), (0xbul, 0xaul), (0xcul, 0xbul) }.Select(ids => new Span
        {
            TraceId = trace, Id = new SpanId(ids.Item1), ParentId = new SpanId(ids.Item2), StartUnixNanos = nowUnixNanos, DurationNanos = 1_000_000,
            Service = "killed", Name = "web.request", Resource = "GET /",
        })];

    static Task<(int, RunningProgram)> Up(params string[] more) =>
        RunningProgram.ToEnd(RunningProgram.Apm(["up", "--data", Path.Combine(Path.GetTempPath(), "apm-e2e-unused"), "--no-browser", .. more]));

    static Task<(int, RunningProgram)> Status(ApmProcess apm) => RunningProgram.ToEnd(RunningProgram.Apm(["status", "--url", apm.Ui.ToString()]));
}
