using Apm.ApmUi.Pages.Monitors;
using Apm.Core.Monitors;
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

    MonitorsView View(string url) => MonitorsView.Of(UrlStates.Of(url), All(), new NoDowntimes(), new MuteAllSwitch(_documents));

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
