using System.Diagnostics;
using Apm.Endurance.Running;

namespace Apm.Endurance.Healthy;

/// <summary>An app under <c>apm run</c> that is called, left alone for a while, and restarted now and then.</summary>
/// <param name="Name">In the report.</param>
/// <param name="Command">What follows <c>apm run --</c>, or the whole of it.</param>
/// <param name="Url">Its address; paths are put behind it.</param>
/// <param name="Paths">What is called.</param>
/// <param name="Service">Name given by <c>--service</c>; null leaves it to the launcher.</param>
sealed record HealthyApp(string Name, IReadOnlyList<string> Command, string Url, IReadOnlyList<string> Paths, string? Service = null)
{
    public IReadOnlyList<(string Name, string Value)> Variables { get; init; } = [];

    /// <summary>False of an app that brings its own tracer and is started as it is.</summary>
    public bool IsLaunched { get; init; } = true;
}

/// <summary>Such an app as it runs, from its start to its end.</summary>
sealed class RunningApp : IAsyncDisposable
{
    static readonly string[] VariablesOfTracers = ["DD_", "OTEL_", "APM_", "PYTHONPATH", "DOTNET_STARTUP_HOOKS", "ASPNETCORE_", "FLASK_", "WERKZEUG_"];

    readonly Process _process;
    readonly List<string> _voice = [];
    long _calledTimestamp;

    RunningApp(HealthyApp app, Process process) => (App, _process) = (app, process);

    public HealthyApp App { get; }
    public bool HasExited => _process.HasExited;
    public long CallCount { get; private set; }

    /// <summary>Its first answer came at least so long ago.</summary>
    public bool IsCalledSince(TimeSpan ago) => Volatile.Read(ref _calledTimestamp) is var at and not 0 && Stopwatch.GetElapsedTime(at) >= ago;

    /// <summary>What the launcher said so far, without the app's own lines.</summary>
    public IReadOnlyList<string> Voice
    {
        get { lock (_voice) return [.. _voice]; }
    }

    public static RunningApp Start(HealthyApp app, AgentProcess agent)
    {
        IReadOnlyList<string> words = app.IsLaunched ? ["dotnet", AgentProcess.ApmDll, "run", .. app.Service is null ? [] : (string[])["--service", app.Service], "--", .. app.Command] : app.Command;
        var start = new ProcessStartInfo(words[0]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        foreach (var word in words.Skip(1)) start.ArgumentList.Add(word);
        foreach (var name in start.Environment.Keys.Where(name => VariablesOfTracers.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))).ToList()) start.Environment.Remove(name);
        start.Environment["DD_TRACE_AGENT_URL"] = $"http://localhost:{agent.AgentPort}";
        foreach (var (name, value) in app.Variables) start.Environment[name] = value;
        var running = new RunningApp(app, Process.Start(start)!);
        running._process.OutputDataReceived += (_, _) => { };
        running._process.ErrorDataReceived += (_, line) => running.Hear(line.Data);
        running._process.BeginOutputReadLine();
        running._process.BeginErrorReadLine();
        return running;
    }

    /// <summary>Calls a route; false when nothing answered yet.</summary>
    public async Task<bool> Call(HttpClient http, string path, CancellationToken cancel)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(App.Url + path), cancel);
            CallCount++;
            if (_calledTimestamp == 0) Volatile.Write(ref _calledTimestamp, Stopwatch.GetTimestamp());
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>SIGTERM, as a developer's Ctrl-C or a service manager; SIGKILL for it and its children when it stays for ten seconds.</summary>
    public async Task Stop()
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
            await kill.WaitForExitAsync();
        }
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Stop();
        _process.Dispose();
    }

    void Hear(string? line)
    {
        if (line is null || !line.StartsWith("apm: ", StringComparison.Ordinal)) return;
        lock (_voice) _voice.Add(line);
    }
}
