using Apm.Core.Ports;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Query.Language;
using Apm.Query.Text;

namespace Apm.Query.Evaluate;

/// <summary>
/// Answers metric queries from the statistics of spans. Buckets start at multiples of the interval; those that start before
/// the window are left out, the last may be partial. Durations are merged as sketches, then read (metrics-monitors §5.4).
/// </summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class MetricQueries(IStatsReader stats)
{
    /// <summary>Most series that one query gives; default 500. More are left out, and the answer says so.</summary>
    public const int MaxSeries = 500;

    /// <summary>Evaluates a query text over a window.</summary>
    /// <exception cref="QueryTextException">The text is not a query, or asks for what there is not.</exception>
    /// <exception cref="StoreUnavailableException">The statistics cannot be read. Safe to retry.</exception>
    public QueryAnswer Evaluate(string text, TimeRange window) => Evaluate(MetricQueryParser.Parse(text), window);

    /// <summary>Evaluates queries over a window.</summary>
    /// <exception cref="QueryTextException">They ask for what there is not.</exception>
    /// <exception cref="StoreUnavailableException">The statistics cannot be read. Safe to retry.</exception>
    public QueryAnswer Evaluate(QueryList list, TimeRange window)
    {
        var series = new List<MetricSeries>();
        var warnings = new List<string>();
        for (var i = 0; i < list.Queries.Count; i++)
        {
            var found = Evaluate(list.Queries[i], i, window);
            if (found.Count > MaxSeries) warnings.Add($"Query {i + 1} has {found.Count} series; the first {MaxSeries} are given. Narrow its scope.");
            series.AddRange(found.Take(MaxSeries));
        }
        return new QueryAnswer(series, string.Join(' ', warnings));
    }

    List<MetricSeries> Evaluate(MetricQuery query, int index, TimeRange window)
    {
        var metric = TraceMetric.Of(query);
        var scope = query.Scope.Select(term => (Term: term, Read: ReaderOf(term.Key, term.At))).ToList();
        var by = query.By.Select(key => (key.Key, Read: ReaderOf(key.Key, key.At))).ToList();
        var interval = QueryIntervals.SecondsFor(window);
        var intervalNanos = interval * UnixTime.NanosPerSecond;

        var groups = new Dictionary<string, Group>(StringComparer.Ordinal);
        foreach (var row in stats.Read(window, FilterOf(metric, query), intervalNanos))
        {
            var start = UnixTime.Floor(row.StartUnixNanos, intervalNanos);
            if (start < window.FromUnixNanos || start >= window.ToUnixNanos) continue;
            if (row.Key.Name != metric.Operation || (metric.NeedsHttpStatus && row.Key.HttpStatusCode == 0)) continue;
            if (!scope.TrueForAll(entry => Holds(entry.Term, entry.Read(row.Key)))) continue;
            string[] tags = [.. by.Select(key => $"{key.Key}:{(key.Read(row.Key) is { Length: > 0 } value ? value : "N/A")}")];
            var scopeText = string.Join(',', tags);
            if (!groups.TryGetValue(scopeText, out var group)) groups.Add(scopeText, group = new Group(tags));
            group.Add(start, row, metric.Measure);
        }
        return [.. groups.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => Series(query, index, metric, interval, pair.Key, pair.Value))];
    }

    static MetricSeries Series(MetricQuery query, int index, TraceMetric metric, int interval, string groupText, Group group)
    {
        var scopeText = query.Scope.Count == 0 ? "*" : string.Join(',', query.Scope);
        var isRate = query.Modifiers.Any(modifier => modifier.Name == "as_rate");
        var filledIn = groupText.Length == 0 ? scopeText : query.Scope.Count == 0 ? groupText : $"{scopeText},{groupText}";
        return new MetricSeries
        {
            Metric = query.Metric,
            Expression = query.Print(filledIn, withGroups: false),
            Scope = groupText.Length == 0 ? scopeText : groupText,
            TagSet = group.Tags,
            IntervalSeconds = interval,
            Points = [.. group.Buckets.Select(bucket => new MetricPoint(
                bucket.Key / UnixTime.NanosPerSecond,
                metric.Measure == TraceMeasure.Durations ? bucket.Value.Seconds(query.Aggregator) : bucket.Value.Count(query.Aggregator) / (isRate ? interval : 1)))],
            Aggregator = query.Aggregator?.Name,
            QueryIndex = index,
            IsSeconds = metric.Measure == TraceMeasure.Durations && query.Aggregator?.Name is not "count",
        };
    }

    /// <summary>What every wanted cell must have goes to the store; the rest is looked at here.</summary>
    static StatsFilter FilterOf(TraceMetric metric, MetricQuery query)
    {
        string? Exact(string key) => query.Scope.FirstOrDefault(term => !term.IsNegated && term.Key == key && !term.Value.Text.Contains('*', StringComparison.Ordinal))?.Value.Text;
        return new StatsFilter { Name = metric.Operation, Service = Exact("service"), Env = Exact("env") };
    }

    static Func<StatsKey, string> ReaderOf(string key, TextRange at)
    {
        if (TraceTags.Reader(key) is { } reader) return reader;
        var nearest = NearestWord.Find(key, TraceTags.Keys);
        throw new QueryTextException(
            $"Unknown tag key \"{key}\" at column {at.Column}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", TraceTags.Keys)}.",
            at with { Length = Math.Min(at.Length, key.Length) }, nearest);
    }

    /// <summary>A value may be written as it is or as Datadog writes it in tags.</summary>
    static bool Holds(ScopeTerm term, string value) =>
        (term.Value.Matches(value) || (value.Length > 0 && term.Value.Matches(TraceTags.Normalised(value)))) != term.IsNegated;

    /// <summary>One result series while its cells come in.</summary>
    sealed class Group(IReadOnlyList<string> tags)
    {
        public IReadOnlyList<string> Tags { get; } = tags;
        public SortedDictionary<long, Bucket> Buckets { get; } = [];

        public void Add(long startUnixNanos, StatsRow row, TraceMeasure measure)
        {
            if (!Buckets.TryGetValue(startUnixNanos, out var bucket)) Buckets.Add(startUnixNanos, bucket = new Bucket());
            bucket.Add(row, measure);
        }
    }

    /// <summary>One point while its cells come in. A series is a cell's key: its sums over time come before those over series.</summary>
    sealed class Bucket
    {
        readonly Dictionary<StatsKey, double> _counts = [];
        readonly DDSketch _nanos = new();
        double _totalNanos;
        double _hits;

        public void Add(StatsRow row, TraceMeasure measure)
        {
            if (measure == TraceMeasure.Durations)
            {
                _nanos.Merge(row.Cell.OkNanos);
                _nanos.Merge(row.Cell.ErrorNanos);
                _totalNanos += row.Cell.DurationNanos;
                _hits += row.Cell.HitCount;
                return;
            }
            var count = measure == TraceMeasure.Hits ? row.Cell.HitCount : row.Cell.ErrorCount;
            _counts[row.Key] = _counts.GetValueOrDefault(row.Key) + count;
        }

        /// <summary>Without an aggregator the sum: what somebody means who asks for hits.</summary>
        public double Count(SpaceAggregator? aggregator) => aggregator?.Name switch
        {
            "avg" => _counts.Values.Average(),
            "min" => _counts.Values.Min(),
            "max" => _counts.Values.Max(),
            "count" => _counts.Count,
            _ => _counts.Values.Sum(),
        };

        /// <summary>Without an aggregator the average, as Datadog has it.</summary>
        public double Seconds(SpaceAggregator? aggregator)
        {
            if (aggregator?.Name == "count") return _hits;
            var nanos = aggregator switch
            {
                { Quantile: { } quantile } => _nanos.Quantile(quantile),
                { Name: "min" } => _nanos.Quantile(0),
                { Name: "max" } => _nanos.Quantile(1),
                { Name: "sum" } => _totalNanos,
                _ => _hits > 0 ? _totalNanos / _hits : double.NaN,
            };
            return nanos / UnixTime.NanosPerSecond;
        }
    }
}
