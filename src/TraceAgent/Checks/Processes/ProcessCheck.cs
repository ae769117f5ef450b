using System.Globalization;
using Apm.Core.Checks;

namespace Apm.TraceAgent.Checks.Processes;

/// <summary>Makes the instances of <c>process.d/conf.yaml</c>. <c>init_config: procfs_path</c> names another folder than <c>/proc</c>.</summary>
public sealed class ProcessCheckKind(TimeProvider clock, string proc = "/proc", string users = "/etc/passwd") : ICheckKind
{
    public string Name => "process";

    public ICheck Create(CheckSettings settings) =>
        new ProcessCheck(ProcessCheckSettings.From(settings), new ProcFiles(new CheckOptions(Name, settings.Init).Text("procfs_path") ?? proc), users, clock);
}

/// <summary>
/// How many processes of a name run and what they take together: metrics <c>system.processes.*</c>, service check <c>process.up</c>.
/// Numbers are sums over the processes; CPU and page faults are of the time since the last run, so the first has none.
/// </summary>
public sealed class ProcessCheck(ProcessCheckSettings settings, ProcFiles proc, string users, TimeProvider clock) : ICheck
{
    const string Prefix = "system.processes.";

    Dictionary<(int Pid, double Start), double> _lastTicks = [];
    long _lastTimestamp;

