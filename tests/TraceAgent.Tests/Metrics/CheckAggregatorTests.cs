using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Time;
using Apm.TestKit;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Metrics;

namespace Apm.TraceAgent.Tests.Metrics;

/// <summary>What a check submits, summed up over a flush (metrics-monitors §2.6, the last table).</summary>
public class CheckAggregatorTests
{
    const long Start = 1_700_000_000;

    readonly FixedClock _clock = new(Start * UnixTime.NanosPerSecond);
    readonly Counters _counters = new();
    readonly CheckAggregator _check;

    public CheckAggregatorTests() => _check = new CheckAggregator("box", TimeSpan.FromSeconds(15), new HistogramSettings(), _counters, _clock);

    [Theory]
    //          kind                              values of a flush, flushes separated by a bar, 15 s apart    sent
    [InlineData(CheckMetricKind.Gauge,            "1 2 3 | 4 |  | 5",                                          "Gauge/15 3 | Gauge/15 4 |  | Gauge/15 5")]
    [InlineData(CheckMetricKind.Count,            "1 2 3 | 4 |  | -5",                                         "Count/15 6 | Count/15 4 |  | Count/15 -5")]
    [InlineData(CheckMetricKind.Counter,          "1 2 3 | -4",                                                "Rate/1 6 | Rate/1 -4")]
    [InlineData(CheckMetricKind.Rate,             "10 | 40 | 25 | 55",                                         " | Gauge/15 2 |  | Gauge/15 2")]
    [InlineData(CheckMetricKind.Rate,             "10 |  | 40",                                                " |  | Gauge/15 1")]
    [InlineData(CheckMetricKind.Rate,             "10 20",                                                     "")]
    [InlineData(CheckMetricKind.MonotonicCount,   "10 | 13 | 13 | 20 22",                                      " | Count/15 3 | Count/15 0 | Count/15 9")]
    [InlineData(CheckMetricKind.MonotonicCount,   "100 | 3 | 5",                                               " | Count/15 0 | Count/15 2")]
    [InlineData(CheckMetricKind.MonotonicCount,   "1 3 2 6 | ",                                                "Count/15 6 | ")]
    public void Sums(CheckMetricKind kind, string flushes, string expected)
    {
        var sent = new List<string>();
        foreach (var values in flushes.Split(" | "))
        {
            foreach (var value in values.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) _check.Submit(kind, "m", double.Parse(value, CultureInfo.InvariantCulture), []);
            sent.Add(string.Join(' ', _check.Flush().Select(series => string.Create(CultureInfo.InvariantCulture, $"{series.Type}/{series.IntervalSeconds} {series.Points[0].Value}"))));
            _clock.Now += 15 * UnixTime.NanosPerSecond;
        }

        Assert.Equal(expected, string.Join(" | ", sent));
    }

    [Fact]
    public void A_histogram_goes_by_the_checks_interval_and_a_historate_by_the_rates()
    {
        foreach (var value in new[] { 1, 10, 4, 5, 2, 2 }) _check.Submit(CheckMetricKind.Histogram, "h", value, ["a"]);
        foreach (var value in new[] { 0, 10, 30, 20 })
        {
            _check.Submit(CheckMetricKind.Historate, "r", value, []);
            _clock.Now += 10 * UnixTime.NanosPerSecond;
        }

        Assert.Equal($$"""
            h.95percentile{a,host:box} Gauge/15 {{Start + 40}}=10
            h.avg{a,host:box} Gauge/15 {{Start + 40}}=4
            h.count{a,host:box} Rate/15 {{Start + 40}}=0.4
            h.max{a,host:box} Gauge/15 {{Start + 40}}=10
            h.median{a,host:box} Gauge/15 {{Start + 40}}=2
            r.95percentile{host:box} Gauge/15 {{Start + 40}}=2
            r.avg{host:box} Gauge/15 {{Start + 40}}=1.5
            r.count{host:box} Rate/15 {{Start + 40}}=0.13333333333333333
            r.max{host:box} Gauge/15 {{Start + 40}}=2
            r.median{host:box} Gauge/15 {{Start + 40}}=1
            """, Draw());
    }

    [Fact]
    public void A_distribution_keeps_all_values()
    {
        foreach (var value in new[] { 1, 2, 3 }) _check.Submit(CheckMetricKind.Distribution, "d", value, []);

        Assert.Equal($"d{{host:box}} Distribution/15 {Start}=[n 3, min 1, max 3, sum 6]", Draw());
    }

    [Fact]
    public void The_first_value_of_a_monotonic_count_counts_when_it_shall()
    {
        _check.Submit(CheckMetricKind.MonotonicCount, "m", 7, [], flushesFirstValue: true);

        Assert.Equal($"m{{host:box}} Count/15 {Start}=7", Draw());
    }

    [Fact]
    public void Tags_tell_contexts_apart_and_a_tag_of_the_check_beats_the_host()
    {
        _check.Submit(CheckMetricKind.Gauge, "m", 1, ["Db:A", "x"]);
        _check.Submit(CheckMetricKind.Gauge, "m", 2, ["x", "db:a"]);
        _check.Submit(CheckMetricKind.Gauge, "m", 3, ["host:other"]);

        Assert.Equal($$"""
            m{db:a,host:box,x} Gauge/15 {{Start}}=2
            m{host:other} Gauge/15 {{Start}}=3
            """, Draw());
    }

    [Fact]
    public void What_cannot_be_kept_is_counted()
    {
        _check.Submit(CheckMetricKind.Gauge, "m", double.NaN, []);
        _check.Submit(CheckMetricKind.Gauge, "1", 1, []);
        for (var i = 0; i < CheckAggregator.MaxContexts + 3; i++) _check.Submit(CheckMetricKind.Gauge, "m", 1, [$"id:{i}"]);

        Assert.Equal(CheckAggregator.MaxContexts, _check.Flush().Count);
        Assert.Equal((1, 1, 3), (_counters.Read("check_samples_dropped", "not_finite"), _counters.Read("check_samples_dropped", "bad_name"), _counters.Read("check_samples_dropped", "contexts")));
    }

    [Fact]
    public void A_context_that_stays_quiet_is_forgotten()
    {
        _check.Submit(CheckMetricKind.Rate, "m", 1, []);
        for (var flush = 0; flush <= CheckAggregator.ForgetAfterFlushes; flush++) Assert.Empty(_check.Flush());

        Assert.Equal(0, _check.ContextCount);
    }

    string Draw() => string.Join('\n', _check.Flush().Select(RecordingMetricStore.Draw).Order(StringComparer.Ordinal));
}
