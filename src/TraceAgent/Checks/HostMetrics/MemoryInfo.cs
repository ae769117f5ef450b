namespace Apm.TraceAgent.Checks.HostMetrics;

/// <summary><c>system.mem.*</c> and <c>system.swap.*</c> in MiB from <c>/proc/meminfo</c>, which has lines <c>Name: number kB</c>.</summary>
static class MemoryInfo
{
    const double KibPerMib = 1_024;

    /// <summary>Of the counts of <c>/proc/vmstat</c>, which go by pages.</summary>
    static readonly double PageMib = Environment.SystemPageSize / 1_048_576.0;

    public static void Submit(string meminfo, string vmstat, ICheckOutput output)
    {
        var sizes = Table(meminfo, ':');
        double? Mib(string name) => sizes.TryGetValue(name, out var kib) ? kib / KibPerMib : null;
        void Size(string metric, double? mib)
        {
            if (mib is { } value) output.Gauge(metric, value);
        }

        if (Mib("MemTotal") is not { } total || Mib("MemFree") is not { } free) throw new CheckFailedException("/proc/meminfo does not give MemTotal and MemFree.");
        var usable = Mib("MemAvailable") ?? free + (Mib("Buffers") ?? 0) + (Mib("Cached") ?? 0); // Kernels before 3.14 do not give it.
        Size("system.mem.total", total);
        Size("system.mem.free", free);
        Size("system.mem.used", total - free);
        Size("system.mem.usable", usable);
        if (total > 0) output.Gauge("system.mem.pct_usable", usable / total);
        Size("system.mem.cached", Mib("Cached"));
        Size("system.mem.buffered", Mib("Buffers"));
        Size("system.mem.shared", Mib("Shmem"));
        Size("system.mem.slab", Mib("Slab"));
        Size("system.mem.slab_reclaimable", Mib("SReclaimable"));
        Size("system.mem.page_tables", Mib("PageTables"));
        Size("system.mem.commit_limit", Mib("CommitLimit"));
        Size("system.mem.committed_as", Mib("Committed_AS"));
        var (swapTotal, swapFree) = (Mib("SwapTotal") ?? 0, Mib("SwapFree") ?? 0);
        Size("system.swap.total", swapTotal);
        Size("system.swap.free", swapFree);
        Size("system.swap.used", swapTotal - swapFree);
        output.Gauge("system.swap.pct_free", swapTotal > 0 ? swapFree / swapTotal : 1);
        Size("system.swap.cached", Mib("SwapCached"));
        if (CountIn(vmstat, "pswpin ") is { } pagesIn) output.Submit(CheckMetricKind.Rate, "system.swap.swap_in", pagesIn * PageMib, []);
        if (CountIn(vmstat, "pswpout ") is { } pagesOut) output.Submit(CheckMetricKind.Rate, "system.swap.swap_out", pagesOut * PageMib, []);
    }

    /// <summary>The number behind a name at the beginning of a line; null when there is none. Of the file's two hundred lines two are wanted.</summary>
    static double? CountIn(ReadOnlySpan<char> text, string name)
    {
        foreach (var line in text.EnumerateLines())
            if (line.StartsWith(name, StringComparison.Ordinal)) return ProcText.Number(line[name.Length..].ToString());
        return null;
    }

    static Dictionary<string, double> Table(string text, char separator)
    {
        var table = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var line in ProcText.Lines(text))
        {
            var end = line.IndexOf(separator, StringComparison.Ordinal);
            if (end > 0 && ProcText.Words(line[(end + 1)..]) is [var number, ..]) table[line[..end]] = ProcText.Number(number);
        }
        return table;
    }
}
