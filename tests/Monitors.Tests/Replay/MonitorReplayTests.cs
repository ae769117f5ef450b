using Apm.Core.Checks;
using Apm.Core.Monitors;
using Apm.Core.Slos;
using Apm.Monitors.Queries;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;
using Apm.Monitors.Tests.Schedule;

namespace Apm.Monitors.Tests.Replay;

public sealed class MonitorReplayTests : IDisposable
{
    const string Walkthrough = "avg(last_5m):avg:my_metric{*} > 800";

    static readonly MonitorOptions s_walkthrough = new() { Thresholds = new() { Critical = 800, Warning = 500 }, NotifyNoData = true, NoDataTimeframeMinutes = 10 };

    readonly MonitorLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_replay_tells_exactly_what_the_schedule_told()
    {
        FeedLife();
        _lab.Book.Add(11, 19);
        _lab.Rules.Add(Rule(Walkthrough));
        _lab.Evaluate(1, 40);

        var replay = _lab.Replay.Between(Known(Walkthrough), MonitorLab.At(1), MonitorLab.At(40));

        Assert.Equal(_lab.Lines, Lines(replay));
        Assert.Equal(["8 Warn", "19 Triggered", "20 Warn", "22 Recovered", "35 NoData", "38 Recovered"], Lines(replay));
        Assert.Equal((40, 0, ""), (replay.EvaluationCount, replay.SkippedCount, replay.StoppedReason));
        Assert.Equal(1, replay.MutedCount); // To Alert at 14.
    }

    [Fact]
    public void The_states_follow_each_other_with_what_was_compared()
    {
        FeedLife();

        var replay = _lab.Replay.Between(Known(Walkthrough), MonitorLab.At(1), MonitorLab.At(40));

        var group = Assert.Single(replay.Groups);
        Assert.Equal(["1-8 Ok", "8-14 Warn", "14-20 Alert", "20-22 Warn", "22-35 Ok", "35-38 NoData", "38-40 Ok"], group.Spans.Select(span => $"{Minute(span.FromUnixSeconds)}-{Minute(span.ToUnixSeconds)} {span.State}"));
        Assert.Equal((950.0, 18L), (replay.Highest!.Value, Minute(replay.Highest.AtUnixSeconds) + 2)); // The first window that holds nothing else, two minutes before.
        Assert.Equal(400, group.Values[0]);
        Assert.Null(group.Values[33]); // Of minute 34, which found nothing.
        Assert.Equal(60, replay.SlotSeconds);
    }

    [Fact]
    public void Groups_have_a_life_each_and_those_in_trouble_come_first()
    {
        _lab.Feed(0, 20, 100, tags: "host:a");
        _lab.Feed(0, 10, 100, tags: "host:b");
        _lab.Feed(10, 20, 900, tags: "host:b");

        var replay = _lab.Replay.Between(Known("avg(last_5m):avg:my_metric{*} by {host} > 800", new() { Thresholds = new() { Critical = 800 } }), MonitorLab.At(5), MonitorLab.At(20));

        Assert.Equal(["15 Triggered host:b"], Lines(replay));
        Assert.Equal(["host:b", "host:a"], replay.Groups.Select(one => one.Group));
    }

    [Fact]
    public void A_composite_is_replayed_with_its_parts()
    {
        FeedLife();
        var part = _lab.Rules.Add(Rule(Walkthrough)).Rule;
        _lab.Feed(0, 40, 1, "other");
        var other = _lab.Rules.Add(Rule("avg(last_5m):avg:other{*} > 0") with { Options = new() }).Rule;

        var replay = _lab.Replay.Between(Known(MonitorTypes.Composite, $"{part.Id} && {other.Id}"), MonitorLab.At(1), MonitorLab.At(30));

        Assert.Equal(["8 Warn", "14 Triggered", "20 Warn", "22 Recovered"], Lines(replay));
    }

