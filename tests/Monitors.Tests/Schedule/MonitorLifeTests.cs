using Apm.Core.Checks;
using Apm.Core.Events;
using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Messages;
using Apm.Monitors.Queries;

namespace Apm.Monitors.Tests.Schedule;

public sealed class MonitorLifeTests : IDisposable
{
    const string Walkthrough = "avg(last_5m):avg:my_metric{*} > 800";

    static readonly MonitorOptions s_walkthrough = new() { Thresholds = new() { Critical = 800, Warning = 500 }, NotifyNoData = true, NoDataTimeframeMinutes = 10 };

    readonly MonitorLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void The_table_of_the_walkthroughs_monitor()
    {
        // One point each five minutes is the mean of its window; so the table's means are fed as they stand.
        (int Minute, double Value, MonitorState State)[] table =
        [
            (0, 450, MonitorState.Ok), (1, 520, MonitorState.Warn), (2, 700, MonitorState.Warn), (3, 801, MonitorState.Alert), (4, 800, MonitorState.Warn), (5, 500, MonitorState.Ok), (6, 900, MonitorState.Alert),
        ];
        var rule = _lab.Add("avg(last_1m):avg:my_metric{*} > 800", s_walkthrough);
        foreach (var (minute, value, state) in table)
        {
            _lab.Feed(minute - 1, minute, value);
            _lab.EvaluateAt(minute);
            Assert.Equal(state, _lab.State(rule.Id).State);
        }
        for (var minute = 7; minute < 16; minute++)
        {
            _lab.EvaluateAt(minute);
            Assert.Equal(MonitorState.Alert, _lab.State(rule.Id).State); // Kept: less than ten minutes since the last point.
        }
        _lab.EvaluateAt(16);
        Assert.Equal(MonitorState.NoData, _lab.State(rule.Id).State);
        _lab.Feed(19, 20, 300);
        _lab.Evaluate(17, 20);

        Assert.Equal(MonitorState.Ok, _lab.State(rule.Id).State);
        Assert.Equal(["1 Warn", "3 Triggered", "4 Warn", "5 Recovered", "6 Triggered", "16 NoData", "20 Recovered"], _lab.Lines);
    }

    [Fact]
    public void A_monitors_life()
    {
        var rule = Live();
        _lab.Evaluate(1, 40);

        Assert.Equal(["8 Warn", "14 Triggered", "20 Warn", "22 Recovered", "35 NoData", "38 Recovered"], _lab.Lines);
        Assert.Equal(740, Assert.Single(_lab.History.Read(rule.Id), note => note.AtUnixSeconds == MonitorLab.At(14)).Value!.Value - 70); // 810, as the mix of both values.
        Assert.Equal(800, _lab.Told.All[1].Threshold);
        Assert.Equal((MonitorLab.At(9), MonitorLab.At(14)), (_lab.Told.All[1].WindowFromUnixSeconds, _lab.Told.All[1].WindowToUnixSeconds));
        Assert.Null(_lab.Told.All[4].Value);
    }

    [Theory]
    [InlineData(11, 19, false, true, "8 Warn, 19 Triggered, 20 Warn, 22 Recovered, 35 NoData, 38 Recovered")]
    [InlineData(11, 19, false, false, "8 Warn, 20 Warn, 22 Recovered, 35 NoData, 38 Recovered")]
    [InlineData(9, 24, false, true, "8 Warn, 22 Recovered, 35 NoData, 38 Recovered")]
    [InlineData(9, 24, true, true, "8 Warn, 35 NoData, 38 Recovered")]
    [InlineData(5, 36, false, true, "36 NoData, 38 Recovered")]
    public void A_monitors_life_with_a_downtime(int from, int to, bool mutesRecovery, bool tellsAtEnd, string told)
    {
        Live();
        _lab.Book.Add(from, to, mutesRecovery, tellsAtEnd ? null : []);
        _lab.Evaluate(1, 40);

        Assert.Equal(told.Split(", "), _lab.Lines);
    }

