using Apm.Query.Frames;

namespace Apm.Query.Functions;

/// <summary><c>anomalies</c> (metrics-monitors §5.13): each series with its band and the buckets in which it lies outside.</summary>
static class Anomalies
{
    public static SeriesFrame Apply(FunctionCall call)
    {
        var (bounds, isZeroFilled) = (call.Number("bounds"), call.IsTrue("count_default_zero"));
        var history = call.Query(call.Grid.WithHistory(HistoryBuckets));
        var seasons = call.Text("algorithm") == "basic" ? null : SeasonBand.Read(call, history.Grid.StepSeconds);
        var lines = history.Lines.Select(line =>
        {
            call.Source.Cancel.ThrowIfCancellationRequested();
            var values = isZeroFilled && history.IsCount ? WithZeros(line.Values, history.Grid.IndexOf(call.Source.NowUnixSeconds)) : line.Values;
            var basic = RollingBand.Of(values, bounds);
            var band = seasons?.Of(line, values, history.Grid, bounds, basic) ?? basic;
            return new FrameLine(line.Group, line.Values) { Band = band, Anomalous = Marks(values, band, call.Text("direction")) };
        });
        return history.With([.. lines]).Within(call.Grid);
    }

    /// <summary>Buckets read before the window, so that there are bounds from its first point on; more than the points needed, for gaps.</summary>
    const int HistoryBuckets = 5 * RollingBand.WindowPoints;

    static bool[] Marks(double[] values, FrameBand band, string direction)
    {
        var marks = new bool[values.Length];
        for (var i = 0; i < marks.Length; i++)
            marks[i] = (direction != "below" && values[i] > band.Upper[i]) || (direction != "above" && values[i] < band.Lower[i]);
        return marks;
    }

    /// <summary>From its first value on, a count that is not there is 0, up to the bucket that is still being filled.</summary>
    static double[] WithZeros(double[] values, int end)
    {
        double[] filled = [.. values];
        var first = Array.FindIndex(filled, value => !double.IsNaN(value));
        for (var i = Math.Max(0, first); first >= 0 && i < Math.Min(filled.Length, end); i++) if (double.IsNaN(filled[i])) filled[i] = 0;
        return filled;
    }
}
