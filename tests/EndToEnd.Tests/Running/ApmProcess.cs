using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.TestKit;

namespace Apm.EndToEnd.Tests.Running;

/// <summary><c>apm up</c> on free ports and a data folder of its own.</summary>
public sealed partial class ApmProcess : IAsyncDisposable
{
    readonly bool _ownsData;
    readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) };

    ApmProcess(RunningProgram program, string data, bool ownsData) => (Program, DataFolder, _ownsData) = (program, data, ownsData);

    public RunningProgram Program { get; }
    public string DataFolder { get; }
    public int AgentPort { get; private set; }
    public Uri Agent => new($"http://localhost:{AgentPort}");
    public Uri Ui { get; private set; } = null!;

    /// <summary>From the start of the process to both health addresses answering.</summary>
    public TimeSpan ReadyAfter { get; private set; }

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <param name="data">Folder of an earlier run; null for a new one.</param>
    /// <param name="upPatience">How long it may take to be up; null for what is usual.</param>
    /// <param name="options">Further options of <c>up</c>.</param>
    public static async Task<ApmProcess> Start(string? data = null, int agentPort = 0, int uiPort = 0, TimeSpan? upPatience = null, params string[] options)
    {
        var folder = data ?? Path.Combine(Path.GetTempPath(), "apm-e2e-" + Guid.NewGuid().ToString("N")[..8]);
        var started = TimeProvider.System.GetTimestamp();
        var program = RunningProgram.Apm(["up", "--data", folder, "--no-browser", "--port", $"agent={agentPort}", $"ui={uiPort}", "otlp-grpc=0", "otlp-http=0", "zipkin=0", "dogstatsd=0", .. options]);
        var apm = new ApmProcess(program, folder, data is null);
        try
        {
            apm.Ui = new Uri(Link().Match(await program.Line("the address of the screens is printed", line => line.Contains("Apm is up.", StringComparison.Ordinal), upPatience)).Value);
            apm.AgentPort = int.Parse(Agents().Match(await program.Line("the agent's port is printed", line => Agents().IsMatch(line))).Groups[1].Value, CultureInfo.InvariantCulture);
            await Until.True("both health addresses answer 200", TimeSpan.FromSeconds(20), async () =>
                await apm.StatusOf(new Uri(apm.Agent, "/info")) == HttpStatusCode.OK && await apm.StatusOf(new Uri(apm.Ui, "/healthz")) == HttpStatusCode.OK, () => program.Evidence);
            apm.ReadyAfter = TimeProvider.System.GetElapsedTime(started);
            return apm;
        }
        catch
        {
            await apm.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a command through the launcher, told where the agent is.</summary>
    public RunningProgram Run(IEnumerable<string> command, string[]? options = null, params (string Name, string Value)[] variables) =>
        RunningProgram.Apm(["run", .. options ?? [], "--", .. command], [("DD_TRACE_AGENT_URL", Agent.ToString().TrimEnd('/')), .. variables]);

    /// <summary>Asks the read API.</summary>
    public async Task<JsonElement> Get(string path)
    {
        using var answer = await _http.GetAsync(new Uri(Ui, path));
        var body = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new HttpRequestException($"{path}: {(int)answer.StatusCode} {body}");
        using var document = JsonDocument.Parse(body);
        return document.RootElement.Clone();
    }

    /// <summary>Traces of a service as the Jaeger API gives them, of the last hour.</summary>
    public async Task<IReadOnlyList<JsonElement>> Traces(string service, string more = "")
    {
        var now = TimeProvider.System.GetUtcNow();
        var answer = await Get(string.Create(CultureInfo.InvariantCulture, $"/jaeger/api/traces?service={service}&start={now.AddHours(-1).ToUnixTimeMilliseconds() * 1000}&end={now.AddMinutes(1).ToUnixTimeMilliseconds() * 1000}&limit=100{more}"));
        return [.. answer.GetProperty("data").EnumerateArray()];
    }

    /// <summary>Waits until the Jaeger API gives at least so many traces of a service.</summary>
    public async Task<(IReadOnlyList<JsonElement> Traces, TimeSpan After)> TracesOf(string service, int count, TimeSpan? patience = null, string more = "") =>
        await Until.Answer($"{count} traces of {service}", patience ?? TimeSpan.FromSeconds(10), async () => await Traces(service, more) is { } traces && traces.Count >= count ? traces : null, () => Program.Evidence);

    /// <summary>Sends a body to the agent.</summary>
    public async Task<HttpStatusCode> Send(string path, byte[] body, string contentType = "application/msgpack")
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new(contentType);
        using var answer = await _http.PutAsync(new Uri(Agent, path), content);
        return answer.StatusCode;
    }

    /// <summary>Requests a page of an app under test; gives its text.</summary>
    public async Task<(HttpStatusCode Status, string Text)> Request(string url)
    {
        using var answer = await _http.GetAsync(new Uri(url));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>SIGTERM; it must end with exit code 0.</summary>
    /// <param name="within">How soon.</param>
    public async Task Stop(TimeSpan? within = null)
    {
        Program.Signal("TERM");
        var exitCode = await Program.Ended(within);
        Assert.True(exitCode == 0, $"exit code {exitCode}. {Program.Evidence}");
        Assert.DoesNotContain(Program.Errors, line => line.Contains("Exception", StringComparison.Ordinal) || line.StartsWith("fail:", StringComparison.Ordinal));
    }

    /// <summary>SIGKILL.</summary>
    public async Task Kill()
    {
        Program.Signal("KILL");
        await Program.Ended();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Program.DisposeAsync();
        _http.Dispose();
        if (_ownsData && Directory.Exists(DataFolder)) Directory.Delete(DataFolder, recursive: true);
    }

    async Task<HttpStatusCode> StatusOf(Uri address)
    {
        using var answer = await _http.GetAsync(address);
        return answer.StatusCode;
    }

    [GeneratedRegex(@"http://localhost:\d+")]
    private static partial Regex Link();

    [GeneratedRegex(@"^\s*agent (\d+) ·")]
    private static partial Regex Agents();
}

/// <summary>The end-to-end tests run one after the other: they start real programs on fixed ports, and measure.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneAfterTheOther : ICollectionFixture<Browser.BrowserFixture>, ICollectionFixture<DemoShop>
{
    public const string Name = "end to end";
}
