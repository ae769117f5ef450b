using Apm.Core.Errors;

namespace Apm.Core.Stats;

/// <summary>All cells of one span of time. A span belongs to the bucket in which it ended.</summary>
/// <param name="StartUnixNanos">A multiple of <paramref name="WidthNanos"/>.</param>
/// <param name="WidthNanos">10 s where spans are counted; 1 min and 1 h in roll-ups.</param>
/// <remarks>Not thread-safe.</remarks>
public sealed record StatsBucket(long StartUnixNanos, long WidthNanos)
{
    /// <summary>Width of the buckets in which spans are counted.</summary>
    public const long CountedWidthNanos = 10_000_000_000;

    /// <summary>Memory of a cell with its key and its sketches, on average of real services.</summary>
    public const int MemoryBytesPerCell = 1_024;

    /// <summary>
    /// Most issue counts in one bucket; default 4 000. What would be more counts under the issue alone, without environment and with the version
    /// <see cref="OtherVersions"/>, and in <c>issue_counts_over_limit</c>: there are never more of these than issues.
    /// </summary>
    public const int MaxIssueCounts = 4_000;

    /// <summary>Stands for versions beyond <see cref="MaxIssueCounts"/>.</summary>
    public const string OtherVersions = "(other versions)";

    public Dictionary<StatsKey, StatsCell> Cells { get; } = [];

    /// <summary>Errors by issue.</summary>
    public Dictionary<IssueCountKey, long> Issues { get; } = [];

    public long EndUnixNanos => StartUnixNanos + WidthNanos;

    /// <summary>Counts errors of an issue.</summary>
    /// <returns>False when there were too many keys, and they count without version and environment.</returns>
    public bool AddIssue(IssueCountKey key, long count)
    {
        var fits = Issues.Count < MaxIssueCounts || Issues.ContainsKey(key) || key.Version == OtherVersions;
        if (!fits) key = new IssueCountKey(key.Issue, "", OtherVersions);
        Issues[key] = Issues.GetValueOrDefault(key) + count;
        return fits;
    }

    /// <summary>The cell of a key, made when new.</summary>
    public StatsCell CellOf(StatsKey key)
    {
        if (!Cells.TryGetValue(key, out var cell)) Cells.Add(key, cell = new StatsCell());
        return cell;
    }
}
