using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Core.Slos;
using Apm.Monitors.Messages;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;
using Apm.Monitors.Slos;
using Apm.Monitors.Tests.Schedule;

namespace Apm.Monitors.Tests.Slos;

/// <summary>Objectives over stores in memory: what is counted, what monitors make of it, what is refused.</summary>
public sealed class SloTests : IDisposable
{
    const string Good = "sum:hits{*}.as_count() - sum:errors{*}.as_count()";
    const string All = "sum:hits{*}.as_count()";

    readonly MonitorLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Requests_less_errors_are_counted_also_where_no_error_came()
    {
        var slo = _lab.Slos.Add(Requests());
        Count("hits", 0, 60, 100);
        Count("errors", 30, 40, 5);

        var series = _lab.SloReader.Read(slo, MonitorLab.At(0), MonitorLab.At(60), 600);

        Assert.Equal(new SloTally(5_950, 6_000), series.Sum());
        Assert.Equal(new SloTally(950, 1_000), series.Buckets[3]);
        Assert.Equal(new SloTally(1_000, 1_000), series.Buckets[4]);
    }

    [Fact]
    public void Buckets_without_requests_are_no_data_and_not_bad()
    {
        var slo = _lab.Slos.Add(Requests());
        Count("hits", 0, 10, 100);
        Count("hits", 50, 60, 100);

        Assert.Equal([true, false, false, false, false, true], _lab.SloReader.Read(slo, MonitorLab.At(0), MonitorLab.At(60), 600).Buckets.Select(bucket => bucket.Total > 0));
    }

    [Fact]
    public void More_good_ones_than_all_are_all()
    {
        var slo = _lab.Slos.Add(Requests() with { GoodQuery = "sum:hits{*}.as_count() + sum:hits{*}.as_count()" });
        Count("hits", 0, 10, 100);

        Assert.Equal(new SloTally(1_000, 1_000), _lab.SloReader.Read(slo, MonitorLab.At(0), MonitorLab.At(10), 600).Sum());
    }

    [Fact]
    public void Slices_of_time_are_good_while_the_query_is_on_the_right_side()
    {
        var slo = _lab.Slos.Add(new Slo { Kind = SloKind.TimeSlice, Name = "Quick", Targets = [new(7, 95)], Slices = new SloSlices("avg:latency{*}", "<", 0.5, 300) });
        _lab.Feed(0, 20, 0.4, "latency");
        _lab.Feed(20, 30, 0.6, "latency");
        _lab.Feed(40, 60, 0.4, "latency");

        Assert.Equal(new SloTally(2_400, 3_000), _lab.SloReader.Read(slo, MonitorLab.At(0), MonitorLab.At(60), 600).Sum());
    }

    [Fact]
    public void Time_is_good_while_no_monitor_is_in_alert()
    {
        var rule = _lab.Add("avg(last_1m):avg:my_metric{*} > 800");
        var slo = _lab.Slos.Add(new Slo { Kind = SloKind.Monitor, Name = "Up", Targets = [new(7, 99)], MonitorIds = [rule.Id] });
        _lab.Feed(0, 10, 400);
        _lab.Feed(10, 13, 900);
        _lab.Feed(13, 20, 400);
        _lab.Evaluate(1, 25);

        // Known from the first evaluation to the last one with data; in alert from minute 11, which looks at 10, up to 14.
        Assert.Equal(new SloTally(17 * 60, 20 * 60), _lab.SloReader.Read(slo, MonitorLab.At(0), MonitorLab.At(30), 600).Sum());
    }

