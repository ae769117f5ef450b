using System.Globalization;
using System.Runtime.InteropServices;

namespace Apm.TraceAgent.Checks.Python;

/// <summary>A process with all that it started and that stayed in its group: what they take, and their end.</summary>
/// <remarks>Linux; elsewhere nothing is known of a group, and only the process itself is ended.</remarks>
static partial class ProcessGroup
{
    const int SigKill = 9;

    /// <summary>How many processes are in the group, and how many bytes of memory they hold together.</summary>
    public static (int ProcessCount, long ResidentBytes) Measure(int groupId, string procFolder = "/proc")
    {
        var (count, pages) = (0, 0L);
        if (!OperatingSystem.IsLinux()) return (0, 0);
        foreach (var folder in Directory.EnumerateDirectories(procFolder))
        {
            if (!char.IsAsciiDigit(Path.GetFileName(folder)[0]) || ReadStat(folder) is not { } stat || GroupAndPages(stat) is not { } found || found.GroupId != groupId) continue;
            count++;
            pages += found.ResidentPages;
        }
        return (count, pages * Environment.SystemPageSize);
    }

    /// <summary>Reads a line of <c>/proc/PID/stat</c>; null when it is none. The name in it may hold blanks and brackets.</summary>
    internal static (int GroupId, long ResidentPages)? GroupAndPages(string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries); // From the state on, which is field 3.
        return fields.Length > 21 && int.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var group) && long.TryParse(fields[21], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var pages) ? (group, pages) : null;
    }

    /// <summary>Ends all of a group at once.</summary>
    public static void Kill(int groupId)
    {
        if (!OperatingSystem.IsWindows() && groupId > 1) _ = Signal(-groupId, SigKill);
    }

    static string? ReadStat(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "stat"));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null; // It has ended meanwhile.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int processId, int signal);
}
