using Apm.Core.Metrics;
using Apm.Core.Ports;

namespace Apm.Monitors.Replay;

/// <summary>Says of metrics when they last came as that was known at the time that is replayed.</summary>
/// <remarks>Not thread-safe.</remarks>
sealed class MetricsAsOf(IMetricReader reader, PastClock clock) : IMetricReader
{
    /// <summary>How far back the last point is looked for, piece by piece: an hour, then days of wider buckets.</summary>
    static readonly (int PieceSeconds, int StepSeconds)[] s_pieces = [(3_600, 60), .. Enumerable.Repeat((86_400, 300), 7)];

    const int FinestSeconds = 10;

    public IReadOnlyList<MetricInfo> Metrics(long sinceUnixSeconds) => reader.Metrics(sinceUnixSeconds);

    public MetricInfo? Find(string metric)
    {
        if (reader.Find(metric) is not { } info || info.LastUnixSeconds <= clock.UnixSeconds) return reader.Find(metric);
        var to = clock.UnixSeconds;
        foreach (var (piece, step) in s_pieces)
        {
            if (LastIn(metric, to - piece, to, step) is { } last) return info with { LastUnixSeconds = LastIn(metric, last, Math.Min(to, last + step), FinestSeconds) ?? last };
            to -= piece;
        }
        return null; // As far as anybody would have looked.
    }

    public MetricType? TypeOf(string metric) => reader.TypeOf(metric);

    public IReadOnlyList<SeriesInfo> Series(string metric, long sinceUnixSeconds) => reader.Series(metric, sinceUnixSeconds);

    public IReadOnlyList<SeriesBuckets> Read(MetricRead read, CancellationToken cancel) => reader.Read(read, cancel);

    /// <summary>Start of the last bucket with a point; null when none has one.</summary>
    long? LastIn(string metric, long from, long to, int stepSeconds)
    {
        var read = new MetricRead(metric, from / stepSeconds * stepSeconds, to, stepSeconds);
        var last = reader.Read(read, CancellationToken.None).Select(series => Array.FindLastIndex(series.Counts, count => count > 0)).DefaultIfEmpty(-1).Max();
        return last < 0 ? null : read.FirstUnixSeconds + (long)last * stepSeconds;
    }
}