    [Fact]
    public void A_burn_rate_alerts_while_both_windows_burn_and_recovers_with_the_short_one()
    {
        var slo = _lab.Slos.Add(Requests());
        var rule = _lab.Add(MonitorTypes.Slo, $"burn_rate(\"{slo.Id}\").over(\"30d\").long_window(\"1h\").short_window(\"5m\") > 14.4");
        Count("hits", 0, 180, 100);
        Count("errors", 60, 90, 5); // 5 % of requests at 0.1 % allowed: 50 times too fast.
        _lab.Evaluate(60, 120);

        // After 18 minutes 1.5 % of an hour are bad, 15 times too fast; after minute 90 + 4 the five minutes are too slow.
        Assert.Equal(["78 Triggered", "94 Recovered"], _lab.Lines);
        var told = _lab.Told.All[0];
        Assert.Equal(15, told.Value!.Value, 6);
        Assert.Equal(("15", "50", slo.Name, "99.9", "30d"), (told.Sample["slo.burn_rate_long"], told.Sample["slo.burn_rate_short"], told.Sample["slo.name"], told.Sample["slo.target"], told.Sample["slo.timeframe"]));
        Assert.Equal("The error budget of **Answers** over 30d goes **15.0** times as fast as it may.", AlertSentence.Of(told));
        Assert.Equal(MonitorState.Ok, _lab.State(rule.Id).State);
    }

    [Fact]
    public void A_budget_alerts_when_so_much_of_it_is_spent()
    {
        var slo = _lab.Slos.Add(Requests() with { Targets = [new(7, 99)] });
        _lab.Add(MonitorTypes.Slo, $"error_budget(\"{slo.Id}\").over(\"7d\") > 75");
        Count("hits", 0, 120, 100);
        Count("errors", 60, 100, 2);
        _lab.Evaluate(60, 120);

        // At minute n 2(n - 60) of n are spent, more than 75 % from minute 96 on; from 100 on 80 of n, less from 107 on. Looked at every five minutes.
        Assert.Equal(["100 Triggered", "110 Recovered"], _lab.Lines);
        Assert.Equal(80, _lab.Told.All[0].Value!.Value, 6);
        Assert.Equal("20", _lab.Told.All[0].Sample["slo.budget_left"]);
        Assert.Equal("**80.0 %** of the error budget of **Answers** over 7d is spent.", AlertSentence.Of(_lab.Told.All[0]));
    }

    [Fact]
    public void A_restart_during_a_burn_keeps_the_alert_until_it_is_known_that_nothing_burns()
    {
        var slo = _lab.Slos.Add(Requests());
        var rule = _lab.Add(MonitorTypes.Slo, $"burn_rate(\"{slo.Id}\").over(\"30d\").long_window(\"1h\").short_window(\"5m\") > 14.4");
        Count("hits", 0, 80, 100);
        Count("errors", 60, 80, 5);
        _lab.Evaluate(60, 79);
        Assert.Equal(["78 Triggered"], _lab.Lines);

        // Away from 80 to 92: what burnt before is read from what is stored; the short window is empty, because nobody was there.
        _lab.Restart();
        Count("hits", 95, 120, 100);
        Count("errors", 95, 120, 5);
        _lab.Evaluate(92, 110);
        Assert.Equal(["78 Triggered"], _lab.Lines);
        Assert.Equal(MonitorState.Alert, _lab.State(rule.Id).State);
    }

    [Fact]
    public void After_a_restart_silence_recovers_as_soon_as_the_short_window_is_known_whole()
    {
        var slo = _lab.Slos.Add(Requests());
        _lab.Add(MonitorTypes.Slo, $"burn_rate(\"{slo.Id}\").over(\"30d\").long_window(\"1h\").short_window(\"5m\") > 14.4");
        Count("hits", 0, 80, 100);
        Count("errors", 60, 80, 5);
        _lab.Evaluate(60, 79);
        _lab.Restart();
        _lab.Evaluate(92, 110);

        Assert.Equal(["78 Triggered", "97 Recovered"], _lab.Lines);
    }

