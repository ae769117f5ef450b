using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Apm.Tracer.Tests.Kit;

/// <summary>A built app in a process of its own.</summary>
sealed partial class AppProcess : IAsyncDisposable
{
    const int SigTerm = 15;

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    readonly Process _process;
    readonly StringBuilder _output = new();
    readonly StringBuilder _errors = new();
    readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Task _outputEnd;
    readonly Task _errorEnd;

    AppProcess(Process process)
    {
        _process = process;
        _outputEnd = Follow(process.StandardOutput, _output);
        _errorEnd = Follow(process.StandardError, _errors);
    }

    public static string HookPath => Path.Combine(AppContext.BaseDirectory, "Apm.StartupHook.dll");

    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    public string Errors
    {
        get
        {
            lock (_errors) return _errors.ToString();
        }
    }

    /// <summary>Path of a built app, given its folder from the root of the repository.</summary>
    public static string Built(string folder, string assembly)
    {
        // …/tests/Tracer.Tests/bin/Debug/net10.0/
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var (framework, configuration) = (output.Name, output.Parent!.Name);
        var root = output.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(root, folder, "bin", configuration, framework, assembly + ".dll");
    }

    public static string FlaskLikeApp => Built("samples/FlaskLikeApp", "FlaskLikeApp");

    public static string ConsoleApp => Built("tests/TracerApps/ConsoleApp", "TracedConsoleApp");

    public static string WebApp => Built("tests/TracerApps/WebApp", "TracedWebApp");

    public static AppProcess Start(string dll, string[] args, IReadOnlyDictionary<string, string?> environment)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(dll);
        foreach (var arg in args) start.ArgumentList.Add(arg);
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("DD_", StringComparison.Ordinal)
            || name.StartsWith("OTEL_", StringComparison.Ordinal) || name.StartsWith("APM_", StringComparison.Ordinal) || name == "DOTNET_STARTUP_HOOKS").ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new AppProcess(Process.Start(start)!);
    }

    /// <summary>Starts a web app on a free port, traced by the hook.</summary>
    public static AppProcess StartTraced(string dll, Uri agent, string[] args, params (string Name, string Value)[] more)
    {
        var environment = new Dictionary<string, string?>
        {
            ["DOTNET_STARTUP_HOOKS"] = HookPath,
            ["DD_TRACE_AGENT_URL"] = agent.ToString(),
            ["DD_SERVICE"] = "shop",
            ["DD_ENV"] = "test",
            ["DD_VERSION"] = "1.2.3",
        };
        foreach (var (name, value) in more) environment[name] = value;
        return Start(dll, [.. args, "--urls", "http://127.0.0.1:0"], environment);
    }

    /// <summary>Waits until the app listens, and gives a client for it.</summary>
    public async Task<HttpClient> Client() =>
        new() { BaseAddress = await _listening.Task.WaitAsync(s_patience), Timeout = s_patience };

    /// <summary>Asks the app to end, as Ctrl-C does.</summary>
    public void Terminate() => _ = Kill(_process.Id, SigTerm);

    /// <summary>Waits for the end and gives the exit code.</summary>
    public async Task<int> End()
    {
        using var patience = new CancellationTokenSource(s_patience);
        await _process.WaitForExitAsync(patience.Token);
        await Task.WhenAll(_outputEnd, _errorEnd);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await Task.WhenAll(_outputEnd, _errorEnd);
        _process.Dispose();
    }

    async Task Follow(StreamReader from, StringBuilder to)
    {
        const string listening = "Now listening on: ";
        while (await from.ReadLineAsync() is { } line)
        {
            lock (to) to.AppendLine(line);
            var at = line.IndexOf(listening, StringComparison.Ordinal);
            if (at >= 0) _listening.TrySetResult(new Uri(line[(at + listening.Length)..].Trim()));
        }
        _listening.TrySetException(new InvalidOperationException($"The app ended before it listened.\n{Output}\n{Errors}"));
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
