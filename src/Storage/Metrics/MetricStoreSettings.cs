using Apm.Core.Limits;

namespace Apm.Storage.Metrics;

/// <summary>Limits of the metric store on disk. Whole files of a day are dropped, and counted in <c>metric_days_dropped</c>.</summary>
public sealed record MetricStoreSettings
{
    /// <summary>How long points are kept as they came; default 15 days, at least 2. Later there are roll-ups of a minute. Older points are not taken, nor those of the last of these days.</summary>
    public TimeSpan KeepRaw { get; init; } = TimeSpan.FromDays(15);

    /// <summary>How long roll-ups of a minute are kept; default 91 days, three months. Later there are those of an hour.</summary>
    public TimeSpan KeepMinutes { get; init; } = TimeSpan.FromDays(91);

    /// <summary>How long roll-ups of an hour are kept; default 456 days, fifteen months.</summary>
    public TimeSpan KeepHours { get; init; } = TimeSpan.FromDays(456);

    /// <summary>Most bytes of all files but the log, whatever comes; default 1 GB. Beyond, files go that have had most of their time.</summary>
    public long MaxBytes { get; init; } = 1_000_000_000;

    /// <summary>Most bytes of the log of what is not yet in a file; default 250 MB. From half of it on the points are flushed; beyond all of it they are refused.</summary>
    public long MaxLogBytes { get; init; } = 250_000_000;

    /// <summary>Memory of points that wait to be flushed; default 64 MiB. From half of it on they are flushed; beyond all of it points are refused until they are.</summary>
    public long MaxWaitingBytes { get; init; } = 67_108_864;

    /// <summary>Points wait so long at most; default 1 h. They can be read and are durable meanwhile.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromHours(1);

    /// <summary>A day is rolled up so long after its end; default 2 h. Points that come later have it rolled up again.</summary>
    public TimeSpan RollUpAfter { get; init; } = TimeSpan.FromHours(2);

    /// <summary>Series of one metric that had a point in the last day; default 20,000. Points of further ones are dropped, counted in <c>metric_points_dropped{cardinality}</c>.</summary>
    public int MaxSeriesPerMetric { get; init; } = 20_000;

    /// <summary>Series of all metrics that had a point in the last day; default 100,000. As above.</summary>
    public int MaxSeries { get; init; } = 100_000;

    /// <summary>How far ahead of the clock a point may be; default 1 day, so that no file is made for the year 5000. The intake is stricter.</summary>
    public TimeSpan MaxAhead { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Memory for the names of series in files that were read lately; default 16 MiB. Others are read from disk again.</summary>
    public long MaxDirectoryBytes { get; init; } = 16_777_216;

    /// <summary>What waiting points, series and names take their memory from; default one without a ceiling.</summary>
    public MemoryBudget Memory { get; init; } = MemoryBudget.None();

    /// <summary>Told in one sentence of what went wrong and what it means. Any thread. Default: nobody.</summary>
    public Action<string> OnTrouble { get; init; } = static _ => { };
}
