using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Apm.TestKit;

namespace Apm.Endurance.Running;

/// <summary><c>apm up</c> of the Release build in a process of its own, on ports that are free.</summary>
public sealed class AgentProcess : IAsyncDisposable
{
    readonly Process _process;
    readonly HttpClient _http;

    AgentProcess(Process process, HttpClient http, int agentPort, int uiPort) => (_process, _http, AgentPort, UiPort) = (process, http, agentPort, uiPort);

    /// <summary>The program of the Release build.</summary>
    public static string ApmDll => Path.Combine(Fixtures.RepoRoot, "src", "Cli", "bin", "Release", "net10.0", "apm.dll");

    public int AgentPort { get; }
    public int UiPort { get; }
    public int Id => _process.Id;
    public bool HasExited => _process.HasExited;

    /// <summary>Processor time so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>A line of <c>/proc/PID/status</c> in bytes, such as <c>VmRSS</c>; 0 when the process is gone.</summary>
    public long Memory(string line)
    {
        try
        {
            var found = File.ReadLines($"/proc/{Id}/status").FirstOrDefault(text => text.StartsWith(line + ":", StringComparison.Ordinal));
            return found is null ? 0 : long.Parse(found.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1_024;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>Two ports that were free a moment ago.</summary>
    public static (int Agent, int Ui) FreePorts()
    {
        using var first = new TcpListener(IPAddress.Loopback, 0);
        using var second = new TcpListener(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        return (((IPEndPoint)first.LocalEndpoint).Port, ((IPEndPoint)second.LocalEndpoint).Port);
    }

    /// <summary>A TCP port that was free a moment ago.</summary>
    public static int FreePort() => FreePorts().Agent;

    /// <summary>A UDP port that was free a moment ago.</summary>
    public static int FreeUdpPort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Starts it without DogStatsD and waits until it answers.</summary>
    /// <param name="variables">Settings as APM_… variables.</param>
    public static Task<AgentProcess> Start(string dataFolder, HttpClient http, (int Agent, int Ui) ports, params (string Name, string Value)[] variables) => Start(dataFolder, http, ports, dogStatsDPort: null, variables);

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="dogStatsDPort">UDP port of DogStatsD; null for none.</param>
    /// <param name="variables">Settings as APM_… variables.</param>
    public static Task<AgentProcess> Start(string dataFolder, HttpClient http, (int Agent, int Ui) ports, int? dogStatsDPort, params (string Name, string Value)[] variables) =>
        Start(dataFolder, http, ports, ["otlp-grpc=off", "otlp-http=off", "zipkin=off", $"dogstatsd={dogStatsDPort?.ToString(CultureInfo.InvariantCulture) ?? "off"}"], variables);

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="further">What follows the ports of agent and screens on the command line: further ports as <c>name=number</c>, then options.</param>
    /// <param name="variables">Settings as APM_… variables.</param>
    public static async Task<AgentProcess> Start(string dataFolder, HttpClient http, (int Agent, int Ui) ports, IReadOnlyList<string> further, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var argument in (string[])[ApmDll, "up", "--no-browser", "--data", dataFolder, "--port", $"agent={ports.Agent}", $"ui={ports.Ui}", .. further]) start.ArgumentList.Add(argument);
        foreach (var (name, value) in variables) start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var agent = new AgentProcess(process, http, ports.Agent, ports.Ui);
        for (var attempt = 0; attempt < 600 && !process.HasExited; attempt++)
        {
            if (await agent.Answers()) return agent;
            await Task.Delay(50);
        }
        await agent.DisposeAsync();
        throw new InvalidOperationException($"apm up on {dataFolder} did not answer within 30 s, or ended.");
    }

    /// <summary>Asks the read API; null for 404.</summary>
    public async Task<JsonElement?> Get(string path)
    {
        using var answer = await _http.GetAsync(new Uri($"http://127.0.0.1:{UiPort}{path}"));
        var body = await answer.Content.ReadAsStringAsync();
        if (answer.StatusCode == HttpStatusCode.NotFound) return null;
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{path}: {(int)answer.StatusCode} {body}");
        using var document = JsonDocument.Parse(body);
        return document.RootElement.Clone();
    }

    /// <summary>Asks for a page of the screens; gives its text.</summary>
    public Task<string> Page(string path) => _http.GetStringAsync(new Uri($"http://127.0.0.1:{UiPort}{path}"));

    /// <summary>A number of <c>/api/status</c>' traces, such as <c>spanCount</c>.</summary>
    public async Task<long> Traces(string name) => (await Get("/api/status"))!.Value.GetProperty("traces").GetProperty(name).GetInt64();

    /// <summary>A counter, all labels and services together.</summary>
    public async Task<long> Counter(string name, string? label = null) => (await Get("/api/status"))!.Value.GetProperty("counters").EnumerateArray()
        .Where(counter => counter.GetProperty("name").GetString() == name && (label is null || counter.GetProperty("label").GetString() == label)).Sum(counter => counter.GetProperty("value").GetInt64());

    /// <summary>Spans that the ledger of the past day has as stored.</summary>
    public async Task<long> Stored() => (await Get("/api/status"))!.Value.GetProperty("services").EnumerateArray()
        .Sum(service => service.GetProperty("spans").GetProperty("storedSpanCount").GetInt64());

    /// <summary>SIGKILL: no time to write anything.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, as a service manager stops it; returns when it has ended.</summary>
    public async Task Stop()
    {
        using var kill = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await Kill();
        _process.Dispose();
    }

    async Task<bool> Answers()
    {
        try
        {
            using var info = await _http.GetAsync(new Uri($"http://127.0.0.1:{AgentPort}/info"));
            using var health = await _http.GetAsync(new Uri($"http://127.0.0.1:{UiPort}/healthz"));
            return info.IsSuccessStatusCode && health.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
