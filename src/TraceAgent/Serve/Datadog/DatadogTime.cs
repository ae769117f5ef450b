using System.Globalization;
using System.Text.RegularExpressions;
using Apm.Core.Time;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>
/// Times as Datadog's v2 takes them: ISO 8601, Unix milliseconds, or from now: <c>now</c>, <c>now-15m</c>, <c>now-1d/d</c> (rounded down to
/// the day of the asked time zone).
/// </summary>
static partial class DatadogTime
{
    /// <summary>Range when none is asked for: the last 15 minutes.</summary>
    public const string DefaultFrom = "now-15m";

    /// <exception cref="RefusedException">It is none of these.</exception>
    public static long Parse(string text, string name, long nowUnixNanos, TimeZoneInfo zone) =>
        Math.Min(ParseAny(text, name, nowUnixNanos, zone), long.MaxValue - UnixTime.NanosPerSecond); // So that nobody overflows by adding to it.

    static long ParseAny(string text, string name, long nowUnixNanos, TimeZoneInfo zone)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var millis) && millis is >= 0 and <= long.MaxValue / UnixTime.NanosPerMillisecond)
            return millis * UnixTime.NanosPerMillisecond;
        var math = DateMath().Match(text.Trim());
        if (math.Success && TryMath(math, UnixTime.ToDateTime(nowUnixNanos), zone, out var time)) return time.ToUnixNanos();
        if (!math.Success && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time)) return Math.Max(0, time.ToUnixNanos());
        throw new RefusedException($"{name} \"{text}\" is not a time. Write ISO 8601 such as 2026-03-01T10:00:00Z, Unix milliseconds, or a time from now such as now-15m (s, m, h, d, w, M, y).");
    }

    /// <summary>The zone of <c>options</c>: <c>timezone</c> (IANA, <c>UTC+2</c>, <c>GMT</c>) or <c>timeOffset</c> in seconds; UTC when neither is given.</summary>
    /// <exception cref="RefusedException">Both are given, or there is no such zone.</exception>
    public static TimeZoneInfo Zone(string? timezone, double? offsetSeconds)
    {
        if (timezone is not null && offsetSeconds is not null) throw new RefusedException("options has both timezone and timeOffset. Give one of them.");
        if (offsetSeconds is { } seconds) return Fixed(TimeSpan.FromMinutes(Math.Round(Math.Clamp(seconds, -50_400, 50_400) / 60)));
        if (timezone is null or "" or "UTC" or "GMT") return TimeZoneInfo.Utc;
        var offset = Offset().Match(timezone);
        if (offset.Success && TimeSpan.TryParse(offset.Groups["time"].Value.Contains(':', StringComparison.Ordinal) ? offset.Groups["time"].Value : offset.Groups["time"].Value + ":00", CultureInfo.InvariantCulture, out var ahead) && ahead <= TimeSpan.FromHours(14))
            return Fixed(offset.Groups["sign"].Value == "-" ? -ahead : ahead);
        return TimeZoneInfo.TryFindSystemTimeZoneById(timezone, out var zone) ? zone
            : throw new RefusedException($"timezone \"{timezone}\" is not known. Write UTC, UTC+2, or a name such as Europe/Paris.");
    }

    static TimeZoneInfo Fixed(TimeSpan offset) => TimeZoneInfo.CreateCustomTimeZone(offset.ToString(), offset, null, null);

    static bool TryMath(Match math, DateTimeOffset now, TimeZoneInfo zone, out DateTimeOffset time)
    {
        time = now;
        try
        {
            if (math.Groups["count"].Success)
            {
                var count = int.Parse(math.Groups["count"].Value, CultureInfo.InvariantCulture) * (math.Groups["sign"].Value == "-" ? -1 : 1);
                time = math.Groups["unit"].Value switch
                {
                    "s" => time.AddSeconds(count),
                    "m" => time.AddMinutes(count),
                    "h" => time.AddHours(count),
                    "d" => time.AddDays(count),
                    "w" => time.AddDays(7 * count),
                    "M" => time.AddMonths(count),
                    _ => time.AddYears(count),
                };
            }
            if (math.Groups["round"].Success) time = Round(TimeZoneInfo.ConvertTime(time, zone), math.Groups["round"].Value, zone);
            return time >= DateTimeOffset.UnixEpoch;
        }
        catch (Exception wrong) when (wrong is ArgumentOutOfRangeException or OverflowException)
        {
            return false;
        }
    }

    static DateTimeOffset Round(DateTimeOffset time, string unit, TimeZoneInfo zone)
    {
        var local = time.DateTime;
        var start = unit switch
        {
            "s" => local.Date.Add(TimeSpan.FromSeconds(Math.Floor(local.TimeOfDay.TotalSeconds))),
            "m" => local.Date.Add(TimeSpan.FromMinutes(Math.Floor(local.TimeOfDay.TotalMinutes))),
            "h" => local.Date.Add(TimeSpan.FromHours(local.Hour)),
            "d" => local.Date,
            "w" => local.Date.AddDays(-(((int)local.DayOfWeek + 6) % 7)),
            "M" => new DateTime(local.Year, local.Month, 1),
            _ => new DateTime(local.Year, 1, 1),
        };
        return new DateTimeOffset(start, zone.GetUtcOffset(start));
    }

    [GeneratedRegex(@"^now(?:(?<sign>[+-])(?<count>\d{1,6})(?<unit>[smhdwMy]))?(?:/(?<round>[smhdwMy]))?$")]
    private static partial Regex DateMath();

    [GeneratedRegex(@"^(?:UTC|GMT)(?<sign>[+-])(?<time>\d{1,2}(?::\d{2})?)$")]
    private static partial Regex Offset();
}
