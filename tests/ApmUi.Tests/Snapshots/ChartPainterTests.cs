using Apm.ApmUi.Charts;
using Apm.ApmUi.Snapshots;
using Apm.Core.Ports;
using SkiaSharp;

namespace Apm.ApmUi.Tests.Snapshots;

/// <summary>What stands on a picture, told by its pixels.</summary>
public class ChartPainterTests
{
    const long Start = 1_764_400_000_000, Step = 60_000;

    static ChartData Chart(params ChartSeries[] series) => new()
    {
        Unit = "number",
        FromMs = Start,
        ToMs = Start + 60 * Step,
        StepMs = Step,
        Times = series.Length == 0 ? [] : [.. Enumerable.Range(0, 60).Select(i => Start + i * Step)],
        Series = series,
        Summary = series.Length == 0 ? "No point in this time." : "1 series.",
    };

    static ChartSeries Flat(double value, string color = "s0", string draw = "line") => new("my_metric", color, draw, [.. Enumerable.Repeat((double?)value, 60)]);

    static SKBitmap Paint(ChartData chart, int width = 600, int height = 300) =>
        SKBitmap.Decode(ChartPainter.PaintPng(chart, new PictureFrame("avg:my_metric{*}", TimeZoneInfo.Utc, width, height)));

    /// <summary>Rows, from the top, in which a colour is found.</summary>
    static List<int> RowsOf(SKBitmap picture, string color, int fromX = 0, int? toX = null)
    {
        var wanted = SKColor.Parse(color);
        return [.. Enumerable.Range(0, picture.Height).Where(y => Enumerable.Range(fromX, (toX ?? picture.Width) - fromX).Any(x => Near(picture.GetPixel(x, y), wanted)))];
    }

    static bool Near(SKColor a, SKColor b) => Math.Abs(a.Red - b.Red) + Math.Abs(a.Green - b.Green) + Math.Abs(a.Blue - b.Blue) < 30;

    [Fact]
    public void It_is_a_png_of_twice_the_pixels_and_never_larger_than_is_drawn()
    {
        using var usual = Paint(Chart(Flat(5)));
        Assert.Equal((1200, 600), (usual.Width, usual.Height));
        using var huge = Paint(Chart(Flat(5)), 100_000, 1);
        Assert.Equal((2 * SnapshotOrder.MaxPixels, 2 * SnapshotOrder.MinPixels), (huge.Width, huge.Height));
    }

    [Fact]
    public void A_line_stands_at_the_height_of_its_value_and_is_named_below()
    {
        using var high = Paint(Chart(Flat(9), Flat(1, "s2")));
        var (nine, one) = (RowsOf(high, "2f6fde", 500, 700), RowsOf(high, "1a8a56", 500, 700));
        Assert.NotEmpty(nine);
        Assert.True(nine.Max() < one.Min(), "9 stands above 1");
        Assert.Contains(RowsOf(high, "2f6fde", 0, 60), y => y > 540); // Its mark in the legend.
    }

    [Fact]
    public void What_nobody_expected_is_red_and_the_expected_range_grey()
    {
        var values = Enumerable.Repeat((double?)5, 60).ToArray();
        values[30] = 9;
        double?[] Bound(double at) => [.. Enumerable.Repeat((double?)at, 60)];
        using var plain = Paint(Chart(new ChartSeries("m", "s0", "line", values)));
        using var odd = Paint(Chart(new ChartSeries("m", "s0", "line", values) { Lower = Bound(4), Upper = Bound(6), Odd = [30] }));
        Assert.Empty(RowsOf(plain, "c92a2a"));
        Assert.NotEmpty(RowsOf(odd, "c92a2a", 550, 700));
        Assert.True(RowsOf(odd, "e8eaed", 200, 400).Count > RowsOf(plain, "e8eaed", 200, 400).Count + 50, "the band");
    }

    [Fact]
    public void Thresholds_and_events_are_drawn_with_their_colours()
    {
        using var picture = Paint(Chart(Flat(100)) with { Levels = [new ChartLevel(800, 800, "error", "alert > 800", true)], Marks = [new ChartMark(Start + 30 * Step, "deployed", "deployed", "deploy")] });
        var threshold = RowsOf(picture, "c92a2a", 150, 600);
        Assert.InRange(threshold.Count, 1, 12);
        Assert.True(RowsOf(picture, "2457d6", 600, 700).Count > 60, "a dashed line from top to bottom");
    }

    [Fact]
    public void Bars_are_filled_from_nought_and_stack()
    {
        using var picture = Paint(Chart(Flat(4, "s0", "bars"), Flat(4, "s1", "bars")) with { Stacked = true });
        var (lower, upper) = (RowsOf(picture, "4c83e3", 500, 700), RowsOf(picture, "cb7730", 500, 700));
        Assert.True(lower.Count > 100 && upper.Count > 100, $"{lower.Count} and {upper.Count} rows");
        Assert.True(upper.Max() <= lower.Min() + 2);
    }

    [Fact]
    public void Without_points_it_says_so_in_words()
    {
        using var empty = Paint(Chart());
        Assert.NotEmpty(RowsOf(empty, "5a6672", 500, 700)); // The sentence in the middle.
    }
}
