using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Dashboards;
using Apm.Core.Hosts;
using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Core.Time;
using Apm.Monitors.Schedule;
using Apm.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>The checklist ticks itself from what is stored, keeps its ticks, and goes when it is done or put away.</summary>
public sealed class TutorialTests : IAsyncLifetime
{
    UiHost _host = null!;

    public async Task InitializeAsync() => _host = await UiHost.Start();
    public async Task DisposeAsync() => await _host.DisposeAsync();

    static long NowSeconds => TimeProvider.System.NowUnixNanos() / UnixTime.NanosPerSecond;

    async Task<string> Done()
    {
        using var json = JsonDocument.Parse(await _host.Client.GetStringAsync("/api/tutorial"));
        return string.Join(' ', json.RootElement.GetProperty("steps").EnumerateArray().Where(step => step.GetProperty("done").GetBoolean()).Select(step => step.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task It_ticks_itself_and_keeps_its_ticks()
    {
        Assert.Equal("", await Done());
        Assert.Contains("0 of 12 done; next: Start the agent", await _host.Client.GetStringAsync("/"), StringComparison.Ordinal);

        _host.Hosts.Saw("box-1", NowSeconds);
        Assert.Equal("host_seen", await Done());
        _host.Hosts.SetTags("box-1", HostCatalogue.UserSource, ["name:logan"]);
        await _host.Metrics.WriteAsync([new SeriesPoints(new SeriesKey("too_quick", MetricTags.None), MetricType.Gauge, 0, [.. Enumerable.Range(1, 9).Select(i => new MetricPoint(NowSeconds - i * 15, i))])]);
        Assert.Equal("host_seen tag_seen", await Done());
        await _host.Metrics.WriteAsync([new SeriesPoints(new SeriesKey("my_metric", MetricTags.None), MetricType.Gauge, 0, [.. Enumerable.Range(1, 5).Select(i => new MetricPoint(NowSeconds - i * 45, i))])]);
        var board = _host.Boards.Create(new Dashboard { Title = "Mine" });
        _host.Rules.Add(new MonitorRule { Id = 9001, Type = "metric alert", Name = "High", Query = "avg(last_5m):avg:my_metric{*} > 800" });
        var history = _host.Services.GetRequiredService<MonitorHistory>();
        history.Add(9001, [new EvaluationNote(NowSeconds, "*", MonitorState.Ok, MonitorState.Alert, 900, EvaluationHappening.Muted)]);
        history.Add(9001, [new EvaluationNote(NowSeconds, "*", MonitorState.Ok, MonitorState.Warn, 600, EvaluationHappening.Told)]);
        _host.Add([Some.Span() with { StartUnixNanos = TimeProvider.System.NowUnixNanos() }]);
        Assert.Equal("host_seen tag_seen metric_every_45_s board_made monitor_made monitor_warned app_traced", await Done());

        _host.Boards.Delete(board.Id);
        Assert.Equal("host_seen tag_seen metric_every_45_s board_made monitor_made monitor_warned app_traced", await Done());
        Assert.Contains("7 of 12 done", await _host.Client.GetStringAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_away_it_is_not_shown_again()
    {
        var page = await _host.Client.GetStringAsync("/");
        var token = Regex.Match(page, """name="__RequestVerificationToken" value="([^"]+)""").Groups[1].Value;
        using var refused = await _host.Client.PostAsync("/ui/tutorial", new FormUrlEncodedContent([new("back", "/")]));
        Assert.Contains("The list was not put away.", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var answer = await _host.Client.PostAsync("/ui/tutorial", new FormUrlEncodedContent([new("__RequestVerificationToken", token), new("back", "/?from=now-1h")]));

        Assert.Equal((HttpStatusCode.SeeOther, "/?from=now-1h"), (answer.StatusCode, answer.Headers.Location!.ToString()));
        Assert.DoesNotContain("Put the tutorial away", await _host.Client.GetStringAsync("/"), StringComparison.Ordinal);
        Assert.Contains("\"putAway\":true", await _host.Client.GetStringAsync("/api/tutorial"), StringComparison.Ordinal);
    }
}
