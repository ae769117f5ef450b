using System.Globalization;
using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using Apm.ApmUi.Time;
using Apm.Core.Time;

namespace Apm.ApmUi.Snapshots;

/// <summary>The axes of a picture: where its lines stand, and what is written at them.</summary>
/// <param name="Low">Value at the bottom.</param>
/// <param name="High">Value at the top, greater.</param>
/// <param name="Step">Between two lines.</param>
readonly record struct ValueScale(double Low, double High, double Step)
{
    /// <summary>Holds all that is drawn, from 0 unless something is below, in steps of 1, 2 or 5.</summary>
    public static ValueScale Of(ChartData chart, IEnumerable<double> values, int lines)
    {
        var (low, high) = (0.0, double.NegativeInfinity);
        foreach (var value in values)
        {
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }
        if (double.IsNegativeInfinity(high) || high <= low) high = low + 1;
        (low, high) = (chart.Min ?? low, chart.Max ?? high);
        if (high <= low) high = low + 1;
        var step = RoundStep((high - low) / lines);
        return new ValueScale(chart.Min ?? Math.Floor(low / step + 1e-9) * step, chart.Max ?? Math.Ceiling(high / step - 1e-9) * step, step);
    }

    static double RoundStep(double raw)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        return (raw / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 } * power;
    }

    /// <summary>The values at which lines stand.</summary>
    public IEnumerable<double> Lines()
    {
        for (var i = Math.Ceiling(Low / Step - 1e-9); i * Step <= High + Step * 1e-9; i++) yield return i * Step;
    }

    /// <summary>A value as the axis says it.</summary>
    public static string Text(double value, string unit) => unit switch
    {
        "duration" => Figure.Duration(value),
        "ratio" => Figure.Percent(value),
        "rate" => value < 0 ? Figure.Count(value) : Figure.Rate(value),
        "bytes" => Figure.Bytes(value),
        "byterate" => Figure.Bytes(value) + "/s",
        _ => Figure.Count(value),
    };
}

/// <summary>Times that are written at the bottom of a picture: round ones of the zone.</summary>
static class TimeTicks
{
    static readonly int[] s_steps = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000];

    public static IReadOnlyList<(long UnixMs, string Text)> Of(long fromMs, long toMs, TimeZoneInfo zone, int most)
    {
        var seconds = (toMs - fromMs) / 1000.0;
        var step = Array.Find(s_steps, step => seconds / step <= most) is > 0 and var found ? found : (int)Math.Ceiling(seconds / most);
        var offset = (long)zone.GetUtcOffset(DateTimeOffset.FromUnixTimeMilliseconds(fromMs)).TotalSeconds;
        var first = ((fromMs / 1000 + offset + step - 1) / step * step - offset) * 1000;
        var ticks = new List<(long, string)>();
        for (var at = first; at < toMs; at += step * 1000L) ticks.Add((at, Text(at, zone, step)));
        return ticks;
    }

    static string Text(long unixMs, TimeZoneInfo zone, int step)
    {
        var time = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(unixMs), zone);
        var form = step < 60 ? "HH:mm:ss" : step >= 86_400 || time.TimeOfDay == TimeSpan.Zero ? "d MMM" : "HH:mm";
        return time.ToString(form, CultureInfo.InvariantCulture);
    }

    /// <summary>The time that a picture shows, in words, as its corner says it.</summary>
    public static string Window(long fromMs, long toMs, TimeZoneInfo zone)
    {
        var (from, to) = (TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(fromMs), zone), TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(toMs), zone));
        var end = to.ToString(from.Date == to.Date ? "HH:mm" : "d MMM yyyy HH:mm", CultureInfo.InvariantCulture);
        return $"{from.ToString("d MMM yyyy HH:mm", CultureInfo.InvariantCulture)} – {end} {Zones.Name(zone, to)}";
    }
}