    [Fact]
    public void A_correction_during_a_burn_neither_recovers_nor_alerts_again()
    {
        var slo = _lab.Slos.Add(Requests());
        _lab.Add(MonitorTypes.Slo, $"burn_rate(\"{slo.Id}\").over(\"30d\").long_window(\"1h\").short_window(\"5m\") > 14.4");
        Count("hits", 0, 180, 100);
        Count("errors", 60, 120, 5);
        _lab.Slos.Corrections.Add(Correction(slo.Id) with { StartUnixSeconds = MonitorLab.At(85), EndUnixSeconds = MonitorLab.At(95) });
        _lab.Evaluate(60, 110);

        Assert.Equal(["78 Triggered"], _lab.Lines);
    }

    [Fact]
    public void Corrected_time_counts_for_nothing()
    {
        var slo = _lab.Slos.Add(Requests());
        Count("hits", 0, 60, 100);
        Count("errors", 0, 60, 0);
        Count("errors", 22, 33, 50);
        SloTally Sum(bool isCorrected = true) => _lab.SloReader.Read(slo, MonitorLab.At(0), MonitorLab.At(60), 600, isCorrected: isCorrected).Sum();

        var added = _lab.Slos.Corrections.Add(Correction(slo.Id) with { StartUnixSeconds = MonitorLab.At(22), EndUnixSeconds = MonitorLab.At(32) });

        Assert.Equal(new SloTally(5_450, 6_000), Sum(isCorrected: false));
        Assert.Equal(new SloTally(4_950, 5_000), Sum()); // Only what minute 32 brought is left.
        _lab.Restart();
        slo = _lab.Slos.Find(slo.Id)!;
        Assert.Equal(new SloTally(4_950, 5_000), Sum());
        _lab.Slos.Corrections.Replace(added.Id, added with { EndUnixSeconds = null, DurationSeconds = 120, StartUnixSeconds = MonitorLab.At(22), Rule = "FREQ=HOURLY" });
        Assert.Equal(new SloTally(5_350, 5_800), Sum()); // Two minutes of each hour.
        _lab.Slos.Corrections.Remove(added.Id);
        Assert.Equal(new SloTally(5_450, 6_000), Sum());
    }

    [Fact]
    public void Corrections_hold_for_time_too_and_where_they_overlap_once()
    {
        var rule = _lab.Add("avg(last_1m):avg:my_metric{*} > 800");
        var slo = _lab.Slos.Add(new Slo { Kind = SloKind.Monitor, Name = "Up", Targets = [new(7, 99)], MonitorIds = [rule.Id] });
        var slices = _lab.Slos.Add(new Slo { Kind = SloKind.TimeSlice, Name = "Quick", Targets = [new(7, 95)], Slices = new SloSlices("avg:my_metric{*}", "<", 800, 60) });
        _lab.Feed(0, 10, 400);
        _lab.Feed(10, 13, 900);
        _lab.Feed(13, 20, 400);
        _lab.Evaluate(1, 25);
        foreach (var id in (string[])[slo.Id, slices.Id])
            foreach (var (from, to) in ((int, int)[])[(10, 13), (12, 15)]) _lab.Slos.Corrections.Add(Correction(id) with { StartUnixSeconds = MonitorLab.At(from), EndUnixSeconds = MonitorLab.At(to) });

        Assert.Equal(new SloTally(15 * 60, 15 * 60), _lab.SloReader.Read(slo, MonitorLab.At(0), MonitorLab.At(30), 600).Sum());
        Assert.Equal(new SloTally(15 * 60, 15 * 60), _lab.SloReader.Read(slices, MonitorLab.At(0), MonitorLab.At(30), 600).Sum());
        Assert.Equal([(MonitorLab.At(10), MonitorLab.At(15))], _lab.Slos.Corrections.Between(slo.Id, MonitorLab.At(0), MonitorLab.At(30)));
        _lab.Slos.Remove(slo.Id, force: false);
        Assert.Equal(2, _lab.Slos.Corrections.All().Count); // They go with their objective.
    }