    [Fact]
    public void A_mute_until_it_is_resolved_ends_with_the_trouble_which_is_told_to_be_over()
    {
        var rule = Live();
        _lab.Evaluate(1, 10);
        _lab.Rules.Change(rule.Id, known => known with { Options = known.Options with { MutesUntilResolved = true, Silenced = new Dictionary<string, long?> { ["*"] = null } } });
        _lab.Evaluate(11, 21);
        Assert.NotEmpty(_lab.Rules.Find(rule.Id)!.Rule.Options.Silenced);
        _lab.Evaluate(22, 40);

        Assert.Equal(["8 Warn", "22 Recovered", "35 NoData", "38 Recovered"], _lab.Lines);
        Assert.Equal((0, false), (_lab.Rules.Find(rule.Id)!.Rule.Options.Silenced.Count, _lab.Rules.Find(rule.Id)!.Rule.Options.MutesUntilResolved));
    }

    [Fact]
    public void A_group_is_kept_as_long_as_its_monitor_says()
    {
        _lab.Feed(0, 10, 100, tags: "host:a");
        var rule = _lab.Add("avg(last_5m):avg:my_metric{*} by {host} > 800", new() { GroupRetentionSeconds = 3_600 });
        _lab.Evaluate(1, 60);
        Assert.Single(_lab.States.Find(rule.Id)!.Groups);
        _lab.Evaluate(61, 75);

        Assert.Empty(_lab.States.Find(rule.Id)!.Groups);
    }

    /// <summary>The life of appendix C.4, up to minute 40.</summary>
    MonitorRule Live()
    {
        _lab.Feed(0, 5, 400);
        _lab.Feed(5, 11, 600);
        _lab.Feed(11, 18, 950);
        _lab.Feed(18, 25, 300);
        _lab.Feed(37, 40, 300);
        return _lab.Add(Walkthrough, s_walkthrough);
    }

    [Fact]
    public void Overlapping_downtimes_end_with_the_last()
    {
        Live();
        _lab.Book.Add(11, 15);
        _lab.Book.Add(13, 19);
        _lab.Evaluate(1, 30);

        Assert.Equal(["8 Warn", "19 Triggered", "20 Warn", "22 Recovered"], _lab.Lines);
    }

    [Fact]
    public void A_mute_on_the_monitor_is_a_downtime()
    {
        var rule = Live();
        _lab.Evaluate(1, 10);
        _lab.Rules.Change(rule.Id, known => known with { Options = known.Options with { Silenced = new Dictionary<string, long?> { ["*"] = MonitorLab.At(19) } } });
        _lab.Evaluate(11, 30);

        Assert.Equal(["8 Warn", "19 Triggered", "20 Warn", "22 Recovered"], _lab.Lines);
    }

    [Fact]
    public void Without_notices_of_missing_data_the_state_is_kept()
    {
        var rule = _lab.Add(Walkthrough);
        _lab.Feed(0, 10, 900);
        _lab.Evaluate(1, 200);

        Assert.Equal(MonitorState.Alert, _lab.State(rule.Id).State);
        Assert.Equal(["1 Triggered"], _lab.Lines);
    }

    [Fact]
    public void What_never_had_data_is_not_told_of()
    {
        var rule = _lab.Add(Walkthrough, s_walkthrough);
        _lab.Evaluate(1, 30);

        Assert.Equal(MonitorState.NoData, _lab.State(rule.Id).State);
        Assert.Empty(_lab.Lines);
    }

    [Fact]
    public void A_group_that_stays_silent_is_resolved_after_some_hours()
    {
        var rule = _lab.Add(Walkthrough, new MonitorOptions { TimeoutHours = 1 });
        _lab.Feed(0, 10, 900);
        _lab.Evaluate(1, 80);

        Assert.Equal(MonitorState.Ok, _lab.State(rule.Id).State);
        Assert.Equal(["1 Triggered", "70 Recovered"], _lab.Lines);
    }

    [Theory]
    [InlineData("show_no_data", MonitorState.NoData, "1 Triggered")]
    [InlineData("show_and_notify_no_data", MonitorState.NoData, "1 Triggered, 15 NoData")]
    [InlineData("resolve", MonitorState.Ok, "1 Triggered, 15 Recovered")]
    [InlineData("default", MonitorState.Alert, "1 Triggered")]
    public void What_is_done_with_missing_data_can_be_said(string onMissingData, MonitorState state, string told)
    {
        var rule = _lab.Add(Walkthrough, new MonitorOptions { OnMissingData = onMissingData });
        _lab.Feed(0, 10, 900);
        _lab.Evaluate(1, 30);

        Assert.Equal(state, _lab.State(rule.Id).State);
        Assert.Equal(told.Split(", "), _lab.Lines);
    }

