using Apm.Core.Ports;
using Apm.Core.Stats;
using Apm.Core.Time;

namespace Apm.TestKit;

/// <summary>Statistics of a test, read as from a store that keeps only what was counted in 10 s.</summary>
public sealed class StatsList(params IEnumerable<StatsBucket> buckets) : IStatsReader
{
    readonly List<StatsBucket> _buckets = [.. buckets.OrderBy(bucket => bucket.StartUnixNanos)];

    public IEnumerable<StatsRow> Read(TimeRange range, StatsFilter filter, long coarsestNanos) =>
        from bucket in _buckets
        where bucket.EndUnixNanos > range.FromUnixNanos && bucket.StartUnixNanos < range.ToUnixNanos
        from pair in bucket.Cells
        where filter.Accepts(pair.Key)
        select new StatsRow(bucket.StartUnixNanos, bucket.WidthNanos, pair.Key, pair.Value);
}
