using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Slos;
using Apm.Monitors.Slos;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>An objective in a list by one of its targets.</summary>
/// <param name="LeftText">What is left of the budget, in percent.</param>
/// <param name="BarPercent">Of the bar, 0 to 100.</param>
/// <param name="LeftAmount">What is left, in requests or as a time.</param>
/// <param name="Problem">Why nothing could be read; "" when it could.</param>
public sealed record SloRow(string Name, string Link, string StateKind, string StateWord, string Window, string Sli, string Target, string LeftText, double BarPercent, string LeftAmount, string Kind, IReadOnlyList<string> Tags, string Problem)
{
    /// <summary>How many monitors watch it.</summary>
    public int Watchers { get; init; }

    /// <summary>By the target that stands worst, with the state of the whole.</summary>
    public static SloRow Of(PageState state, SloReport report)
    {
        var (kind, word) = SloWords.StateOf(report.Status);
        return Of(state, report.Slo, report.Worst()) with { StateKind = kind, StateWord = report.Problem.Length > 0 ? "Not readable" : word, Problem = report.Problem };
    }

    /// <summary>By one window; null when nothing could be read.</summary>
    public static SloRow Of(PageState state, Slo slo, SloWindow? window)
    {
        var target = window?.Target ?? slo.Targets[0];
        var left = window?.Tally.BudgetLeftPercent(target);
        var (kind, word) = SloWords.StateOf(window?.Status ?? SloStatus.NoData);
        return new SloRow(
            slo.Name, state.Link("/slos/" + slo.Id, ("days", target == slo.Targets[0] ? null : Figure.Plain(target.Days))), kind, word, $"{target.Days} days", SloWords.Percent(window?.Tally.Percent), SloWords.Percent(target.Percent),
            SloWords.BudgetPercent(left), Math.Clamp(left ?? 0, 0, 100), window is { Tally.Total: > 0 } ? SloWords.Amount(slo, window.Tally.BudgetLeft(target)) : Figure.None,
            SloWords.KindOf(slo.Kind), slo.Tags, "");
    }
}
