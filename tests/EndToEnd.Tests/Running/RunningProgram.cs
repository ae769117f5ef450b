using System.Diagnostics;
using Apm.TestKit;

namespace Apm.EndToEnd.Tests.Running;

/// <summary>A process that a test started: what it prints is kept line by line, and it does not outlive the test.</summary>
public sealed class RunningProgram : IAsyncDisposable
{
    static readonly string[] VariablesOfTracers = ["DD_", "OTEL_", "APM_", "PYTHONPATH", "DOTNET_STARTUP_HOOKS", "ASPNETCORE_", "FLASK_", "WERKZEUG_"];

    readonly Process _process;
    readonly List<string> _output = [];
    readonly List<string> _errors = [];
    readonly string _what;

    RunningProgram(ProcessStartInfo start)
    {
        _what = $"{Path.GetFileName(start.FileName)} {string.Join(' ', start.ArgumentList.Select(Path.GetFileName))}";
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{_what} did not start");
        _process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(_errors, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Lines of standard output so far.</summary>
    public IReadOnlyList<string> Output
    {
        get { lock (_output) return [.. _output]; }
    }

    /// <summary>Lines of standard error so far.</summary>
    public IReadOnlyList<string> Errors
    {
        get { lock (_errors) return [.. _errors]; }
    }

    /// <summary>Both, for a failure's sentence.</summary>
    public string Evidence => $"\n--- {_what}{(HasExited ? $" (exit code {_process.ExitCode})" : "")}\n{string.Join('\n', Output)}\n--- its standard error\n{string.Join('\n', Errors)}\n---";

    /// <summary>Starts a program in an environment without any tracer's variables but those given.</summary>
    public static RunningProgram Start(IEnumerable<string> command, string? folder = null, params (string Name, string Value)[] variables)
    {
        var words = command.ToList();
        var start = new ProcessStartInfo(words[0]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder ?? Path.GetTempPath() };
        foreach (var argument in words.Skip(1)) start.ArgumentList.Add(argument);
        foreach (var name in start.Environment.Keys.Where(name => VariablesOfTracers.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))).ToList()) start.Environment.Remove(name);
        foreach (var (name, value) in variables) start.Environment[name] = value;
        return new RunningProgram(start);
    }

    /// <summary>Starts <c>apm</c> of the build under test.</summary>
    public static RunningProgram Apm(IEnumerable<string> arguments, params (string Name, string Value)[] variables) => Start(["dotnet", Built.Apm, .. arguments], null, variables);

    /// <summary>Runs to its end.</summary>
    public static async Task<(int ExitCode, RunningProgram Ended)> ToEnd(RunningProgram program)
    {
        await using (program) return (await program.Ended(), program);
    }

    /// <summary>Waits for a line; gives it.</summary>
    public async Task<string> Line(string what, Func<string, bool> isIt, TimeSpan? patience = null)
    {
        var (line, _) = await Until.Answer(what, patience ?? TimeSpan.FromSeconds(20), () =>
        {
            var found = Output.Concat(Errors).FirstOrDefault(isIt);
            return HasExited && found is null && Output.Concat(Errors).All(line => !isIt(line)) && EndedSilently() ? throw new TimeoutException($"{what}: it ended first. {Evidence}") : Task.FromResult(found);
        }, () => Evidence);
        return line;
    }

    /// <summary>Sends a signal, by its name without SIG.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>What it started and what those started, as <c>pid command line</c>, of all that run now.</summary>
    public IReadOnlyList<string> Descendants()
    {
        var all = AllProcesses();
        var found = new List<string>();
        var ids = new HashSet<int> { Id };
        for (var before = 0; before != ids.Count;)
        {
            before = ids.Count;
            foreach (var (id, parent, line) in all)
                if (ids.Contains(parent) && ids.Add(id)) found.Add(line);
        }
        return found;
    }

    /// <summary>Those of the lines whose process still runs.</summary>
    public static IReadOnlyList<string> StillRunning(IReadOnlyList<string> processes) => [.. AllProcesses().Select(process => process.Line).Intersect(processes)];

    /// <summary>Its exit code, once it has ended.</summary>
    public async Task<int> Ended(TimeSpan? patience = null)
    {
        using var timeout = new CancellationTokenSource(patience ?? TimeSpan.FromSeconds(30));
        try
        {
            await _process.WaitForExitAsync(timeout.Token); // Also waits for the last line.
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"It did not end. {Evidence}");
        }
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <summary>Processes that have ended and were not yet asked for their exit code are left out.</summary>
    static List<(int Id, int Parent, string Line)> AllProcesses()
    {
        using var ps = Process.Start(new ProcessStartInfo("ps", ["-eo", "pid=,ppid=,stat=,args="]) { RedirectStandardOutput = true })!;
        var lines = ps.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        ps.WaitForExit();
        return [.. lines.Select(line => line.Split(' ', 4, StringSplitOptions.RemoveEmptyEntries)).Where(parts => parts.Length == 4 && parts[2][0] != 'Z')
            .Select(parts => (int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), $"{parts[0]} {parts[3]}"))];
    }

    bool EndedSilently() => _process.WaitForExit(1_000);

    static void Keep(List<string> lines, string? line)
    {
        if (line is null) return;
        lock (lines) lines.Add(line);
    }
}