    [Fact]
    public void Repeats_come_by_their_interval_and_end_by_their_number()
    {
        _lab.Add(Walkthrough, new MonitorOptions { RenotifyIntervalMinutes = 10, RenotifyOccurrences = 2 });
        _lab.Feed(0, 60, 900);
        _lab.Evaluate(1, 60);

        Assert.Equal(["1 Triggered", "11 Re-Alert", "21 Re-Alert"], _lab.Lines);
    }

    [Fact]
    public void Repeats_pause_in_a_downtime_and_end_after_thirty_hours()
    {
        _lab.Add(Walkthrough, new MonitorOptions { RenotifyIntervalMinutes = 600 });
        _lab.Feed(0, 3_000, 900);
        _lab.Book.Add(300, 700, tells: []);
        _lab.Evaluate(1, 3_000);

        Assert.Equal(["1 Triggered", "700 Re-Alert", "1300 Re-Alert"], _lab.Lines);
    }

    [Fact]
    public void Each_group_has_a_state_of_its_own()
    {
        var rule = _lab.Add("avg(last_5m):avg:my_metric{*} by {host} > 800");
        _lab.Feed(0, 20, 900, tags: "host:a");
        _lab.Feed(0, 20, 300, tags: "host:b");
        _lab.Feed(0, 20, 999); // Without the key it is in no group.
        _lab.Evaluate(1, 10);

        Assert.Equal(["host:a Alert", "host:b Ok"], _lab.States.Find(rule.Id)!.Groups.Select(group => $"{group.Group} {group.State}"));
        Assert.Equal(["1 Triggered host:a"], _lab.Lines);
        Assert.True(rule.IsMulti);
    }

    [Fact]
    public void A_new_group_is_left_alone_at_first_and_a_silent_one_is_forgotten_without_a_word()
    {
        var rule = _lab.Add("avg(last_5m):avg:my_metric{*} by {host} > 800");
        _lab.Feed(0, 10, 300, tags: "host:a");
        _lab.Feed(5, 20, 900, tags: "host:new");
        _lab.Evaluate(1, 20);
        Assert.Equal(["11 Triggered host:new"], _lab.Lines); // Seen at minute 6, delayed for 300 s.

        for (var minute = 30; minute <= 1_470; minute += 10) _lab.EvaluateAt(minute);

        Assert.Empty(_lab.States.Find(rule.Id)!.Groups);
        Assert.Single(_lab.Lines);
        Assert.Equal(2, _lab.History.Read(rule.Id).Count(note => note.Happening == Apm.Monitors.Schedule.EvaluationHappening.Forgotten));
    }

    [Fact]
    public void A_window_that_is_not_full_is_skipped_when_asked()
    {
        var rule = _lab.Add("avg(last_10m):avg:my_metric{*} > 800", new MonitorOptions { RequireFullWindow = true });
        _lab.Feed(0, 30, 900);
        _lab.Evaluate(1, 9);
        Assert.Empty(_lab.Lines);
        _lab.Evaluate(10, 12);

        Assert.Equal(["10 Triggered"], _lab.Lines);
        Assert.Equal(MonitorState.Alert, _lab.State(rule.Id).State);
    }

    [Fact]
    public void The_evaluation_delay_moves_the_window_back()
    {
        _lab.Add(Walkthrough, new MonitorOptions { EvaluationDelaySeconds = 600 });
        _lab.Feed(0, 5, 900);
        _lab.Evaluate(1, 20);

        Assert.Equal(["11 Triggered"], _lab.Lines);
    }

    [Fact]
    public void A_change_is_against_the_same_window_before()
    {
        var rule = _lab.Add(MonitorTypes.Query, "change(avg(last_5m),last_10m):avg:my_metric{*} > 50");
        var percent = _lab.Add(MonitorTypes.Query, "pct_change(avg(last_5m),10m_ago):avg:my_metric{*} > 20");
        _lab.Feed(0, 15, 100);
        _lab.Feed(15, 20, 160);
        _lab.Evaluate(20, 20);

        Assert.Equal(60, _lab.State(rule.Id).Value);
        Assert.Equal(60, _lab.State(percent.Id).Value);
    }

