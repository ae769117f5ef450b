using System.Text;
using Apm.Cli.Host;
using Apm.Core.Time;
using Apm.TraceAgent.Receive;

namespace Apm.Cli.Tests.Host;

/// <summary>Datadog's API in the whole process: what was answered is there after a restart, and keys by the command line.</summary>
public sealed class MetricsApiPartsTests : IAsyncLifetime, IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("apm-metrics-api-test").FullName;
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
    public async Task What_was_answered_is_there_after_a_restart()
    {
        var now = TimeProvider.System.NowUnixNanos() / UnixTime.NanosPerSecond;
        Assert.Equal((202, """{"status": "ok"}"""), await Send("POST", "/api/v1/series", $$"""{"series":[{"metric":"my_metric","points":[[{{now}},512]],"host":"box-1","tags":["team:a"]}]}"""));
        Assert.Equal(202, (await Send("POST", "/api/v1/events", """{"title":"Deploy","text":"v2 is out"}""")).Status);
        Assert.Equal(202, (await Send("POST", "/api/v1/check_run", """{"check":"mysql.can_connect","host_name":"box-1","status":0}""")).Status);
        Assert.Equal(201, (await Send("POST", "/api/v1/tags/hosts/box-1", """{"tags":["role:db"]}""")).Status);
        Assert.Equal((202, "{}"), (202, (await Send("POST", $"http://127.0.0.1:{_host.PortOf("otlp-http")}/v1/metrics", $$"""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"otlp.gauge","unit":"By","gauge":{"dataPoints":[{"timeUnixNano":"{{now}}000000000","asInt":7}]} }]}]}]}""")).Text));

        await _host.DisposeAsync();
        _host = await StartHost();

        Assert.Equal($$"""{"from":"{{now - 60}}","metrics":["my_metric","otlp.gauge"]}""", (await Send("GET", $"/api/v1/metrics?from={now - 60}")).Text);
        Assert.Contains("\"unit\":\"byte\"", (await Send("GET", "/api/v1/metrics/otlp.gauge")).Text, StringComparison.Ordinal);
        Assert.Contains("\"title\":\"Deploy\"", (await Send("GET", $"/api/v1/events?start={now - 60}&end={now + 60}")).Text, StringComparison.Ordinal);
        Assert.Equal("""{"tags":["role:db"]}""", (await Send("GET", "/api/v1/tags/hosts/box-1")).Text);
        var hosts = await Send("GET", "/api/v1/hosts?filter=box-1");
        Assert.Contains("\"apps\":[\"mysql\"]", hosts.Text, StringComparison.Ordinal);
        using var answer = await _http.GetAsync(new Uri($"{_host.UiUrl}/api/v1/query?from={now - 60}&to={now + 60}&query=avg:my_metric%7Brole:db%7D&api_key=k&application_key=a"));
        Assert.Contains("512", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal); // The host's tags count for its series.
    }

    [Fact]
    public async Task Our_own_counters_can_be_scraped()
    {
        await Send("POST", "/api/v1/series", "hello");

        var text = await _http.GetStringAsync(new Uri(_host.UiUrl + "/metrics"));

        Assert.Contains("apm_payloads_rejected_total{label=\"undecodable\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("apm_limit_max{limit=\"memory.max_bytes\",unit=\"bytes\"} 536870912\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_by_the_command_line()
    {
        var created = await Keys("create", "api", "shop");
        var key = created.Output.Trim();
        var refused = await Keys("list");
        var application = (await Keys("create", "app", "me", "--api-key", key)).Output.Trim();
        var listed = await Keys("list", "--api-key", key, "--app-key", application);
        var id = listed.Output.Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        var last = await Keys("revoke", "api", id, "--api-key", key, "--app-key", application);
        var held = await CliProcess.Run(_folder, "keys", "reset", "--data", _folder);
        await _host.DisposeAsync();
        var reset = await CliProcess.Run(_folder, "keys", "reset", "--data", _folder);
        _host = await StartHost();

        Assert.Equal((0, 32, "Keep it: it is stored hashed and cannot be shown again."), (created.Code, key.Length, created.Errors.Trim()));
        Assert.Equal((1, "apm: The keys are not good. Give one of each with --api-key and --app-key, or in DD_API_KEY and DD_APP_KEY. If all are lost, stop Apm and run \"apm keys reset\"."), (refused.Code, refused.Errors.Trim()));
        Assert.Equal(40, application.Length);
        Assert.DoesNotContain(key, listed.Output, StringComparison.Ordinal);
        Assert.Contains($"****{key[^4..]} ", listed.Output, StringComparison.Ordinal);
        Assert.Equal((1, "apm: This is the last key of its kind; without it any key would be good again. Create another first, or stop Apm and run \"apm keys reset\" to begin anew."), (last.Code, last.Errors.Trim()));
        Assert.Equal(1, held.Code);
        Assert.StartsWith("apm: The data folder", held.Errors, StringComparison.Ordinal);
        Assert.Equal((0, "2 keys removed. Any key is good until one is created."), (reset.Code, reset.Output.Trim()));
        Assert.Equal(200, (await Send("GET", "/api/v1/hosts")).Status);
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder, "*.db*"), file => Encoding.UTF8.GetString(ReadShared(file)).Contains(key, StringComparison.Ordinal));
    }

    static byte[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    Task<(int Code, string Output, string Errors)> Keys(params string[] arguments) => CliProcess.Run(_folder, ["keys", .. arguments, "--url", _host.UiUrl]);

    async Task<(int Status, string Text)> Send(string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path.StartsWith("http", StringComparison.Ordinal) ? path : _host.UiUrl + path));
        request.Headers.Add("DD-API-KEY", "k");
        request.Headers.Add("DD-APPLICATION-KEY", "a");
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    Task<ApmHost> StartHost() => ApmHost.Start(HostSettings.Default with
    {
        DataFolder = _folder,
        UiPort = 0,
        Checks = HostSettings.Default.Checks with { HasHostMetrics = false },
        Agent = new AgentSettings { AgentPort = 0, OtlpGrpcPort = 0, OtlpHttpPort = 0, ZipkinPort = 0 },
        DogStatsD = HostSettings.Default.DogStatsD with { Port = 0 },
    }, TimeProvider.System, Assert.Fail);
}
