using System.Globalization;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Slos;
using Apm.Monitors.Slos;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>A page of the objectives, worst first. Immutable.</summary>
public sealed record SlosView
{
    /// <summary>Objectives of a page; default 100.</summary>
    public const int PageSize = 100;

    public required IReadOnlyList<SloRow> Rows { get; init; }
    public required ListPage Page { get; init; }
    public required int AllCount { get; init; }

    /// <summary>How many stand how, worst first: <c>1 Breached · 3 Met</c>.</summary>
    public required string Counts { get; init; }

    /// <param name="standingOf">How one stands, to rank it.</param>
    /// <param name="reportOf">How one stands, to show it.</param>
    public static SlosView Of(PageState state, IReadOnlyList<Slo> all, Func<Slo, SloReport> standingOf, Func<Slo, SloReport> reportOf, Func<string, int> watchersOf)
    {
        var list = SloList.Of(all, state.Url["q"] ?? "", standingOf);
        var page = ListPage.Of(state, list.Ranked.Count, PageSize);
        return new SlosView
        {
            Rows = [.. list.Ranked.Skip(page.Skip).Take(page.Size).Select(slo => SloRow.Of(state, reportOf(slo)) with { Watchers = watchersOf(slo.Id) })],
            Page = page,
            AllCount = all.Count,
            Counts = string.Join(" · ", list.Statuses.GroupBy(status => status).OrderByDescending(group => group.Key).Select(group => $"{group.Count().ToString(CultureInfo.InvariantCulture)} {SloWords.StateOf(group.Key).Word}")),
        };
    }
}