    [Fact]
    public void Counts_are_divided_after_their_totals()
    {
        var rule = _lab.Add("avg(last_5m):sum:errors{*}.as_count() / sum:requests{*}.as_count() > 0.41");
        _lab.Write("errors", MetricType.Count, 10, [new(MonitorLab.At(1), 0), new(MonitorLab.At(2), 1), new(MonitorLab.At(3), 1)]);
        _lab.Write("requests", MetricType.Count, 10, [new(MonitorLab.At(1), 1), new(MonitorLab.At(2), 1), new(MonitorLab.At(3), 3)]);
        _lab.Evaluate(5, 5);

        Assert.Equal(0.4, _lab.State(rule.Id).Value!.Value, 9);
        Assert.Equal(MonitorState.Ok, _lab.State(rule.Id).State);
    }

    [Fact]
    public void A_sum_of_counts_is_that_of_the_window_at_every_minute()
    {
        var rule = _lab.Add("sum(last_1h):sum:errors{*}.as_count() > 1000");
        _lab.Write("errors", MetricType.Count, 10, [.. Enumerable.Range(0, 70).Select(minute => new MetricPoint(MonitorLab.At(minute), 1))]);
        _lab.Evaluate(63, 63);

        Assert.Equal(60, _lab.State(rule.Id).Value);
    }

    [Fact]
    public void A_share_of_anomalous_points_alerts_and_recovers()
    {
        var rule = _lab.Add(MonitorTypes.Query, "avg(last_1h):anomalies(avg:my_metric{*}, 'basic', 2, direction='both', alert_window='last_15m', interval=60) >= 0.2",
            new MonitorOptions { Thresholds = new() { Critical = 0.2, CriticalRecovery = 0 } });
        var random = new Random(1);
        for (var minute = 0; minute < 120; minute++) _lab.Feed(minute, minute + 1, minute is >= 90 and < 100 ? 100 * (minute - 80) : 10 + random.NextDouble());
        _lab.Evaluate(60, 89);
        Assert.Equal(MonitorState.Ok, _lab.State(rule.Id).State);
        _lab.Evaluate(90, 100);
        Assert.Equal(MonitorState.Alert, _lab.State(rule.Id).State);
        _lab.Evaluate(101, 104);
        Assert.Equal(MonitorState.Alert, _lab.State(rule.Id).State); // Until the window holds no anomalous point at all.
        _lab.Evaluate(105, 120);
        Assert.Equal(MonitorState.Ok, _lab.State(rule.Id).State);
    }

    [Fact]
    public void An_outlier_alerts_alone()
    {
        var rule = _lab.Add(MonitorTypes.Query, "avg(last_30m):outliers(avg:my_metric{*} by {host}, 'dbscan', 3) > 0");
        foreach (var (host, value) in ((string, double)[])[("a", 10), ("b", 10.5), ("c", 9.5), ("d", 90)]) _lab.Feed(0, 30, value, tags: "host:" + host);
        _lab.Evaluate(30, 30);

        Assert.Equal(["host:d"], _lab.States.Find(rule.Id)!.Groups.Where(group => group.State == MonitorState.Alert).Select(group => group.Group));
    }

    [Fact]
    public void A_forecast_alerts_before_it_happens()
    {
        var rule = _lab.Add(MonitorTypes.Query, "max(next_2h):forecast(avg:my_metric{*}, 'linear', 1, history='4h', interval='5m') >= 90");
        for (var minute = 0; minute < 240; minute++) _lab.Feed(minute, minute + 1, minute / 4.0); // 60 now, 90 in two hours.
        _lab.Evaluate(240, 240);

        Assert.InRange(_lab.State(rule.Id).Value!.Value, 88, 91);
    }

    [Fact]
    public void A_service_check_needs_runs_in_a_row()
    {
        var rule = _lab.Add(MonitorTypes.ServiceCheck, "\"mysql.can_connect\".over(\"*\").by(\"host\").last(4).count_by_status()", new MonitorOptions { Thresholds = new() { Critical = 3, Warning = 1, Ok = 2 } });
        CheckStatus[] runs = [CheckStatus.Ok, CheckStatus.Ok, CheckStatus.Critical, CheckStatus.Critical, CheckStatus.Critical, CheckStatus.Ok, CheckStatus.Ok];
        for (var i = 0; i < runs.Length; i++)
        {
            _lab.Run("mysql.can_connect", runs[i], i + 0.5, message: $"run {i}");
            _lab.EvaluateAt(i + 1);
        }

        Assert.Equal(["5 Triggered host:box-1", "7 Recovered host:box-1"], _lab.Lines);
        Assert.Equal("run 4", _lab.Told.All[0].CheckMessage);
        Assert.Equal(MonitorState.Ok, _lab.State(rule.Id, "host:box-1").State);
    }

