using Apm.Core.Errors;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Stats;
using Apm.Core.Time;

namespace Apm.Storage.InMemory;

/// <summary>The statistics store's twin in memory: 10 s buckets only, nothing is dropped, nothing survives the process.</summary>
public sealed class InMemoryStatsStore : IStatsStore
{
    readonly Lock _lock = new();
    readonly SortedDictionary<long, List<StatsBucket>> _closed = [];
    readonly List<LedgerPage> _ledger = [];
    StatsCheckpoint? _checkpoint;

    public StatsCheckpoint? ReadCheckpoint()
    {
        lock (_lock) return _checkpoint is null ? null : Copy(_checkpoint);
    }

    public void Write(StatsCheckpoint checkpoint)
    {
        lock (_lock)
        {
            foreach (var bucket in checkpoint.Closed)
            {
                if (!_closed.TryGetValue(bucket.StartUnixNanos, out var buckets)) _closed.Add(bucket.StartUnixNanos, buckets = []);
                buckets.Add(Copy(bucket));
            }
            _ledger.AddRange(checkpoint.Ledger.Closed.Select(page => page.Copy()));
            _checkpoint = Copy(checkpoint) with { Closed = [] };
        }
    }

    public IEnumerable<StatsRow> Read(TimeRange range, StatsFilter filter, long coarsestNanos)
    {
        lock (_lock)
        {
            return
            [
                .. from buckets in _closed
                   where buckets.Key < range.ToUnixNanos && buckets.Key + StatsBucket.CountedWidthNanos > range.FromUnixNanos
                   from bucket in buckets.Value
                   from cell in bucket.Cells
                   where filter.Accepts(cell.Key)
                   select new StatsRow(bucket.StartUnixNanos, bucket.WidthNanos, cell.Key, Copy(cell.Value)),
            ];
        }
    }

    public IEnumerable<IssueCountRow> ReadIssueCounts(TimeRange range, IssueId? issue, long coarsestNanos)
    {
        lock (_lock)
        {
            return
            [
                .. from buckets in _closed
                   where buckets.Key < range.ToUnixNanos && buckets.Key + StatsBucket.CountedWidthNanos > range.FromUnixNanos
                   from bucket in buckets.Value
                   from count in bucket.Issues
                   where issue is null || count.Key.Issue == issue
                   select new IssueCountRow(bucket.StartUnixNanos, bucket.WidthNanos, count.Key, count.Value),
            ];
        }
    }

    public StoredLedger ReadLedger(TimeRange range, string? service, long coarsestNanos)
    {
        lock (_lock)
        {
            var pages = _ledger.Where(page => range.Overlaps(page.StartUnixNanos, page.EndUnixNanos - 1));
            return new StoredLedger(_checkpoint?.Ledger.Number ?? 0, [.. pages.SelectMany(page => page.Rows(service))]);
        }
    }

    public void Dispose()
    {
    }

    static StatsCheckpoint Copy(StatsCheckpoint checkpoint) => checkpoint with
    {
        Open = [.. checkpoint.Open.Select(Copy)],
        Ledger = checkpoint.Ledger with { Closed = [], Open = [.. checkpoint.Ledger.Open.Select(page => page.Copy())] },
    };

    static StatsBucket Copy(StatsBucket bucket)
    {
        var copy = new StatsBucket(bucket.StartUnixNanos, bucket.WidthNanos);
        foreach (var (key, cell) in bucket.Cells) copy.Cells.Add(key, Copy(cell));
        foreach (var (key, count) in bucket.Issues) copy.Issues.Add(key, count);
        return copy;
    }

    static StatsCell Copy(StatsCell cell)
    {
        var copy = new StatsCell();
        copy.Merge(cell);
        return copy;
    }
}
