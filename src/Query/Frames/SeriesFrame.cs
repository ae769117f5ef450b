namespace Apm.Query.Frames;

/// <summary>What a part of a query comes to: series over the same buckets, or a number.</summary>
/// <remarks>Not changed once made.</remarks>
public sealed class SeriesFrame(TimeGrid grid, IReadOnlyList<string> keys, IReadOnlyList<FrameLine> lines)
{
    public TimeGrid Grid { get; } = grid;

    /// <summary>What it is grouped by; empty for one series.</summary>
    public IReadOnlyList<string> Keys { get; } = keys;

    /// <summary>In the order in which they are shown.</summary>
    public IReadOnlyList<FrameLine> Lines { get; } = lines;

    /// <summary>Set when it is a number and has no series.</summary>
    public double? Number { get; init; }

    /// <summary>How gaps are filled when it is combined with others.</summary>
    public FillRule Fill { get; init; } = FillRule.None;

    /// <summary>The values count something, so that an empty bucket may be taken as 0.</summary>
    public bool IsCount { get; init; }

    /// <summary>The unit of the values, such as <c>second</c>; "" when there is none or it is not known.</summary>
    public string Unit { get; init; } = "";

    /// <summary>Per what, such as <c>second</c>; "" for nothing.</summary>
    public string PerUnit { get; init; } = "";

    public static SeriesFrame Of(double number, TimeGrid grid) => new(grid, [], []) { Number = number };

    /// <summary>Other series, everything else as it is.</summary>
    public SeriesFrame With(IReadOnlyList<FrameLine> lines) => With(Grid, Keys, lines);

    /// <summary>Other buckets, groups and series; fill, unit and meaning as they are.</summary>
    public SeriesFrame With(TimeGrid grid, IReadOnlyList<string> keys, IReadOnlyList<FrameLine> lines) => new(grid, keys, lines) { Number = Number, Fill = Fill, IsCount = IsCount, Unit = Unit, PerUnit = PerUnit };

    /// <summary>The same values without a unit, because they mean something else now.</summary>
    public SeriesFrame WithoutUnit() => new(Grid, Keys, Lines) { Number = Number, Fill = Fill, IsCount = IsCount };

    /// <summary>Each series through a function of its values; a new array is given back.</summary>
    public SeriesFrame Map(Func<double[], double[]> change)
    {
        var lines = new FrameLine[Lines.Count];
        for (var i = 0; i < lines.Length; i++) lines[i] = Lines[i].With(change(Lines[i].Values));
        return With(lines);
    }

    /// <summary>Each value through a function that is not asked for empty ones; what is no finite number becomes empty.</summary>
    public SeriesFrame MapValues(Func<double, double> change) => Map(values =>
    {
        var changed = new double[values.Length];
        for (var i = 0; i < changed.Length; i++)
        {
            var value = double.IsNaN(values[i]) ? double.NaN : change(values[i]);
            changed[i] = double.IsFinite(value) ? value : double.NaN;
        }
        return changed;
    });

    /// <summary>Only the buckets that start in the window of another grid; series that are empty there go.</summary>
    public SeriesFrame Within(TimeGrid window)
    {
        var first = (int)Math.Max(0, (window.FirstUnixSeconds - Grid.FirstUnixSeconds + Grid.StepSeconds - 1) / Grid.StepSeconds);
        var count = (int)Math.Max(0, (Math.Min(window.EndUnixSeconds, Grid.EndUnixSeconds) - Grid.TimeOf(first) + Grid.StepSeconds - 1) / Grid.StepSeconds);
        if (first == 0 && count == Grid.Count) return this;
        return With(Grid with { FirstUnixSeconds = Grid.TimeOf(first), Count = count }, Keys, [.. Lines.Select(line => line.Cut(first, count)).Where(line => !line.IsEmpty)]);
    }

    /// <summary>The same values, drawn at other times.</summary>
    public SeriesFrame At(TimeGrid grid) => With(grid, Keys, Lines);
}
