using Apm.ApmUi.Charts;
using Apm.Core.Ports;
using SkiaSharp;

namespace Apm.ApmUi.Snapshots;

/// <summary>What a picture shows beside its chart.</summary>
/// <param name="Title">Cut when it does not fit.</param>
/// <param name="Zone">In which its times are written.</param>
/// <param name="Width">Pixels as a reader sees them; the picture has twice as many, for sharp screens.</param>
/// <param name="Height">As <paramref name="Width"/>.</param>
public sealed record PictureFrame(string Title, TimeZoneInfo Zone, int Width = 600, int Height = 300);

/// <summary>Draws what <c>apm-chart</c> draws as a PNG, without a browser: for mails, chats and links (ui.md §1).</summary>
/// <remarks>Any thread may call it.</remarks>
public static class ChartPainter
{
    /// <summary>Most series that are named below a picture; the others are counted.</summary>
    const int MaxNamed = 6;

    const int Scale = 2;
    const float Margin = PicturePen.Margin, AxisText = PicturePen.AxisText, LegendRow = 17;

    public static byte[] PaintPng(ChartData chart, PictureFrame frame) => PaintPng(frame, (canvas, width, height) =>
    {
        using var pen = new PicturePen(canvas, frame, width, height, (chart.FromMs, chart.ToMs));
        new Painting(canvas, pen, chart, width, height).Paint();
    });

