using System.Globalization;
using Apm.ApmUi.Links;
using Apm.Core.Dashboards;
using Apm.Core.Ports;

namespace Apm.ApmUi.Pages.Dashboards;

/// <summary>The list of dashboards. Immutable.</summary>
/// <param name="Rows">That match search and list, by title.</param>
/// <param name="AllCount">Whatever was searched for.</param>
/// <param name="Given">Those that come by themselves.</param>
public sealed record DashboardsView(IReadOnlyList<Dashboard> Rows, int AllCount, IReadOnlyList<Dashboard> Given, IReadOnlyList<DashboardList> Lists, IReadOnlyList<Dashboard> Deleted)
{
    /// <exception cref="StoreUnavailableException">They cannot be read. Safe to retry.</exception>
    public static DashboardsView Of(PageUrl url, DashboardBook book, DashboardLists lists, IReadOnlyList<Dashboard> given)
    {
        var all = book.All();
        var words = (url["q"] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var list = long.TryParse(url["list"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? lists.Find(id) : null;
        return new DashboardsView(
            [.. all.Where(board => Matches(board) && (list is null || list.Boards.Contains(board.Id)))], all.Count, list is null ? [.. given.Where(Matches)] : [], lists.All(), book.Deleted());

        bool Matches(Dashboard board) => words.All(word => board.Title.Contains(word, StringComparison.OrdinalIgnoreCase));
    }
}
