using System.Globalization;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Dashboards;
using Apm.Core.Ports;

namespace Apm.ApmUi.Pages.Dashboards;

/// <summary>The list of dashboards. Immutable.</summary>
/// <param name="Rows">Those of one page that match search and list, by title.</param>
/// <param name="Page">Which of all that match they are.</param>
/// <param name="AllCount">Whatever was searched for.</param>
/// <param name="Given">Those that come by themselves.</param>
public sealed record DashboardsView(IReadOnlyList<Dashboard> Rows, ListPage Page, int AllCount, IReadOnlyList<Dashboard> Given, IReadOnlyList<DashboardList> Lists, IReadOnlyList<Dashboard> Deleted)
{
    /// <summary>Dashboards of a page of the list; default 100.</summary>
    public const int PageSize = 100;

    /// <exception cref="StoreUnavailableException">They cannot be read. Safe to retry.</exception>
    public static DashboardsView Of(PageState state, DashboardBook book, DashboardLists lists, IReadOnlyList<Dashboard> given)
    {
        var url = state.Url;
        var all = book.All();
        var words = (url["q"] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var list = long.TryParse(url["list"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? lists.Find(id) : null;
        var found = all.Where(board => Matches(board) && (list is null || list.Boards.Contains(board.Id))).ToList();
        var page = ListPage.Of(state, found.Count, PageSize);
        return new DashboardsView(
            [.. found.Skip(page.Skip).Take(page.Size)], page, all.Count, list is null ? [.. given.Where(Matches)] : [], lists.All(), book.Deleted());

        bool Matches(Dashboard board) => words.All(word => board.Title.Contains(word, StringComparison.OrdinalIgnoreCase));
    }
}
