using Apm.Core.Slos;
using Apm.Monitors.Slos;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>The objectives that a search finds, worst first.</summary>
/// <param name="Ranked">By what is left of the budget; those of which nothing is known last.</param>
/// <param name="Statuses">How they stand, in the same order.</param>
public sealed record SloList(IReadOnlyList<Slo> Ranked, IReadOnlyList<SloStatus> Statuses)
{
    /// <summary>How old a figure may be that only ranks: each is worked out anew where it is shown.</summary>
    public static readonly TimeSpan RankAge = TimeSpan.FromMinutes(10);

    /// <param name="search">Words of names and tags, each of which must be there.</param>
    /// <param name="standingOf">How one stands, or stood within <see cref="RankAge"/>.</param>
    public static SloList Of(IReadOnlyList<Slo> all, string search, Func<Slo, SloReport> standingOf)
    {
        var words = search.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var ranked = all.Where(slo => Array.TrueForAll(words, word => slo.Name.Contains(word, StringComparison.OrdinalIgnoreCase) || slo.Tags.Any(tag => tag.Contains(word, StringComparison.OrdinalIgnoreCase))))
            .Select(standingOf).Select(report => (report, Left: report.Worst() is { } worst ? worst.Tally.BudgetLeftPercent(worst.Target) : null))
            .OrderBy(one => one.Left ?? double.MaxValue).ThenBy(one => one.report.Slo.Name, StringComparer.OrdinalIgnoreCase).ThenBy(one => one.report.Slo.Id, StringComparer.Ordinal).ToList();
        return new SloList([.. ranked.Select(one => one.report.Slo)], [.. ranked.Select(one => one.report.Status)]);
    }
}
