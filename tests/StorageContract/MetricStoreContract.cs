using System.Globalization;
using Apm.Core.Metrics;
using Apm.Core.Ports;

namespace Apm.StorageContract;

/// <summary>What every metric store does.</summary>
public abstract class MetricStoreContract
{
    /// <summary>2026-11-25T17:00Z.</summary>
    protected const long Start = 1_795_626_000;

    /// <summary>An empty store, on whose clock it is an hour after <see cref="Start"/>.</summary>
    protected abstract IMetricStore OpenEmptyStore();

    /// <summary>The store as a new process would find it; a store in memory gives itself.</summary>
    protected abstract IMetricStore Reopen(IMetricStore store);

    /// <summary>Everything to disk, where there is one.</summary>
    protected abstract void Settle(IMetricStore store);

    protected static SeriesKey Key(string metric = "web.load", params string[] tags) => new(metric, MetricTags.Of(tags));

    /// <summary>Points of a gauge: seconds after <see cref="Start"/>, and values.</summary>
    protected static SeriesPoints Gauge(SeriesKey key, params (long Second, double Value)[] points) =>
        new(key, MetricType.Gauge, 0, [.. points.Select(point => new MetricPoint(Start + point.Second, point.Value))]);

    protected static SeriesPoints Distribution(SeriesKey key, long second, params double[] values)
    {
        var sketch = new DistributionSketch();
        foreach (var value in values) sketch.Add(value);
        return new SeriesPoints(key, MetricType.Distribution, 10, []) { Sketches = [new SketchPoint(Start + second, sketch)] };
    }

    protected static MetricWriteResult Write(IMetricStore store, params SeriesPoints[] series) => store.WriteAsync(series).GetAwaiter().GetResult();

    protected static IReadOnlyList<SeriesBuckets> Read(IMetricStore store, long fromSecond, long toSecond, int step, string metric = "web.load", Predicate<MetricTags>? accepts = null) =>
        store.Read(new MetricRead(metric, Start + fromSecond, Start + toSecond, step) { Accepts = accepts }, CancellationToken.None);

