namespace Apm.TraceAgent.Checks.HostMetrics;

/// <summary>Time of all processors by what it went to, in the kernel's ticks since it started; from <c>/proc/stat</c>.</summary>
/// <param name="User">With the time of those that were made nice, and without guests'.</param>
/// <param name="System">The kernel's, interrupts included.</param>
/// <param name="Interrupt">Part of <paramref name="System"/>.</param>
/// <param name="Guest">Virtual machines.</param>
public sealed record CpuTimes(double User, double System, double IoWait, double Idle, double Stolen, double Guest, double Interrupt, int CoreCount, double ContextSwitches)
{
    /// <summary>All of it.</summary>
    public double Sum => User + System + IoWait + Idle + Stolen + Guest;

    /// <summary>
    /// Reads <code>
    /// cpu  user nice system idle iowait irq softirq steal guest guest_nice
    /// cpu0 …
    /// ctxt switches
    /// </code>
    /// </summary>
    /// <exception cref="CheckFailedException">There is no line of all processors.</exception>
    public static CpuTimes Parse(string text)
    {
        double[]? times = null;
        var (cores, switches) = (0, 0.0);
        foreach (var line in ProcText.Lines(text))
        {
            var words = ProcText.Words(line);
            if (words[0] == "cpu") times = [.. words.Skip(1).Select(ProcText.Number)];
            else if (words[0].StartsWith("cpu", StringComparison.Ordinal)) cores++;
            else if (words[0] == "ctxt" && words.Length > 1) switches = ProcText.Number(words[1]);
        }
        if (times is not { Length: >= 4 }) throw new CheckFailedException("/proc/stat has no line that begins with cpu and gives the times of all processors.");
        double At(int place) => place < times.Length ? times[place] : 0; // Old kernels give fewer.
        var guests = At(8) + At(9);
        return new CpuTimes(Math.Max(0, At(0) + At(1) - guests), At(2) + At(5) + At(6), At(4), At(3), At(7), guests, At(5) + At(6), Math.Max(1, cores), switches);
    }
}

/// <summary><c>system.cpu.*</c>: the shares of processor time since the run before.</summary>
sealed class CpuCheck(HostFiles files) : ICheck
{
    CpuTimes? _before;

    public Task RunAsync(ICheckOutput output, CancellationToken cancel)
    {
        var now = CpuTimes.Parse(files.Read("stat"));
        if (_before is { } before) Submit(before, now, output);
        _before = now;
        output.Gauge("system.cpu.num_cores", now.CoreCount);
        output.Submit(CheckMetricKind.MonotonicCount, "system.cpu.context_switches", now.ContextSwitches, []);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Percent, which sum to 100 but for interrupts, which are in system. Nothing when no time went by.</summary>
    internal static void Submit(CpuTimes before, CpuTimes now, ICheckOutput output)
    {
        var all = now.Sum - before.Sum;
        if (!(all > 0)) return;
        void Share(string name, double from, double to) => output.Gauge($"system.cpu.{name}", Math.Clamp((to - from) / all * 100, 0, 100));
        Share("user", before.User, now.User);
        Share("system", before.System, now.System);
        Share("iowait", before.IoWait, now.IoWait);
        Share("idle", before.Idle, now.Idle);
        Share("stolen", before.Stolen, now.Stolen);
        Share("guest", before.Guest, now.Guest);
        Share("interrupt", before.Interrupt, now.Interrupt);
    }
}
