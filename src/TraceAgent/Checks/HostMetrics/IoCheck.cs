namespace Apm.TraceAgent.Checks.HostMetrics;

/// <summary>What a block device has done since the machine started; a line of <c>/proc/diskstats</c>.</summary>
public sealed record DiskStats(double Reads, double ReadsMerged, double SectorsRead, double ReadMs, double Writes, double WritesMerged, double SectorsWritten, double WriteMs, double BusyMs, double WeightedMs)
{
    /// <summary>
    /// Reads <code>
    /// major minor name reads merged sectors ms writes merged sectors ms in_flight busy_ms weighted_ms …
    /// </code>
    /// Devices that never did anything, loop devices and disks in memory are left out.
    /// </summary>
    public static Dictionary<string, DiskStats> Parse(string text)
    {
        var devices = new Dictionary<string, DiskStats>(StringComparer.Ordinal);
        foreach (var words in ProcText.Lines(text).Select(ProcText.Words).Where(words => words.Length >= 14))
        {
            var name = words[2];
            if (name.StartsWith("loop", StringComparison.Ordinal) || name.StartsWith("ram", StringComparison.Ordinal)) continue;
            double At(int place) => ProcText.Number(words[place]);
            var stats = new DiskStats(At(3), At(4), At(5), At(6), At(7), At(8), At(9), At(10), At(12), At(13));
            if (stats.Reads + stats.Writes > 0) devices[name] = stats;
        }
        return devices;
    }
}

/// <summary><c>system.io.*</c>: what each block device did per second since the run before.</summary>
sealed class IoCheck(HostFiles files, TimeProvider clock) : ICheck
{
    Dictionary<string, DiskStats>? _before;
    long _beforeAt;

    public Task RunAsync(ICheckOutput output, CancellationToken cancel)
    {
        var (now, at) = (DiskStats.Parse(files.Read("diskstats")), clock.GetTimestamp());
        if (_before is { } before)
            foreach (var (device, stats) in now)
                if (before.TryGetValue(device, out var earlier)) Submit(device, earlier, stats, clock.GetElapsedTime(_beforeAt, at), output);
        (_before, _beforeAt) = (now, at);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Nothing when no time went by, or when the counts went back: the device was taken out meanwhile.</summary>
    internal static void Submit(string device, DiskStats before, DiskStats now, TimeSpan elapsed, ICheckOutput output)
    {
        var seconds = elapsed.TotalSeconds;
        var (reads, writes) = (now.Reads - before.Reads, now.Writes - before.Writes);
        if (!(seconds > 0) || reads < 0 || writes < 0) return;
        string[] tags = [$"device:{device}", $"device_name:{device}"];
        void Gauge(string name, double value) => output.Gauge($"system.io.{name}", value, tags);
        static double Per(double value, double count) => count > 0 ? value / count : 0;
        var (readKib, writtenKib) = ((now.SectorsRead - before.SectorsRead) / 2, (now.SectorsWritten - before.SectorsWritten) / 2); // A sector has 512 bytes whatever the device.
        var (readMs, writeMs, busyMs) = (now.ReadMs - before.ReadMs, now.WriteMs - before.WriteMs, now.BusyMs - before.BusyMs);
        Gauge("r_s", reads / seconds);
        Gauge("w_s", writes / seconds);
        Gauge("rkb_s", readKib / seconds);
        Gauge("wkb_s", writtenKib / seconds);
        Gauge("rrqm_s", (now.ReadsMerged - before.ReadsMerged) / seconds);
        Gauge("wrqm_s", (now.WritesMerged - before.WritesMerged) / seconds);
        Gauge("avg_rq_sz", Per(2 * (readKib + writtenKib), reads + writes));
        Gauge("avg_q_sz", (now.WeightedMs - before.WeightedMs) / (seconds * 1_000));
        Gauge("await", Per(readMs + writeMs, reads + writes));
        Gauge("r_await", Per(readMs, reads));
        Gauge("w_await", Per(writeMs, writes));
        Gauge("svctm", Per(busyMs, reads + writes));
        Gauge("util", Math.Min(100, busyMs / (seconds * 10)));
    }
}
