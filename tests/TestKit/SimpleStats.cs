using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.Core.Time;

namespace Apm.TestKit;

/// <summary>Statistics counted straight from spans, in memory: top-level spans and calls. Enough for screens; no roll-ups, no rules of normalisation.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class SimpleStats : IStatsReader
{
    readonly Lock _lock = new();
    readonly SortedDictionary<long, StatsBucket> _buckets = [];

    /// <summary>Counts a span in the bucket in which it ended.</summary>
    public void Add(Span span)
    {
        if (!span.IsTopLevel && span.Kind is not (SpanKind.Client or SpanKind.Producer)) return;
        var key = new StatsKey
        {
            Service = span.Service,
            Name = span.Name,
            Resource = span.Resource,
            Type = span.Type,
            Env = span.Env,
            Version = span.Tag("version") ?? "",
            Kind = span.Tag("span.kind") ?? "",
            HttpStatusCode = int.TryParse(span.Tag("http.status_code"), out var code) ? code : 0,
            IsTraceRoot = span.ParentId.IsNone,
            PeerTags = span.Tag("peer.service") is { } peer ? "peer.service:" + peer : span.Tag("db.name") is { } db ? "db.name:" + db : "",
        };
        lock (_lock)
        {
            var start = UnixTime.Floor(span.EndUnixNanos, StatsBucket.CountedWidthNanos);
            if (!_buckets.TryGetValue(start, out var bucket)) _buckets.Add(start, bucket = new StatsBucket(start, StatsBucket.CountedWidthNanos));
            var cell = bucket.CellOf(key);
            cell.HitCount++;
            if (span.IsTopLevel) cell.TopLevelHitCount++;
            if (span.IsError) cell.ErrorCount++;
            cell.DurationNanos += span.DurationNanos;
            (span.IsError ? cell.ErrorNanos : cell.OkNanos).Add(span.DurationNanos);
        }
    }

    /// <inheritdoc/>
    public IEnumerable<StatsRow> Read(TimeRange range, StatsFilter filter, long coarsestNanos)
    {
        lock (_lock)
        {
            return [.. _buckets.Values.Where(bucket => bucket.StartUnixNanos < range.ToUnixNanos && bucket.EndUnixNanos > range.FromUnixNanos)
                .SelectMany(bucket => bucket.Cells.Where(cell => filter.Accepts(cell.Key)).Select(cell => new StatsRow(bucket.StartUnixNanos, bucket.WidthNanos, cell.Key, cell.Value)))];
        }
    }
}
