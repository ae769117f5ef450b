using System.Globalization;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Slos;
using Apm.Monitors.Slos;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>One objective of the list, by the target that stands worst.</summary>
/// <param name="Left">What is left of the budget, in percent; null when nothing is known.</param>
/// <param name="BarPercent">Of the bar, 0 to 100.</param>
/// <param name="Watchers">How many monitors watch it.</param>
public sealed record SloRow(string Name, string Link, string StateKind, string StateWord, string Window, string Sli, string Target, double? Left, string LeftText, double BarPercent, string LeftAmount, string Kind, int Watchers, IReadOnlyList<string> Tags, string Problem);

/// <summary>The objectives, worst first. Immutable.</summary>
public sealed record SlosView
{
    /// <summary>Most objectives listed; default 100, as each is worked out. The page says how many there are; typing narrows them.</summary>
    public const int MaxListed = 100;

    public required IReadOnlyList<SloRow> Rows { get; init; }
    public required int MatchCount { get; init; }
    public required int AllCount { get; init; }

    /// <summary>How many stand how, worst first: <c>1 Breached · 3 Met</c>.</summary>
    public required string Counts { get; init; }

    public static SlosView Of(PageState state, IReadOnlyList<Slo> all, Func<Slo, SloReport> reportOf, Func<string, int> watchersOf)
    {
        string[] words = (state.Url["q"] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var matching = all.Where(slo => words.All(word => slo.Name.Contains(word, StringComparison.OrdinalIgnoreCase) || slo.Tags.Any(tag => tag.Contains(word, StringComparison.OrdinalIgnoreCase)))).ToList();
        var reports = matching.Take(MaxListed).Select(reportOf).ToList();
        return new SlosView
        {
            Rows = [.. reports.Select(report => RowOf(state, report, watchersOf(report.Slo.Id))).OrderBy(row => row.Left ?? double.MaxValue).ThenBy(row => row.Name, StringComparer.OrdinalIgnoreCase)],
            MatchCount = matching.Count,
            AllCount = all.Count,
            Counts = string.Join(" · ", reports.GroupBy(report => report.Status).OrderByDescending(group => group.Key).Select(group => $"{group.Count().ToString(CultureInfo.InvariantCulture)} {SloWords.StateOf(group.Key).Word}")),
        };
    }

    static SloRow RowOf(PageState state, SloReport report, int watchers)
    {
        var slo = report.Slo;
        var worst = report.Windows.OrderBy(window => window.Tally.BudgetLeftPercent(window.Target) ?? double.MaxValue).FirstOrDefault();
        var (kind, word) = SloWords.StateOf(report.Status);
        var left = worst?.Tally.BudgetLeftPercent(worst.Target);
        var target = worst?.Target ?? slo.Targets[0];
        return new SloRow(
            slo.Name, state.Link("/slos/" + slo.Id), kind, report.Problem.Length > 0 ? "Not readable" : word, $"{target.Days} days", SloWords.Percent(worst?.Tally.Percent), SloWords.Percent(target.Percent),
            left, SloWords.BudgetPercent(left), Math.Clamp(left ?? 0, 0, 100), worst is { Tally.Total: > 0 } ? SloWords.Amount(slo, worst.Tally.BudgetLeft(target)) : Figure.None,
            SloWords.KindOf(slo.Kind), watchers, slo.Tags, report.Problem);
    }
}
