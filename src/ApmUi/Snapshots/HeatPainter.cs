using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using SkiaSharp;

namespace Apm.ApmUi.Snapshots;

/// <summary>Draws what <c>apm-heat</c> draws as a PNG: the darker a cell, the more it holds; red where most failed.</summary>
/// <remarks>Any thread may call it.</remarks>
public static class HeatPainter
{
    public static byte[] PaintPng(HeatData heat, PictureFrame frame) => ChartPainter.PaintPng(frame, (canvas, width, height) => Paint(canvas, heat, frame, width, height));

    static void Paint(SKCanvas canvas, HeatData heat, PictureFrame frame, float width, float height)
    {
        using var pen = new PicturePen(canvas, frame, width, height, (heat.FromMs, heat.ToMs));
        pen.Title();
        if (heat.Count.Count == 0)
        {
            pen.Plot = pen.PlotBeside(0, 0);
            pen.TimeAxis();
            pen.Centre(heat.Summary);
            return;
        }
        // Where rows grow with the value, the lowest would begin at zero, which such an axis has not.
        double Low(int row) => heat.IsLinear ? heat.Borders[row] : Math.Max(heat.Borders[row], heat.Borders[1] / 2);
        double Place(double value) => heat.IsLinear ? value : Math.Log(value);
        var (bottom, top) = (Place(Low(0)), Place(heat.Borders[^1]));
        var ticks = heat.IsLinear ? Even(Low(0), heat.Borders[^1]) : Decades(Low(0), heat.Borders[^1]);
        pen.Plot = pen.PlotBeside(ticks.Select(value => pen.Small.MeasureText(ValueScale.Text(value, heat.Unit))).DefaultIfEmpty(0).Max(), 17);
        float Y(double value) => pen.Plot.Bottom - (float)((Place(value) - bottom) / Math.Max(1e-12, top - bottom)) * pen.Plot.Height;
        foreach (var value in ticks) pen.ValueLine(Y(value), ValueScale.Text(value, heat.Unit));
        pen.TimeAxis();
        canvas.Save();
        canvas.ClipRect(pen.Plot);
        var full = Math.Log(heat.Count.Max() + 1);
        for (var i = 0; i < heat.Count.Count; i++)
        {
            var at = heat.Times[heat.At[i]];
            var cell = new SKRect(pen.X(at), Y(heat.Borders[heat.Row[i] + 1]), pen.X(at + heat.StepMs), Y(Low(heat.Row[i])));
            var color = PictureColors.Of(heat.Errors[i] * 2 > heat.Count[i] ? "error" : "s0").WithAlpha((byte)(255 * (0.18 + 0.82 * Math.Log(heat.Count[i] + 1) / full)));
            using var fill = new SKPaint { Color = color };
            canvas.DrawRect(cell.Left, cell.Top, Math.Max(1, cell.Width - (cell.Width > 4 ? 1 : 0)), Math.Max(1, cell.Height - (cell.Height > 4 ? 1 : 0)), fill);
        }
        foreach (var mark in heat.Marks)
        {
            using var line = PicturePen.Stroke(PictureColors.Of(mark.Kind), 1);
            canvas.DrawLine(pen.X(mark.AtMs), pen.Plot.Top, pen.X(mark.AtMs), pen.Plot.Bottom, line);
        }
        canvas.Restore();
        pen.Write($"{heat.Summary}; at most {Figure.Count(heat.Count.Max())} {heat.Noun} a cell", PicturePen.Margin, height - PicturePen.Margin, PictureColors.Text2);
    }

    static List<double> Even(double low, double high)
    {
        var rough = (high - low) / 5;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * (rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        var ticks = new List<double>();
        for (var i = Math.Ceiling(low / step); i * step <= high; i++) ticks.Add(i * step);
        return ticks;
    }

    static List<double> Decades(double low, double high)
    {
        double[] steps = Math.Log10(high / low) > 2.5 ? [1] : [1, 2, 5];
        var ticks = new List<double>();
        for (var power = Math.Floor(Math.Log10(low)); power <= Math.Log10(high); power++)
            ticks.AddRange(steps.Select(step => step * Math.Pow(10, power)).Where(value => value >= low && value <= high));
        return ticks;
    }
}
