using Apm.ApmUi.Pages.Board;
using Apm.Core.Dashboards;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>Places of widgets.</summary>
public class BoardGridTests
{
    static WidgetContent Of(WidgetKind kind) => new() { Kind = kind, Type = "" };

    [Fact]
    public void Three_graphs_without_places_stand_beside_each_other() => Assert.Equal(
        [new(0, 0, 4, 7), new(4, 0, 4, 7), new(8, 0, 4, 7)],
        BoardGrid.Place([.. Enumerable.Repeat((Of(WidgetKind.Timeseries), (WidgetLayout?)null), 3)], isFree: false));

    [Fact]
    public void A_free_canvas_becomes_twelve_columns() => Assert.Equal(
        [new(0, 0, 6, 5), new(6, 0, 6, 4)],
        BoardGrid.Place([(Of(WidgetKind.Timeseries), new WidgetLayout(0, 0, 60, 20)), (Of(WidgetKind.Toplist), new WidgetLayout(60, 1, 60, 18))], isFree: true));

    /// <summary>Whatever places somebody wrote: none covers another, and the same ones come out the same.</summary>
    [Fact]
    public void No_widget_covers_another()
    {
        var random = new Random(11);
        for (var run = 0; run < 200; run++)
        {
            var widgets = Enumerable.Range(0, random.Next(1, 25)).Select(_ => (Of((WidgetKind)random.Next(1, 11)), random.Next(4) == 0 ? null : new WidgetLayout(random.Next(0, 140), random.Next(0, 60), random.Next(0, 80), random.Next(0, 30)))).ToList();
            var places = BoardGrid.Place(widgets, isFree: run % 2 == 0);
            Assert.Equal(places, BoardGrid.Place(widgets, isFree: run % 2 == 0));
            foreach (var place in places) Assert.True(place.X >= 0 && place.Width >= 1 && place.X + place.Width <= BoardGrid.Columns && place.Y >= 0 && place.Height >= 1, $"run {run}: {place}");
            var cells = places.SelectMany(place => Enumerable.Range(place.X, place.Width).SelectMany(x => Enumerable.Range(place.Y, place.Height).Select(y => (x, y)))).ToList();
            Assert.True(cells.Count == cells.Distinct().Count(), $"run {run}: {string.Join(' ', places)}");
        }
    }
}
