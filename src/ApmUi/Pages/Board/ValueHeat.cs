using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using Apm.Core.Time;
using Apm.Query.Evaluate;

namespace Apm.ApmUi.Pages.Board;

/// <summary>The values of series as a heat map: how many of them lie in each row of values, over time.</summary>
static class ValueHeat
{
    /// <summary>Rows between the least and the greatest value.</summary>
    const int Rows = 20;

    /// <summary>Columns, so that each can be seen; buckets are put together beyond it.</summary>
    internal const int Columns = 120;

    public static HeatData Of(TimeRange range, IReadOnlyList<QueryAnswer> answers, IReadOnlyList<ChartMark> marks)
    {
        var series = answers.SelectMany(answer => answer.Series).Where(one => one.Bound is null).ToList();
        var points = series.SelectMany(one => one.Points).ToList();
        var unit = ChartUnit.Of(series);
        var (fromMs, toMs) = (range.FromUnixNanos / UnixTime.NanosPerMillisecond, range.ToUnixNanos / UnixTime.NanosPerMillisecond);
        if (points.Count == 0)
            return new HeatData(fromMs, toMs, 1000, [], [], [], [], [], [], "", marks, answers.Select(answer => answer.Warning).FirstOrDefault(warning => warning.Length > 0) ?? "No point in this time.", true, 0) { Unit = unit.Name, Noun = "series" };
        var bucket = series.Min(one => one.IntervalSeconds);
        var first = points.Min(point => point.UnixSeconds);
        var step = bucket * Math.Max(1, (int)Math.Ceiling((points.Max(point => point.UnixSeconds) - first + bucket) / (double)bucket / Columns));
        var (low, high) = (points.Min(point => point.Value) * unit.Scale, points.Max(point => point.Value) * unit.Scale);
        if (high <= low) (low, high) = (low - Math.Max(1e-9, Math.Abs(low) * 0.05), high + Math.Max(1e-9, Math.Abs(high) * 0.05));
        var height = (high - low) / Rows;
        var cells = points.GroupBy(point => (Column: (int)((point.UnixSeconds - first) / step), Row: Math.Min(Rows - 1, (int)((point.Value * unit.Scale - low) / height)))).OrderBy(cell => cell.Key).ToList();
        var columns = cells.Max(cell => cell.Key.Column) + 1;
        return new HeatData(
            fromMs, toMs, step * 1000L,
            [.. Enumerable.Range(0, columns).Select(i => (first + (long)i * step) * 1000)],
            [.. Enumerable.Range(0, Rows + 1).Select(i => low + i * height)],
            [.. cells.Select(cell => cell.Key.Column)], [.. cells.Select(cell => cell.Key.Row)], [.. cells.Select(cell => (double)cell.Count())], [.. cells.Select(_ => 0.0)],
            "", marks, $"{Figure.Of(points.Count, "value")} of {Figure.Of(series.Count, "series", "series")} from {unit.Text(low / unit.Scale)} to {unit.Text(high / unit.Scale)}", true, points.Count)
        { Unit = unit.Name, Noun = "values", IsLinear = true };
    }

    /// <summary>All values of a distribution, each counted where it lies, in rows that grow with the value where they span more than a decade.</summary>
    public static HeatData Of(TimeRange range, DistributionOverTime distribution, IReadOnlyList<ChartMark> marks)
    {
        var unit = ChartUnit.Of(distribution.Unit.Unit, distribution.Unit.PerUnit);
        var columns = distribution.Columns.Select(column => column.Values.Values().Select(pair => (Value: pair.Value * unit.Scale, pair.Weight)).ToList()).ToList();
        var (low, high) = (columns.Min(column => column.Min(pair => pair.Value)), columns.Max(column => column.Max(pair => pair.Value)));
        var isLinear = low <= 0 || high / low < 10;
        if (isLinear && high <= low) (low, high) = (low - Math.Max(1e-9, Math.Abs(low) * 0.05), high + Math.Max(1e-9, Math.Abs(high) * 0.05));
        double[] borders = [.. Enumerable.Range(0, Rows + 1).Select(i => isLinear ? low + i * (high - low) / Rows : low * Math.Pow(high / low, i / (double)Rows))];
        int RowOf(double value) => Math.Clamp((int)(isLinear ? (value - low) / (high - low) * Rows : Math.Log(value / low) / Math.Log(high / low) * Rows), 0, Rows - 1);
        var (first, step) = (distribution.Columns[0].UnixSeconds, distribution.StepSeconds);
        var cells = columns.SelectMany((column, i) => column.GroupBy(pair => RowOf(pair.Value)).Select(row => (Column: (int)((distribution.Columns[i].UnixSeconds - first) / step), Row: row.Key, Count: row.Sum(pair => pair.Weight)))).OrderBy(cell => cell).ToList();
        return new HeatData(
            range.FromUnixNanos / UnixTime.NanosPerMillisecond, range.ToUnixNanos / UnixTime.NanosPerMillisecond, step * 1000L,
            [.. Enumerable.Range(0, cells[^1].Column + 1).Select(i => (first + (long)i * step) * 1000)], borders,
            [.. cells.Select(cell => cell.Column)], [.. cells.Select(cell => cell.Row)], [.. cells.Select(cell => Math.Round(cell.Count, 2))], [.. cells.Select(_ => 0.0)],
            "", marks, $"{Figure.Of(cells.Sum(cell => cell.Count), "value")} from {unit.Text(low / unit.Scale)} to {unit.Text(high / unit.Scale)}", true, cells.Count)
        { Unit = unit.Name, Noun = "values", IsLinear = isLinear };
    }
}