    [Fact]
    public void Many_short_corrections_are_left_out_one_by_one()
    {
        var slo = _lab.Slos.Add(Requests());
        var slices = _lab.Slos.Add(new Slo { Kind = SloKind.TimeSlice, Name = "Quick", Targets = [new(7, 95)], Slices = new SloSlices("avg:my_metric{*}", "<", 800, 60) });
        Count("hits", 0, 300, 100);
        Count("errors", 0, 300, 1);
        _lab.Feed(0, 300, 400);
        foreach (var id in (string[])[slo.Id, slices.Id])
        {
            _lab.Slos.Corrections.Add(Correction(id) with { StartUnixSeconds = MonitorLab.At(0), DurationSeconds = 120, Rule = "FREQ=HOURLY;BYMINUTE=5,35" });
            _lab.Slos.Corrections.Add(Correction(id) with { StartUnixSeconds = MonitorLab.At(115), EndUnixSeconds = MonitorLab.At(155) }); // Whole buckets, and parts of two.
        }

        // Ten times two minutes, and forty of which two are among them.
        Assert.Equal(new SloTally(242 * 99, 242 * 100), _lab.SloReader.Read(slo, MonitorLab.At(0), MonitorLab.At(300), 600).Sum());
        Assert.Equal(new SloTally(242 * 60, 242 * 60), _lab.SloReader.Read(slices, MonitorLab.At(0), MonitorLab.At(300), 600).Sum());
        Assert.Equal(new SloTally(2 * 99, 2 * 100), _lab.SloReader.Read(slo, MonitorLab.At(150), MonitorLab.At(159), 600).Sum()); // The two minutes before the end.
    }

    [Fact]
    public void Corrections_that_come_too_often_are_refused()
    {
        var slo = _lab.Slos.Add(Requests());
        SloCorrection Often(string rule) => Correction(slo.Id) with { StartUnixSeconds = MonitorLab.At(0), DurationSeconds = 10, Rule = rule };
        (string, string) Refusal(Func<SloCorrection> change) => Assert.Throws<SloException>(change) is var refused ? (refused.Field, refused.Message) : default;

        Assert.Equal(("rrule", "It may come 72 times a day; at most 48 are taken together. Write fewer and longer times."), Refusal(() => _lab.Slos.Corrections.Add(Often("FREQ=HOURLY;BYMINUTE=0,20,40"))));
        Assert.Equal(("rrule", "COUNT=5001 is more than the 5000 times that are taken. Write UNTIL with a day instead."), Refusal(() => _lab.Slos.Corrections.Add(Often("FREQ=DAILY;COUNT=5001"))));
        var hourly = _lab.Slos.Corrections.Add(Often("FREQ=HOURLY"));
        _lab.Slos.Corrections.Replace(hourly.Id, Often("FREQ=HOURLY;BYMINUTE=0,30"));
        Assert.Equal(("rrule", "It may come once a day, and the objective's other corrections 48 times; at most 48 are taken together. Write fewer and longer times."), Refusal(() => _lab.Slos.Corrections.Add(Often("FREQ=DAILY"))));
        _lab.Slos.Corrections.Add(Correction(slo.Id) with { StartUnixSeconds = MonitorLab.At(0), EndUnixSeconds = MonitorLab.At(1) }); // Once is not often.
        _lab.Slos.Corrections.Add(Often("FREQ=DAILY") with { SloId = _lab.Slos.Add(Requests()).Id });
    }

    [Theory]
    [InlineData("sum:hits{*} by {env}.as_count()", "sum:hits{*} by {env}.as_count()", true)]
    [InlineData("sum:hits{*} by {env}.as_count() - sum:errors{*}.as_count()", "sum:hits{*} by {env}.as_count()", false)]
    [InlineData("sum:hits{*} by {env}.as_count()", "sum:hits{*}.as_count()", false)]
    public void An_objective_has_parts_when_both_queries_are_grouped(string good, string total, bool hasParts) =>
        Assert.Equal(hasParts, SloReports.HasParts(Requests() with { GoodQuery = good, TotalQuery = total }));

