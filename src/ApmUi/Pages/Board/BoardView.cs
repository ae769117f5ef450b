using Apm.ApmUi.Links;
using Apm.Core.Dashboards;

namespace Apm.ApmUi.Pages.Board;

/// <summary>A widget at its place.</summary>
/// <param name="Children">Of a group, placed within it.</param>
public sealed record PlacedWidget(Widget Widget, WidgetContent Content, WidgetLayout Place, IReadOnlyList<PlacedWidget> Children)
{
    /// <summary>For <c>grid-area</c>; rows and columns count from one.</summary>
    public string Area => System.FormattableString.Invariant($"{Place.Y + 1} / {Place.X + 1} / span {Place.Height} / span {Place.Width}");
}

/// <summary>A board as it is shown. Immutable.</summary>
public sealed record BoardView(Dashboard Board, BoardVariables Variables, IReadOnlyList<PlacedWidget> Widgets)
{
    public static BoardView Of(Dashboard board, PageUrl url) => new(board, BoardVariables.Of(board, url), Placed(board.Widgets, board.IsFree));

    /// <summary>A widget by its id, in groups too; null when there is none.</summary>
    public PlacedWidget? Find(string? id) =>
        long.TryParse(id, out var number) ? Widgets.Concat(Widgets.SelectMany(widget => widget.Children)).FirstOrDefault(widget => widget.Widget.Id == number) : null;

    /// <summary>The board in twelve columns with a place for each widget, as it is edited.</summary>
    public Dashboard WithPlaces() => Board with { IsFree = false, Widgets = [.. Widgets.Select(widget => widget.Widget with { Layout = widget.Place })] };

    static IReadOnlyList<PlacedWidget> Placed(IReadOnlyList<Widget> widgets, bool isFree)
    {
        var contents = widgets.Select(widget => WidgetReader.Read(widget.Definition)).ToList();
        var places = BoardGrid.Place([.. contents.Select((content, i) => (content, widgets[i].Layout))], isFree);
        return [.. widgets.Select((widget, i) => new PlacedWidget(widget, contents[i], places[i], Placed(contents[i].Children, isFree: false)))];
    }
}
