using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Apm.Cli.Launch;

/// <summary>The app under the launcher: it has our terminal and our signals, and we end with its exit code.</summary>
public static partial class ChildProcess
{
    /// <summary>Starts it, waits for it, and passes SIGTERM and SIGHUP on. Ctrl-C reaches it from the terminal itself.</summary>
    /// <param name="plan">What to run.</param>
    /// <param name="variables">Set on top of our own environment.</param>
    /// <param name="started">Told the process id once it runs.</param>
    /// <returns>Its exit code; 128 and the signal's number when a signal ended it.</returns>
    /// <exception cref="LaunchException">The system could not start it.</exception>
    public static async Task<int> Run(LaunchPlan plan, IReadOnlyDictionary<string, string> variables, Action<int> started)
    {
        var start = new ProcessStartInfo(plan.File) { UseShellExecute = false };
        foreach (var argument in plan.Arguments) start.ArgumentList.Add(argument);
        start.Environment.Remove(LaunchEnvironment.AppsHooks); // It has done its work; left there, it would win over what the app's own children set.
        foreach (var (name, value) in variables) start.Environment[name] = value;
        Process? running = null;
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            if (!HasTerminal() && running is { HasExited: false } app) Signal(app.Id, 2); // From a terminal it reached the app already.
        });
        using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, context => context.Cancel = true);
        using var process = StartOrExplain(start);
        running = process;
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => PassOn(context, process, 15));
        using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => PassOn(context, process, 1));
        started(process.Id);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    static Process StartOrExplain(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new LaunchException(126, $"{start.FileName} could not be started.");
        }
        catch (System.ComponentModel.Win32Exception problem)
        {
            throw new LaunchException(126, $"{start.FileName} could not be started: {problem.Message}. If it is a script, its first line must name an interpreter that exists.");
        }
    }

    static void PassOn(PosixSignalContext context, Process process, int signal)
    {
        context.Cancel = true;
        if (!process.HasExited) Signal(process.Id, signal);
    }

    /// <summary>Whether a Ctrl-C could come from a terminal, which sends it to all its processes alike.</summary>
    static bool HasTerminal()
    {
        try
        {
            using var terminal = File.OpenHandle("/dev/tty");
            return true;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Asks a process to end, so that it can still send what it holds.</summary>
    public static void Terminate(int processId) => Signal(processId, 15);

    static void Signal(int processId, int signal)
    {
        if (!OperatingSystem.IsWindows()) _ = Kill(processId, signal);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
