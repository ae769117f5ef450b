using System.Globalization;
using Apm.Core.Dashboards;

namespace Apm.ApmUi.Pages.Board;

/// <summary>Boards by what stands in an address: kept ones, their earlier versions, and those that come by themselves.</summary>
public sealed class ShownBoards(DashboardBook book, GivenBoards given)
{
    /// <summary>A board; null when there is none.</summary>
    /// <param name="id">Its id or number, or the name of one that comes by itself.</param>
    /// <param name="version">An earlier version; null for the present one.</param>
    public Dashboard? Find(string id, string? version = null) =>
        int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? book.FindVersion(id, number) : book.Find(id) ?? given.Find(id);
}
