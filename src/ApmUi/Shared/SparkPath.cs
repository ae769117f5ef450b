using System.Text;
using Apm.ApmUi.Format;

namespace Apm.ApmUi.Shared;

/// <summary>The paths of a small chart: its line, and the ground beneath it. Zero is the bottom.</summary>
public sealed record SparkPath(string Line, string Area)
{
    /// <summary>Draws values evenly over a width. Null when there are fewer than two, or nothing but NaN.</summary>
    public static SparkPath? Of(IReadOnlyList<double> values, double width, double height)
    {
        var max = 0.0;
        var any = false;
        foreach (var value in values)
        {
            if (!double.IsFinite(value)) continue;
            any = true;
            max = Math.Max(max, value);
        }
        if (!any || values.Count < 2) return null;
        var line = new StringBuilder();
        var area = new StringBuilder();
        var step = width / (values.Count - 1);
        var (startedAt, lastX) = (-1.0, 0.0);
        for (var i = 0; i <= values.Count; i++)
        {
            if (i == values.Count || !double.IsFinite(values[i]))
            {
                if (startedAt >= 0) area.Append('L').Append(Figure.Plain(lastX)).Append(' ').Append(Figure.Plain(height)).Append('L').Append(Figure.Plain(startedAt)).Append(' ').Append(Figure.Plain(height)).Append('Z');
                startedAt = -1;
                continue;
            }
            lastX = i * step;
            var point = $"{Figure.Plain(lastX)} {Figure.Plain(height - 1 - (max > 0 ? values[i] / max * (height - 3) : 0))}";
            line.Append(startedAt < 0 ? 'M' : 'L').Append(point);
            area.Append(startedAt < 0 ? 'M' : 'L').Append(point);
            if (startedAt < 0) startedAt = lastX;
        }
        return new SparkPath(line.ToString(), area.ToString());
    }
}
