using System.Globalization;

namespace Apm.TraceAgent.Checks.Processes;

/// <summary>What the kernel says of one process at one moment; null for what may not be read or is not kept.</summary>
public sealed record ProcessReading
{
    public required int Pid { get; init; }
    public required int ParentPid { get; init; }

    /// <summary>As the kernel has it, which cuts at 15 bytes; completed from the command line where that begins the same.</summary>
    public required string Name { get; init; }

    /// <summary>When it began, in ticks since the system did: a process id that is used again has another.</summary>
    public required double StartTicks { get; init; }

    public required double CpuTicks { get; init; }
    public required double Threads { get; init; }
    public required double MinorFaults { get; init; }
    public required double ChildrenMinorFaults { get; init; }
    public required double MajorFaults { get; init; }
    public required double ChildrenMajorFaults { get; init; }
    public double? ResidentBytes { get; init; }
    public double? VirtualBytes { get; init; }
    public double? SharedBytes { get; init; }
    public double? VoluntarySwitches { get; init; }
    public double? InvoluntarySwitches { get; init; }
    public double? OpenFiles { get; init; }
    public double? Reads { get; init; }
    public double? Writes { get; init; }
    public double? ReadBytes { get; init; }
    public double? WrittenBytes { get; init; }
    public int? UserId { get; init; }
}

/// <summary>Reads Linux's <c>/proc</c>. A process that ends meanwhile is as one that never was.</summary>
/// <param name="root">The folder; another in tests and in containers that mount the host's elsewhere.</param>
public sealed class ProcFiles(string root)
{
    /// <summary>What Linux counts CPU time in within /proc, per second.</summary>
    public const double TicksPerSecond = 100;

    const double PageBytes = 4096; // Of the architectures that .NET runs on with default kernels; only shared memory is told in pages.

    /// <summary>The ids of all processes.</summary>
    /// <exception cref="CheckFailedException">There is no such folder.</exception>
    public IReadOnlyList<int> Ids()
    {
        try
        {
            return [.. Directory.EnumerateDirectories(root).Select(Path.GetFileName).Where(name => name is { Length: > 0 } && char.IsAsciiDigit(name[0]))
                .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0).Where(pid => pid > 0)];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CheckFailedException($"process: {root} cannot be read: {fault.Message} The check needs Linux's /proc.", fault);
        }
    }

    /// <summary>Null when there is no such process.</summary>
    public ProcessReading? Read(int pid)
    {
        // pid (name) state ppid …; the name may hold blanks and brackets.
        if (Text(pid, "stat") is not { } line || line.LastIndexOf(')') is not (>= 0 and var end) || line.IndexOf('(', StringComparison.Ordinal) is not (>= 0 and var begin)) return null;
        var fields = line[(end + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 20) return null;
        var status = Pairs(pid, "status");
        var io = Pairs(pid, "io");
        var pages = Text(pid, "statm")?.Split(' ');
        return new ProcessReading
        {
            Pid = pid,
            ParentPid = (int)Field(1),
            Name = FullName(pid, line[(begin + 1)..end]),
            StartTicks = Field(19),
            CpuTicks = Field(11) + Field(12),
            Threads = Field(17),
            MinorFaults = Field(7),
            ChildrenMinorFaults = Field(8),
            MajorFaults = Field(9),
            ChildrenMajorFaults = Field(10),
            VirtualBytes = Kibibytes(status, "VmSize"),
            ResidentBytes = Kibibytes(status, "VmRSS"),
            SharedBytes = pages is { Length: > 2 } && Number(pages[2]) is { } shared ? shared * PageBytes : null,
            VoluntarySwitches = Number(status.GetValueOrDefault("voluntary_ctxt_switches")),
            InvoluntarySwitches = Number(status.GetValueOrDefault("nonvoluntary_ctxt_switches")),
            UserId = (int?)Number(status.GetValueOrDefault("Uid")?.Split('\t', ' ')[0]),
            OpenFiles = CountOfFiles(pid),
            Reads = Number(io.GetValueOrDefault("syscr")),
            Writes = Number(io.GetValueOrDefault("syscw")),
            ReadBytes = Number(io.GetValueOrDefault("read_bytes")),
            WrittenBytes = Number(io.GetValueOrDefault("write_bytes")),
        };

        double Field(int at) => Number(fields[at]) ?? 0;
    }

    /// <summary>Its command line, the arguments set apart by blanks; "" for one of the kernel's own.</summary>
    public string CommandLine(int pid) => (Text(pid, "cmdline") ?? "").Replace('\0', ' ').Trim();

    /// <summary>Its name, without reading the rest; null when there is no such process.</summary>
    public string? NameOf(int pid) => Text(pid, "comm") is { } name ? FullName(pid, name.TrimEnd('\n')) : null;

    /// <summary>When the system began, Unix seconds.</summary>
    public double? BootUnixSeconds() => Number(Lines("stat").FirstOrDefault(line => line.StartsWith("btime ", StringComparison.Ordinal))?[6..]);

    public double? TotalMemoryBytes() => Kibibytes(PairsIn(Lines("meminfo")), "MemTotal");

    public int Cores() => Math.Max(1, Lines("stat").Count(line => line.StartsWith("cpu", StringComparison.Ordinal) && line.Length > 3 && char.IsAsciiDigit(line[3])));

    string FullName(int pid, string name)
    {
        if (name.Length < 15) return name;
        var first = (Text(pid, "cmdline") ?? "").Split('\0')[0];
        var whole = first[(first.LastIndexOf('/') + 1)..];
        return whole.StartsWith(name, StringComparison.Ordinal) ? whole : name;
    }

    double? CountOfFiles(int pid)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(Path.Combine(root, pid.ToString(CultureInfo.InvariantCulture), "fd")).Count();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    Dictionary<string, string> Pairs(int pid, string file) => PairsIn((Text(pid, file) ?? "").Split('\n'));

    static Dictionary<string, string> PairsIn(IEnumerable<string> lines)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines)
            if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon) pairs[line[..colon]] = line[(colon + 1)..].Trim();
        return pairs;
    }

    static double? Kibibytes(Dictionary<string, string> pairs, string key) => Number(pairs.GetValueOrDefault(key)?.Split(' ')[0]) is { } value ? value * 1024 : null;

    static double? Number(string? text) => double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var number) ? number : null;

    string[] Lines(string file) => ReadText(Path.Combine(root, file))?.Split('\n') ?? [];

    string? Text(int pid, string file) => ReadText(Path.Combine(root, pid.ToString(CultureInfo.InvariantCulture), file));

    static string? ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null; // Ended meanwhile, or another user's.
        }
    }
}
