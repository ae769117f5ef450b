using Apm.Core.Counting;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.Query.Evaluate;
using Apm.Query.Metrics;
using Apm.Query.Scripts;
using Apm.Query.Services;
using Apm.TestKit;

namespace Apm.Query.Tests.Evaluate;

public class MetricQueriesTests
{
    const long Start = QueryScript.StartUnixSeconds;
    static readonly TimeRange Minute = new(Start * UnixTime.NanosPerSecond, (Start + 60) * UnixTime.NanosPerSecond);

    readonly Counters _counters = new();

    [Fact]
    public void More_series_than_are_given_are_counted_and_said()
    {
        var answer = Queries(Gauges(502)).Evaluate("avg:m{*} by {host}", Minute);

        Assert.Equal(MetricQueries.MaxSeries, answer.Series.Count);
        Assert.Equal("Query 1 has 502 series; the first 500 are given. Narrow its scope.", answer.Warning);
        Assert.Equal(2, _counters.Read(MetricQueries.LeftOutCounter));
    }

    [Fact]
    public void Functions_see_all_series()
    {
        var answer = Queries(Gauges(502)).Evaluate("top(avg:m{*} by {host}, 1, 'max', 'desc')", Minute);

        Assert.Equal("host:h501", Assert.Single(answer.Series).Scope);
        Assert.Equal("", answer.Warning);
    }

    [Fact]
    public void What_would_take_too_much_memory_is_refused_and_counted()
    {
        var year = new TimeRange(Minute.FromUnixNanos, Minute.FromUnixNanos + 14_000 * UnixTime.NanosPerSecond);

        var refused = Assert.Throws<QueryLimitException>(() => Queries(Gauges(1_600)).Evaluate("avg:m{*}.rollup(10)", year));

        Assert.Equal("\"m\" at column 5 has 1600 series of 1400 points in this window; at most 2000000 points are read. Narrow the scope, shorten the window, or widen the points with .rollup.", refused.Message);
        Assert.Equal(1, _counters.Read(MetricQueries.RefusedCounter, QueryLimitException.TooLarge));
    }

    [Fact]
    public void Many_queries_of_one_text_may_not_read_too_much_together()
    {
        var window = new TimeRange(Minute.FromUnixNanos, Minute.FromUnixNanos + 14_000 * UnixTime.NanosPerSecond);

        var refused = Assert.Throws<QueryLimitException>(() => Queries(Gauges(1_400)).Evaluate(string.Join(", ", Enumerable.Repeat("avg:m{*}.rollup(10)", 6)), window));

        Assert.Equal("The queries of this text read more than 10000000 points together. Send them apart, narrow their scopes, or shorten the window.", refused.Message);
    }

    [Fact]
    public void Anomalies_judge_points_as_far_apart_as_they_were_measured()
    {
        var series = new ScriptSeries();
        foreach (var (host, phase) in new[] { ("a", 0), ("b", 5) })
            series.Add(new SeriesPoints(new SeriesKey("load", MetricTags.Of([$"host:{host}"])), MetricType.Gauge, 15, [.. Enumerable.Range(0, 60).Select(i => new MetricPoint(Start + phase + i * 15, i % 3 == 0 ? 4 : 2))]));
        var window = new TimeRange((Start + 300) * UnixTime.NanosPerSecond, (Start + 600) * UnixTime.NanosPerSecond);

        var drawn = Assert.Single(Queries(series).Evaluate("avg:load{*}", window).Series);
        var judged = Queries(series).Evaluate("anomalies(avg:load{*}, 'basic', 2)", window).Series;

        Assert.Equal(5, drawn.IntervalSeconds); // A chart of gauges is as fine as its window allows (§5.7).
        Assert.All(judged, one => Assert.Equal(15, one.IntervalSeconds)); // Else points that nobody measured would make the band narrow.
    }

