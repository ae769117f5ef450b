using Apm.Query.Frames;

namespace Apm.Query.Functions;

/// <summary>
/// The band of <c>agile</c> and <c>robust</c>: around the median of the values at the same place of up to six earlier seasons, as wide as
/// their median absolute deviation times the bounds. Where fewer than three seasons have a value, the rolling band stands in.
/// <c>agile</c> first moves each old season by how much the level of the last half hour differs.
/// </summary>
sealed class SeasonBand
{
    /// <summary>Seasons looked back at.</summary>
    public const int Seasons = 6;

    /// <summary>With fewer there is no seasonal band.</summary>
    public const int FewestSeasons = 3;

    const int LevelSeconds = 1_800;

    readonly List<(SeriesFrame Frame, Dictionary<string, double[]> Values)> _seasons = [];
    readonly bool _isAgile;

    SeasonBand(bool isAgile) => _isAgile = isAgile;

    /// <summary>Reads the seasons before the window; null when a season is shorter than three points.</summary>
    public static SeasonBand? Read(FunctionCall call, int stepSeconds)
    {
        var season = SecondsOf(call.Text("seasonality"));
        if (season < 3 * stepSeconds || season % stepSeconds != 0) return null;
        var band = new SeasonBand(call.Text("algorithm") == "agile");
        var window = call.Grid.WithHistory(LevelSeconds / call.Grid.StepSeconds);
        for (var back = 1; back <= Seasons; back++)
        {
            var frame = call.Query(window with { FirstUnixSeconds = window.FirstUnixSeconds - back * season });
            if (frame.Lines.Count == 0) break; // Nothing older either.
            band._seasons.Add((frame.At(frame.Grid with { FirstUnixSeconds = frame.Grid.FirstUnixSeconds + back * season }), frame.Lines.ToDictionary(line => string.Join('\0', line.Group), line => line.Values, StringComparer.Ordinal)));
        }
        return band._seasons.Count >= FewestSeasons ? band : null;
    }

    public static long SecondsOf(string seasonality) => seasonality switch { "hourly" => 3_600, "daily" => 86_400, _ => 604_800 };

    public FrameBand Of(FrameLine line, double[] values, TimeGrid grid, double bounds, FrameBand basic)
    {
        var name = string.Join('\0', line.Group);
        var band = new FrameBand(new double[values.Length], new double[values.Length]);
        Span<double> same = stackalloc double[Seasons];
        for (var i = 0; i < values.Length; i++)
        {
            var count = 0;
            foreach (var (frame, byGroup) in _seasons)
            {
                var at = frame.Grid.IndexOf(grid.TimeOf(i));
                if (!byGroup.TryGetValue(name, out var old) || at < 0 || at >= old.Length || double.IsNaN(old[at])) continue;
                var moved = _isAgile ? Level(values, i, grid.StepSeconds) - Level(old, at, grid.StepSeconds) : 0;
                same[count++] = old[at] + (double.IsNaN(moved) ? 0 : moved);
            }
            (band.Lower[i], band.Upper[i]) = count < FewestSeasons ? (basic.Lower[i], basic.Upper[i]) : Around(same[..count], bounds);
        }
        return band;
    }

    static (double Lower, double Upper) Around(ReadOnlySpan<double> same, double bounds)
    {
        var median = Quantiles.Median(same);
        var distances = new double[same.Length];
        for (var i = 0; i < distances.Length; i++) distances[i] = Math.Abs(same[i] - median);
        var half = Math.Max(1e-9 * Math.Max(1, Math.Abs(median)), bounds * TrendLine.DeviationsPerMad * Quantiles.Median(distances));
        return (median - half, median + half);
    }

    /// <summary>The mean of the half hour before a bucket.</summary>
    static double Level(double[] values, int at, int stepSeconds)
    {
        var from = Math.Max(0, at - Math.Max(1, LevelSeconds / stepSeconds));
        return new Reducer(BucketMethod.Avg).Of(values.AsSpan(from, at - from));
    }
}
