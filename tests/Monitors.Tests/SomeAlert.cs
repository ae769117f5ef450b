using Apm.Core.Monitors;

namespace Apm.Monitors.Tests;

/// <summary>The walkthrough's monitor and what happens to it.</summary>
static class SomeAlert
{
    public const long Now = 1_700_000_000;

    public const string WalkthroughMessage = """
        @user@example.com HEY! YOU!! THERE'S A PROBLEM WITH {{host.name}}

        {{#is_warning}}
        Keep it cool, this is just a warning
        Current metric value: {{value}}
        {{/is_warning}}
        {{#is_alert}}
        ![alarm](https://example.com/alarm.png)
        ALErt! ALERTTT!
        Host: {{status.hostIP}}
        Current metric value: {{value}}
        {{/is_alert}}
        {{#is_no_data}}
        Nothing has happened in the past 10 minutes.
        Current metric value: {{value}}
        {{/is_no_data}}
        """;

    public static MonitorRule Rule(string message = WalkthroughMessage, string query = "avg(last_5m):avg:my_metric{*} > 800", long id = 9001) => new()
    {
        Id = id,
        Type = "metric alert",
        Name = "My metric high",
        Query = query,
        Message = message,
        IsMulti = query.Contains(" by ", StringComparison.Ordinal),
        Options = new MonitorOptions { Thresholds = new MonitorThresholds { Critical = 800, Warning = 500 }, NotifyNoData = true, NoDataTimeframeMinutes = 10 },
    };

    public static AlertTransition To(MonitorState to, MonitorState from = MonitorState.Ok, double? value = null, MonitorRule? rule = null, string group = "*", AlertKind? kind = null, long at = Now) => new()
    {
        Id = $"{rule?.Id ?? 9001}/{group}/{at}/{to}",
        Rule = rule ?? Rule(),
        Group = group,
        GroupTags = group == "*" ? [] : group.Split(','),
        From = from,
        To = to,
        Kind = kind ?? to switch { MonitorState.Alert => AlertKind.Triggered, MonitorState.Warn => AlertKind.Warn, MonitorState.NoData => AlertKind.NoData, MonitorState.Unknown => AlertKind.Unknown, _ => AlertKind.Recovered },
        Value = value,
        Threshold = to == MonitorState.Warn ? 500 : 800,
        AtUnixSeconds = at,
        WindowFromUnixSeconds = at - 300,
        WindowToUnixSeconds = at,
        FirstTriggeredUnixSeconds = at - 120,
        LastTriggeredUnixSeconds = at - 60,
    };
}
