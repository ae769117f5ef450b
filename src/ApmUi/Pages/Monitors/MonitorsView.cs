using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>One monitor of the list.</summary>
/// <param name="Value">What was compared, against what; of a grouped monitor how many of its groups are not well.</param>
/// <param name="Since">When a group last changed its state; "" before any did.</param>
/// <param name="Muted">"" when it is not; else until when.</param>
public sealed record MonitorRow(long Id, string Name, string Link, string StateKind, string StateWord, string Query, string Value, string Since, string SinceExact, string Muted, IReadOnlyList<string> Tags)
{
    /// <summary>Where the value lies between nothing and twice the threshold, in percent; null when there is no such thing.</summary>
    public double? BarPercent { get; init; }
}

/// <summary>The monitors, worst first. Immutable.</summary>
public sealed record MonitorsView
{
    /// <summary>Monitors of a page; default 200.</summary>
    public const int PageSize = 200;

    public required IReadOnlyList<MonitorRow> Rows { get; init; }

    /// <summary>Which of those that match what was typed.</summary>
    public required ListPage Page { get; init; }
    public required int AllCount { get; init; }

    /// <summary>How many are in which state, worst first: <c>2 Alert</c>.</summary>
    public required string Counts { get; init; }

    public static MonitorsView Of(PageState state, IReadOnlyList<MonitorSnapshot> all, IDowntimeBook downtimes, IMuteAll muteAll)
    {
        string[] words = (state.Url["q"] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var matching = all.Where(monitor => words.All(word => Holds(monitor, word)))
            .OrderByDescending(monitor => WorstOf(monitor).Gravity()).ThenBy(monitor => monitor.Rule.Name, StringComparer.OrdinalIgnoreCase).ToList();
        var page = ListPage.Of(state, matching.Count, PageSize);
        return new MonitorsView
        {
            Rows = [.. matching.Skip(page.Skip).Take(page.Size).Select(monitor => RowOf(state, monitor, downtimes, muteAll))],
            Page = page,
            AllCount = all.Count,
            Counts = string.Join(" · ", all.GroupBy(WorstOf).OrderByDescending(group => group.Key.Gravity()).Select(group => $"{group.Count()} {group.Key.Word()}")),
        };
    }

    /// <summary>"" when it is not muted; else until when.</summary>
    public static string MutedOf(PageState state, MonitorRule rule, IDowntimeBook downtimes, IMuteAll muteAll)
    {
        var now = state.NowUnixNanos / UnixTime.NanosPerSecond;
        if (muteAll.IsMuted(now)) return "with all others";
        // The book of downtimes counts the monitor's own mutes too; here they are told apart.
        var unmuted = rule with { Options = rule.Options with { Silenced = new Dictionary<string, long?>() } };
        var (own, downtime) = (SilencedScopes.For(rule.Options, [], now), downtimes.For(unmuted, [], now));
        if (!own.IsMuted && !downtime.IsMuted) return "";
        var all = new[] { own, downtime }.Where(muting => muting.IsMuted).ToList();
        if (all.TrueForAll(muting => muting.UntilUnixSeconds is not null)) return $"until {state.Time(all.Max(muting => muting.UntilUnixSeconds!.Value) * UnixTime.NanosPerSecond)}"; // The last end counts.
        return rule.Options.MutesUntilResolved && all.TrueForAll(muting => muting == own || muting.UntilUnixSeconds is not null) ? "until resolved" : "until further notice";
    }

    static MonitorState WorstOf(MonitorSnapshot monitor) => RuleText.Worst(monitor.Groups.Select(group => group.State));

    static bool Holds(MonitorSnapshot monitor, string word) =>
        monitor.Rule.Name.Contains(word, StringComparison.OrdinalIgnoreCase) || monitor.Rule.Query.Contains(word, StringComparison.OrdinalIgnoreCase) || monitor.Rule.Tags.Any(tag => tag.Contains(word, StringComparison.OrdinalIgnoreCase))
        || WorstOf(monitor).Word().Equals(word, StringComparison.OrdinalIgnoreCase);

    static MonitorRow RowOf(PageState state, MonitorSnapshot monitor, IDowntimeBook downtimes, IMuteAll muteAll)
    {
        var (rule, worst) = (monitor.Rule, WorstOf(monitor));
        var since = monitor.Groups.Max(group => group.StateSinceUnixSeconds) * UnixTime.NanosPerSecond;
        return new MonitorRow(
            rule.Id, rule.Name, state.Link($"/monitors/{rule.Id}"), MonitorSigns.KindOf(worst), worst.Word(), rule.Query, ValueOf(monitor),
            since is { } then ? Figure.Ago(then, state.NowUnixNanos) : "", since is { } exact ? state.TimeExact(exact) : "", MutedOf(state, rule, downtimes, muteAll), rule.Tags)
        {
            BarPercent = monitor.Groups is [{ Value: { } value }] && rule.Options.Thresholds.Critical is { } critical && critical > 0 && value >= 0 && rule.Type != MonitorTypes.ServiceCheck ? Math.Min(100, 50 * value / critical) : null,
        };
    }

    static string ValueOf(MonitorSnapshot monitor)
    {
        if (monitor.Rule.IsMulti)
        {
            var unwell = monitor.Groups.Count(group => group.State is MonitorState.Alert or MonitorState.Warn);
            return monitor.Groups.Count == 0 ? "no groups yet" : unwell == 0 ? $"{Figure.Of(monitor.Groups.Count, "group")}, none in alert or warning" : $"{unwell} of {Figure.Of(monitor.Groups.Count, "group")} not well";
        }
        if (monitor.Groups is not [{ Value: { } value }, ..]) return Figure.None;
        return monitor.Rule.Options.Thresholds.Critical is { } critical ? $"{Figure.Plain(value)} against {Figure.Plain(critical)}" : Figure.Plain(value);
    }
}
