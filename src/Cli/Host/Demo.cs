using System.Diagnostics;
using Apm.Cli.Launch;

namespace Apm.Cli.Host;

/// <summary>
/// <c>apm up --demo</c>: the two sample apps, each through the launcher as a user would start them, and a request now and then.
/// </summary>
public sealed class Demo : IAsyncDisposable
{
    const string FlaskUrl = "http://localhost:5050";
    const string AspNetUrl = "http://localhost:5080";

    /// <summary>A round of requests: mostly fine, sometimes slow or failing, one that goes through both apps.</summary>
    static readonly string[] Round =
    [
        $"{FlaskUrl}/", $"{AspNetUrl}/api/downstream", $"{FlaskUrl}/api/apm", $"{AspNetUrl}/api/user/7", $"{FlaskUrl}/api/trace", $"{AspNetUrl}/",
        $"{AspNetUrl}/api/downstream", $"{AspNetUrl}/api/slow", $"{AspNetUrl}/api/user/12", $"{AspNetUrl}/api/apm", $"{AspNetUrl}/api/fail", $"{FlaskUrl}/api/apm",
    ];

    static readonly TimeSpan BetweenRequests = TimeSpan.FromMilliseconds(400);

    /// <summary>How long a sample may take to end when asked.</summary>
    static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(3);

    readonly List<Process> _processes = [];
    readonly CancellationTokenSource _ended = new();
    Task _traffic = Task.CompletedTask;

    /// <summary>Starts the samples that can be started, says which cannot and why, and begins the traffic.</summary>
    public static Demo Start(ApmHost host, Action<string> say)
    {
        var demo = new Demo();
        if (SamplesFolder() is not { } samples)
        {
            say("apm: the demo needs the samples of a checkout, and they are not beside this build.");
            return demo;
        }
        var python = Environment.GetEnvironmentVariable("APM_PYTHON") ?? FindPythonWithFlask();
        if (python is null) say("apm: the demo's Flask app needs Flask: apt-get install python3-flask, or pip install flask. The ASP.NET app runs without it.");
        else demo.Launch(host, [python, Path.Combine(samples, "flask-app", "flaskapp.py")], []);
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name; // The sample that was built with this build.
        var aspNet = Path.Combine(samples, "FlaskLikeApp", "bin", configuration, "net10.0", "FlaskLikeApp.dll");
        if (!File.Exists(aspNet)) say($"apm: {aspNet} is not built; run dotnet build -c {configuration} samples/FlaskLikeApp.");
        else demo.Launch(host, ["dotnet", aspNet, "--urls", AspNetUrl], [("DOWNSTREAM_URL", $"{FlaskUrl}/api/apm")]);
        demo._traffic = Task.Run(demo.SendTraffic);
        return demo;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _traffic;
        foreach (var process in _processes)
        {
            await Stop(process);
            process.Dispose();
        }
        _ended.Dispose();
    }

    static async Task Stop(Process process)
    {
        using var patience = new CancellationTokenSource(StopPatience);
        try
        {
            if (!process.HasExited) ChildProcess.Terminate(process.Id);
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }
    }

    void Launch(ApmHost host, string[] command, (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "apm.dll"));
        foreach (var argument in (string[])["run", "--env", "demo", "--", .. command]) start.ArgumentList.Add(argument);
        start.Environment["DD_TRACE_AGENT_URL"] = $"http://localhost:{host.AgentPort}";
        foreach (var (name, value) in variables) start.Environment[name] = value;
        var process = Process.Start(start);
        if (process is null) return;
        process.OutputDataReceived += (_, _) => { }; // The app's own output would drown ours; it must still be read.
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data?.StartsWith("apm:", StringComparison.Ordinal) == true) Console.Error.WriteLine($"  demo · {line.Data}");
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
    }

    async Task SendTraffic()
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
        using var timer = new PeriodicTimer(BetweenRequests);
        for (var next = 0; !_ended.IsCancellationRequested; next = (next + 1) % Round.Length)
        {
            try
            {
                if (!await timer.WaitForNextTickAsync(_ended.Token)) return;
                using var answer = await http.GetAsync(new Uri(Round[next]), _ended.Token);
            }
            catch (Exception problem) when (problem is HttpRequestException or OperationCanceledException)
            {
                // An app that is still starting, or that was stopped: the next round asks again.
            }
        }
    }

    static string? SamplesFolder()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "samples", "flask-app", "flaskapp.py"))) return Path.Combine(folder, "samples");
        return null;
    }

    static string? FindPythonWithFlask()
    {
        foreach (var candidate in (string[])["python3", "/usr/bin/python3"])
        {
            try
            {
                using var probe = Process.Start(new ProcessStartInfo(candidate, "-c \"import flask\"") { RedirectStandardError = true, RedirectStandardOutput = true });
                probe!.WaitForExit();
                if (probe.ExitCode == 0) return candidate;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // Not on this machine.
            }
        }
        return null;
    }
}
