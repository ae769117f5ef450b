namespace Apm.Storage;

/// <summary>
/// How the bytes of a data folder are shared out. The sum of the parts never exceeds the whole, so the whole is a promise:
/// log, statistics and metrics have fixed parts, everything small is measured, and traces get the rest.
/// </summary>
public sealed record StorageBudget
{
    /// <summary>Most bytes of a data folder unless told otherwise: 10 GB.</summary>
    public const long DefaultMaxBytes = 10_000_000_000;

    /// <summary>The least that works: 64 MiB. Below, a payload of usual size would not fit into the log.</summary>
    public const long MinMaxBytes = 67_108_864;

    const long SmallLogBytes = 67_108_864;
    const long MostLogBytes = 2_147_483_648;

    /// <exception cref="ArgumentOutOfRangeException">Less than <see cref="MinMaxBytes"/>.</exception>
    public StorageBudget(long maxBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBytes, MinMaxBytes);
        MaxBytes = maxBytes;
    }

    /// <summary>Most bytes of everything in the folder.</summary>
    public long MaxBytes { get; }

    /// <summary>For the payload log, an eighth; more when that would be little. A segment that is set aside for what comes is in it.</summary>
    public long LogBytes => Math.Min(MostLogBytes, Math.Max(MaxBytes / 8, Math.Min(SmallLogBytes, MaxBytes / 4)));

    /// <summary>One segment of the log.</summary>
    public int LogSegmentBytes => (int)Math.Clamp(LogBytes / 8, 1_048_576, 67_108_864);

    /// <summary>The largest payload that the log takes.</summary>
    public int LogRecordBytes => (int)Math.Min(33_554_432, LogBytes - (2L * LogSegmentBytes));

    /// <summary>The largest body of a request that fits into a record together with what is noted of its sender.</summary>
    public int BodyBytes => LogRecordBytes - (LogRecordBytes / 8);

    /// <summary>For statistics, an eighth.</summary>
    public long StatsBytes => MaxBytes / 8;

    /// <summary>For metrics, an eighth: a fifth of it for their log, the rest for their files.</summary>
    public long MetricsBytes => MaxBytes / 8;

    /// <summary>For the log of the metrics that are not yet in a file.</summary>
    public long MetricsLogBytes => MetricsBytes / 5;

    /// <summary>Bytes of a database's log before they are carried over: two databases must fit into what is kept for small things.</summary>
    public int DatabaseLogPages => (int)Math.Clamp(MaxBytes / 64 / 8_192, 64, 1_000);

    /// <summary>For files that were set aside; beyond, the oldest of them are deleted.</summary>
    public long SetAsideBytes => MaxBytes / 16;

    /// <summary>For traces: what is left.</summary>
    /// <param name="smallBytes">Measured bytes of all that has no part of its own: documents, catalogues, files set aside. A quarter more is left for them.</param>
    public long TraceBytes(long smallBytes)
    {
        var small = Math.Max(smallBytes + (smallBytes / 4), Math.Max(MaxBytes / 32, Math.Min(8_388_608, MaxBytes / 8)));
        return Math.Max(MaxBytes / 32, MaxBytes - LogBytes - StatsBytes - MetricsBytes - small);
    }

    /// <summary>The budget that a disk can keep: what is there already, and what is free beyond what must stay free.</summary>
    /// <param name="usedBytes">Bytes of the folder now.</param>
    /// <param name="freeBytes">Bytes that the disk has left.</param>
    /// <param name="keptFreeBytes">Bytes below which the intake stops.</param>
    public StorageBudget Within(long usedBytes, long freeBytes, long keptFreeBytes) =>
        new(Math.Clamp(usedBytes + Math.Max(0, freeBytes - keptFreeBytes), MinMaxBytes, MaxBytes));
}
