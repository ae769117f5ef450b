using SkiaSharp;

namespace Apm.ApmUi.Snapshots;

/// <summary>What all pictures have: a title with the time shown, an axis of time, and a way to write. One picture, one thread.</summary>
sealed class PicturePen(SKCanvas canvas, PictureFrame frame, float width, float height, (long FromMs, long ToMs) window) : IDisposable
{
    public const float Margin = 12, AxisText = 11, TitleText = 14;

    public SKFont Small { get; } = PictureFont.Normal(AxisText);

    /// <summary>Where values are drawn; set before the axes are.</summary>
    public SKRect Plot { get; set; }

    /// <summary>The plot that an axis of values and rows beneath leave.</summary>
    public SKRect PlotBeside(float axisWidth, float below) => new(Margin + axisWidth + 6, Margin + TitleText + 12, width - Margin, height - Margin - AxisText - 6 - below);

    public void Title()
    {
        using var bold = PictureFont.Bold(TitleText);
        var time = TimeTicks.Window(window.FromMs, window.ToMs, frame.Zone);
        var right = Small.MeasureText(time);
        Write(PictureFont.Fit(frame.Title, bold, width - 3 * Margin - right), Margin, Margin + TitleText, PictureColors.Text, bold);
        Write(time, width - Margin - right, Margin + TitleText, PictureColors.Text2);
    }

    public float X(long unixMs) => Plot.Left + (float)((unixMs - window.FromMs) / (double)Math.Max(1, window.ToMs - window.FromMs)) * Plot.Width;

    /// <summary>A line across the plot, with its value left of it.</summary>
    public void ValueLine(float y, string text)
    {
        using var line = Stroke(PictureColors.Line, 1);
        y = MathF.Round(y) + 0.5f;
        canvas.DrawLine(Plot.Left, y, Plot.Right, y, line);
        Write(text, Plot.Left - 6 - Small.MeasureText(text), y + 4, PictureColors.Text2);
    }

    public void TimeAxis()
    {
        using var line = Stroke(PictureColors.Line, 1);
        var end = float.NegativeInfinity;
        foreach (var (at, text) in TimeTicks.Of(window.FromMs, window.ToMs, frame.Zone, Math.Max(2, (int)(Plot.Width / 80))))
        {
            var x = X(at);
            canvas.DrawLine(x, Plot.Bottom, x, Plot.Bottom + 3, line);
            var half = Small.MeasureText(text) / 2;
            var left = Math.Clamp(x - half, Plot.Left - Margin, width - Margin - 2 * half);
            if (left < end + 8) continue;
            Write(text, left, Plot.Bottom + AxisText + 5, PictureColors.Text2);
            end = left + 2 * half;
        }
    }

    /// <summary>A sentence in place of values.</summary>
    public void Centre(string text)
    {
        var fitted = PictureFont.Fit(text, Small, Plot.Width - 16);
        Write(fitted, Plot.MidX - Small.MeasureText(fitted) / 2, Plot.MidY, PictureColors.Text2);
    }

    public void Write(string text, float x, float y, SKColor color, SKFont? font = null)
    {
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        canvas.DrawText(text, x, y, SKTextAlign.Left, font ?? Small, paint);
    }

    public static SKPaint Stroke(SKColor color, float width) => new() { Color = color, StrokeWidth = width, IsStroke = true, IsAntialias = true, StrokeJoin = SKStrokeJoin.Round };

    public void Dispose() => Small.Dispose();
}
