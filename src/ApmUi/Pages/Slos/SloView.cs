using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Monitors;
using Apm.Core.Slos;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Rules;
using Apm.Monitors.Slos;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>A monitor that has to do with an objective.</summary>
public sealed record SloMonitorRow(string Name, string Link, string StateKind, string StateWord, string Query);

/// <summary>A part of an objective: a group, or a monitor of several.</summary>
/// <param name="Now">Of a group of a monitor how that stands just now; null of others.</param>
public sealed record SloPartRow(SloRow Row, (string Kind, string Word)? Now)
{
    /// <param name="monitorOf">One with its groups; null when it is gone.</param>
    public static SloPartRow Of(PageState state, Slo slo, SloWindow window, SloPart part, Func<long, MonitorSnapshot?> monitorOf)
    {
        var counted = window with { Series = new SloSeries(window.FromUnixSeconds, (int)(window.ToUnixSeconds - window.FromUnixSeconds), [part.Tally]) };
        var row = SloRow.Of(state, slo, counted) with { Name = part.Group };
        if (part.MonitorId is not { } id) return new SloPartRow(row, null);
        var monitor = monitorOf(id);
        row = row with { Name = part.Group.Length > 0 ? part.Group : monitor?.Rule.Name ?? SloWords.GoneMonitor(id), Link = SloWords.LinkOf(state, id, monitor) };
        var group = part.Group.Length == 0 ? null : monitor?.Groups.FirstOrDefault(one => one.Group == part.Group);
        return new SloPartRow(row, part.Group.Length == 0 ? null : group is null ? ("none", "Not there") : (MonitorSigns.KindOf(group.State), group.State.Word()));
    }
}

/// <summary>A figure of the page with what it is set against.</summary>
public sealed record SloFigure(string Name, string Value, string Note, string Kind = "");

/// <summary>An objective by one of its targets. Immutable.</summary>
public sealed record SloView
{
    /// <summary>Spans of time whose burn rate is shown, in hours.</summary>
    static readonly int[] s_burnHours = [1, 6, 24];

    public required Slo Slo { get; init; }
    public required string StateKind { get; init; }
    public required string StateWord { get; init; }
    public required SloTarget Target { get; init; }
    public required IReadOnlyList<SloFigure> Figures { get; init; }

    /// <summary>How much of the window is known, a sentence; "" when all of it is.</summary>
    public required string Known { get; init; }

    public required IReadOnlyList<SloMonitorRow> Watchers { get; init; }

    /// <summary>The monitors that it is made of; none for other kinds.</summary>
    public required IReadOnlyList<SloMonitorRow> Monitors { get; init; }

    /// <summary>Its groups, or its monitors when it has several, the worst first, at most <see cref="SloReports.MaxParts"/>; none when it has no parts.</summary>
    public required IReadOnlyList<SloPartRow> Parts { get; init; }

    /// <summary>How many parts there are.</summary>
    public required int PartCount { get; init; }

    /// <param name="days">Of the target that is shown; another or 0 for the first.</param>
    /// <param name="parts">In the window that is shown.</param>
    /// <param name="lastDay">What was counted in the last 24 hours; null when that cannot be read.</param>
    public static SloView Of(PageState state, SloReport report, int days, SloSeries? lastDay, SloParts parts, IReadOnlyList<(MonitorRule Rule, string Query)> watchers, Func<long, MonitorSnapshot?> monitorOf)
    {
        var slo = report.Slo;
        var target = slo.TargetOf(days) ?? slo.Targets[0];
        var window = report.Windows.FirstOrDefault(one => one.Target == target);
        var (kind, word) = SloWords.StateOf(window?.Status ?? SloStatus.NoData);
        return new SloView
        {
            Slo = slo,
            StateKind = kind,
            StateWord = word,
            Target = target,
            Figures = window is null ? [] : FiguresOf(slo, window, kind, lastDay),
            Known = window is null ? "" : SloWords.KnownOf(window),
            Watchers = [.. watchers.Select(watcher => RowOf(state, watcher.Rule, monitorOf(watcher.Rule.Id)))],
            Parts = window is null ? [] : [.. parts.Worst.Select(part => SloPartRow.Of(state, slo, window, part, monitorOf))],
            PartCount = parts.Count,
            Monitors = [.. slo.MonitorIds.Select(id => monitorOf(id) is { } monitor ? RowOf(state, monitor.Rule, monitor) : new SloMonitorRow(SloWords.GoneMonitor(id), SloWords.LinkOf(state, id, null), "none", "Gone", ""))],
        };
    }

    static List<SloFigure> FiguresOf(Slo slo, SloWindow window, string kind, SloSeries? lastDay)
    {
        var (tally, target) = (window.Tally, window.Target);
        var unit = slo.IsOfTime() ? "of the time that is known" : "of the requests";
        var figures = new List<SloFigure>
        {
            new("Good", SloWords.Percent(tally.Percent), $"{unit}; the target is {SloWords.Percent(target.Percent)}{(target.WarningPercent is { } warning ? $", warning below {SloWords.Percent(warning)}" : "")}", kind),
            new("Budget left", SloWords.BudgetPercent(tally.BudgetLeftPercent(target)), tally.Total > 0 ? SloWords.Part(slo, tally.BudgetLeft(target), tally.Budget(target)) : "nothing was counted yet", kind),
            new("Bad", tally.Total > 0 ? SloWords.Amount(slo, tally.Bad) : Figure.None, tally.Total > 0 ? $"of {SloWords.Amount(slo, tally.Total)} in {target.Days} days" : ""),
        };
        if (lastDay is null) return figures;
        var rates = s_burnHours.Select(hours => (Hours: hours, Rate: lastDay.SumFrom(window.ToUnixSeconds - hours * 3_600L).BurnRate(target))).ToList();
        figures.Add(new SloFigure("Burn rate", rates[0].Rate is { } now ? Rate(now) : Figure.None, $"in the last hour; {string.Join(", ", rates.Skip(1).Select(rate => $"{(rate.Rate is { } value ? Rate(value) : Figure.None)} in {rate.Hours} h"))}. 1 spends the budget in {target.Days} days", rates[0].Rate > 1 ? "warn" : ""));
        return figures;
    }

    static string Rate(double rate) => (rate < 10 ? Figure.Plain(rate) : Figure.Whole(rate)) + "×";

    static SloMonitorRow RowOf(PageState state, MonitorRule rule, MonitorSnapshot? monitor)
    {
        var worst = RuleText.Worst((monitor?.Groups ?? []).Select(group => group.State));
        return new SloMonitorRow(rule.Name, state.Link($"/monitors/{rule.Id}"), MonitorSigns.KindOf(worst), worst.Word(), rule.Query);
    }
}
