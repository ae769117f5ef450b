using System.Globalization;

namespace Apm.Monitors.Messages;

/// <summary>Numbers and times as messages say them (metrics-monitors §7.2, §7.6).</summary>
public static class ValueText
{
    /// <summary>At most six significant digits, and always a decimal: <c>800.0</c>, <c>512.333</c>; "" for no number.</summary>
    public static string Of(double? value)
    {
        if (value is not { } number) return "";
        if (double.IsNaN(number)) return "NaN";
        if (double.IsInfinity(number)) return number > 0 ? "infinity" : "-infinity";
        var text = number.ToString("G6", CultureInfo.InvariantCulture);
        // Large and small ones in digits too: "1234567.0" reads better in a mail than "1.23457E+06".
        if (text.Contains('E', StringComparison.Ordinal) && Math.Abs(number) is >= 1e6 and < 1e15) text = Math.Round(number).ToString("F0", CultureInfo.InvariantCulture);
        return text.AsSpan().ContainsAny(".E") ? text : text + ".0";
    }

    /// <summary><c>Wed Nov 11 2020 04:56:20 UTC</c>; "" for no time.</summary>
    public static string Time(long? unixSeconds) =>
        unixSeconds is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("ddd MMM dd yyyy HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) : "";

    /// <summary><c>2 secs</c>, <c>5 mins</c>, <c>3 hours</c>, <c>2 days</c>.</summary>
    public static string Span(long seconds)
    {
        var (count, unit) = seconds switch { < 120 => (seconds, "sec"), < 7_200 => (seconds / 60, "min"), < 172_800 => (seconds / 3_600, "hour"), _ => (seconds / 86_400, "day") };
        return string.Create(CultureInfo.InvariantCulture, $"{count} {unit}{(count == 1 ? "" : "s")}");
    }

    public static string Whole(long number) => number.ToString(CultureInfo.InvariantCulture);
}
