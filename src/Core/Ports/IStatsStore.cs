using Apm.Core.Errors;
using Apm.Core.Ledger;
using Apm.Core.Stats;
using Apm.Core.Time;

namespace Apm.Core.Ports;

/// <summary>Which cells a reader wants; null means any.</summary>
public sealed record StatsFilter
{
    public static StatsFilter Any { get; } = new();

    public string? Service { get; init; }
    public string? Env { get; init; }
    public string? Name { get; init; }
    public string? Resource { get; init; }
    public string? Version { get; init; }

    public bool Accepts(StatsKey key) =>
        (Service is null || key.Service == Service) && (Env is null || key.Env == Env) && (Name is null || key.Name == Name)
        && (Resource is null || key.Resource == Resource) && (Version is null || key.Version == Version);
}

/// <summary>One cell of one bucket. The cell must not be changed.</summary>
public readonly record struct StatsRow(long StartUnixNanos, long WidthNanos, StatsKey Key, StatsCell Cell);

/// <summary>Gives statistics out. Any thread may call it.</summary>
public interface IStatsReader
{
    /// <summary>
    /// The cells of all buckets that start in the range, open ones included, ordered by start. Buckets are 10 s wide
    /// where the store still has them so, else 1 min or 1 h; a stretch of time is never given at two widths.
    /// </summary>
    /// <param name="range">Widened by the store to whole buckets.</param>
    /// <param name="filter">Which keys.</param>
    /// <param name="coarsestNanos">The widest bucket the caller can use; a store may answer with any width up to it, and with a wider one where it has kept nothing finer.</param>
    IEnumerable<StatsRow> Read(TimeRange range, StatsFilter filter, long coarsestNanos);
}

/// <summary>The state of the statistics at one log position, taken as a whole.</summary>
/// <param name="Closed">Buckets that close with this checkpoint and never change again.</param>
/// <param name="Open">All buckets that are still open.</param>
/// <param name="OldestOpenStartUnixNanos">Spans that end earlier are late: they count in this bucket.</param>
/// <param name="Covered">Every log record up to here is counted in closed or open buckets, and none after it.</param>
public sealed record StatsCheckpoint(
    IReadOnlyList<StatsBucket> Closed, IReadOnlyList<StatsBucket> Open, long OldestOpenStartUnixNanos, LogPosition Covered)
{
    /// <summary>The ledger at the same position, so that a span is entered exactly once, as it is counted once.</summary>
    public LedgerCheckpoint Ledger { get; init; } = LedgerCheckpoint.None;

    /// <summary>The totals of issues at the same position.</summary>
    public IssueCheckpoint Issues { get; init; } = IssueCheckpoint.None;
}

/// <summary>Gives the ledger out. Any thread may call it.</summary>
public interface ILedgerReader
{
    /// <summary>The entries of all minutes that overlap a range, or of hours where minutes are no longer kept, or hours would do.</summary>
    /// <param name="range">By time of receipt; widened to whole stretches.</param>
    /// <param name="service">Only entries of one service; null for all.</param>
    /// <param name="coarsestNanos">The widest stretch that the caller can use.</param>
    /// <returns>Ordered by start, then service, outcome, reason; each once.</returns>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    IReadOnlyList<LedgerRow> ReadLedger(TimeRange range, string? service, long coarsestNanos);
}

/// <summary>
/// Keeps statistics. A checkpoint is kept whole or not at all, so that after a restart at any instant each span of the log
/// is counted exactly once: open buckets are taken up again, and the log is replayed from <see cref="StatsCheckpoint.Covered"/>.
/// </summary>
/// <remarks>One thread writes; any may read.</remarks>
public interface IStatsStore : IStatsReader, IIssueCounts, IDisposable
{
    /// <summary>The open buckets and the position of the last checkpoint; null when there was none.</summary>
    StatsCheckpoint? ReadCheckpoint();

    /// <summary>Keeps a checkpoint, durably. <see cref="IStatsReader.Read"/> of the store gives closed buckets only; open ones are the aggregator's.</summary>
    /// <exception cref="StoreUnavailableException">Nothing was kept; the same buckets may be offered again.</exception>
    void Write(StatsCheckpoint checkpoint);

    /// <summary>The closed pages of the ledger, as <see cref="ILedgerReader.ReadLedger"/> asks for them. Any thread.</summary>
    StoredLedger ReadLedger(TimeRange range, string? service, long coarsestNanos);
}
