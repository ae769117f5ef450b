using System.Globalization;

namespace Apm.ApmUi.Format;

/// <summary>
/// Numbers as people read them: at most three significant digits, the unit beside the number, always with a point (ui.md §3).
/// Every function gives "–" for NaN and infinities.
/// </summary>
public static class Figure
{
    /// <summary>What stands where there is no number.</summary>
    public const string None = "–";

    /// <summary><c>812 µs</c>, <c>12.4 ms</c>, <c>1.26 s</c>, <c>3 min 20 s</c>, <c>2 h 5 min</c>, <c>3 d 4 h</c>.</summary>
    public static string Duration(double nanos)
    {
        if (!double.IsFinite(nanos)) return None;
        if (nanos < 0) return "−" + Duration(-nanos);
        if (nanos == 0) return "0 ms";
        if (nanos < 999.5) return Digits(nanos) + " ns";
        if (nanos < 999.5e3) return Digits(nanos / 1e3) + " µs";
        if (nanos < 999.5e6) return Digits(nanos / 1e6) + " ms";
        if (nanos < 59.95e9) return Digits(nanos / 1e9) + " s";
        var seconds = (long)Math.Round(nanos / 1e9);
        if (seconds < 3600) return Two(seconds / 60, "min", seconds % 60, "s");
        var minutes = (long)Math.Round(nanos / 60e9);
        if (minutes < 1440) return Two(minutes / 60, "h", minutes % 60, "min");
        var hours = (long)Math.Round(nanos / 3600e9);
        return Two(hours / 24, "d", hours % 24, "h");
    }

    /// <summary>The duration with all its digits, for tooltips: <c>12.412311 ms</c>.</summary>
    public static string DurationExact(long nanos) => nanos switch
    {
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{nanos} ns"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{nanos / 1e3:0.###} µs"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{nanos / 1e6:0.######} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{nanos / 1e9:0.#########} s"),
    };

    /// <summary><c>0</c>, <c>0.05</c>, <c>950</c>, <c>4.2 k</c>, <c>1.28 M</c>, <c>3 G</c>.</summary>
    public static string Count(double value)
    {
        if (!double.IsFinite(value)) return None;
        if (value < 0) return "−" + Count(-value);
        if (value < 999.5) return Digits(value);
        if (value < 999.5e3) return Digits(value / 1e3) + " k";
        if (value < 999.5e6) return Digits(value / 1e6) + " M";
        if (value < 999.5e9) return Digits(value / 1e9) + " G";
        return Digits(value / 1e12) + " T";
    }

    /// <summary>A whole number with all its digits, in groups: <c>1,284</c>.</summary>
    public static string Whole(double value) => double.IsFinite(value) ? Math.Round(value).ToString("#,0", CultureInfo.InvariantCulture) : None;

    /// <summary>Per second: <c>4.2 /s</c>, <c>1.2 k/s</c>; less than one in ten seconds is told per minute: <c>3 /min</c>.</summary>
    public static string Rate(double perSecond)
    {
        if (!double.IsFinite(perSecond)) return None;
        if (perSecond == 0) return "0 /s";
        if (perSecond < 0.0995) return perSecond * 60 < 0.0995 ? Digits(perSecond * 3600) + " /h" : Digits(perSecond * 60) + " /min";
        var count = Count(perSecond);
        return count + (char.IsAsciiDigit(count[^1]) ? " /s" : "/s");
    }

    /// <summary>A ratio as a percentage: <c>0.31 %</c>, <c>12 %</c>, <c>&lt; 0.01 %</c>.</summary>
    public static string Percent(double ratio)
    {
        if (!double.IsFinite(ratio)) return None;
        if (ratio is > 0 and < 0.00005) return "< 0.01 %";
        return Digits(ratio * 100) + " %";
    }

    /// <summary>Bytes in powers of 1000: <c>812 B</c>, <c>4.2 kB</c>, <c>1.3 GB</c>.</summary>
    public static string Bytes(double bytes)
    {
        if (!double.IsFinite(bytes)) return None;
        if (bytes < 999.5) return Digits(bytes) + " B";
        if (bytes < 999.5e3) return Digits(bytes / 1e3) + " kB";
        if (bytes < 999.5e6) return Digits(bytes / 1e6) + " MB";
        return Digits(bytes / 1e9) + " GB";
    }

    /// <summary>How long ago, in its largest unit: <c>now</c> (under 5 s), <c>12 s ago</c>, <c>4 min ago</c>, <c>3 d ago</c>.</summary>
    public static string Ago(long thenUnixNanos, long nowUnixNanos)
    {
        var seconds = (nowUnixNanos - thenUnixNanos) / 1_000_000_000;
        return seconds switch
        {
            < 5 => "now",
            < 60 => $"{seconds} s ago",
            < 3600 => $"{seconds / 60} min ago",
            < 86_400 => $"{seconds / 3600} h ago",
            _ => $"{seconds / 86_400} d ago",
        };
    }

    /// <summary>A count with its noun: <c>1 span</c>, <c>12 spans</c>, <c>1,284 spans</c>.</summary>
    public static string Of(double count, string singular, string? plural = null) =>
        Whole(count) + " " + (Math.Round(count) == 1 ? singular : plural ?? singular + "s");

    /// <summary>For attributes of SVG and CSS: at most two decimals, always with a point.</summary>
    public static string Plain(double value) => Math.Round(value, 2).ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>Three significant digits, without trailing zeros.</summary>
    static string Digits(double value)
    {
        if (value == 0) return "0";
        var decimals = Math.Max(0, 2 - (int)Math.Floor(Math.Log10(value)));
        // 9.996 rounds up into the next power of ten, where one decimal less is due.
        if (Math.Round(value, Math.Min(decimals, 15)) >= Math.Pow(10, 3 - decimals)) decimals = Math.Max(0, decimals - 1);
        return Math.Round(value, Math.Min(decimals, 15)).ToString("0." + new string('#', Math.Min(decimals, 15)), CultureInfo.InvariantCulture);
    }

    static string Two(long large, string largeUnit, long small, string smallUnit) =>
        small == 0 ? $"{large} {largeUnit}" : $"{large} {largeUnit} {small} {smallUnit}";
}