    [Theory]
    [InlineData(15, 300, 600)]  // In the middle of what there is.
    [InlineData(15, 300, 1200)] // The last points have just come.
    [InlineData(60, 900, 1200)]
    [InlineData(60, 300, 1140)]
    public void Hosts_that_report_at_different_seconds_add_up_at_both_ends_of_the_window_too(int everySeconds, int from, int to)
    {
        var series = new ScriptSeries();
        for (var host = 0; host < 10; host++)
        {
            var phase = host * everySeconds / 10;
            series.Add(new SeriesPoints(new SeriesKey("m", MetricTags.Of([$"host:h{host}"])), MetricType.Gauge, 0, [.. Enumerable.Range(0, 1200 / everySeconds).Select(i => new MetricPoint(Start + phase + i * everySeconds, 1))]));
        }

        var answer = Queries(series).Evaluate("sum:m{*}", new TimeRange((Start + from) * UnixTime.NanosPerSecond, (Start + to) * UnixTime.NanosPerSecond));

        var points = Assert.Single(answer.Series).Points;
        Assert.Equal((to - from) / 5, points.Count());
        Assert.All(points, point => Assert.Equal(10, point.Value));
    }

    [Fact]
    public void A_host_that_went_silent_is_not_held_for_longer_than_it_was_silent_before()
    {
        var series = new ScriptSeries();
        foreach (var (host, last) in new[] { ("a", 40), ("b", 20) }) // Every 15 s; b ends after five minutes.
            series.Add(new SeriesPoints(new SeriesKey("m", MetricTags.Of([$"host:{host}"])), MetricType.Gauge, 0, [.. Enumerable.Range(0, last).Select(i => new MetricPoint(Start + i * 15, 1))]));

        var points = Assert.Single(Queries(series).Evaluate("sum:m{*}", new TimeRange(Start * UnixTime.NanosPerSecond, (Start + 600) * UnixTime.NanosPerSecond)).Series).Points;

        Assert.All(points.Where(point => point.UnixSeconds < Start + 290), point => Assert.Equal(2, point.Value));
        Assert.All(points.Where(point => point.UnixSeconds >= Start + 300), point => Assert.Equal(1, point.Value));
    }

    [Fact]
    public void An_outlier_is_found_among_hosts_that_report_at_different_seconds()
    {
        var series = new ScriptSeries();
        for (var host = 0; host < 5; host++)
            series.Add(new SeriesPoints(new SeriesKey("m", MetricTags.Of([$"host:h{host}"])), MetricType.Gauge, 0, [.. Enumerable.Range(0, 40).Select(i => new MetricPoint(Start + host * 3 + i * 15, host == 4 ? 1000 : 10))]));

        var answer = Queries(series).Evaluate("outliers(avg:m{*} by {host}, 'dbscan', 3)", new TimeRange(Start * UnixTime.NanosPerSecond, (Start + 600) * UnixTime.NanosPerSecond));

        Assert.Equal(["host:h4"], answer.Series.Where(one => one.IsOutlier == true).Select(one => one.Scope));
    }

    [Fact]
    public void What_takes_too_long_is_given_up_and_counted()
    {
        var clock = new SteppedTimer();
        var slow = new SlowReader(clock.Elapse);

        var refused = Assert.Throws<QueryLimitException>(() => Queries(slow, clock).Evaluate("avg:m{*} + avg:n{*}", Minute));

        Assert.Equal("The query was given up after 10 s. Shorten the window, narrow the scope, or ask for fewer queries at once.", refused.Message);
        Assert.Equal(1, _counters.Read(MetricQueries.RefusedCounter, QueryLimitException.TooSlow));
    }

    [Fact]
    public void A_window_that_begins_in_1970_is_answered()
    {
        var series = new ScriptSeries();
        series.Add(new SeriesPoints(new SeriesKey("m", MetricTags.None), MetricType.Gauge, 0, [new MetricPoint(20, 7)]));

        var answer = Queries(series).Evaluate("anomalies(avg:m{*}.rollup(20), 'basic', 2), day_before(avg:m{*}.rollup(20))", new TimeRange(0, 60 * UnixTime.NanosPerSecond));

        Assert.Equal([new MetricPoint(20, 7)], Assert.Single(answer.Series).Points);
    }

