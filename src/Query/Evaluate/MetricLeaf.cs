using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Query.Frames;
using Apm.Query.Functions;
using Apm.Query.Language;
using Apm.Query.Metrics;
using Apm.Query.Text;

namespace Apm.Query.Evaluate;

/// <summary>
/// Evaluates one metric query (metrics-monitors §5.4): picks series, puts their points into buckets, converts, works out what belongs to each
/// series alone, fills gaps and joins the series of each group.
/// </summary>
sealed class MetricLeaf(MetricQuery query, string? conversionAround, IReadOnlyList<QueryFunction> perSeries, IMetricReader reader, IHostTags hosts, LastRead last)
{
    readonly TimeAggregation _time = TimeAggregation.Of(query, conversionAround);

    /// <summary>The longest that a point of all its counts, rates and distributions lasts at least, in seconds; 0 when that is not known. Finer buckets would only have holes.</summary>
    public int PointSeconds { get; private set; }

    /// <summary>How far apart the points of its series are at least, gauges too, in seconds; 0 when that is not known. A chart of gauges may be finer, one that judges points may not.</summary>
    public int SampledSeconds { get; private set; }

    /// <summary>How many series were found.</summary>
    public int SeriesCount { get; private set; }

    /// <summary>All values of the window are one distribution, read in its first bucket; for a percentile of the whole window.</summary>
    public bool JoinsWindow { get; init; }

    /// <summary>The time of the evaluation, which a replay sets back: nothing behind it is read to fill the window's end.</summary>
    public required long NowUnixSeconds { get; init; }

    string Metric => MetricNames.Metric(query.Metric) ?? query.Metric;

    SpaceAggregator Aggregator => query.Aggregator ?? new SpaceAggregator("avg");

    /// <exception cref="QueryTextException">The query asks of the metric what it does not have.</exception>
    /// <exception cref="QueryLimitException">It would read too much.</exception>
    public SeriesFrame Evaluate(TimeGrid grid, IMetricUnits units, CancellationToken cancel)
    {
        if (grid.FirstUnixSeconds < 0) return BeforeTime(grid, units, cancel);
        var needsSketches = Aggregator.Quantile is not null || Aggregator.Name is "min" or "max";
        var (before, behind) = Neighbours(grid);
        var wide = grid.With(before, behind);
        var series = last.Of(Metric, query.ScopeText, wide, needsSketches, () =>
        {
            var gate = new SeriesGate(query, new ScopeTest(query.Scope, hosts), grid.Count);
            var found = reader.Read(new MetricRead(Metric, wide.FirstUnixSeconds, wide.EndUnixSeconds, wide.StepSeconds) { Accepts = gate.Accepts, NeedsSketches = needsSketches }, cancel);
            gate.ThrowIfTooMany();
            return found;
        });
        cancel.ThrowIfCancellationRequested();
        SeriesCount = series.Count;
        PointSeconds = series.Count > 0 && series.All(one => one.Type != MetricType.Gauge) ? series.Min(one => one.IntervalSeconds) : 0;
        string[] keys = [.. query.By.Select(key => key.Key)];
        SampledSeconds = series.Where(one => one.IntervalSeconds > 0).Select(one => one.IntervalSeconds).DefaultIfEmpty(0).Min();
        var unit = Aggregator.Name == "count" || perSeries.Count > 0 ? MetricUnit.None : units.UnitOf(Metric);
        var groups = new TagGroups(keys, hosts);
        var isDistribution = series.Any(one => one.Type == MetricType.Distribution);
        if (!isDistribution && series.Count > 0 && (Aggregator.Quantile is not null || JoinsWindow)) throw NeedsDistribution(series[0].Type);
        var values = isDistribution ? Distributions(series, groups, grid) : Joined(series, groups, grid, before);
        var lines = groups.Groups.Select((group, i) => new FrameLine(group, values[i])).Where(line => !line.IsEmpty).OrderBy(line => string.Join(',', line.Group), StringComparer.Ordinal);
        return new SeriesFrame(grid, keys, [.. lines])
        {
            Fill = FillOf(series.Count == 0 ? MetricType.Gauge : series[0].Type),
            IsCount = series.Count > 0 && series.All(one => _time.IsCount(one.Type)),
            Unit = unit.Unit,
            PerUnit = unit.PerUnit,
        };
    }

    /// <summary>
    /// How many buckets before and behind the window are read besides: of gauges that are added up, each comes at times of its own, and at both ends of the window only
    /// a point outside of it tells what they were.
    /// </summary>
    (int Before, int Behind) Neighbours(TimeGrid grid)
    {
        if (perSeries.Count > 0 || reader.TypeOf(Metric) != MetricType.Gauge || FillOf(MetricType.Gauge) is not { Method: FillMethod.Linear or FillMethod.Last } fill) return (0, 0);
        var buckets = fill.LongestGapSeconds / grid.StepSeconds;
        return ((int)Math.Min(buckets, grid.FirstUnixSeconds / grid.StepSeconds), (int)Math.Clamp((NowUnixSeconds - grid.EndUnixSeconds) / grid.StepSeconds, 0, buckets));
    }

