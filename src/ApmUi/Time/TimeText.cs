using System.Globalization;

namespace Apm.ApmUi.Time;

/// <summary>
/// Reads one end of a time range as people and addresses write it: <c>now</c>, <c>now-15m</c>, <c>-30m</c>, <c>30m</c>,
/// <c>today</c>, <c>yesterday</c>, <c>09:10</c>, ISO 8601, and epoch seconds, milliseconds, microseconds or nanoseconds.
/// </summary>
public static class TimeText
{
    static readonly string[] IsoForms =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd HH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm", "yyyy-MM-dd",
    ];

    static readonly string[] IsoFormsWithZone =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mmK",
    ];

    /// <summary>Reads a point in time.</summary>
    /// <param name="text">What was written; spaces at its ends do not matter.</param>
    /// <param name="now">What <c>now</c> and <c>today</c> mean.</param>
    /// <param name="zone">In which a time without its own zone is meant.</param>
    /// <param name="time">The point in time, rounded to milliseconds.</param>
    /// <returns>False when the text is none of the forms.</returns>
    public static bool TryParse(string? text, DateTimeOffset now, TimeZoneInfo zone, out DateTimeOffset time)
    {
        time = now;
        text = text?.Trim() ?? "";
        if (text.Length == 0) return false;
        var lower = text.ToLowerInvariant();
        if (lower is "now" or "live") return true;
        if (lower.StartsWith("now", StringComparison.Ordinal)) lower = lower[3..].TrimStart();
        if (TryParseAge(lower, out var age)) return TryAdd(now, -age, out time);
        var localNow = TimeZoneInfo.ConvertTime(now, zone);
        if (lower == "today") return TryLocal(localNow.Date, zone, out time);
        if (lower == "yesterday") return TryLocal(localNow.Date.AddDays(-1), zone, out time);
        if (TimeOnly.TryParseExact(text, ["HH:mm", "H:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var clock))
            return TryLocal(localNow.Date + clock.ToTimeSpan(), zone, out time);
        if (text.Length >= 9 && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)) return TryEpoch(epoch, out time);
        if (DateTime.TryParseExact(text, IsoForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)) return TryLocal(local, zone, out time);
        return DateTimeOffset.TryParseExact(text, IsoFormsWithZone, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
    }

    /// <summary>Reads <c>15m</c>, <c>-15m</c>, <c>15 min</c>, <c>1h30m</c> as how long ago. False for anything else and for nothing.</summary>
    public static bool TryParseAge(string text, out TimeSpan age)
    {
        age = default;
        var left = text.AsSpan().Trim();
        if (left.Length > 0 && left[0] is '-' or '−') left = left[1..].TrimStart();
        if (left.Length is 0 or > 40) return false;
        double seconds = 0;
        while (left.Length > 0)
        {
            var digits = 0;
            while (digits < left.Length && (char.IsAsciiDigit(left[digits]) || left[digits] == '.')) digits++;
            if (digits == 0 || !double.TryParse(left[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
            left = left[digits..].TrimStart();
            var letters = 0;
            while (letters < left.Length && char.IsAsciiLetter(left[letters])) letters++;
            var unit = left[..letters] switch
            {
                "s" or "sec" or "second" or "seconds" => 1,
                "m" or "min" or "minute" or "minutes" => 60,
                "h" or "hour" or "hours" => 3600,
                "d" or "day" or "days" => 86_400,
                "w" or "week" or "weeks" => 604_800,
                _ => 0,
            };
            if (unit == 0) return false;
            seconds += number * unit;
            left = left[letters..].TrimStart();
        }
        if (seconds > 10 * 366 * 86_400.0) return false;
        age = TimeSpan.FromSeconds(seconds);
        return true;
    }

    /// <summary>The shortest form of an age: <c>15m</c>, <c>4h</c>, <c>1d</c>, <c>90s</c>.</summary>
    public static string AgeText(TimeSpan age)
    {
        var seconds = Math.Max(1, (long)age.TotalSeconds);
        return seconds % 604_800 == 0 ? $"{seconds / 604_800}w"
            : seconds % 86_400 == 0 ? $"{seconds / 86_400}d"
            : seconds % 3600 == 0 ? $"{seconds / 3600}h"
            : seconds % 60 == 0 ? $"{seconds / 60}m"
            : $"{seconds}s";
    }

    static bool TryEpoch(long epoch, out DateTimeOffset time)
    {
        var millis = epoch switch
        {
            >= 100_000_000_000_000_000 => epoch / 1_000_000,
            >= 100_000_000_000_000 => epoch / 1_000,
            >= 100_000_000_000 => epoch,
            _ => epoch * 1_000,
        };
        time = DateTimeOffset.FromUnixTimeMilliseconds(millis);
        return true;
    }

    /// <summary>A wall-clock time in a zone; one that the zone skips in spring is moved on by an hour.</summary>
    static bool TryLocal(DateTime local, TimeZoneInfo zone, out DateTimeOffset time)
    {
        local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        if (zone.IsInvalidTime(local)) local = local.AddHours(1);
        time = new DateTimeOffset(local, zone.GetUtcOffset(local));
        return true;
    }

    static bool TryAdd(DateTimeOffset now, TimeSpan by, out DateTimeOffset time)
    {
        time = now + by;
        return true;
    }
}