    [Fact]
    public void Groups_of_requests_are_told_apart()
    {
        var slo = _lab.Slos.Add(Requests() with { GoodQuery = "sum:hits{*} by {env}.as_count() - sum:errors{*} by {env}.as_count()", TotalQuery = "sum:hits{*} by {env}.as_count()" });
        Count("hits", 0, 60, 100, "env:prod");
        Count("errors", 10, 20, 50, "env:prod");
        Count("hits", 0, 60, 10, "env:dev");

        var groups = _lab.SloReader.ReadGroups(slo, MonitorLab.At(0), MonitorLab.At(60), 600);

        Assert.Equal([("env:dev", new SloTally(600, 600)), ("env:prod", new SloTally(5_500, 6_000))], groups.Select(group => (group.Group, group.Series.Sum())));
        Assert.Equal(new SloTally(6_100, 6_600), _lab.SloReader.Read(slo, MonitorLab.At(0), MonitorLab.At(60), 600).Sum());
        Assert.Empty(_lab.SloReader.ReadGroups(Requests(), MonitorLab.At(0), MonitorLab.At(60), 600));
    }

    static SloCorrection Correction(string sloId) => new() { SloId = sloId, Category = "Deployment", StartUnixSeconds = 0 };

    [Fact]
    public void Without_requests_nothing_is_told()
    {
        var slo = _lab.Slos.Add(Requests());
        _lab.Add(MonitorTypes.Slo, $"burn_rate(\"{slo.Id}\").over(\"30d\").long_window(\"1h\").short_window(\"5m\") > 1");
        _lab.Evaluate(1, 30);

        Assert.Empty(_lab.Lines);
    }

    [Theory]
    [InlineData("burn_rate(\"ID\").over(\"30d\").long_window(\"1h\").short_window(\"5m\") > 14.4")]
    [InlineData("error_budget(\"ID\").over(\"7d\") > 75")]
    public void Queries_print_themselves(string text) => Assert.Equal(text, MonitorQueryParser.Parse(MonitorTypes.Slo, text).ToString());

    [Theory]
    [InlineData("burn(\"ID\")", "\"burn\" at column 1; expected burn_rate(\"ID\") or error_budget(\"ID\").")]
    [InlineData("burn_rate(\"ID\").over(\"31d\").long_window(\"1h\").short_window(\"5m\") > 1", "\"31d\" at column 22 is no window of an objective. There are: 7d, 30d, 90d.")]
    [InlineData("burn_rate(\"ID\").over(\"30d\").long_window(\"5m\").short_window(\"1h\") > 1", "The short window (1h) at column 60 must be shorter than the long one (5m). A twelfth of it is usual.")]
    [InlineData("burn_rate(\"ID\").over(\"30d\").long_window(\"1h\") > 1", "The query lacks .short_window. Add it, such as .short_window(\"5m\").")]
    [InlineData("burn_rate(\"ID\").over(\"30d\").long_window(\"3d\").short_window(\"5m\") > 1", "\"3d\" at column 41 is too long: 48h is the most.")]
    [InlineData("error_budget(\"ID\").ovr(\"7d\") > 75", "There is no .ovr (column 20). Did you mean .over? There are: .over.")]
    public void Wrong_queries_say_where(string text, string sentence) => Assert.Equal(sentence, Assert.Throws<MonitorQueryException>(() => MonitorQueryParser.Parse(MonitorTypes.Slo, text)).Message);