    [Fact]
    public void Events_and_checks_are_seen_as_they_were_then()
    {
        _lab.Happen("deploy", 10);
        for (var minute = 0; minute < 20; minute++) _lab.Run("db", minute is >= 5 and < 12 ? CheckStatus.Critical : CheckStatus.Ok, minute, "box-1");

        var events = _lab.Replay.Between(Known(MonitorTypes.Event, "events(\"deploy\").rollup(\"count\").last(\"5m\") > 0"), MonitorLab.At(1), MonitorLab.At(20));
        var checks = _lab.Replay.Between(Known(MonitorTypes.ServiceCheck, "\"db\".over(\"*\").by(\"host\").last(4).count_by_status()", new() { Thresholds = new() { Critical = 3, Ok = 2 } }), MonitorLab.At(1), MonitorLab.At(20));

        Assert.Equal(["11 Triggered", "16 Recovered"], Lines(events));
        Assert.Equal(["7 Triggered host:box-1", "13 Recovered host:box-1"], Lines(checks));
    }

    [Fact]
    public void A_week_is_replayed_when_that_can_be_done_in_time()
    {
        const int Week = 7 * 24 * 60;
        for (var minute = 0; minute < Week; minute += 10) _lab.Write("slow", Core.Metrics.MetricType.Gauge, 0, [new(MonitorLab.At(minute), minute is >= 5000 and < 5060 ? 900 : 612)]);

        var replay = _lab.Replay.Latest(Known("max(last_15m):avg:slow{*} > 800", new() { Thresholds = new() { Critical = 800 } }), MonitorLab.At(Week));

        Assert.Equal((Week + 1, ""), (replay.EvaluationCount, replay.StoppedReason));
        Assert.Equal(["5001 Triggered", "5066 Recovered"], Lines(replay));
        Assert.Equal(1_680, replay.SlotSeconds);
    }

    [Fact]
    public void Where_data_began_lately_the_time_before_is_not_shown()
    {
        FeedLife();

        var replay = _lab.Replay.Latest(Known(Walkthrough), MonitorLab.At(40));

        Assert.Equal(((long)TimeSpan.FromHours(1).TotalSeconds, ""), (replay.ToUnixSeconds - replay.FromUnixSeconds, replay.StoppedReason));
        Assert.Equal(["8 Warn", "14 Triggered", "20 Warn", "22 Recovered", "35 NoData", "38 Recovered"], Lines(replay));
    }

