using Apm.ApmUi.Pages.Monitors;
using Apm.Core.Counting;
using Apm.Core.Downtimes;
using Apm.Core.Monitors;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Queries;
using Apm.Monitors.Schedule;
using Apm.TestKit;
using Apm.Storage.InMemory;

namespace Apm.ApmUi.Tests.Pages;

public sealed class MonitorViewsTests : IDisposable
{
    readonly InMemoryDocumentStore _documents = new();
    readonly long _now = UrlStates.Now.ToUnixTimeSeconds();

    public void Dispose() => _documents.Dispose();

    [Fact]
    public void Monitors_are_listed_worst_first_with_what_they_compare()
    {
        var view = View("/monitors");

        Assert.Equal(["3 Low Alert 901.5 against 800 5 min ago", "2 Many Warn 1 of 2 groups not well 5 min ago", "1 New No Data – "], view.Rows.Select(row => $"{row.Id} {row.Name} {row.StateWord} {row.Value} {row.Since}"));
        Assert.Equal("1 Alert · 1 Warn · 1 No Data", view.Counts);
        Assert.Equal("until further notice", view.Rows[0].Muted);
        Assert.StartsWith("/monitors/3", view.Rows[0].Link, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("many", 1)]
    [InlineData("my_metric", 3)]
    [InlineData("team:a", 1)]
    [InlineData("alert", 1)]
    [InlineData("nothing", 0)]
    public void Typing_narrows_the_list(string typed, int count) => Assert.Equal(count, View("/monitors?q=" + typed).Page.Count);

    [Fact]
    public void A_monitor_shows_its_settings_groups_and_history()
    {
        var monitor = All()[1];

        var view = MonitorView.Of(UrlStates.Of("/monitors/2"), monitor, MonitorQueryParser.Parse(monitor.Rule.Type, monitor.Rule.Query),
            [new EvaluationNote(_now - 300, "host:b", MonitorState.Ok, MonitorState.Warn, 600, EvaluationHappening.Muted), new EvaluationNote(_now - 400, "", MonitorState.NoData, MonitorState.NoData, null, EvaluationHappening.Skipped, "It took too long.")]);

        Assert.Equal(["host:b Warn 600", "host:a OK 1"], view.Groups.Select(group => $"{group.Group} {group.StateWord} {group.Value}"));
        Assert.Contains(("Alert", "800"), view.Settings);
        Assert.Contains(("Missing data", "told after 10 min"), view.Settings);
        Assert.Equal("avg:my_metric{*} by {host}", view.Charted);
        Assert.Equal(["OK Warn muted, not told", "No Data No Data not evaluated: It took too long."], view.Notes.Select(note => $"{note.From} {note.To} {note.What}"));
    }

    [Fact]
    public void A_mute_until_it_is_resolved_is_said_to_be_one()
    {
        var rule = All()[2].Rule with { Options = All()[2].Rule.Options with { MutesUntilResolved = true } };
        var book = new DowntimeBook(_documents, _ => null, new Counters(), TimeProvider.System, Guid.NewGuid);

        Assert.Equal("until resolved", MonitorsView.MutedOf(UrlStates.Of("/monitors"), rule, book, new MuteAllSwitch(_documents, TimeProvider.System)));
        Assert.Equal("until further notice", MonitorsView.MutedOf(UrlStates.Of("/monitors"), All()[2].Rule, book, new MuteAllSwitch(_documents, TimeProvider.System)));
        book.Add(new Downtime { Id = 0, Uuid = "", StartUnixSeconds = _now - 60, EndUnixSeconds = _now + 3_600 }); // Ends before the trouble may.
        Assert.Equal("until resolved", MonitorsView.MutedOf(UrlStates.Of("/monitors"), rule, book, new MuteAllSwitch(_documents, TimeProvider.System)));
        Assert.StartsWith("until ", MonitorsView.MutedOf(UrlStates.Of("/monitors"), All()[1].Rule, book, new MuteAllSwitch(_documents, TimeProvider.System)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_monitor_with_a_schedule_of_its_own_says_when_it_is_next()
    {
        var rule = All()[0].Rule with { Options = new MonitorOptions { CustomSchedule = [new MonitorRecurrence("FREQ=DAILY;COUNT=1", new DateTime(2000, 1, 1), "UTC")] } };
        string Says(MonitorRule one) => MonitorView.Of(UrlStates.Of("/monitors/1"), new(one, []), null, []).WhenJudged;

        Assert.Equal("Its schedule has no further time, so it is not evaluated any more.", Says(rule));
        Assert.StartsWith("It is evaluated at the times of its schedule only; the next is ", Says(rule with { Options = new MonitorOptions { CustomSchedule = [new MonitorRecurrence("FREQ=DAILY", new DateTime(2000, 1, 1), "UTC")] } }), StringComparison.Ordinal);
        Assert.StartsWith("A new monitor is evaluated with the next minute", Says(All()[0].Rule), StringComparison.Ordinal);
    }

    MonitorsView View(string url) => MonitorsView.Of(UrlStates.Of(url), All(), new NoDowntimes(), new MuteAllSwitch(_documents, TimeProvider.System));

    MonitorSnapshot[] All()
    {
        MonitorOptions options = new() { Thresholds = new() { Critical = 800, Warning = 500 }, NotifyNoData = true, NoDataTimeframeMinutes = 10 };
        return
        [
            new(new MonitorRule { Id = 1, Type = "metric alert", Name = "New", Query = "avg(last_5m):avg:my_metric{*} > 800", Options = options }, []),
            new(new MonitorRule { Id = 2, Type = "query alert", Name = "Many", Query = "avg(last_5m):avg:my_metric{*} by {host} > 800", Options = options, IsMulti = true, Tags = ["team:a"] }, [Group("host:a", MonitorState.Ok, 1), Group("host:b", MonitorState.Warn, 600)]),
            new(new MonitorRule { Id = 3, Type = "metric alert", Name = "Low", Query = "avg(last_5m):avg:my_metric{*} > 800", Options = options with { Silenced = new Dictionary<string, long?> { ["*"] = null } } }, [Group("*", MonitorState.Alert, 901.5)]),
        ];
    }

    GroupState Group(string name, MonitorState state, double value) => new() { Group = name, FirstSeenUnixSeconds = 0, State = state, Value = value, StateSinceUnixSeconds = _now - 300, IsJudged = true };
}
