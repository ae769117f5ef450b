using Apm.Core.Dashboards;

namespace Apm.ApmUi.Pages.Board;

/// <summary>Places widgets in twelve columns and rows of <see cref="RowPixels"/>, so that none covers another. The same widgets give the same places.</summary>
public static class BoardGrid
{
    /// <summary>Columns of a board.</summary>
    public const int Columns = 12;

    /// <summary>Height of a row without the gap, CSS pixels.</summary>
    public const int RowPixels = 40;

    /// <summary>Between rows and between columns, CSS pixels.</summary>
    public const int GapPixels = 8;

    /// <summary>About what a unit of a free canvas is, CSS pixels.</summary>
    const double FreeUnitPixels = 10;

    /// <summary>The places, in the order of the widgets.</summary>
    /// <param name="widgets">What they are, and where they were put; null to be placed in the order of the list.</param>
    /// <param name="isFree">Places are of a free canvas, and are rounded to columns and rows.</param>
    public static IReadOnlyList<WidgetLayout> Place(IReadOnlyList<(WidgetContent Content, WidgetLayout? Layout)> widgets, bool isFree)
    {
        var wanted = isFree ? Rounded(widgets) : widgets.Select(widget => widget.Layout).ToList();
        var flow = new Flow(widgets.Count(widget => widget.Content.Kind is WidgetKind.Timeseries or WidgetKind.Heatmap));
        var places = new WidgetLayout[widgets.Count];
        for (var i = 0; i < places.Length; i++) places[i] = wanted[i] is { } given ? Fitting(given, widgets[i].Content) : flow.Next(widgets[i].Content);
        return Apart(places);
    }

    /// <summary>Rows that widgets take together.</summary>
    public static int RowsOf(IEnumerable<WidgetLayout> places) => places.Select(place => place.Y + place.Height).DefaultIfEmpty(0).Max();

    /// <summary>Fewest rows in which a kind can be read.</summary>
    public static int LeastRows(WidgetContent content) => content.Kind switch
    {
        WidgetKind.Note or WidgetKind.Unknown => 1,
        WidgetKind.QueryValue or WidgetKind.Objectives => 2,
        WidgetKind.Group => RowsOf(Place([.. content.Children.Select(child => (WidgetReader.Read(child.Definition), child.Layout))], isFree: false)) + 1,
        _ => 4,
    };

    static WidgetLayout Fitting(WidgetLayout given, WidgetContent content)
    {
        var width = Math.Clamp(given.Width, 1, Columns);
        return new WidgetLayout(Math.Clamp(given.X, 0, Columns - width), given.Y, width, Math.Max(given.Height, LeastRows(content)));
    }

    /// <summary>Places of a canvas as columns and rows: its whole width becomes twelve columns.</summary>
    static List<WidgetLayout?> Rounded(IReadOnlyList<(WidgetContent Content, WidgetLayout? Layout)> widgets)
    {
        var right = widgets.Select(widget => widget.Layout is { } at ? at.X + at.Width : 0).DefaultIfEmpty(0).Max();
        if (right <= Columns) return [.. widgets.Select(widget => widget.Layout)];
        var (across, down) = ((double)Columns / right, FreeUnitPixels / (RowPixels + GapPixels));
        return
        [
            .. widgets.Select(widget => widget.Layout is not { } at ? null : new WidgetLayout(
                (int)Math.Round(at.X * across), (int)Math.Round(at.Y * down),
                Math.Max(1, (int)Math.Round((at.X + at.Width) * across) - (int)Math.Round(at.X * across)), Math.Max(1, (int)Math.Ceiling(at.Height * down)))),
        ];
    }

    /// <summary>What would cover something above it moves down.</summary>
    static WidgetLayout[] Apart(WidgetLayout[] places)
    {
        var placed = new List<WidgetLayout>();
        foreach (var i in Enumerable.Range(0, places.Length).OrderBy(i => places[i].Y).ThenBy(i => places[i].X).ThenBy(i => i))
        {
            var place = places[i];
            while (placed.Where(other => Covers(place, other)).Select(other => other.Y + other.Height).DefaultIfEmpty(-1).Max() is var below && below >= 0) place = place with { Y = below };
            placed.Add(places[i] = place);
        }
        return places;
    }

    static bool Covers(WidgetLayout one, WidgetLayout other) =>
        one.X < other.X + other.Width && other.X < one.X + one.Width && one.Y < other.Y + other.Height && other.Y < one.Y + one.Height;

    /// <summary>Places widgets beside each other, and begins a new line when one has no room.</summary>
    sealed class Flow(int chartCount)
    {
        int _x, _y, _lineHeight;

        public WidgetLayout Next(WidgetContent content)
        {
            var (width, height) = Size(content);
            if (_x + width > Columns) (_x, _y, _lineHeight) = (0, _y + _lineHeight, 0);
            var place = new WidgetLayout(_x, _y, width, height);
            _x += width;
            _lineHeight = Math.Max(_lineHeight, height);
            return place;
        }

        (int Width, int Height) Size(WidgetContent content) => content.Kind switch
        {
            WidgetKind.Timeseries or WidgetKind.Heatmap => (chartCount switch { 1 => 12, 2 or 4 => 6, _ => 4 }, 7),
            WidgetKind.QueryValue => (3, 3),
            WidgetKind.Note => (4, 3),
            WidgetKind.Table or WidgetKind.TraceList => (6, 7),
            WidgetKind.Group => (Columns, LeastRows(content)),
            WidgetKind.Objectives => content.Type == "slo" ? (6, 4) : (6, 7),
            WidgetKind.Unknown => (4, 2),
            _ => (4, 6),
        };
    }
}
