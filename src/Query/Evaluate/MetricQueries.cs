using Apm.Core.Counting;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Frames;
using Apm.Query.Functions;
using Apm.Query.Language;
using Apm.Query.Metrics;
using Apm.Query.Text;

namespace Apm.Query.Evaluate;

/// <summary>
/// Answers metric queries (docs/metric-queries.md). Buckets start at multiples of the interval; those that start before the window are left
/// out, the last may be partial.
/// </summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class MetricQueries(IMetricReader reader, IHostTags hosts, IMetricUnits units, Counters counters, TimeProvider clock)
{
    /// <summary>Most series that one query gives; default 500. More are left out, and the answer says so.</summary>
    public const int MaxSeries = 500;

    /// <summary>Longest work on the queries of one text; default 10 s.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(10);

    /// <summary>Makes one value of a distribution's query by reading its aggregator from all values of the window together.</summary>
    public const string Percentile = "percentile";

    /// <summary>The counter of queries that were given up, by reason.</summary>
    public const string RefusedCounter = "metric_queries_refused";

    /// <summary>The counter of series that were left out of answers.</summary>
    public const string LeftOutCounter = "metric_query_series_left_out";

    /// <summary>Evaluates a query text over a window.</summary>
    /// <exception cref="QueryTextException">The text is not a query, or asks for what there is not.</exception>
    /// <exception cref="QueryLimitException">It asks for more than is answered; counted.</exception>
    /// <exception cref="StoreUnavailableException">The numbers cannot be read. Safe to retry.</exception>
    public QueryAnswer Evaluate(string text, TimeRange window, QueryOptions? options = null, CancellationToken cancel = default) => Evaluate(MetricQueryParser.Parse(text), window, options, cancel);

    /// <summary>Evaluates queries over a window.</summary>
    /// <exception cref="QueryTextException">They ask for what there is not.</exception>
    /// <exception cref="QueryLimitException">They ask for more than is answered; counted.</exception>
    /// <exception cref="StoreUnavailableException">The numbers cannot be read. Safe to retry.</exception>
    public QueryAnswer Evaluate(QueryList list, TimeRange window, QueryOptions? options = null, CancellationToken cancel = default)
    {
        options ??= QueryOptions.None;
        return Guarded(stop =>
        {
            var (series, warnings, budget) = (new List<MetricSeries>(), new List<string>(), new ReadBudget());
            for (var i = 0; i < list.Queries.Count; i++)
            {
                var query = VariableScopes.Resolve(list.Queries[i], options.Variables);
                var frame = Frame(query, window, options, warnings, budget, stop);
                if (frame.Lines.Count > MaxSeries)
                {
                    counters.Add(LeftOutCounter, count: frame.Lines.Count - MaxSeries);
                    warnings.Add($"Query {i + 1} has {frame.Lines.Count} series; the first {MaxSeries} are given. Narrow its scope.");
                }
                foreach (var line in frame.Lines.Take(MaxSeries)) series.AddRange(SeriesOfLine.Of(query, i, frame, line));
            }
            return new QueryAnswer(series, string.Join(' ', warnings.Distinct()));
        }, cancel);
    }

    /// <summary>Evaluates one query to its series, whatever their number; for those who compute with them.</summary>
    /// <param name="warnings">What there is to say is added.</param>
    /// <exception cref="QueryTextException">It asks for what there is not.</exception>
    /// <exception cref="QueryLimitException">It asks for more than is answered; counted.</exception>
    /// <exception cref="StoreUnavailableException">The numbers cannot be read. Safe to retry.</exception>
    public SeriesFrame Evaluate(QueryNode query, TimeRange window, QueryOptions options, ICollection<string> warnings, CancellationToken cancel = default) =>
        Guarded(stop => Frame(VariableScopes.Resolve(query, options.Variables), window, options, warnings, new ReadBudget(), stop), cancel);

    /// <summary>Evaluates queries to one value per series each, then formulas over those.</summary>
    /// <param name="queries">The queries that the formulas are made of, each with how its points become one: <c>avg</c>, <c>sum</c>, <c>min</c>, <c>max</c>, <c>last</c>, <c>area</c>, <c>l2norm</c>, or <see cref="Percentile"/>.</param>
    /// <returns>One result per formula, of one bucket.</returns>
    /// <exception cref="QueryTextException">They ask for what there is not.</exception>
    /// <exception cref="QueryLimitException">They ask for more than is answered; counted.</exception>
    /// <exception cref="StoreUnavailableException">The numbers cannot be read. Safe to retry.</exception>
    public IReadOnlyList<SeriesFrame> Scalars(IReadOnlyList<(QueryNode Query, string Aggregator)> queries, IReadOnlyList<QueryNode> formulas, TimeRange window, QueryOptions options, ICollection<string> warnings, CancellationToken cancel = default) => Guarded(stop =>
    {
        var budget = new ReadBudget();
        var run = new QueryRun(reader, hosts, units, budget, NowUnixSeconds, stop);
        var one = new TimeGrid(window.FromUnixNanos / UnixTime.NanosPerSecond, (int)Math.Max(1, window.LengthNanos / UnixTime.NanosPerSecond), 1);
        foreach (var (query, aggregator) in queries)
        {
            var frame = Frame(VariableScopes.Resolve(query, options.Variables), window, options, warnings, budget, stop, joinsWindow: aggregator == Percentile);
            var step = frame.Grid.StepSeconds;
            run.Give(query, frame.With(one, frame.Keys, [.. frame.Lines.Select(line => line.With([RankFunctions.RankOf(line.Values, aggregator == Percentile ? "last" : aggregator, step)]))]));
        }
        foreach (var formula in formulas) QueryFunctions.Check(formula);
        return (IReadOnlyList<SeriesFrame>)[.. formulas.Select(formula => run.Evaluate(formula, one))];
    }, cancel);

    /// <summary>All values of a distribution over time, those of every series in the query's scope joined.</summary>
    /// <param name="query">One metric without functions; its aggregator and groups are not looked at, for none is needed where each value is shown.</param>
    /// <param name="columnCount">Buckets at most.</param>
    /// <returns>Null when the query is something else, or its metric no distribution with a value in the window.</returns>
    /// <exception cref="QueryLimitException">It asks for more than is answered; counted.</exception>
    /// <exception cref="StoreUnavailableException">The numbers cannot be read. Safe to retry.</exception>
    public DistributionOverTime? Distribution(QueryList query, TimeRange window, int columnCount, QueryOptions options, CancellationToken cancel = default) => Guarded(stop =>
    {
        if (query.Queries is not [MetricQuery written] || VariableScopes.Resolve(written, options.Variables) is not MetricQuery asked) return null;
        var metric = MetricNames.Metric(asked.Metric) ?? asked.Metric;
        if (reader.Find(metric)?.Type != MetricType.Distribution) return null;
        var (from, to) = (window.FromUnixNanos / UnixTime.NanosPerSecond, window.ToUnixNanos / UnixTime.NanosPerSecond);
        var step = (int)Math.Max(10, ((to - from) / columnCount + 9) / 10 * 10); // Buckets of distributions are of ten seconds.
        var read = new MetricRead(metric, from / step * step, to, step);
        var gate = new SeriesGate(asked, new ScopeTest(asked.Scope, hosts), read.BucketCount);
        var series = reader.Read(read with { Accepts = gate.Accepts }, stop);
        gate.ThrowIfTooMany();
        var columns = new List<(long, IValueSketch)>();
        for (var i = 0; i < read.BucketCount; i++)
        {
            IValueSketch? joined = null;
            foreach (var sketch in series.Select(one => one.Sketches?[i]).OfType<IValueSketch>())
            {
                if (joined is null) joined = sketch.Copy();
                else joined.Merge(sketch);
            }
            if (joined is { Count: > 0 }) columns.Add((read.FirstUnixSeconds + (long)i * step, joined));
        }
        return columns.Count == 0 ? null : new DistributionOverTime(columns, step, units.UnitOf(metric));
    }, cancel);

    long NowUnixSeconds => clock.NowUnixNanos() / UnixTime.NanosPerSecond;

    SeriesFrame Frame(QueryNode query, TimeRange window, QueryOptions options, ICollection<string> warnings, ReadBudget budget, CancellationToken cancel, bool joinsWindow = false)
    {
        QueryFunctions.Check(query);
        if (!query.MetricQueries.Any()) throw new QueryTextException($"\"{query}\" at column {query.At.Column} asks for no metric. Add one, such as avg:system.load.1{{*}}.", query.At);
        var (from, to) = ((window.FromUnixNanos + UnixTime.NanosPerSecond - 1) / UnixTime.NanosPerSecond, (window.ToUnixNanos + UnixTime.NanosPerSecond - 1) / UnixTime.NanosPerSecond);
        var (step, isAsked) = QuerySteps.Of(query, to - from, options, warnings);
        var run = new QueryRun(reader, hosts, units, budget, NowUnixSeconds, cancel) { JoinsWindow = joinsWindow };
        var frame = run.Evaluate(query, TimeGrid.Of(from, to, step));
        if (!isAsked && run.PointSeconds > step) // Their points are rarer than the buckets.
        {
            step = run.PointSeconds;
            run = new QueryRun(reader, hosts, units, budget, NowUnixSeconds, cancel) { JoinsWindow = joinsWindow };
            frame = run.Evaluate(query, TimeGrid.Of(from, to, step));
        }
        foreach (var warning in run.Warnings) warnings.Add(warning);
        if (options.GivesHints) AddHints(run, from, warnings);
        return frame;
    }

    void AddHints(QueryRun run, long from, ICollection<string> warnings)
    {
        foreach (var query in run.Empty) if (EmptyHint.Of(query, reader, hosts, from) is { } hint) warnings.Add(hint);
        foreach (var (query, key) in run.KeysOfNone) if (EmptyHint.OfGroup(query, key, reader, hosts, from) is { } hint) warnings.Add(hint);
    }

    T Guarded<T>(Func<CancellationToken, T> work, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(MaxTime, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        try
        {
            return work(either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            counters.Add(RefusedCounter, QueryLimitException.TooSlow);
            throw new QueryLimitException(QueryLimitException.TooSlow, $"The query was given up after {MaxTime.TotalSeconds:0} s. Shorten the window, narrow the scope, or ask for fewer queries at once.");
        }
        catch (QueryLimitException tooMuch)
        {
            counters.Add(RefusedCounter, tooMuch.Reason);
            throw;
        }
    }
}
