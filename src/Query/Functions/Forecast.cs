using Apm.Query.Frames;

namespace Apm.Query.Functions;

/// <summary>
/// <c>forecast</c> (metrics-monitors §5.15): each series, continued behind its last value with a band. <c>linear</c> lays a line through the
/// history; <c>seasonal</c> takes the median of the same place in up to six seasons.
/// </summary>
static class Forecast
{
    /// <summary>Points behind the window, at least.</summary>
    const int FewestPoints = 10;

    public static SeriesFrame Apply(FunctionCall call)
    {
        var frame = call.Query();
        var drawn = frame.Grid with { Count = frame.Grid.Count + Math.Max(FewestPoints, frame.Grid.Count / 2) };
        var isLinear = call.Text("algorithm") == "linear";
        var season = SeasonBand.SecondsOf(call.Text("seasonality"));
        var step = (int)Math.Max(call.Seconds("interval"), frame.Grid.StepSeconds);
        if (!isLinear && season % step != 0) step = (int)Math.Min(step, season / 12); // So that places of seasons meet.
        var past = isLinear ? call.Seconds("history") : SeasonBand.Seasons * season;
        var history = call.Query(TimeGrid.Of(frame.Grid.EndUnixSeconds - past, frame.Grid.EndUnixSeconds, step));
        var known = history.Lines.ToDictionary(line => string.Join('\0', line.Group), line => line.Values, StringComparer.Ordinal);
        var lines = frame.Lines.Select(line =>
        {
            if (!known.TryGetValue(string.Join('\0', line.Group), out var values)) return line.Cut(0, drawn.Count);
            Func<long, (double Value, double Half)> ahead = isLinear ? Linear(values, history.Grid, call.Text("model")) : Seasonal(values, history.Grid, season);
            return Continue(line, drawn, ahead, call.Number("deviations"));
        });
        return frame.With(drawn, frame.Keys, [.. lines]);
    }

    static FrameLine Continue(FrameLine line, TimeGrid drawn, Func<long, (double Value, double Half)> ahead, double deviations)
    {
        var values = line.Cut(0, drawn.Count).Values;
        var band = new FrameBand(new double[drawn.Count], new double[drawn.Count]);
        var last = Array.FindLastIndex(values, value => !double.IsNaN(value));
        for (var i = 0; i < values.Length; i++)
        {
            (band.Lower[i], band.Upper[i]) = (double.NaN, double.NaN);
            if (i <= last) continue;
            var (value, half) = ahead(drawn.TimeOf(i));
            values[i] = value;
            (band.Lower[i], band.Upper[i]) = (value - deviations * half, value + deviations * half);
        }
        return new FrameLine(line.Group, values) { Band = band, ForecastFromUnixSeconds = drawn.TimeOf(last + 1) };
    }

    static Func<long, (double, double)> Linear(double[] values, TimeGrid grid, string model)
    {
        if (model == "reactive") values = [.. values.Select((value, i) => i < values.Length * 3 / 4 ? double.NaN : value)];
        var line = model == "default" ? TrendLine.Huber(values) : TrendLine.LeastSquares(values);
        var deviation = line.Deviation(values);
        // A point stands for its bucket; both are taken at their start.
        return time => (line.At((time - grid.FirstUnixSeconds) / (double)grid.StepSeconds), deviation);
    }

    static Func<long, (double, double)> Seasonal(double[] values, TimeGrid grid, long season)
    {
        double[] SamePlace(long time)
        {
            var same = new double[SeasonBand.Seasons];
            for (var back = 0; back < same.Length; back++)
            {
                var at = grid.IndexOf(time - (back + 1) * season);
                same[back] = at >= 0 && at < values.Length ? values[at] : double.NaN;
            }
            return same;
        }
        var distances = new double[values.Length];
        for (var i = 0; i < distances.Length; i++) distances[i] = values[i] - Quantiles.Median(SamePlace(grid.TimeOf(i)));
        var squares = distances.Where(distance => !double.IsNaN(distance)).Select(distance => distance * distance).ToList();
        var deviation = squares.Count == 0 ? 0 : Math.Sqrt(squares.Average());
        return time =>
        {
            // Farther ahead than a season: the season before is not there yet, the one before that is.
            while (time - season >= grid.EndUnixSeconds) time -= season;
            return (Quantiles.Median(SamePlace(time)), deviation);
        };
    }
}
