using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Stats;
using Apm.Core.Time;

namespace Apm.Query.Scripts;

/// <summary>What a script says of spans, as the statistics that would be made of them.</summary>
sealed class ScriptSpans : IStatsReader
{
    readonly SortedDictionary<long, StatsBucket> _buckets = [];

    /// <summary>Adds what was counted in the ten seconds from a time on.</summary>
    /// <param name="what"><c>hits</c>, <c>errors</c>, or <c>durations</c>, of which each is one span, in milliseconds.</param>
    /// <returns>False for another word.</returns>
    public bool TryAdd(string what, IReadOnlyList<string> tags, long unixSeconds, double value)
    {
        var start = UnixTime.Floor(unixSeconds * UnixTime.NanosPerSecond, StatsBucket.CountedWidthNanos);
        if (!_buckets.TryGetValue(start, out var bucket)) _buckets.Add(start, bucket = new StatsBucket(start, StatsBucket.CountedWidthNanos));
        var cell = bucket.CellOf(KeyOf(tags));
        switch (what)
        {
            case "hits":
                cell.HitCount += value;
                cell.TopLevelHitCount += value;
                return true;
            case "errors":
                cell.ErrorCount += value;
                return true;
            case "durations":
                cell.HitCount++;
                cell.DurationNanos += value * UnixTime.NanosPerMillisecond;
                cell.OkNanos.Add(value * UnixTime.NanosPerMillisecond);
                return true;
            default:
                return false;
        }
    }

    public IEnumerable<StatsRow> Read(TimeRange range, StatsFilter filter, long coarsestNanos) =>
        from bucket in _buckets.Values
        where bucket.EndUnixNanos > range.FromUnixNanos && bucket.StartUnixNanos < range.ToUnixNanos
        from pair in bucket.Cells
        where filter.Accepts(pair.Key)
        select new StatsRow(bucket.StartUnixNanos, bucket.WidthNanos, pair.Key, pair.Value);

    static StatsKey KeyOf(IReadOnlyList<string> tags)
    {
        string Of(string key, string otherwise) => tags.FirstOrDefault(tag => tag.StartsWith(key + ":", StringComparison.Ordinal)) is { } tag ? tag[(key.Length + 1)..] : otherwise;
        return new StatsKey
        {
            Service = Of("service", "web"),
            Name = Of("operation", "flask.request"),
            Resource = Of("resource_name", "GET /"),
            Env = Of("env", "prod"),
            Version = Of("version", ""),
            Kind = Of("span.kind", ""),
            HttpStatusCode = int.Parse(Of("http.status_code", "0"), CultureInfo.InvariantCulture),
        };
    }
}