    [Fact]
    public void A_host_that_is_silent_is_told_of()
    {
        _lab.Add(MonitorTypes.ServiceCheck, "\"datadog.agent.up\".over(\"*\").by(\"host\").last(2).count_by_status()", new MonitorOptions { NotifyNoData = true, NoDataTimeframeMinutes = 2 });
        for (var minute = 0; minute < 10; minute++)
        {
            if (minute < 5) _lab.Run("datadog.agent.up", CheckStatus.Ok, minute + 0.5, "a");
            _lab.Run("datadog.agent.up", CheckStatus.Ok, minute + 0.5, "b");
            _lab.EvaluateAt(minute + 1);
        }

        Assert.Equal(["7 NoData host:a"], _lab.Lines);
        Assert.Equal("The agent on a last reported at 00:04 UTC, 2 min ago: it is down, or cannot reach Apm.", _lab.Told.All[0].MissingReason);
    }

    [Theory]
    [InlineData(false, "my_metric last came at 00:04 UTC, 10 min ago, from anywhere: the app that sends it has stopped, or cannot reach Apm.")]
    [InlineData(true, "my_metric still comes, but no longer with team:a: a tag was renamed, or that part of it has stopped.")]
    public void Missing_data_is_told_with_what_may_be_the_reason(bool isRenamed, string reason)
    {
        _lab.Add("avg(last_5m):avg:my_metric{*} by {team} > 800", s_walkthrough);
        _lab.Feed(0, 5, 1, tags: "team:a");
        if (isRenamed) _lab.Feed(5, 20, 1, tags: "team:b");
        _lab.Evaluate(1, 16);

        Assert.Equal(reason, Assert.Single(_lab.Told.All, told => told.To == MonitorState.NoData).MissingReason);
    }

    [Fact]
    public void Events_are_counted_and_what_does_not_come_is_none()
    {
        var rule = _lab.Add(MonitorTypes.Event, "events(\"deploy env:prod\").rollup(\"count\").last(\"5m\") > 1");
        _lab.Happen("deploy 1", 1, "env:prod");
        _lab.Happen("deploy 2", 2, "env:prod");
        _lab.Happen("deploy 3", 2, "env:dev");
        _lab.Evaluate(3, 10);

        Assert.Equal(["3 Triggered", "7 Recovered"], _lab.Lines);
        Assert.Equal(0, _lab.State(rule.Id).Value);
    }

    [Theory]
    [InlineData("source:(nagios OR chef) env:(prod OR dev)", 2)]
    [InlineData("title:deploy* NOT env:dev", 1)]
    public void Events_are_found_as_they_are_searched(string search, double count)
    {
        var rule = _lab.Add(MonitorTypes.Event, $"events(\"{search}\").rollup(\"count\").last(\"5m\") > 0");
        _lab.Happen(new EventRecord { Title = "deploy 1", UnixSeconds = MonitorLab.At(1), Source = "chef", Tags = ["env:prod"] });
        _lab.Happen(new EventRecord { Title = "deploy 2", UnixSeconds = MonitorLab.At(1), Source = "nagios", Tags = ["env:dev"] });
        _lab.Evaluate(2, 2);

        Assert.Equal((MonitorState.Alert, count), (_lab.State(rule.Id).State, _lab.State(rule.Id).Value));
    }

    [Fact]
    public void A_service_check_without_over_looks_at_all_runs_and_says_its_name()
    {
        var rule = _lab.Add(MonitorTypes.ServiceCheck, "\"ntp.in_sync\".by(\"*\").last(2).count_by_status()");
        _lab.Run("ntp.in_sync", CheckStatus.Critical, 1);
        _lab.Evaluate(1, 2);

        Assert.Equal(MonitorState.Alert, Assert.Single(_lab.States.Find(rule.Id)!.Groups).State);
        Assert.StartsWith("The check **ntp.in_sync** on ", AlertSentence.Of(Assert.Single(_lab.Told.All)), StringComparison.Ordinal);
    }

