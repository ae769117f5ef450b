namespace Apm.TraceAgent.Checks.HostMetrics;

/// <summary><c>system.load.*</c> from <c>/proc/loadavg</c>: processes that ran or wanted to, over 1, 5 and 15 minutes; also per core.</summary>
static class LoadAverage
{
    static readonly string[] Minutes = ["1", "5", "15"];

    public static void Submit(string text, int coreCount, ICheckOutput output)
    {
        var words = ProcText.Words(text);
        if (words.Length < 3) throw new CheckFailedException("/proc/loadavg does not begin with three numbers.");
        foreach (var (minutes, word) in Minutes.Zip(words))
        {
            output.Gauge($"system.load.{minutes}", ProcText.Number(word));
            output.Gauge($"system.load.norm.{minutes}", ProcText.Number(word) / Math.Max(1, coreCount));
        }
    }
}

/// <summary><c>system.fs.file_handles.*</c> from <c>/proc/sys/fs/file-nr</c>: allocated, of those unused, most.</summary>
static class FileHandles
{
    public static void Submit(string text, ICheckOutput output)
    {
        var words = ProcText.Words(text.Trim());
        if (words.Length < 3) throw new CheckFailedException("/proc/sys/fs/file-nr does not have three numbers.");
        var (allocated, unused, max) = (ProcText.Number(words[0]), ProcText.Number(words[1]), ProcText.Number(words[2]));
        output.Gauge("system.fs.file_handles.allocated", allocated);
        output.Gauge("system.fs.file_handles.allocated_unused", unused);
        output.Gauge("system.fs.file_handles.used", allocated - unused);
        output.Gauge("system.fs.file_handles.max", max);
        if (max > 0) output.Gauge("system.fs.file_handles.in_use", (allocated - unused) / max);
    }
}
