using System.Text.Json.Serialization;

namespace Apm.ApmUi.Charts;

/// <summary>What <c>apm-chart</c> draws: columns of one time axis. Not a public contract.</summary>
public sealed record ChartData
{
    /// <summary>What the values are: <c>duration</c> (ns), <c>rate</c> (per second), <c>ratio</c> or <c>count</c>.</summary>
    public required string Unit { get; init; }
    public required long FromMs { get; init; }
    public required long ToMs { get; init; }
    public required long StepMs { get; init; }

    /// <summary>Start of each bucket, milliseconds.</summary>
    public required IReadOnlyList<long> Times { get; init; }
    public required IReadOnlyList<ChartSeries> Series { get; init; }

    /// <summary>Series lie upon each other.</summary>
    public bool Stacked { get; init; }

    /// <summary>The chart in a sentence: its accessible name, and what stands in its place when it is empty.</summary>
    public required string Summary { get; init; }
    public IReadOnlyList<ChartMark> Marks { get; init; } = [];

    /// <summary>Where a click on a moment leads, with <c>{from}</c> and <c>{to}</c>; null when nowhere.</summary>
    public string? Behind { get; init; }

    /// <summary>What values were multiplied by to be in <see cref="Unit"/>; null when that is not known.</summary>
    [JsonIgnore]
    public double? Scale { get; init; }

    /// <summary>The metric queries that it draws, as one may type them; empty when it draws something else.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Queries { get; init; } = [];

    /// <summary>Lines and bands across the chart.</summary>
    public IReadOnlyList<ChartLevel>? Levels { get; init; }

    /// <summary>Times that are drawn on a ground of their own, such as those of an alert.</summary>
    public IReadOnlyList<ChartShade>? Shades { get; init; }

    /// <summary>How far back each value looks: shown as a bracket before the moment that is pointed at. Null when that is no matter.</summary>
    public long? WindowMs { get; init; }

    /// <summary>Ends of the value axis; null when the values decide.</summary>
    public double? Min { get; init; }

    /// <inheritdoc cref="Min"/>
    public double? Max { get; init; }

    /// <summary>Stands over the chart when something of it is missing; null for nothing.</summary>
    public string? Note { get; init; }

    /// <summary>False when not all of the range could be read.</summary>
    public bool Complete { get; init; } = true;

    /// <summary>Spans or statistics cells that were looked at.</summary>
    public long Scanned { get; init; }
}

/// <summary>One series.</summary>
/// <param name="Name">As the legend says it.</param>
/// <param name="Color">Token: <c>s3</c>, <c>error</c>.</param>
/// <param name="Draw"><c>line</c>, <c>bars</c>, <c>area</c> or <c>points</c>.</param>
/// <param name="Values">One per time; null where there is nothing.</param>
/// <param name="Dash">Broken line.</param>
/// <param name="Unit">Its own unit, read off a second axis at the right; null for the chart's. A stacked chart has none such.</param>
public sealed record ChartSeries(string Name, string Color, string Draw, IReadOnlyList<double?> Values, bool Dash = false, string? Unit = null)
{
    /// <summary>Of a ratio: how many cases of <see cref="Wholes"/> it counts, one per time. Null for what is no ratio.</summary>
    public IReadOnlyList<double>? Parts { get; init; }

    /// <summary>Of a ratio: how many cases there were, one per time. A ratio of few is drawn apart. Null for what is no ratio.</summary>
    public IReadOnlyList<double>? Wholes { get; init; }

    /// <summary>Seconds without a value over which its line goes on; null when every gap is one.</summary>
    public int? BridgedSeconds { get; init; }

    /// <summary>What is expected, one per time: drawn as a grey band. Null for a series of which nobody asked.</summary>
    public IReadOnlyList<double?>? Lower { get; init; }

    /// <inheritdoc cref="Lower"/>
    public IReadOnlyList<double?>? Upper { get; init; }

    /// <summary>Places of the values that are outside of it, drawn red and thicker.</summary>
    public IReadOnlyList<int>? Odd { get; init; }

    /// <summary><c>thin</c> or <c>thick</c>; null for the usual width of a line.</summary>
    public string? Width { get; init; }

    /// <summary>Its value over the whole range, which the legend shows; null when nobody worked it out.</summary>
    public double? Overall { get; init; }

    /// <summary>Values with NaN and infinities as nothing, and no more digits than a chart can show.</summary>
    public static IReadOnlyList<double?> Values4(IEnumerable<double> values) =>
        [.. values.Select(value => double.IsFinite(value) ? Round(value) : (double?)null)];

    static double Round(double value)
    {
        if (value == 0) return 0;
        var scale = Math.Pow(10, Math.Floor(Math.Log10(Math.Abs(value))) - 3);
        return scale >= 1 ? Math.Round(value / scale) * scale : Math.Round(value, Math.Min(15, (int)-Math.Log10(scale)));
    }
}

/// <summary>Something that happened, drawn as a dashed vertical with a flag.</summary>
/// <param name="Text">On the flag; short.</param>
/// <param name="Detail">The whole sentence, shown on hover and in the table.</param>
/// <param name="Kind"><c>deploy</c>, <c>restart</c>, or of an event <c>error</c>, <c>warn</c>, <c>ok</c> or <c>info</c>.</param>
public sealed record ChartMark(long AtMs, string Text, string Detail, string Kind);

/// <summary>A line across a chart, or a band.</summary>
/// <param name="From">Lower end; null when it reaches to the bottom.</param>
/// <param name="To">Upper end, equal to the lower one for a line; null when it reaches to the top.</param>
/// <param name="Color">Token: <c>error</c>.</param>
/// <param name="Text">At its right end; "" for none.</param>
public sealed record ChartLevel(double? From, double? To, string Color, string Text, bool Dash);

/// <summary>A time drawn on a ground of its own.</summary>
/// <param name="Color">Token, or <c>muted</c> for hatching.</param>
/// <param name="Text">What it means, for the card and the table.</param>
public sealed record ChartShade(long FromMs, long ToMs, string Color, string Text);
