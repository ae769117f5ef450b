using Apm.Core.Ports;

namespace Apm.Monitors.Replay;

/// <summary>How far apart the points of a metric are, as they came lately.</summary>
public static class DataInterval
{
    /// <summary>How far back is looked.</summary>
    const long LookBackSeconds = 6 * 3_600;

    /// <summary>Series looked at; they are mostly alike.</summary>
    const int MostSeries = 20;

    const int StepSeconds = 10;

    /// <summary>Seconds between most points; null when there are too few to say.</summary>
    /// <exception cref="StoreUnavailableException">The points cannot be read. Safe to retry.</exception>
    public static int? SecondsOf(IMetricReader reader, string metric, long nowUnixSeconds, CancellationToken cancel = default)
    {
        var chosen = reader.Series(metric, nowUnixSeconds - LookBackSeconds).Take(MostSeries).Select(series => series.Key.Tags).ToHashSet();
        if (chosen.Count == 0) return null;
        var gaps = new List<int>();
        foreach (var series in reader.Read(new MetricRead(metric, nowUnixSeconds - LookBackSeconds, nowUnixSeconds, StepSeconds) { Accepts = chosen.Contains, NeedsSketches = false }, cancel))
        {
            var last = -1;
            for (var i = 0; i < series.Counts.Length; i++)
            {
                if (series.Counts[i] == 0) continue;
                if (last >= 0) gaps.Add((i - last) * StepSeconds);
                last = i;
            }
        }
        if (gaps.Count < 3) return null;
        gaps.Sort();
        return gaps[gaps.Count / 2];
    }
}