    List<double[]> Joined(IReadOnlyList<SeriesBuckets> series, TagGroups groups, TimeGrid grid, int before)
    {
        var places = new int[series.Count][];
        for (var i = 0; i < places.Length; i++) places[i] = groups.Of(series[i].Key.Tags);
        var sizes = new int[groups.Groups.Count];
        foreach (var mine in places) foreach (var place in mine) sizes[place]++;
        var method = Reducer.Of(Aggregator.Name)!.Value.Method;
        var joined = groups.Groups.Select(_ => new SpaceAggregation(method, grid.Count)).ToList();
        for (var i = 0; i < places.Length; i++)
        {
            var values = _time.Values(series[i], grid.StepSeconds);
            foreach (var function in perSeries) values = function.PerSeries!(values, grid.StepSeconds);
            var fill = FillOf(series[i].Type);
            var isJoined = places[i].Any(place => sizes[place] > 1);
            if (isJoined && fill == FillRule.Default) fill.HoldLast(values, before + grid.Count, grid.StepSeconds);
            if (fill.IsAsked || isJoined) fill.Apply(values, grid.StepSeconds);
            if (values.Length > grid.Count) values = values[before..(before + grid.Count)]; // Neighbours have done what they were read for.
            foreach (var place in places[i]) joined[place].Add(values);
        }
        return [.. joined.Select(group => group.Result())];
    }

    List<double[]> Distributions(IReadOnlyList<SeriesBuckets> series, TagGroups groups, TimeGrid grid)
    {
        if (query.Modifiers.FirstOrDefault(modifier => modifier is { Name: Modifier.Rollup, Method: not null }) is { } rollup)
            throw new QueryTextException(
                $"\"{rollup}\" at column {rollup.At.Column}: \"{query.Metric}\" is a distribution, whose values of a bucket are read together by \"{Aggregator}\". Write only seconds, such as .rollup({rollup.Seconds ?? 60}).", rollup.At);
        if (query.Modifiers.FirstOrDefault(modifier => modifier.Name is Modifier.AsCount or Modifier.AsRate) is { } modifier && Aggregator.Name is not ("count" or "sum"))
            throw new QueryTextException(
                $"\"{modifier}\" at column {modifier.At.Column} needs a count, but \"{query.Metric}\" is a distribution read by \"{Aggregator}\". Write count:{query.Metric} for the number of values.", modifier.At);
        var joined = new List<DistributionMerge>();
        foreach (var one in series)
        {
            foreach (var place in groups.Of(one.Key.Tags))
            {
                while (joined.Count <= place) joined.Add(new DistributionMerge(Aggregator, grid.Count, JoinsWindow));
                joined[place].Add(one);
            }
        }
        return [.. joined.Select(group =>
        {
            var values = group.Result();
            if (_time.Conversion == Modifier.AsRate && Aggregator.Name is "count" or "sum") for (var i = 0; i < values.Length; i++) values[i] /= grid.StepSeconds;
            foreach (var function in perSeries) values = function.PerSeries!(values, grid.StepSeconds);
            return values;
        })];
    }

    FillRule FillOf(MetricType type) =>
        query.Modifiers.FirstOrDefault(modifier => modifier.Name == Modifier.Fill) is { } fill ? RuleOf(fill)
        : type == MetricType.Distribution || _time.IsCount(type) ? FillRule.None
        : FillRule.Default;

    /// <summary>What a <c>.fill</c> asks for.</summary>
    public static FillRule RuleOf(Modifier fill) => new(
        fill.Method switch { "linear" => FillMethod.Linear, "last" => FillMethod.Last, "zero" => FillMethod.Zero, _ => FillMethod.Null },
        fill.Seconds ?? FillRule.DefaultGapSeconds, IsAsked: true);

    QueryTextException NeedsDistribution(MetricType type)
    {
        var name = TraceMetricName.Of(query.Metric);
        if (name is { IsCount: true } trace)
        {
            var durations = new TraceMetricName(trace.Operation, TraceMeasure.Durations, NeedsHttpStatus: false).ToString();
            return new QueryTextException($"\"{Aggregator}\" needs durations, but \"{query.Metric}\" counts. Write {Aggregator}:{durations}.", query.MetricAt, durations);
        }
        return new QueryTextException($"\"{Aggregator}\" at column {query.At.Column} needs a distribution, but \"{query.Metric}\" is a {type.ToString().ToLowerInvariant()}: its single values are not kept. Send it as a distribution, or use avg, sum, min or max.", query.MetricAt);
    }

    /// <summary>Nothing was before 1970, and the store is not asked for it.</summary>
    SeriesFrame BeforeTime(TimeGrid grid, IMetricUnits units, CancellationToken cancel)
    {
        var steps = (int)Math.Min(grid.Count, (-grid.FirstUnixSeconds + grid.StepSeconds - 1) / grid.StepSeconds);
        var after = Evaluate(new TimeGrid(grid.TimeOf(steps) < 0 ? 0 : grid.TimeOf(steps), grid.StepSeconds, grid.Count - steps), units, cancel);
        return after.With(grid, after.Keys, [.. after.Lines.Select(line => line.Cut(-steps, grid.Count))]);
    }
}