    [Fact]
    public void Events_that_do_not_come_may_be_missing_data()
    {
        _lab.Add(MonitorTypes.Event, "events(\"backup\").rollup(\"count\").last(\"5m\") < 1", new MonitorOptions { OnMissingData = "show_and_notify_no_data" });
        _lab.Happen("backup", 1);
        _lab.Evaluate(2, 10);

        Assert.Equal(["7 NoData"], _lab.Lines);
    }

    [Fact]
    public void No_span_is_a_count_of_none()
    {
        var rule = _lab.Add(MonitorTypes.Spans, "trace-analytics(\"service:web status:error\").rollup(\"count\").last(\"5m\") > 0");
        _lab.Evaluate(1, 2);

        Assert.Equal((MonitorState.Ok, 0.0), (_lab.State(rule.Id).State, _lab.State(rule.Id).Value));
    }

    [Fact]
    public void A_composite_alerts_where_all_parts_do()
    {
        var left = _lab.Add("avg(last_5m):avg:left{*} by {host} > 1");
        var right = _lab.Add("avg(last_5m):avg:right{*} by {service} > 1");
        _lab.Feed(0, 10, 5, "left", "host:web04");
        _lab.Feed(0, 10, 5, "left", "host:web05");
        _lab.Feed(0, 10, 0, "left", "host:web06");
        _lab.Feed(0, 10, 5, "right", "service:web04");
        _lab.Feed(0, 10, 5, "right", "service:web06");
        var composite = _lab.Add(MonitorTypes.Composite, $"{left.Id} && {right.Id}");
        _lab.Evaluate(1, 3);

        Assert.True(composite.IsMulti);
        Assert.Equal(["host:web04 Alert", "host:web06 Ok"], _lab.States.Find(composite.Id)!.Groups.Select(group => $"{group.Group} {group.State}"));
        var told = Assert.Single(_lab.Told.All, told => told.Rule.Id == composite.Id);
        Assert.Equal((left.Id, MonitorState.Alert, 5.0), (told.Parts["a"].MonitorId, told.Parts["a"].State, told.Parts["a"].Value));
    }

    [Theory]
    [InlineData(false, MonitorState.Ok)]
    [InlineData(true, MonitorState.NoData)]
    public void A_composite_keeps_its_state_unless_it_asks_for_no_data(bool notifyNoData, MonitorState state)
    {
        var part = _lab.Add("avg(last_1m):avg:my_metric{*} > 800", new MonitorOptions { NotifyNoData = true, NoDataTimeframeMinutes = 2 });
        var composite = _lab.Add(MonitorTypes.Composite, $"{part.Id} && {part.Id}", new MonitorOptions { NotifyNoData = notifyNoData });
        _lab.Feed(0, 5, 1);
        _lab.Evaluate(1, 10);

        Assert.Equal(MonitorState.NoData, _lab.State(part.Id).State);
        Assert.Equal(state, _lab.State(composite.Id).State);
    }

    [Fact]
    public void A_query_that_cannot_be_answered_is_skipped_and_said_once()
    {
        var rule = _lab.Add(MonitorTypes.Query, "percentile(last_5m):p95:my_metric{*} > 1");
        _lab.Feed(0, 10, 5);
        _lab.Evaluate(1, 5);

        var note = Assert.Single(_lab.History.Read(rule.Id));
        Assert.Contains("needs a distribution", note.Reason, StringComparison.Ordinal);
        Assert.Equal(5, _lab.Counters.Read("monitor_evaluations_skipped"));
    }

    [Fact]
    public void Another_query_begins_with_other_states()
    {
        var rule = _lab.Add(Walkthrough);
        _lab.Feed(0, 30, 900);
        _lab.Evaluate(1, 5);
        _lab.Rules.Change(rule.Id, known => known with { Query = "avg(last_5m):avg:other{*} > 800" });
        Assert.Empty(_lab.States.Find(rule.Id)!.Groups);
        _lab.Evaluate(6, 7);

        Assert.Equal(MonitorState.NoData, _lab.State(rule.Id).State);
        Assert.Equal(["1 Triggered"], _lab.Lines);
    }
}
