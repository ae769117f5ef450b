using Apm.Query.Frames;
using Apm.Query.Text;

namespace Apm.Query.Functions;

/// <summary>
/// Combines two results bucket by bucket (metrics-monitors §5.9): a number with every point, groups with their like, one series with every
/// group. Gaps are filled first; what is no finite number is no point.
/// </summary>
public static class FramePairs
{
    /// <param name="at">Where the two stand in the query, for the error.</param>
    /// <exception cref="QueryTextException">The two are grouped by keys of which neither are part of the other.</exception>
    public static SeriesFrame Combine(SeriesFrame left, SeriesFrame right, Func<double, double, double> combine, TextRange at, bool keepsUnit = true)
    {
        if (left.Number is { } a && right.Number is { } b) return SeriesFrame.Of(combine(a, b), left.Grid);
        if (right.Number is { } second) return UnitOf(left.MapValues(value => combine(value, second)), left, keepsUnit);
        if (left.Number is { } first) return UnitOf(right.MapValues(value => combine(first, value)), right, keepsUnit);
        (left, right) = SameBuckets(left, right);
        var isLeftWider = left.Keys.Count >= right.Keys.Count;
        var (wide, narrow) = isLeftWider ? (left, right) : (right, left);
        if (narrow.Keys.Any(key => !wide.Keys.Contains(key)))
            throw new QueryTextException(
                $"Error in group by: one side at column {at.Column} is grouped by {{{string.Join(',', left.Keys)}}}, the other by {{{string.Join(',', right.Keys)}}}. Group both by the same keys, or one of them by some of the other's.", at);
        int[] places = [.. narrow.Keys.Select(key => PlaceOf(wide.Keys, key))];
        var partners = narrow.Lines.ToLookup(line => string.Join('\0', line.Group), StringComparer.Ordinal);
        var lines = new List<FrameLine>();
        foreach (var line in wide.Lines)
        {
            var values = Filled(line, wide);
            foreach (var partner in partners[string.Join('\0', places.Select(place => line.Group[place]))])
            {
                var other = Filled(partner, narrow);
                var combined = new double[values.Length];
                for (var i = 0; i < combined.Length; i++)
                {
                    var value = isLeftWider ? combine(values[i], other[i]) : combine(other[i], values[i]);
                    combined[i] = double.IsFinite(value) && !double.IsNaN(values[i]) && !double.IsNaN(other[i]) ? value : double.NaN;
                }
                var made = line.With(combined);
                if (!made.IsEmpty) lines.Add(made);
            }
        }
        var fill = left.Fill.Method == FillMethod.Null ? right.Fill.Method == FillMethod.Null ? left.Fill : right.Fill : left.Fill;
        var hasUnit = keepsUnit && left.Unit == right.Unit && left.PerUnit == right.PerUnit;
        return new SeriesFrame(wide.Grid, wide.Keys, lines) { Fill = fill, IsCount = left.IsCount && right.IsCount, Unit = hasUnit ? left.Unit : "", PerUnit = hasUnit ? left.PerUnit : "" };
    }

    static SeriesFrame UnitOf(SeriesFrame made, SeriesFrame from, bool keepsUnit) => keepsUnit || from.Unit.Length == 0 ? made : made.WithoutUnit();

    /// <summary>Both in the wider buckets, and over the buckets that both have.</summary>
    static (SeriesFrame Left, SeriesFrame Right) SameBuckets(SeriesFrame left, SeriesFrame right)
    {
        if (left.Grid == right.Grid) return (left, right);
        var step = Math.Max(left.Grid.StepSeconds, right.Grid.StepSeconds);
        var wide = TimeGrid.Of(Math.Max(left.Grid.FirstUnixSeconds, right.Grid.FirstUnixSeconds), Math.Min(left.Grid.EndUnixSeconds, right.Grid.EndUnixSeconds), step);
        return (InBuckets(left, wide), InBuckets(right, wide));
    }

    static SeriesFrame InBuckets(SeriesFrame frame, TimeGrid wide) => frame.Grid == wide ? frame : RollupFunctions.Coarsen(frame, wide, new Reducer(BucketMethod.Avg));

    static double[] Filled(FrameLine line, SeriesFrame frame)
    {
        if (frame.Fill.Method == FillMethod.Null) return line.Values;
        double[] values = [.. line.Values];
        frame.Fill.Apply(values, frame.Grid.StepSeconds);
        return values;
    }

    static int PlaceOf(IReadOnlyList<string> keys, string key)
    {
        for (var i = 0; i < keys.Count; i++) if (keys[i] == key) return i;
        return -1;
    }
}
