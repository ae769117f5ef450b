using Apm.Core.Monitors;
using Apm.Monitors.Schedule;
using Apm.Storage.InMemory;

namespace Apm.Monitors.Tests.Schedule;

public sealed class MonitorScheduleTests : IDisposable
{
    readonly MonitorLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Theory]
    [InlineData("last_5m", 61)]
    [InlineData("last_1d", 7)]
    [InlineData("last_2d", 3)]
    public void Longer_windows_are_looked_at_less_often(string window, int evaluations)
    {
        _lab.Add($"avg({window}):avg:my_metric{{*}} > 1");
        var count = 0;
        for (var minute = 60; minute <= 120; minute++) count += _lab.EvaluateAt(minute);

        Assert.Equal(evaluations, count);
        Assert.Equal(evaluations, _lab.Counters.Read("monitor_evaluations"));
    }

    [Fact]
    public void Nothing_drifts_when_it_is_asked_late()
    {
        var rule = _lab.Add("avg(last_1m):avg:my_metric{*} > 800");
        _lab.Feed(0, 3, 900);
        _lab.EvaluateAt(1.9);
        _lab.EvaluateAt(2.95);

        Assert.Equal(MonitorLab.At(1), _lab.Told.All[0].AtUnixSeconds);
        Assert.Equal(MonitorLab.At(2), _lab.Schedule.LastMinuteUnixSeconds);
        Assert.Equal(MonitorState.Alert, _lab.State(rule.Id).State);
    }

    [Fact]
    public void What_was_missed_is_counted_and_not_made_up_for()
    {
        _lab.Add("avg(last_5m):avg:my_metric{*} > 800");
        _lab.Feed(0, 100, 900);
        _lab.EvaluateAt(1);
        _lab.Restart();

        Assert.Equal(1, _lab.EvaluateAt(91));
        Assert.Equal(89, _lab.Counters.Read("monitor_minutes_missed"));
        Assert.Equal(["1 Triggered"], _lab.Lines);
    }

    [Fact]
    public void A_clock_that_is_set_back_does_not_silence_monitors()
    {
        _lab.Add("avg(last_5m):avg:my_metric{*} > 800");
        _lab.EvaluateAt(100);

        Assert.Equal(0, _lab.EvaluateAt(99.5));
        Assert.Equal(1, _lab.EvaluateAt(60));
        Assert.Equal(1, _lab.EvaluateAt(61));
    }

    [Fact]
    public void Deleting_a_monitor_forgets_its_states_and_history()
    {
        var rule = _lab.Add("avg(last_5m):avg:my_metric{*} > 800");
        _lab.Feed(0, 10, 900);
        _lab.Evaluate(1, 3);
        Assert.Single(_lab.History.Read(rule.Id));
        _lab.Rules.Remove(rule.Id, force: false);
        _lab.Evaluate(4, 4);
        _lab.Restart();

        Assert.Null(_lab.States.Find(rule.Id));
        Assert.Equal(0, _lab.States.GroupCount);
        Assert.Empty(_lab.History.Read(rule.Id));
    }

    [Fact]
    public void Many_groups_come_back_after_a_restart()
    {
        var rule = _lab.Add("avg(last_5m):avg:my_metric{*} by {host} > 800");
        for (var host = 0; host < 450; host++) _lab.Feed(0, 5, host * 10, tags: $"host:h{host:000}");
        _lab.Evaluate(1, 1);
        var before = _lab.States.Find(rule.Id)!.Groups.Select(group => $"{group.Group} {group.State}").ToList();
        _lab.Restart();

        Assert.Equal(450, before.Count);
        Assert.Equal(before, _lab.States.Find(rule.Id)!.Groups.Select(group => $"{group.Group} {group.State}"));
        _lab.Evaluate(2, 2);
        Assert.Equal(369, _lab.Told.All.Count); // 810 and more, each once.
    }

    [Fact]
    public void Monitors_run_by_the_clock_and_one_that_fails_does_not_silence_the_others()
    {
        var failing = _lab.Add("avg(last_5m):avg:my_metric{*} > 1");
        _lab.Add("avg(last_5m):avg:my_metric{*} > 2");
        _lab.Feed(0, 5, 900);
        var refused = false;
        _lab.Told.Refuses = () => !refused && (refused = true);
        _lab.Evaluate(1, 1);

        Assert.Equal(1, _lab.Counters.Read("monitor_evaluations_failed"));
        Assert.Single(_lab.Told.All);
        _lab.Evaluate(2, 2);
        Assert.Equal(2, _lab.Told.All.Count);
        Assert.Equal(MonitorState.Alert, _lab.State(failing.Id).State);
    }

    [Fact]
    public void A_history_keeps_its_newest_lines()
    {
        using var documents = new InMemoryDocumentStore();
        var history = new MonitorHistory(documents);
        for (var i = 0; i < MonitorHistory.MaxNotes + 120; i++) history.Add(1, [new EvaluationNote(i, "*", MonitorState.Ok, MonitorState.Alert, i, EvaluationHappening.Told)]);
        history.Add(2, [new EvaluationNote(5, "", MonitorState.NoData, MonitorState.NoData, null, EvaluationHappening.Skipped, "why")]);

        foreach (var read in (MonitorHistory[])[history, new MonitorHistory(documents)])
        {
            var notes = read.Read(1);
            Assert.InRange(notes.Count, MonitorHistory.MaxNotes * 9 / 10, MonitorHistory.MaxNotes);
            Assert.Equal(MonitorHistory.MaxNotes + 119, notes[0].AtUnixSeconds);
            Assert.Equal(notes.Select(note => note.AtUnixSeconds).OrderDescending(), notes.Select(note => note.AtUnixSeconds));
            Assert.Equal("why", Assert.Single(read.Read(2)).Reason);
        }
    }

    [Fact]
    public void A_monitor_with_a_schedule_of_its_own_is_evaluated_at_its_times_only()
    {
        Feed0To(200);
        var rule = AddDaily("FREQ=HOURLY", 20); // Minutes 20, 80, 140 …
        _lab.Evaluate(1, 19);
        Assert.Equal(0, _lab.Counters.Read("monitor_evaluations"));
        Assert.Equal(MonitorState.NoData, _lab.States.Find(rule.Id)!.Groups.Select(group => group.State).DefaultIfEmpty(MonitorState.NoData).Single());

        _lab.Evaluate(20, 79);
        Assert.Equal(1, _lab.Counters.Read("monitor_evaluations"));
        Assert.Equal(["20 Triggered"], _lab.Lines);

        // An edit in between is not a time of its own.
        _lab.Rules.Change(rule.Id, known => known with { Message = "other", Options = known.Options with { CustomSchedule = [.. known.Options.CustomSchedule!] } });
        _lab.Evaluate(80, 100);
        Assert.Equal(2, _lab.Counters.Read("monitor_evaluations"));
    }

    [Fact]
    public void A_time_of_its_own_that_fell_into_a_stop_is_made_up_for()
    {
        Feed0To(200);
        AddDaily("FREQ=HOURLY", 20);
        _lab.Evaluate(1, 10);
        _lab.Restart();
        _lab.Evaluate(90, 100); // 20 and 80 were missed; the last of them counts.

        Assert.Equal(["80 Triggered"], _lab.Lines);
        Assert.Equal(1, _lab.Counters.Read("monitor_evaluations"));
        Assert.Equal(["20 Triggered"], _lab.Replay.Between(_lab.Rules.All()[0], MonitorLab.At(1), MonitorLab.At(190)).Told.Select(told => $"{(told.AtUnixSeconds - MonitorLab.Start) / 60} {told.Kind}"));
        Assert.Equal(3, _lab.Replay.Between(_lab.Rules.All()[0], MonitorLab.At(1), MonitorLab.At(190)).EvaluationCount);
    }

    [Fact]
    public void A_schedule_of_its_own_ends()
    {
        Feed0To(200);
        AddDaily("FREQ=HOURLY;COUNT=2", 20);
        _lab.Evaluate(1, 200);

        Assert.Equal(2, _lab.Counters.Read("monitor_evaluations"));
    }

    void Feed0To(int minute) => _lab.Feed(0, minute, 900);

    MonitorRule AddDaily(string rule, int minute) => _lab.Add("avg(last_5m):avg:my_metric{*} > 800", new MonitorOptions { CustomSchedule = [new MonitorRecurrence(rule, DateTimeOffset.FromUnixTimeSeconds(MonitorLab.At(minute)).UtcDateTime, "UTC")] });
}
