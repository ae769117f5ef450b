using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.TraceAgent.OtlpMetrics;
using Apm.Wire.Otlp;

namespace Apm.TraceAgent.Tests.OtlpMetrics;

public class OtlpMetricMapperTests
{
    const long Second = 1_000_000_000, Began = 1_700_000_000 * Second;

    readonly Counters _counters = new();
    readonly CumulativePoints _cumulative;
    readonly OtlpMetricMapper _mapper;

    public OtlpMetricMapperTests()
    {
        _cumulative = new CumulativePoints(MemoryBudget.None(), _counters, Began);
        _mapper = new OtlpMetricMapper(_cumulative);
    }

    string Map(params OtlpMetricPoint[] points) => string.Join('\n', _mapper.Map(points, new CumulativeUndo()).Select(Draw));

    static string Draw(IncomingSeries series) => string.Create(CultureInfo.InvariantCulture,
        $"{series.Metric} {series.Type}{(series.IntervalSeconds > 0 ? $" {series.IntervalSeconds}s" : "")}{(series.Unit.Length > 0 ? " in " + series.Unit : "")} {{{string.Join(',', series.Tags)}}}{string.Concat(series.Points.Select(point => string.Create(CultureInfo.InvariantCulture, $" @{point.UnixSeconds - Began / Second}={point.Value:0.###}")))}{string.Concat(series.Sketches.Select(point => string.Create(CultureInfo.InvariantCulture, $" @{point.UnixSeconds - Began / Second}=({point.Sketch.Count:0.###} values, sum {point.Sketch.Sum:0.###}, {point.Sketch.Min:0.##} to {point.Sketch.Max:0.##}, p50 {point.Sketch.Quantile(0.5):0.##})")))}");

    static OtlpMetricPoint Point(OtlpMetricKind kind, long at, long since = -100, double value = 0, OtlpTemporality temporality = OtlpTemporality.Cumulative, bool up = true, string unit = "", string name = "m") => new()
    {
        Name = name, Kind = kind, Temporality = kind is OtlpMetricKind.Gauge or OtlpMetricKind.Summary ? OtlpTemporality.Unspecified : temporality, IsMonotonic = up, Unit = unit, Tags = ["a:b"],
        StartUnixNanos = since == 0 ? 0 : Began + since * Second, UnixNanos = Began + at * Second, Value = value,
    };

    [Fact]
    public void A_gauge_stays_one() => Assert.Equal("m Gauge in byte {a:b} @5=7", Map(Point(OtlpMetricKind.Gauge, 5, value: 7, unit: "By")));

    [Fact]
    public void A_sum_of_deltas_is_a_count_that_begins_at_its_start() => Assert.Equal("m Count 10s {a:b} @5=7", Map(Point(OtlpMetricKind.Sum, 15, since: 5, value: 7, temporality: OtlpTemporality.Delta)));

    [Fact]
    public void A_sum_that_goes_down_too_is_a_gauge() => Assert.Equal("m Gauge {a:b} @5=7", Map(Point(OtlpMetricKind.Sum, 5, value: 7, up: false)));

    [Fact]
    public void A_cumulative_sum_is_counted_by_its_differences_from_the_second_point_on()
    {
        Assert.Equal("", Map(Point(OtlpMetricKind.Sum, 10, value: 100)));
        Assert.Equal("m Count 10s {a:b} @10=5", Map(Point(OtlpMetricKind.Sum, 20, value: 105)));
        Assert.Equal("m Count 15s {a:b} @20=0", Map(Point(OtlpMetricKind.Sum, 35, value: 105)));
        Assert.Equal("", Map(Point(OtlpMetricKind.Sum, 35, value: 200))); // Twice the same time tells nothing.
        Assert.Equal((1, 1), (_counters.Read(CumulativePoints.HeldCounter, "first"), _counters.Read(CumulativePoints.HeldCounter, "not_newer")));
    }

    [Fact]
    public void A_sender_that_began_after_we_did_is_counted_from_its_first_point_on() => Assert.Equal("m Count 4s {a:b} @6=100", Map(Point(OtlpMetricKind.Sum, 10, since: 6, value: 100)));

    [Fact]
    public void A_sender_that_restarts_counts_from_nothing()
    {
        Map(Point(OtlpMetricKind.Sum, 10, value: 100));

        Assert.Equal("m Count 10s {a:b} @10=3", Map(Point(OtlpMetricKind.Sum, 20, value: 3))); // It went down, and does not say since when.
        Assert.Equal("m Count 4s {a:b} @26=9", Map(Point(OtlpMetricKind.Sum, 30, since: 26, value: 9))); // Another start, though it did not go down.
        Assert.Equal(2, _counters.Read("otlp_series_restarted"));
    }

    [Fact]
    public void What_could_not_be_kept_tells_the_same_when_it_comes_again()
    {
        Map(Point(OtlpMetricKind.Sum, 10, value: 100));
        var undo = new CumulativeUndo();
        var lost = Draw(_mapper.Map([Point(OtlpMetricKind.Sum, 20, value: 105)], undo)[0]);

        _mapper.Undo(undo);

        Assert.Equal(lost, Map(Point(OtlpMetricKind.Sum, 20, value: 105)));
    }

    static OtlpMetricPoint Histogram(long at, double count, double sum, double[] buckets, OtlpTemporality temporality = OtlpTemporality.Delta, long since = 0, double? min = null, double? max = null) =>
        Point(OtlpMetricKind.Histogram, at, since, temporality: temporality) with { Count = count, Sum = sum, BucketCounts = buckets, Bounds = [10, 20], Min = min, Max = max };

    [Fact]
    public void A_histogram_is_a_distribution_with_the_exact_count_sum_and_ends()
    {
        Assert.Equal("m Distribution {a:b} @10=(4 values, sum 55, 2 to 30, p50 17.61)", Map(Histogram(10, 4, 55, [1, 2, 1], min: 2, max: 30)));
        Assert.Equal("m Distribution {a:b} @10=(4 values, sum 55, 5 to 20, p50 17.61)", Map(Histogram(10, 4, 55, [1, 2, 1])));
        Assert.Equal("m Distribution {a:b} @10=(4 values, sum 60, 15 to 15, p50 15)", Map(Histogram(10, 4, 60, []) with { Bounds = [] }));
        Assert.Equal("", Map(Histogram(10, 0, 0, [0, 0, 0])));
    }

    [Fact]
    public void A_cumulative_histogram_is_counted_by_its_differences()
    {
        Assert.Equal("", Map(Histogram(10, 4, 55, [1, 2, 1], OtlpTemporality.Cumulative, since: -100, min: 2, max: 30)));
        Assert.Equal("m Distribution 10s {a:b} @10=(2 values, sum 30, 12.5 to 17.5, p50 12.5)", Map(Histogram(20, 6, 85, [1, 4, 1], OtlpTemporality.Cumulative, since: -100, min: 2, max: 30)));
    }

    [Fact]
    public void An_exponential_histogram_widens_and_coarsens_and_still_tells_what_came_between()
    {
        OtlpMetricPoint At(long at, double count, int scale, int offset, double[] buckets) =>
            Point(OtlpMetricKind.ExponentialHistogram, at) with { Count = count, Sum = count * 3, Scale = scale, PositiveOffset = offset, BucketCounts = buckets, ZeroCount = 1 };

        Assert.Equal("", Map(At(10, 4, 1, 2, [1, 2]))); // Values from 2 to 4: one in 2–2.8, two in 2.8–4.
        Assert.Equal("m Distribution 10s {a:b} @10=(1 values, sum 3, 1.68 to 1.68, p50 1.68)", Map(At(20, 5, 1, 1, [1, 1, 2]))); // Wider.
        Assert.Equal("m Distribution 10s {a:b} @20=(2 values, sum 6, 5.66 to 5.66, p50 5.66)", Map(At(30, 7, 0, 0, [1, 3, 2]))); // Coarser, and two more.
        Assert.Equal(0, _counters.Read("otlp_series_restarted"));
    }

    [Fact]
    public void Negative_values_of_an_exponential_histogram() =>
        Assert.Equal("m Distribution {a:b} @10=(3 values, sum -1, -2.83 to 2.83, p50 0)", Map(Point(OtlpMetricKind.ExponentialHistogram, 10, since: 0, temporality: OtlpTemporality.Delta) with
        {
            Count = 3, Sum = -1, ZeroCount = 1, PositiveOffset = 1, BucketCounts = [1], NegativeOffset = 1, NegativeCounts = [1],
        }));

    [Fact]
    public void A_summary_is_a_count_a_sum_and_gauges()
    {
        Map(Point(OtlpMetricKind.Summary, 10) with { Count = 10, Sum = 50 });

        Assert.Equal("m.count Count 10s {a:b} @10=2\nm.sum Count 10s in second {a:b} @10=5\nm.quantile Gauge in second {a:b,quantile:0.5} @20=7",
            Map(Point(OtlpMetricKind.Summary, 20, unit: "s") with { Count = 12, Sum = 55, Quantiles = [(0.5, 7), (0.9, double.NaN)] }));
    }

    [Fact]
    public void What_is_silent_for_longest_is_forgotten_when_there_are_too_many()
    {
        for (var i = 0; i <= CumulativePoints.MaxSeries; i++) _cumulative.Step($"s{i}", new CumulativePoint(Began - 1, Began + i, [1]), new CumulativeUndo());

        Assert.Equal(25_000, _counters.Read("otlp_series_forgotten"));
        Assert.Null(_cumulative.Step("s0", new CumulativePoint(Began - 1, Began + Second, [2]), new CumulativeUndo())); // Known no more.
        Assert.Equal([1], _cumulative.Step("s90000", new CumulativePoint(Began - 1, Began + Second, [2]), new CumulativeUndo())!.Values);
    }

    [Theory]
    [InlineData("1", "")]
    [InlineData("ms", "millisecond")]
    [InlineData("By", "byte")]
    [InlineData("{request}", "request")]
    [InlineData("Cel", "Cel")]
    public void Units(string unit, string name) => Assert.Equal(name, OtlpMetricMapper.UnitOf(unit));
}