    [Fact]
    public void Own_mutes_count_for_nothing_in_a_time_before_them()
    {
        FeedLife();

        var replay = _lab.Replay.Between(Known(Walkthrough, s_walkthrough with { Silenced = new Dictionary<string, long?> { ["*"] = null } }), MonitorLab.At(1), MonitorLab.At(30));

        Assert.Equal(["8 Warn", "14 Triggered", "20 Warn", "22 Recovered"], Lines(replay));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mutes_count_from_when_they_were_set_to_when_they_were_over(bool isOfAll)
    {
        FeedLife();
        var rule = _lab.Rules.Add(Rule(Walkthrough)).Rule;
        _lab.Evaluate(1, 10);
        if (isOfAll) _lab.MuteAll.Mute(MonitorLab.At(10));
        else Mute(rule.Id, "*", MonitorLab.At(19));
        _lab.Evaluate(11, 19);
        if (isOfAll) _lab.MuteAll.Unmute();
        _lab.Evaluate(20, 40);

        var replay = _lab.Replay.Between(_lab.Rules.Find(rule.Id)!, MonitorLab.At(1), MonitorLab.At(40));

        Assert.Equal(isOfAll ? ["8 Warn", "20 Warn", "22 Recovered", "35 NoData", "38 Recovered"] : ["8 Warn", "19 Triggered", "20 Warn", "22 Recovered", "35 NoData", "38 Recovered"], _lab.Lines);
        Assert.Equal(_lab.Lines, Lines(replay));
        Assert.Equal(1, replay.MutedCount);
    }

    [Fact]
    public void A_mute_of_a_group_that_was_lifted_counts_for_that_group_and_until_then()
    {
        foreach (var host in (string[])["host:a", "host:b"])
        {
            _lab.Feed(0, 10, 100, tags: host);
            _lab.Feed(10, 40, 900, tags: host);
        }
        var rule = _lab.Rules.Add(Rule("max(last_5m):avg:my_metric{*} by {host} > 800")).Rule;
        _lab.Evaluate(1, 5);
        Mute(rule.Id, "host:a", null);
        _lab.Evaluate(6, 20);
        _lab.Rules.Change(rule.Id, known => known with { Options = known.Options with { Silenced = new Dictionary<string, long?>() } });
        _lab.Restart();
        _lab.Evaluate(21, 30);

        var replay = _lab.Replay.Between(_lab.Rules.Find(rule.Id)!, MonitorLab.At(1), MonitorLab.At(30));

        Assert.Equal(["11 Triggered host:b"], Lines(replay)); // What was taken away tells nothing of what lasts.
        Assert.Equal(_lab.Lines, Lines(replay));
        Assert.Equal(["1-5 False", "5-11 True", "11-20 True", "20-30 False"], replay.Groups.Single(group => group.Group == "host:a").Spans.Select(span => $"{Minute(span.FromUnixSeconds)}-{Minute(span.ToUnixSeconds)} {span.IsMuted}"));
    }

    [Fact]
    public void Missing_data_is_told_with_the_reason_that_there_was_then()
    {
        FeedLife(); // It comes again at minute 37, which nobody knew at 35.
        _lab.Feed(0, 40, 1, tags: "other:x");
        var byTag = Known("avg(last_5m):avg:my_metric{*} by {host} > 800", s_walkthrough);
        _lab.Feed(0, 20, 1, tags: "host:a");

        Assert.Equal("my_metric last came at 00:24 UTC, 10 min ago, from anywhere: the app that sends it has stopped, or cannot reach Apm.".Replace("00:24", Time(24), StringComparison.Ordinal),
            ReasonOf(Known("avg(last_5m):avg:alone{*} > 800", s_walkthrough), "alone").Replace("alone", "my_metric", StringComparison.Ordinal));
        Assert.Equal("my_metric still comes, but no longer with host:a: a tag was renamed, or that part of it has stopped.", _lab.Replay.Between(byTag, MonitorLab.At(1), MonitorLab.At(40)).Told.Single(told => told.To == MonitorState.NoData && told.Group == "host:a").MissingReason);
    }

    string ReasonOf(KnownRule known, string metric)
    {
        _lab.Feed(0, 25, 1, metric);
        _lab.Feed(37, 41, 1, metric);
        return _lab.Replay.Between(known, MonitorLab.At(1), MonitorLab.At(40)).Told.Single(told => told.To == MonitorState.NoData).MissingReason;
    }

    static string Time(int minute) => DateTimeOffset.FromUnixTimeSeconds(MonitorLab.At(minute)).ToString("HH:mm", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public void Monitors_of_objectives_are_replayed_too()
    {
        var slo = _lab.Slos.Add(new Slo { Kind = SloKind.Metric, Name = "Answers", Targets = [new(7, 99)], GoodQuery = "sum:hits{*}.as_count() - sum:errors{*}.as_count()", TotalQuery = "sum:hits{*}.as_count()" });
        var burn = _lab.Add(MonitorTypes.Slo, $"burn_rate(\"{slo.Id}\").over(\"7d\").long_window(\"1h\").short_window(\"5m\") > 1.4");
        Count("hits", 0, 180, 100);
        Count("errors", 60, 90, 5);
        _lab.Evaluate(1, 120);
        Assert.Equal(2, _lab.Lines.Length);

        var known = _lab.Rules.Find(burn.Id)!;
        var replay = _lab.Replay.Between(known, MonitorLab.At(1), MonitorLab.At(120));
        var part = _lab.Replay.Between(Known(MonitorTypes.Composite, $"{burn.Id}"), MonitorLab.At(1), MonitorLab.At(120));

        Assert.Equal(_lab.Lines, Lines(replay));
        Assert.Equal(("", 120), (replay.StoppedReason, replay.EvaluationCount));
        Assert.Equal(_lab.Lines.Select(line => line.Split(' ')[0]), Lines(part).Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public void An_objective_of_monitors_is_replayed_from_what_is_known_of_them()
    {
        var rule = _lab.Add("avg(last_1m):avg:my_metric{*} > 800");
        var slo = _lab.Slos.Add(new Slo { Kind = SloKind.Monitor, Name = "Up", Targets = [new(7, 90)], MonitorIds = [rule.Id] });
        _lab.Add(MonitorTypes.Slo, $"error_budget(\"{slo.Id}\").over(\"7d\") > 50");
        _lab.Feed(0, 30, 400);
        _lab.Feed(30, 40, 900);
        _lab.Feed(40, 120, 400);
        _lab.Evaluate(1, 118);
        var told = _lab.Told.All.Where(one => one.Rule.Type == MonitorTypes.Slo).Select(one => $"{Minute(one.AtUnixSeconds)} {one.Kind}").ToList();
        Assert.NotEmpty(told);

        Assert.Equal(told, Lines(_lab.Replay.Between(_lab.Rules.All()[1], MonitorLab.At(5), MonitorLab.At(115))));
    }

    void Count(string metric, int fromMinute, int toMinute, double perMinute) =>
        _lab.Write(metric, Core.Metrics.MetricType.Count, 60, [.. Enumerable.Range(0, toMinute - fromMinute).Select(i => new Core.Metrics.MetricPoint(MonitorLab.At(fromMinute + i), perMinute))]);

    void Mute(long id, string scope, long? end) => _lab.Rules.Change(id, known => known with { Options = known.Options with { Silenced = new Dictionary<string, long?> { [scope] = end } } });

    [Fact]
    public void What_cannot_be_had_in_time_is_left_out_and_said()
    {
        FeedLife();
        var slow = new TickingClock(_lab.Clock, TimeSpan.FromMilliseconds(50));
        var replay = _lab.ReplayBy(slow);

        var latest = replay.Latest(Known(Walkthrough), MonitorLab.At(40));
        var between = replay.Between(Known(Walkthrough), MonitorLab.At(0) - 86_400, MonitorLab.At(40));

        Assert.InRange(latest.EvaluationCount, 1, 61);
        Assert.NotEqual("", latest.StoppedReason);
        Assert.InRange(between.EvaluationCount, 1, 100);
        Assert.StartsWith("It was stopped after 3 s of work, at ", between.StoppedReason, StringComparison.Ordinal);
        Assert.Equal(2, _lab.Counters.Read("monitor_replays_stopped"));
    }

    [Fact]
    public void A_replay_without_a_state_at_its_beginning_says_what_was_so_already()
    {
        _lab.Feed(0, 30, 900);

        var replay = _lab.Replay.Between(Known(Walkthrough), MonitorLab.At(10), MonitorLab.At(20));

        Assert.True(replay.IsAtStart(Assert.Single(replay.Told)));
    }

    void FeedLife()
    {
        _lab.Feed(0, 5, 400);
        _lab.Feed(5, 11, 600);
        _lab.Feed(11, 18, 950);
        _lab.Feed(18, 25, 300);
        _lab.Feed(37, 41, 300);
    }

    static MonitorRule Rule(string query) => new() { Type = MonitorTypes.Metric, Query = query, Name = "My metric high", Options = s_walkthrough };

    KnownRule Known(string query, MonitorOptions? options = null) => _lab.Rules.Check(Rule(query) with { Options = options ?? s_walkthrough });

    KnownRule Known(string type, string query, MonitorOptions? options = null) => _lab.Rules.Check(new MonitorRule { Type = type, Query = query, Name = "A monitor", Options = options ?? new() });

    static string[] Lines(ReplayResult replay) => [.. replay.Told.Select(told => $"{Minute(told.AtUnixSeconds)} {told.Kind}{(told.Group == "*" ? "" : " " + told.Group)}")];

    static long Minute(long unixSeconds) => (unixSeconds - MonitorLab.Start) / 60;

    /// <summary>Each look at it takes some time.</summary>
    sealed class TickingClock(TimeProvider clock, TimeSpan perLook) : TimeProvider
    {
        long _looks;

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Increment(ref _looks) * perLook.Ticks;
    }
}
