using Apm.Core.Stats;

namespace Apm.Query.Services;

/// <summary>How many requests took how long, over time. Only what is not empty is listed.</summary>
public sealed record LatencyHeat
{
    /// <summary>Width of a column.</summary>
    public required long StepNanos { get; init; }

    /// <summary>Start of each column; multiples of the step.</summary>
    public required IReadOnlyList<long> StartUnixNanos { get; init; }

    /// <summary>Borders of the rows, ascending, equally far apart on a logarithmic axis; one more than there are rows. The first is 0 when something took no time. Empty without hits.</summary>
    public required IReadOnlyList<double> BorderNanos { get; init; }

    /// <summary>By time, then by duration.</summary>
    public required IReadOnlyList<HeatCell> Cells { get; init; }

    /// <summary>Puts sketches side by side: each row is a whole number of their bins, so nothing is guessed.</summary>
    /// <param name="columns">Durations of each column: without an error, and with one; null for none.</param>
    internal static LatencyHeat Of(TimeAxis axis, IReadOnlyList<(DDSketch Ok, DDSketch Error)?> columns, int maxRows)
    {
        var (low, high) = (int.MaxValue, int.MinValue);
        var hasZeros = false;
        foreach (var column in columns)
        {
            if (column is not { } sketches) continue;
            Widen(sketches.Ok);
            Widen(sketches.Error);
        }
        var starts = Enumerable.Range(0, axis.Count).Select(axis.StartOf).ToArray();
        if (low == int.MaxValue) (low, high) = hasZeros ? (0, 0) : (0, -1);
        if (high < low) return new LatencyHeat { StepNanos = axis.StepNanos, StartUnixNanos = starts, BorderNanos = [], Cells = [] };

        var width = (high - low + maxRows) / maxRows;
        var rows = (high - low) / width + 1;
        var borders = Enumerable.Range(0, rows + 1).Select(row => DDSketch.LowerBoundOf(low + row * width)).ToArray();
        if (hasZeros) borders[0] = 0; // What took no time lies in the lowest row.
        var cells = new List<HeatCell>();
        for (var time = 0; time < columns.Count; time++)
        {
            if (columns[time] is not { } sketches) continue;
            var (ok, error) = (CountsOf(sketches.Ok), CountsOf(sketches.Error));
            for (var row = 0; row < rows; row++)
                if (ok[row] + error[row] > 0) cells.Add(new HeatCell(time, row, ok[row] + error[row], error[row]));
        }
        return new LatencyHeat { StepNanos = axis.StepNanos, StartUnixNanos = starts, BorderNanos = borders, Cells = cells };

        void Widen(DDSketch sketch)
        {
            hasZeros |= sketch.ZeroCount > 0;
            for (var i = 0; i < sketch.Bins.Length; i++)
                if (sketch.Bins[i] > 0) (low, high) = (Math.Min(low, sketch.FirstIndex + i), Math.Max(high, sketch.FirstIndex + i));
        }

        double[] CountsOf(DDSketch sketch)
        {
            var counts = new double[rows];
            counts[0] = sketch.ZeroCount;
            for (var i = 0; i < sketch.Bins.Length; i++)
                if (sketch.Bins[i] > 0) counts[(sketch.FirstIndex + i - low) / width] += sketch.Bins[i];
            return counts;
        }
    }
}

/// <summary>Requests that ended in one column and took a duration of one row.</summary>
/// <param name="Time">Index of the column.</param>
/// <param name="Row">Index of the row, the shortest durations first.</param>
/// <param name="Count">All of them.</param>
/// <param name="ErrorCount">Those that failed.</param>
public readonly record struct HeatCell(int Time, int Row, double Count, double ErrorCount);