    /// <summary>Such as <c>host:a 0=3/60[10..30]30</c>: second, count, sum, least, greatest, last of each bucket that has something.</summary>
    protected static string Draw(IReadOnlyList<SeriesBuckets> found, long fromSecond, int step)
    {
        var first = (Start + fromSecond + step - 1) / step * step - Start;
        return string.Join(" | ", found.Select(series => string.Join(' ', Enumerable.Range(0, series.Counts.Length).Where(i => series.Counts[i] > 0)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"{first + i * step}={series.Counts[i]}/{series.Sums[i]:0.###}[{series.Mins[i]}..{series.Maxs[i]}]{series.Lasts[i]:0.###}"))
            .Prepend(series.Key.Tags.ToString()).Where(text => text.Length > 0))));
    }

    protected static string DrawAll(IMetricStore store, int step = 60, string metric = "web.load") => Draw(Read(store, 0, 7_200, step, metric), 0, step);

    /// <summary>The same before and after everything went to disk, and in the next process.</summary>
    void Always(IMetricStore store, Action<IMetricStore> claim)
    {
        claim(store);
        Settle(store);
        claim(store);
        using var again = Reopen(store);
        claim(again);
    }

    [Fact]
    public void An_empty_store_has_nothing()
    {
        using var store = OpenEmptyStore();

        Assert.Empty(store.Metrics(0));
        Assert.Null(store.Find("web.load"));
        Assert.Empty(store.Series("web.load", 0));
        Assert.Empty(Read(store, 0, 3_600, 60));
        Assert.Equal(new MetricWriteResult(0, 0), Write(store));
    }

    [Fact]
    public void Points_fall_into_buckets_with_count_sum_least_greatest_and_last()
    {
        var store = OpenEmptyStore();
        Assert.Equal(new MetricWriteResult(4, 0), Write(store, Gauge(Key(), (0, 10), (10, 30), (59, 20), (60, 7))));

        Always(store, kept => Assert.Equal("0=3/60[10..30]20 60=1/7[7..7]7", DrawAll(kept)));
    }

    [Fact]
    public void Buckets_start_at_multiples_of_the_step_and_those_that_start_outside_the_window_are_left_out()
    {
        var store = OpenEmptyStore();
        Write(store, Gauge(Key(), (0, 1), (59, 2), (60, 4), (119, 8), (120, 16)));

        Always(store, kept =>
        {
            Assert.Equal("60=2/12[4..8]8", Draw(Read(kept, 1, 120, 60), 1, 60));
            Assert.Equal("60=2/12[4..8]8 120=1/16[16..16]16", Draw(Read(kept, 60, 121, 60), 60, 60));
            Assert.Equal("60=1/4[4..4]4", Draw(Read(kept, 60, 61, 1), 60, 1));
            Assert.Empty(Read(kept, 61, 119, 60));
            Assert.Empty(Read(kept, 200, 100, 60));
        });
    }

    [Fact]
    public void A_point_of_the_same_second_takes_the_place_of_the_earlier_one()
    {
        var store = OpenEmptyStore();
        Write(store, Gauge(Key(), (0, 1), (10, 2), (10, 3)));
        Write(store, Gauge(Key(), (0, 5)));
        Assert.Equal("0=2/8[3..5]3", DrawAll(store));
        Settle(store);
        Write(store, Gauge(Key(), (10, 4)));

        Always(store, kept => Assert.Equal("0=2/9[4..5]4", DrawAll(kept)));
    }

    [Fact]
    public void Distributions_of_the_same_second_are_merged()
    {
        var store = OpenEmptyStore();
        Write(store, Distribution(Key(), 0, 1, 2), Distribution(Key(), 10, 10));
        Settle(store);
        Write(store, Distribution(Key(), 0, 6));

        Always(store, kept =>
        {
            Assert.Equal("0=4/19[1..10]10", DrawAll(kept));
            var series = Assert.Single(Read(kept, 0, 60, 10));
            Assert.Equal(MetricType.Distribution, series.Type);
            Assert.Equal(3, series.Lasts[0]); // The mean of all that is at that second.
            Assert.Equal(3, series.Sketches![0]!.Count);
            Assert.Equal(6, series.Sketches[0]!.Quantile(1));
            Assert.Null(series.Sketches[2]);
        });
    }

    [Fact]
    public void Percentiles_of_a_wide_bucket_are_those_of_all_its_values()
    {
        var store = OpenEmptyStore();
        for (var i = 0; i < 10; i++) Write(store, Distribution(Key(), i * 10, [.. Enumerable.Range(1 + i * 10, 10).Select(value => (double)value)]));

        Always(store, kept =>
        {
            var sketch = Assert.Single(Read(kept, 0, 3_600, 3_600)).Sketches![0]!;
            Assert.Equal((100, 95.414527), (sketch.Count, Math.Round(sketch.Quantile(0.95), 6)));
        });
    }

    [Fact]
    public void Late_points_come_in_their_place()
    {
        var store = OpenEmptyStore();
        Write(store, Gauge(Key(), (120, 3)));
        Settle(store);
        Write(store, Gauge(Key(), (60, 2), (0, 1)));

        Always(store, kept => Assert.Equal("0=1/1[1..1]1 60=1/2[2..2]2 120=1/3[3..3]3", DrawAll(kept)));
    }

    [Fact]
    public void Series_are_told_apart_by_their_tags_and_given_in_their_order()
    {
        var store = OpenEmptyStore();
        Write(store, Gauge(Key("web.load", "host:b", "env:x"), (0, 2)), Gauge(Key("web.load", "host:a"), (0, 1)), Gauge(Key("web.loads"), (0, 9)), Gauge(Key("web.load"), (0, 3)));

        Always(store, kept =>
        {
            Assert.Equal("0=1/3[3..3]3 | env:x,host:b 0=1/2[2..2]2 | host:a 0=1/1[1..1]1", DrawAll(kept));
            Assert.Equal("host:a 0=1/1[1..1]1", Draw(Read(kept, 0, 60, 60, accepts: tags => tags.ValueOf("host") == "a"), 0, 60));
            Assert.Empty(Read(kept, 0, 60, 60, "web"));
        });
    }

    [Fact]
    public void Lists_tell_metrics_and_series_with_a_point_since_a_time()
    {
        var store = OpenEmptyStore();
        Write(store, Gauge(Key("b", "host:x"), (0, 1)), Gauge(Key("b", "host:y"), (100, 1)));
        Write(store, new SeriesPoints(Key("a"), MetricType.Rate, 10, [new MetricPoint(Start + 50, 0.8)]));

        Always(store, kept =>
        {
            Assert.Equal([new MetricInfo("a", MetricType.Rate, 1, Start + 50), new MetricInfo("b", MetricType.Gauge, 2, Start + 100)], kept.Metrics(0));
            Assert.Equal(["b"], kept.Metrics(Start + 51).Select(metric => metric.Name));
            Assert.Equal(new MetricInfo("b", MetricType.Gauge, 2, Start + 100), kept.Find("b"));
            Assert.Null(kept.Find("B"));
            Assert.Equal([new SeriesInfo(Key("a"), MetricType.Rate, 10, Start + 50)], kept.Series("a", 0));
            Assert.Equal(["host:x", "host:y"], kept.Series("b", 0).Select(series => series.Key.Tags.ToString()));
            Assert.Equal(["host:y"], kept.Series("b", Start + 1).Select(series => series.Key.Tags.ToString()));
            var rate = Assert.Single(Read(kept, 0, 60, 60, "a"));
            Assert.Equal((MetricType.Rate, 10), (rate.Type, rate.IntervalSeconds));
        });
    }

    [Fact]
    public void A_series_has_the_type_and_interval_that_came_last()
    {
        var store = OpenEmptyStore();
        Write(store, Gauge(Key(), (0, 1)));
        Settle(store);
        Write(store, new SeriesPoints(Key(), MetricType.Count, 30, [new MetricPoint(Start + 30, 2)]));

        Always(store, kept =>
        {
            Assert.Equal([new SeriesInfo(Key(), MetricType.Count, 30, Start + 30)], kept.Series("web.load", 0));
            Assert.Equal(MetricType.Count, kept.Find("web.load")!.Type);
            Assert.Equal(MetricType.Count, Assert.Single(Read(kept, 0, 60, 60)).Type);
        });
    }

    [Fact]
    public void What_is_no_finite_number_is_dropped_and_the_rest_is_kept()
    {
        var store = OpenEmptyStore();
        var endless = DistributionSketch.From(1, double.PositiveInfinity, 1, double.PositiveInfinity, [1], [1]);

        var result = Write(
            store,
            Gauge(Key(), (0, 1), (10, double.NaN), (20, double.PositiveInfinity), (30, double.NegativeInfinity), (40, 4)),
            Gauge(Key("never"), (0, double.NaN)),
            new SeriesPoints(Key("never"), MetricType.Distribution, 10, []) { Sketches = [new SketchPoint(Start, endless), new SketchPoint(Start, new DistributionSketch())] });

        Assert.Equal(new MetricWriteResult(2, 6), result);
        Always(store, kept =>
        {
            Assert.Equal("0=2/5[1..4]4", DrawAll(kept));
            Assert.Null(kept.Find("never"));
        });
    }

    public static TheoryData<string> Shapes => ["whole", "decimals", "doubles", "constant", "huge", "mixed signs", "irregular"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_value_comes_back_as_it_was_written(string shape)
    {
        var random = new Random(shape.Length);
        var store = OpenEmptyStore();
        var second = -1L;
        var value = 0.0;
        var points = Enumerable.Range(0, 3_000).Select(i => (second += shape == "irregular" ? random.Next(1, 2) : 1, value = Next())).ToArray();
        double Next() => shape switch
        {
            "whole" => Math.Round(value + random.Next(-20, 20)),
            "decimals" => Math.Round(random.NextDouble() * 100, 2),
            "doubles" => random.NextDouble() / 3,
            "constant" => 42.5,
            "huge" => random.NextInt64() * 1e200,
            "mixed signs" => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-12, 15)),
            _ => random.Next(5) == 0 ? 1e9 : 0.1 * random.Next(10),
        };
        foreach (var part in points.Chunk(500)) Write(store, Gauge(Key(), part));

        Always(store, kept =>
        {
            var series = Assert.Single(Read(kept, 0, 3_000, 1));
            Assert.Equal(points.Select(point => point.Item2), series.Lasts);
            Assert.Equal(points.Select(_ => 1.0), series.Counts);
        });
    }

    [Fact]
    public void Writers_at_once_lose_nothing()
    {
        var store = OpenEmptyStore();
        Parallel.For(0, 4, writer =>
        {
            for (var i = 0; i < 50; i++) Write(store, Gauge(Key("web.load", $"writer:{writer}"), (i, i)));
        });

        Always(store, kept =>
        {
            var found = Read(kept, 0, 60, 60);
            Assert.Equal(4, found.Count);
            Assert.All(found, series => Assert.Equal((50, 1_225), (series.Counts[0], series.Sums[0])));
        });
    }
}
