using Apm.Core.Errors;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.TraceAgent.Aggregate;

/// <summary>Statistics as they stand now: closed buckets from the store, open ones from the aggregator.</summary>
/// <remarks>Thread-safe. Asks the aggregator first: a bucket that moves to the store meanwhile is then left out of the store's answer.</remarks>
public sealed class LiveStatsReader(StatsAggregator aggregator, IStatsStore store) : IStatsReader, IIssueCounts
{
    /// <inheritdoc/>
    public IEnumerable<StatsRow> Read(TimeRange range, StatsFilter filter, long coarsestNanos)
    {
        var open = aggregator.ReadOpen(range, filter, out var openStarts);
        var closed = store.Read(range, filter, coarsestNanos).Where(row => !openStarts.Contains(row.StartUnixNanos));
        return closed.Concat(open); // Whatever is closed is older than whatever is open.
    }

    /// <inheritdoc/>
    public IEnumerable<IssueCountRow> ReadIssueCounts(TimeRange range, IssueId? issue, long coarsestNanos)
    {
        var open = aggregator.ReadOpenIssueCounts(range, issue, out var openStarts);
        var closed = store.ReadIssueCounts(range, issue, coarsestNanos).Where(row => !openStarts.Contains(row.StartUnixNanos));
        return closed.Concat(open);
    }
}