    /// <summary>A picture of the size that a frame asks for, and is drawn at all.</summary>
    internal static byte[] PaintPng(PictureFrame frame, Action<SKCanvas, float, float> paint)
    {
        var (width, height) = (Math.Clamp(frame.Width, SnapshotOrder.MinPixels, SnapshotOrder.MaxPixels), Math.Clamp(frame.Height, SnapshotOrder.MinPixels, SnapshotOrder.MaxPixels));
        using var bitmap = new SKBitmap(width * Scale, height * Scale, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(PictureColors.Surface);
        canvas.Scale(Scale);
        paint(canvas, width, height);
        using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    /// <summary>One picture in the making.</summary>
    sealed class Painting(SKCanvas canvas, PicturePen pen, ChartData chart, float width, float height)
    {
        readonly SKFont _small = pen.Small;
        SKRect _plot;
        ValueScale _values;

        public void Paint()
        {
            pen.Title();
            var named = chart.Series.Take(MaxNamed).ToList();
            var rows = height >= 160 ? LegendRows(named) : [];
            var stack = chart.Stacked ? Stacked(chart.Series) : [.. chart.Series.Select(series => (IReadOnlyList<double?>)series.Values)];
            _values = ValueScale.Of(chart, Drawn(stack), lines: Math.Max(2, (int)(height / 60)));
            var axis = _values.Lines().Select(value => _small.MeasureText(ValueScale.Text(value, chart.Unit))).DefaultIfEmpty(0).Max();
            pen.Plot = _plot = pen.PlotBeside(axis, rows.Count * LegendRow);
            foreach (var value in _values.Lines()) pen.ValueLine(Y(value), ValueScale.Text(value, chart.Unit));
            pen.TimeAxis();
            canvas.Save();
            canvas.ClipRect(new SKRect(_plot.Left, _plot.Top - 2, _plot.Right, _plot.Bottom + 1));
            foreach (var series in chart.Series) Band(series);
            Levels();
            for (var i = chart.Series.Count - 1; i >= 0; i--) Series(chart.Series[i], stack[i], chart.Stacked && i > 0 ? stack[i - 1] : null);
            foreach (var series in chart.Series) Odd(series);
            Marks();
            canvas.Restore();
            LevelTexts();
            if (chart.Times.Count == 0) pen.Centre(chart.Summary);
            Legend(rows);
        }

        /// <summary>All values that must have room.</summary>
        IEnumerable<double> Drawn(IReadOnlyList<IReadOnlyList<double?>> stack)
        {
            foreach (var column in stack) foreach (var value in column) if (value is { } drawn) yield return drawn;
            foreach (var series in chart.Series)
            {
                foreach (var value in series.Lower ?? []) if (value is { } lower) yield return lower;
                foreach (var value in series.Upper ?? []) if (value is { } upper) yield return upper;
            }
            foreach (var level in chart.Levels ?? [])
            {
                if (level.From is { } from) yield return from;
                if (level.To is { } to) yield return to;
            }
        }

        static List<IReadOnlyList<double?>> Stacked(IReadOnlyList<ChartSeries> all)
        {
            var tops = new List<IReadOnlyList<double?>>();
            foreach (var series in all)
            {
                var below = tops.Count > 0 ? tops[^1] : null;
                tops.Add([.. series.Values.Select((value, i) => value is null && below?[i] is null ? null : (double?)((value ?? 0) + (below?[i] ?? 0)))]);
            }
            return tops;
        }

        float X(long unixMs) => pen.X(unixMs);

        float Y(double value) => _plot.Bottom - (float)((value - _values.Low) / (_values.High - _values.Low)) * _plot.Height;

        void Band(ChartSeries series)
        {
            if (series.Lower is not { } lower || series.Upper is not { } upper) return;
            using var fill = new SKPaint { Color = PictureColors.Band, IsAntialias = true };
            foreach (var (from, to) in Runs(i => lower[i] is not null && upper[i] is not null))
            {
                using var path = new SKPathBuilder();
                var half = to - from == 1 ? 3f : 0;
                for (var i = from; i < to; i++) Point(path, i == from, X(chart.Times[i]) - half, Y(upper[i]!.Value));
                for (var i = to - 1; i >= from; i--) Point(path, false, X(chart.Times[i]) + half, Y(lower[i]!.Value));
                path.Close();
                using var shape = path.Detach();
                canvas.DrawPath(shape, fill);
            }
        }

        void Levels()
        {
            foreach (var level in chart.Levels ?? [])
            {
                var (top, bottom) = (level.To is { } to ? Y(to) : _plot.Top, level.From is { } from ? Y(from) : _plot.Bottom);
                if (level.From == level.To && level.To is not null)
                {
                    using var line = PicturePen.Stroke(PictureColors.Of(level.Color), 1.5f);
                    using var dash = level.Dash ? SKPathEffect.CreateDash([5, 4], 0) : null;
                    line.PathEffect = dash;
                    canvas.DrawLine(_plot.Left, top, _plot.Right, top, line);
                    continue;
                }
                using var fill = new SKPaint { Color = PictureColors.Of(level.Color).WithAlpha(30) };
                canvas.DrawRect(new SKRect(_plot.Left, top, _plot.Right, bottom), fill);
            }
        }

        void LevelTexts()
        {
            foreach (var level in chart.Levels ?? [])
            {
                if (level.Text.Length == 0) continue;
                var top = level.To is { } to ? Y(to) : _plot.Top;
                var text = PictureFont.Fit(level.Text, _small, _plot.Width / 2);
                pen.Write(text, _plot.Right - 4 - _small.MeasureText(text), Math.Max(_plot.Top + AxisText, top - 4), PictureColors.Of(level.Color));
            }
        }

        void Series(ChartSeries series, IReadOnlyList<double?> tops, IReadOnlyList<double?>? bottoms)
        {
            var color = PictureColors.Of(series.Color);
            if (series.Draw == "bars") Bars(color, tops, bottoms);
            else if (series.Draw == "points") Dots(color, tops, 2.5f);
            else Line(series, color, tops, bottoms);
        }

        void Bars(SKColor color, IReadOnlyList<double?> tops, IReadOnlyList<double?>? bottoms)
        {
            using var fill = new SKPaint { Color = color.WithAlpha(0xd8) };
            for (var i = 0; i < tops.Count; i++)
            {
                if (tops[i] is not { } top) continue;
                var (left, right) = (X(chart.Times[i]), X(chart.Times[i] + chart.StepMs));
                var gap = right - left > 4 ? 1f : 0;
                canvas.DrawRect(new SKRect(left + gap / 2, Y(top), Math.Max(left + 1, right - gap / 2), Y(bottoms?[i] ?? Math.Max(0, _values.Low))), fill);
            }
        }

        void Dots(SKColor color, IReadOnlyList<double?> values, float radius)
        {
            using var fill = new SKPaint { Color = color, IsAntialias = true };
            for (var i = 0; i < values.Count; i++) if (values[i] is { } value) canvas.DrawCircle(X(chart.Times[i]), Y(value), radius, fill);
        }

        void Line(ChartSeries series, SKColor color, IReadOnlyList<double?> values, IReadOnlyList<double?>? bottoms)
        {
            using var line = PicturePen.Stroke(color, series.Width switch { "thin" => 1, "thick" => 2.5f, _ => 1.5f });
            using var dash = series.Dash ? SKPathEffect.CreateDash([4, 3], 0) : null;
            line.PathEffect = dash;
            using var ground = new SKPaint { Color = color.WithAlpha(chart.Stacked ? (byte)0xb0 : (byte)0x38), IsAntialias = true };
            using var dot = new SKPaint { Color = color, IsAntialias = true };
            var reach = Math.Max(1, (series.BridgedSeconds ?? 0) * 1000L / Math.Max(1, chart.StepMs));
            foreach (var run in Joined(values, reach))
            {
                if (run.Count == 1)
                {
                    canvas.DrawCircle(X(chart.Times[run[0]]), Y(values[run[0]]!.Value), 2, dot); // No neighbour: a line would not show it.
                    continue;
                }
                using var path = new SKPathBuilder();
                foreach (var i in run) Point(path, i == run[0], X(chart.Times[i]), Y(values[i]!.Value));
                if (series.Draw == "area")
                {
                    using var area = new SKPathBuilder();
                    foreach (var i in run) Point(area, i == run[0], X(chart.Times[i]), Y(values[i]!.Value));
                    for (var k = run.Count - 1; k >= 0; k--) Point(area, false, X(chart.Times[run[k]]), Y(bottoms?[run[k]] ?? Math.Max(0, _values.Low)));
                    area.Close();
                    using var surface = area.Detach();
                    canvas.DrawPath(surface, ground);
                }
                using var shape = path.Detach();
                canvas.DrawPath(shape, line);
            }
        }

        void Odd(ChartSeries series)
        {
            using var line = PicturePen.Stroke(PictureColors.Error, 3);
            using var fill = new SKPaint { Color = PictureColors.Error, IsAntialias = true };
            foreach (var i in series.Odd ?? [])
            {
                if (series.Values[i] is not { } value) continue;
                foreach (var near in new[] { i - 1, i + 1 })
                    if (near >= 0 && near < series.Values.Count && series.Values[near] is { } other) canvas.DrawLine(X(chart.Times[near]), Y(other), X(chart.Times[i]), Y(value), line);
                canvas.DrawCircle(X(chart.Times[i]), Y(value), 3, fill);
            }
        }

        void Marks()
        {
            using var dash = SKPathEffect.CreateDash([3, 3], 0);
            foreach (var mark in chart.Marks)
            {
                using var line = PicturePen.Stroke(PictureColors.Of(mark.Kind), 1);
                line.PathEffect = dash;
                canvas.DrawLine(X(mark.AtMs), _plot.Top, X(mark.AtMs), _plot.Bottom, line);
            }
        }

        /// <summary>The names of the series in rows that are not wider than the picture.</summary>
        List<List<(ChartSeries? Series, string Text)>> LegendRows(List<ChartSeries> named)
        {
            var rows = new List<List<(ChartSeries?, string)>>();
            var left = 0f;
            foreach (var series in named) Add(series, PictureFont.Fit(series.Name, _small, width / 2 - 2 * Margin));
            if (chart.Series.Count > named.Count) Add(null, $"and {chart.Series.Count - named.Count} more");
            return rows.Count > 3 ? rows[..3] : rows;

            void Add(ChartSeries? series, string text)
            {
                var wide = 14 + _small.MeasureText(text) + Margin;
                if (rows.Count == 0 || left + wide > width - Margin)
                {
                    rows.Add([]);
                    left = Margin;
                }
                rows[^1].Add((series, text));
                left += wide;
            }
        }

        void Legend(List<List<(ChartSeries? Series, string Text)>> rows)
        {
            var y = height - Margin - (rows.Count - 1) * LegendRow;
            foreach (var row in rows)
            {
                var x = Margin;
                foreach (var (series, text) in row)
                {
                    if (series is not null)
                    {
                        using var dot = new SKPaint { Color = PictureColors.Of(series.Color), IsAntialias = true };
                        canvas.DrawRoundRect(new SKRect(x, y - 8, x + 9, y + 1), 2, 2, dot);
                    }
                    pen.Write(text, x + 14, y, PictureColors.Text2);
                    x += 14 + _small.MeasureText(text) + Margin;
                }
                y += LegendRow;
            }
        }

        IEnumerable<(int From, int To)> Runs(Func<int, bool> holds)
        {
            for (var from = 0; from < chart.Times.Count; from++)
            {
                var to = from;
                while (to < chart.Times.Count && holds(to)) to++;
                if (to > from) yield return (from, to);
                from = to;
            }
        }

        /// <summary>Places of values that one line joins: no gap between them is wider than the reach.</summary>
        static IEnumerable<List<int>> Joined(IReadOnlyList<double?> values, long reach)
        {
            var run = new List<int>();
            for (var i = 0; i < values.Count; i++)
            {
                if (values[i] is null) continue;
                if (run.Count > 0 && i - run[^1] > reach)
                {
                    yield return run;
                    run = [];
                }
                run.Add(i);
            }
            if (run.Count > 0) yield return run;
        }

        static void Point(SKPathBuilder path, bool begins, float x, float y)
        {
            if (begins) path.MoveTo(x, y);
            else path.LineTo(x, y);
        }
    }
}
