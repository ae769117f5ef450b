using System.Net;
using System.Text.RegularExpressions;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Monitors;
using Apm.Core.Ports;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>The first page names the monitors that are not well.</summary>
public class WorstMonitorsTests
{
    [Fact]
    public async Task The_worst_stand_on_home_and_those_that_are_well_or_new_do_not()
    {
        await using var host = await UiHost.Start(monitors: new Monitors([.. Enumerable.Range(1, 7).Select(i => Line(i, $"Alert {i}", MonitorState.Alert)), Line(8, "Warned", MonitorState.Warn), Line(9, "Well", MonitorState.Ok), Line(10, "New", MonitorState.NoData) with { SinceUnixSeconds = 0 }]));

        var page = WebUtility.HtmlDecode(await host.Client.GetStringAsync("/"));
        var card = Regex.Match(page, "(?s)<section[^>]*aria-label=\"Monitors\".*?</section>").Value;
        Assert.Contains("the 6 worst of 8 that are not well", card, StringComparison.Ordinal);
        Assert.Equal(6, Regex.Count(card, "<li>"));
        Assert.Matches("(?s)Alert.*href=\"/monitors/1\".*Alert 1.*2 of 3 groups", card);
        Assert.DoesNotContain("Well", card, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_said_while_all_are_well()
    {
        await using var host = await UiHost.Start(monitors: new Monitors([Line(1, "Well", MonitorState.Ok)]));

        Assert.DoesNotContain("aria-label=\"Monitors\"", await host.Client.GetStringAsync("/"), StringComparison.Ordinal);
    }

    static MonitorSummary Line(long id, string name, MonitorState state) => new(id, name, state, 1_700_000_000, 3, 2, IsMuted: false, $"/monitors/{id}");

    sealed class Monitors(IReadOnlyList<MonitorSummary> lines) : IMonitorStates
    {
        public IReadOnlyList<MonitorSummary> Find(string search) => lines;
    }
}