    [Fact]
    public void A_monitor_cannot_watch_what_there_is_not()
    {
        var slo = _lab.Slos.Add(Requests());

        Assert.Equal("The value provided for parameter 'query' is invalid There is no objective \"none\". Name one by the id that GET /api/v1/slo gives.",
            Assert.Throws<MonitorRuleException>(() => _lab.Add(MonitorTypes.Slo, "error_budget(\"none\").over(\"7d\") > 75")).Message);
        Assert.Equal($"The value provided for parameter 'query' is invalid The objective \"{slo.Name}\" has no target over 7 days. It has: 30d.",
            Assert.Throws<MonitorRuleException>(() => _lab.Add(MonitorTypes.Slo, $"error_budget(\"{slo.Id}\").over(\"7d\") > 75")).Message);
    }

    [Fact]
    public void What_is_watched_or_made_of_is_kept()
    {
        var part = _lab.Add("avg(last_5m):avg:my_metric{*} > 800");
        var slo = _lab.Slos.Add(new Slo { Kind = SloKind.Monitor, Name = "Up", Targets = [new(7, 99)], MonitorIds = [part.Id] });
        var watcher = _lab.Add(MonitorTypes.Slo, $"error_budget(\"{slo.Id}\").over(\"7d\") > 75");

        Assert.Equal($"monitor [{part.Id},{part.Name}] is referenced in slos: [{slo.Id},Up]", _lab.Rules.WhyKept(part.Id));
        Assert.Equal($"slo [{slo.Id},Up] is referenced in monitors: [{watcher.Id},{watcher.Name}]", Assert.Throws<SloException>(() => _lab.Slos.Remove(slo.Id, force: false)).Message);
        Assert.Contains("watches the target of 7 days", Assert.Throws<SloException>(() => _lab.Slos.Replace(slo.Id, slo with { Targets = [new(30, 99)] })).Message, StringComparison.Ordinal);
        _lab.Slos.Remove(slo.Id, force: true);
        _lab.Restart();
        Assert.Empty(_lab.Slos.All());
    }

    [Theory]
    [InlineData("sum:hits{*}", "query.numerator: \"sum:hits{*}\" at column 1 does not count, so its points cannot be added up. Write sum:hits{*}.as_count().")]
    [InlineData("", "query.numerator is missing. Write a metric query, such as sum:trace.web.request.hits{service:web}.as_count().")]
    [InlineData("sum:hits{*}.as_count(), sum:hits{*}.as_count()", "query.numerator has 2 queries; write one.")]
    [InlineData("sum:hits{*}.as_count().rollup(sum, 60)", "query.numerator: leave \".rollup(sum, 60)\" at column 23 out; an objective chooses the width of its buckets itself.")]
    public void Queries_that_do_not_count_are_refused(string query, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<SloException>(() => _lab.Slos.Add(Requests() with { GoodQuery = query })).Message);

    [Theory]
    [InlineData(100, null, "The target of 30d (100) must be above 0 and below 100, in percent: without a part that may be bad there is no budget.")]
    [InlineData(99.0, 98.0, "The warning of 30d (98) must be above its target (99) and at most 100.")]
    public void Targets_that_cannot_be_are_refused(double target, double? warning, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<SloException>(() => _lab.Slos.Add(Requests() with { Targets = [new(30, target, warning)] })).Message);

    [Fact]
    public void A_formula_names_its_queries()
    {
        SloNamedQuery[] queries = [new("q1", "avg:a{*}"), new("q2", "avg:b{host:q1}")];

        Assert.Equal("(avg:a{*}) / (avg:b{host:q1}) * 100", SloQueries.Filled("q1 / q2 * 100", queries));
        Assert.Equal("avg:a{*}", SloQueries.Filled("q1", queries));
    }

    static Slo Requests() => new() { Kind = SloKind.Metric, Name = "Answers", Targets = [new(30, 99.9)], GoodQuery = Good, TotalQuery = All };

    /// <summary>So many a minute.</summary>
    void Count(string metric, int fromMinute, int toMinute, double perMinute, params string[] tags) =>
        _lab.Write(metric, MetricType.Count, 60, [.. Enumerable.Range(0, toMinute - fromMinute).Select(i => new MetricPoint(MonitorLab.At(fromMinute + i), perMinute))], tags);
}