    [Fact]
    public void The_p95_of_an_endpoint_is_what_its_page_draws()
    {
        var random = new Random(5);
        var spans = Enumerable.Range(0, 400).Select(i => Some.Span(id: (ulong)i + 1, startNanos: i * 9 * Some.Second % (3600 * Some.Second), durationNanos: random.Next(1, 900) * Some.Millisecond, isError: i % 7 == 0)).ToList();
        var stats = new StatsList(Some.Stats(spans));
        var hour = new TimeRange(Some.BaseUnixNanos, Some.BaseUnixNanos + 3600 * Some.Second);
        var page = new ServiceQueries(stats, new ServiceCatalogue(new MemoryDocuments()), TimeProvider.System).Series("web", null, "flask.request", "GET /", hour, 180);

        var answer = Queries(new TraceMetricReader(stats)).Evaluate("p95:trace.flask.request{service:web,resource_name:GET /}", hour);

        var series = Assert.Single(answer.Series);
        Assert.Equal(page.StepNanos, series.IntervalSeconds * UnixTime.NanosPerSecond);
        Assert.Equal(page.StartUnixNanos.Zip(page.P95Nanos).Where(point => !double.IsNaN(point.Second)).Select(point => (point.First / UnixTime.NanosPerSecond, point.Second / UnixTime.NanosPerSecond)),
            series.Points.Select(point => (point.UnixSeconds, point.Value)));
        Assert.Equal("second", series.Unit);
    }

    [Fact]
    public void The_metrics_of_traces_are_listed_with_their_types()
    {
        var reader = new TraceMetricReader(new StatsList(Some.Stats(Some.Span())));

        Assert.Equal(["trace.flask.request Distribution", "trace.flask.request.apdex Distribution", "trace.flask.request.duration Count", "trace.flask.request.errors Count", "trace.flask.request.hits Count"],
            reader.Metrics(0).Select(info => $"{info.Name} {info.Type}"));
        Assert.Equal("env:prod,resource:GET /,resource_name:GET /,service:web,span.type:web,synthetics:false", Assert.Single(reader.Series("trace.flask.request", 0)).Key.Tags.ToString());
        Assert.Null(reader.Find("trace.other.hits"));
        Assert.Null(reader.Find("system.load.1"));
        Assert.Equal(reader.Metrics(0).Select(info => (MetricType?)info.Type), reader.Metrics(0).Select(info => reader.TypeOf(info.Name)));
        Assert.Null(reader.TypeOf("system.load.1"));
    }

    [Fact]
    public void Two_sources_are_read_as_one()
    {
        var combined = new CombinedMetricReader(Gauges(1), new TraceMetricReader(new StatsList(Some.Stats(Some.Span()))));

        Assert.Equal(6, combined.Metrics(0).Count);
        Assert.Equal(MetricType.Gauge, combined.Find("m")!.Type);
        Assert.Equal(MetricType.Count, combined.Find("trace.flask.request.hits")!.Type);
        Assert.Single(Queries(combined).Evaluate("avg:m{*} + sum:trace.flask.request.hits{*}", Minute).Series);
    }

    MetricQueries Queries(IMetricReader reader, TimeProvider? clock = null) => new(reader, NoHostTags.Instance, new TraceMetricUnits(), _counters, clock ?? TimeProvider.System);

    static ScriptSeries Gauges(int count)
    {
        var series = new ScriptSeries();
        for (var i = 0; i < count; i++) series.Add(new SeriesPoints(new SeriesKey("m", MetricTags.Of([$"host:h{i:000}"])), MetricType.Gauge, 0, [new MetricPoint(Start, i)]));
        return series;
    }

    /// <summary>A clock whose timers fire when the test says that time passed.</summary>
    sealed class SteppedTimer : TimeProvider
    {
        Action? _fire;

        public void Elapse() => _fire?.Invoke();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Assert.Equal(MetricQueries.MaxTime, dueTime);
            _fire = () => callback(state);
            return new Nothing();
        }

        sealed class Nothing : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    sealed class SlowReader(Action takesLong) : IMetricReader
    {
        public IReadOnlyList<MetricInfo> Metrics(long sinceUnixSeconds) => [];

        public MetricInfo? Find(string metric) => null;

        public IReadOnlyList<SeriesInfo> Series(string metric, long sinceUnixSeconds) => [];

        public IReadOnlyList<SeriesBuckets> Read(MetricRead read, CancellationToken cancel)
        {
            takesLong();
            cancel.ThrowIfCancellationRequested();
            return [];
        }
    }
}
