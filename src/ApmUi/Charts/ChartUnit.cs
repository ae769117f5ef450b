using System.Globalization;
using Apm.ApmUi.Format;
using Apm.Query.Evaluate;

namespace Apm.ApmUi.Charts;

/// <summary>The unit in which values are told.</summary>
/// <param name="Name">As charts know it: <c>duration</c> (ns), <c>ratio</c>, <c>bytes</c>, <c>byterate</c> or <c>number</c>.</param>
/// <param name="Scale">What values are multiplied by to be in it.</param>
public readonly record struct ChartUnit(string Name, double Scale)
{
    static ChartUnit Plain { get; } = new("number", 1);

    /// <summary>Of series of one unit; those of different ones are told without any.</summary>
    public static ChartUnit Of(IEnumerable<MetricSeries> series)
    {
        var units = series.Select(one => (one.Unit, one.PerUnit)).Distinct().ToList();
        return units is [var (unit, per)] ? Of(unit, per) : Plain;
    }

    /// <summary>Of values in a unit of metrics.</summary>
    /// <param name="unit">Such as <c>second</c>; "" for none.</param>
    /// <param name="per">Such as <c>second</c> for a rate; "" for none.</param>
    public static ChartUnit Of(string unit, string per)
    {
        if (per.Length > 0) return per != "second" ? Plain : unit switch { "byte" => new("byterate", 1), "kibibyte" => new("byterate", 1024), "mebibyte" => new("byterate", 1024 * 1024), _ => Plain };
        return unit switch
        {
            "nanosecond" => new("duration", 1),
            "microsecond" => new("duration", 1e3),
            "millisecond" => new("duration", 1e6),
            "second" => new("duration", 1e9),
            "minute" => new("duration", 60e9),
            "byte" => new("bytes", 1),
            "kibibyte" => new("bytes", 1024),
            "mebibyte" => new("bytes", 1024 * 1024),
            "gibibyte" => new("bytes", 1024.0 * 1024 * 1024),
            "fraction" => new("ratio", 1),
            "percent" => new("ratio", 0.01),
            _ => Plain,
        };
    }

    /// <summary>A value as people read it.</summary>
    /// <param name="value">Before scaling; NaN for none.</param>
    /// <param name="digits">Digits after the point; null for as many as it needs.</param>
    public string Text(double value, int? digits = null)
    {
        var scaled = value * Scale;
        if (digits is { } wanted && double.IsFinite(scaled) && Name is "number" or "ratio") return (Name == "ratio" ? scaled * 100 : scaled).ToString("#,0." + new string('0', digits ?? 0), CultureInfo.InvariantCulture).TrimEnd('.') + (Name == "ratio" ? " %" : "");
        return Name switch
        {
            "duration" => Figure.Duration(scaled),
            "ratio" => Figure.Percent(scaled),
            "bytes" => Figure.Bytes(scaled),
            "byterate" => Figure.Bytes(scaled) + "/s",
            _ => Figure.Count(scaled),
        };
    }
}
