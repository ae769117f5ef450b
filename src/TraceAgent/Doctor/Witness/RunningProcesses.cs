using System.Collections.Concurrent;
using Apm.Core.Services;
using Apm.Core.Time;

namespace Apm.TraceAgent.Doctor.Witness;

/// <summary>
/// Whether a traced process of this machine still runs, told from a later one of the same id by when the system started it. The system's times and
/// ours are compared only for a process that an earlier run of the agent saw: in between a clock may have been set, and a demo's is late on purpose.
/// </summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="processes">The system's table.</param>
/// <param name="agentStartedUnixNanos">When this agent started, by its own clock.</param>
public sealed class RunningProcesses(ProcessTable processes, long agentStartedUnixNanos)
{
    /// <summary>Most processes of which the start is kept; default 1,000. Beyond it all are forgotten and looked at anew.</summary>
    public const int MaxKept = 1_000;

    readonly ConcurrentDictionary<(string RuntimeId, int ProcessId), long> _startTicks = new();

    /// <summary>Whether it runs; null when the system has no such table.</summary>
    public bool? IsRunning(ProcessInfo process)
    {
        var key = (process.RuntimeId, process.ProcessId);
        if (_startTicks.TryGetValue(key, out var known)) return processes.StartTicksOf(process.ProcessId) == known;
        var isOfThisRun = process.FirstSeenUnixNanos >= agentStartedUnixNanos;
        var isRunning = processes.IsRunning(process.ProcessId, isOfThisRun ? 0 : process.FirstSeenUnixNanos / UnixTime.NanosPerSecond);
        if (isRunning == true && processes.StartTicksOf(process.ProcessId) is { } ticks) Keep(key, ticks);
        return isRunning;
    }

    /// <summary>Whether the app of a launcher of this machine runs; null when the system has no such table.</summary>
    public bool? IsRunning(ToldLauncher told) =>
        told.StartTicks is { } ticks ? processes.StartTicksOf(told.Facts.ProcessId) == ticks : processes.IsRunning(told.Facts.ProcessId);

    void Keep((string RuntimeId, int ProcessId) key, long ticks)
    {
        if (_startTicks.Count >= MaxKept) _startTicks.Clear(); // Looked at anew, as after a start.
        _startTicks[key] = ticks;
    }
}
