using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Apm.TestKit;

namespace Apm.Benchmarks;

/// <summary>Where benchmarks note what they measured, so that <c>all</c> can print one table of everything.</summary>
/// <remarks>One thread: benchmarks run one after the other.</remarks>
static class Figures
{
    static readonly List<(string What, string Figure, string Goal)> s_noted = [];

    /// <summary>True while <c>all</c> runs: its short runs must not replace the results of long ones.</summary>
    public static bool IsShort { get; set; }

    /// <param name="goal">"" where there is none.</param>
    public static void Note(string what, FormattableString figure, string goal = "") => s_noted.Add((what, figure.ToString(CultureInfo.InvariantCulture), goal));

    /// <summary>Writes a file of the results folder, unless the run is a short one.</summary>
    public static void WriteFile(string name, string text)
    {
        if (!IsShort) File.WriteAllText(PathOf(name), text);
    }

    public static string PathOf(string name) => Path.Combine(Fixtures.RepoRoot, "tests", "Benchmarks", "results", name);

    /// <summary>All that was noted, as a table.</summary>
    public static string Table()
    {
        var table = new StringBuilder("| What | Figure | Goal |\n|---|---|---|\n");
        foreach (var (what, figure, goal) in s_noted) table.Append("| ").Append(what.Replace("|", "\\|", StringComparison.Ordinal)).Append(" | ").Append(figure).Append(" | ").Append(goal).Append(" |\n");
        return table.ToString();
    }

    /// <summary>What a figure depends on, in one line.</summary>
    public static string Machine()
    {
        var model = "unknown processor";
        if (File.Exists("/proc/cpuinfo") && File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) is { } found)
            model = found[(found.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        var load = File.Exists("/proc/loadavg") ? $"; load average {string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3])}" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC; {model}, {Environment.ProcessorCount} cores; {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1_073_741_824.0:F0} GiB of memory; {RuntimeInformation.OSDescription}; {RuntimeInformation.FrameworkDescription}{load}");
    }
}
