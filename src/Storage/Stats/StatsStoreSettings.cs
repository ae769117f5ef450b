using Apm.Core.Limits;
using Apm.Core.Ports;

namespace Apm.Storage.Stats;

/// <summary>Limits of the statistics on disk. Whole hours are dropped, and counted in <c>stats_hours_dropped</c>.</summary>
public sealed record StatsStoreSettings
{
    /// <summary>How long buckets of 10 s are kept; default 7 days. Later there are those of a minute.</summary>
    public TimeSpan KeepTenSeconds { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long buckets of a minute are kept; default 30 days. Later there are those of an hour.</summary>
    public TimeSpan KeepMinutes { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How long buckets of an hour are kept; default 400 days.</summary>
    public TimeSpan KeepHours { get; init; } = TimeSpan.FromDays(400);

    /// <summary>Most bytes of all files, whatever comes; default 1.25 GB. Beyond, the oldest hours go, the finest of them first.</summary>
    public long MaxBytes { get; init; } = 1_250_000_000;

    /// <summary>
    /// Where counting goes on when the checkpoint is damaged: what the traces cover. Up to there nearly all is in closed
    /// buckets; replaying it would count it twice.
    /// </summary>
    public LogPosition CoveredWhenCheckpointIsLost { get; init; }

    /// <summary>Told in one sentence of what went wrong and what it means. Any thread. Default: nobody.</summary>
    public Action<string> OnTrouble { get; init; } = static _ => { };

    /// <summary>Most bytes of buckets held in memory for reading; default 48 MiB. Others are read from disk again.</summary>
    public long MaxCachedBytes { get; init; } = 50_331_648;

    /// <summary>What those buckets take their memory from; default one without a ceiling.</summary>
    public MemoryBudget Memory { get; init; } = MemoryBudget.None();

    /// <summary>How long the ledger is kept by minute; default 2 days. Later there are hours.</summary>
    public TimeSpan KeepLedgerMinutes { get; init; } = TimeSpan.FromDays(2);

    /// <summary>How long the ledger is kept by hour; default 90 days.</summary>
    public TimeSpan KeepLedgerHours { get; init; } = TimeSpan.FromDays(90);
}