    public Task RunAsync(ICheckOutput output, CancellationToken cancel)
    {
        var ids = Selected(output, cancel);
        var readings = new List<ProcessReading>(ids.Count);
        foreach (var pid in ids)
        {
            cancel.ThrowIfCancellationRequested();
            if (proc.Read(pid) is { } reading) readings.Add(reading);
        }
        if (settings.User is { } user) KeepOf(readings, UserIdOf(user));
        output.Submit(CheckMetricKind.Gauge, Prefix + "number", readings.Count, settings.Tags);
        if (readings.Count > 0) Tell(output, readings);
        TellUp(output, readings.Count);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    HashSet<int> Selected(ICheckOutput output, CancellationToken cancel)
    {
        var ids = new HashSet<int>();
        if (settings.ProcessId is { } pid) ids.Add(pid);
        else if (settings.PidFile is { } file) AddFrom(file, ids, output);
        else
            foreach (var candidate in proc.Ids())
            {
                cancel.ThrowIfCancellationRequested();
                if (IsMeant(candidate)) ids.Add(candidate);
            }
        if (settings.WithChildren) AddChildren(ids);
        return ids;
    }

    bool IsMeant(int pid)
    {
        if (settings.All) return true;
        if (settings.Patterns.Count > 0) return settings.Patterns.AnyMatches(proc.CommandLine(pid));
        return proc.NameOf(pid) is { } name && settings.Names.Contains(name);
    }

    static void AddFrom(string file, HashSet<int> ids, ICheckOutput output)
    {
        try
        {
            if (int.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) ids.Add(pid);
            else output.Warn($"process: `pid_file: {file}` does not hold a process id.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            output.Warn($"process: `pid_file: {file}` cannot be read: {fault.Message} The process counts as not running.");
        }
    }

    void AddChildren(HashSet<int> ids)
    {
        var children = proc.Ids().Select(proc.Read).OfType<ProcessReading>().ToLookup(reading => reading.ParentPid, reading => reading.Pid);
        var open = new Stack<int>(ids);
        while (open.TryPop(out var parent))
            foreach (var child in children[parent])
                if (ids.Add(child)) open.Push(child);
    }

    static void KeepOf(List<ProcessReading> readings, int userId) => readings.RemoveAll(reading => reading.UserId != userId);

    int UserIdOf(string user)
    {
        if (int.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
        try
        {
            foreach (var line in File.ReadLines(users))
                if (line.Split(':') is [var name, _, var id, ..] && name == user && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var found)) return found;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CheckFailedException($"process: {users} cannot be read, so `user: {user}` is not known: {fault.Message} Give the user's number.", fault);
        }
        throw new CheckFailedException($"process: there is no `user: {user}` on this host (in {users}). Give the user's number if it comes from elsewhere.");
    }

    void Tell(ICheckOutput output, List<ProcessReading> readings)
    {
        TellCpu(output, readings);
        Sum("threads", reading => reading.Threads);
        Sum("mem.rss", reading => reading.ResidentBytes);
        Sum("mem.vms", reading => reading.VirtualBytes);
        Sum("mem.real", reading => reading is { ResidentBytes: { } resident, SharedBytes: { } shared } ? Math.Max(0, resident - shared) : null);
        if (proc.TotalMemoryBytes() is { } total and > 0) Sum("mem.pct", reading => reading.ResidentBytes / total * 100);
        Sum("open_file_descriptors", reading => reading.OpenFiles);
        Sum("ioread_count", reading => reading.Reads);
        Sum("iowrite_count", reading => reading.Writes);
        Sum("ioread_bytes", reading => reading.ReadBytes);
        Sum("iowrite_bytes", reading => reading.WrittenBytes);
        Sum("voluntary_ctx_switches", reading => reading.VoluntarySwitches);
        Sum("involuntary_ctx_switches", reading => reading.InvoluntarySwitches);
        Rate("mem.page_faults.minor_faults", reading => reading.MinorFaults);
        Rate("mem.page_faults.children_minor_faults", reading => reading.ChildrenMinorFaults);
        Rate("mem.page_faults.major_faults", reading => reading.MajorFaults);
        Rate("mem.page_faults.children_major_faults", reading => reading.ChildrenMajorFaults);
        if (proc.BootUnixSeconds() is { } boot)
        {
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
            double[] ages = [.. readings.Select(reading => Math.Max(0, now - boot - (reading.StartTicks / ProcFiles.TicksPerSecond)))];
            Gauge("run_time.avg", ages.Average());
            Gauge("run_time.max", ages.Max());
            Gauge("run_time.min", ages.Min());
        }
        var denied = readings.Count(reading => reading.OpenFiles is null);
        if (denied > 0 && !settings.IgnoresDenied)
            output.Warn($"process: open files and I/O of {denied} of {readings.Count} processes of `{settings.Name}` may not be read. Run the agent as their user or as root, or set `ignore_denied_access: true`.");

        void Sum(string metric, Func<ProcessReading, double?> of)
        {
            double? sum = null;
            foreach (var reading in readings) if (of(reading) is { } value) sum = (sum ?? 0) + value;
            if (sum is { } known) Gauge(metric, known);
        }

        void Rate(string metric, Func<ProcessReading, double> of) => output.Submit(CheckMetricKind.Rate, Prefix + metric, readings.Sum(of), settings.Tags);

        void Gauge(string metric, double value) => output.Submit(CheckMetricKind.Gauge, Prefix + metric, value, settings.Tags);
    }

    /// <summary>Percent of one core, of the processes that were there at the last run.</summary>
    void TellCpu(ICheckOutput output, List<ProcessReading> readings)
    {
        var timestamp = clock.GetTimestamp();
        var seconds = _lastTicks.Count == 0 ? 0 : clock.GetElapsedTime(_lastTimestamp, timestamp).TotalSeconds;
        var ticks = readings.ToDictionary(reading => (reading.Pid, reading.StartTicks), reading => reading.CpuTicks);
        var known = ticks.Where(now => _lastTicks.ContainsKey(now.Key)).ToList();
        if (seconds > 0 && known.Count > 0)
        {
            var percent = known.Sum(now => Math.Max(0, now.Value - _lastTicks[now.Key])) / ProcFiles.TicksPerSecond / seconds * 100;
            output.Submit(CheckMetricKind.Gauge, Prefix + "cpu.pct", percent, settings.Tags);
            output.Submit(CheckMetricKind.Gauge, Prefix + "cpu.normalized_pct", percent / proc.Cores(), settings.Tags);
        }
        (_lastTicks, _lastTimestamp) = (ticks, timestamp);
    }

    void TellUp(ICheckOutput output, int count)
    {
        var status = IsOutside(count, settings.Critical) ? CheckStatus.Critical : IsOutside(count, settings.Warning) ? CheckStatus.Warning : CheckStatus.Ok;
        var right = status is CheckStatus.Critical ? settings.Critical : settings.Warning;
        var message = status is CheckStatus.Ok ? "" : $"{count} {(count == 1 ? "process" : "processes")} of `{settings.Name}`; right {Shown(right)}.";
        output.ServiceCheck("process.up", status, [.. settings.Tags.Where(tag => tag != settings.Name && tag != $"process_name:{settings.Name}"), $"process:{settings.Name}"], message);
    }

    static bool IsOutside(int count, (double Min, double Max) range) => count < range.Min || count > range.Max;

    static string Shown((double Min, double Max) range) => double.IsPositiveInfinity(range.Max)
        ? string.Create(CultureInfo.InvariantCulture, $"is at least {range.Min}")
        : string.Create(CultureInfo.InvariantCulture, $"are {range.Min} to {range.Max}");
}
