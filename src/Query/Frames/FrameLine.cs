namespace Apm.Query.Frames;

/// <summary>One series of a result.</summary>
/// <param name="group">The values of the frame's keys, in their order; <see cref="NoValue"/> where the series has none.</param>
/// <param name="values">One per bucket of the frame; NaN where empty.</param>
/// <remarks>Not changed once made: functions make new ones.</remarks>
public sealed class FrameLine(IReadOnlyList<string> group, double[] values)
{
    /// <summary>The value of a group whose series lack the key.</summary>
    public const string NoValue = "N/A";

    public IReadOnlyList<string> Group { get; } = group;

    public double[] Values { get; } = values;

    /// <summary>Where the values are expected to be; null when nothing is expected.</summary>
    public FrameBand? Band { get; init; }

    /// <summary>Per bucket, whether its value is anomalous; null when nobody asked.</summary>
    public bool[]? Anomalous { get; init; }

    /// <summary>Whether the series is unlike the others; null when nobody asked.</summary>
    public bool? IsOutlier { get; init; }

    /// <summary>From here on the values are forecast; null when none is.</summary>
    public long? ForecastFromUnixSeconds { get; init; }

    public bool IsEmpty
    {
        get
        {
            foreach (var value in Values) if (!double.IsNaN(value)) return false;
            return true;
        }
    }

    /// <summary>Other values for the same group; what was said of the old ones is gone.</summary>
    public FrameLine With(double[] values) => new(Group, values);

    /// <summary>Only some of the buckets; those outside what there was are empty.</summary>
    internal FrameLine Cut(int first, int count) => new(Group, Cut(Values, first, count, double.NaN))
    {
        Band = Band is { } band ? new FrameBand(Cut(band.Lower, first, count, double.NaN), Cut(band.Upper, first, count, double.NaN)) : null,
        Anomalous = Anomalous is { } marks ? Cut(marks, first, count, false) : null,
        IsOutlier = IsOutlier,
        ForecastFromUnixSeconds = ForecastFromUnixSeconds,
    };

    static T[] Cut<T>(T[] values, int first, int count, T empty)
    {
        var cut = new T[count];
        var (from, to) = (Math.Max(0, first), Math.Min(values.Length, first + count));
        if (from > first || to < first + count) Array.Fill(cut, empty);
        if (to > from) Array.Copy(values, from, cut, from - first, to - from);
        return cut;
    }
}

/// <summary>Bounds of what is expected, one per bucket; NaN where there are none.</summary>
public sealed record FrameBand(double[] Lower, double[] Upper);
