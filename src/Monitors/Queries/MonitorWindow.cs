using System.Globalization;
using Apm.Core.Monitors;
using Apm.Core.Time;
using Apm.Monitors.Downtimes;

namespace Apm.Monitors.Queries;

/// <summary>Which way a window lies from the time of an evaluation.</summary>
public enum WindowKind
{
    /// <summary>The time up to now: <c>last_5m</c>.</summary>
    Last,

    /// <summary>Since the hour, day or month began, in UTC: <c>current_1d</c>.</summary>
    Current,

    /// <summary>The time from now on, of forecasts: <c>next_1w</c>.</summary>
    Next,
}

/// <summary>The time that a monitor looks at (metrics-monitors §6.2): <c>last_5m</c>, <c>current_1h</c>, <c>next_1w</c>.</summary>
/// <param name="Unit"><c>m</c>, <c>h</c>, <c>d</c>, <c>w</c> or <c>mo</c>.</param>
public readonly record struct MonitorWindow(WindowKind Kind, int Count, string Unit)
{
    /// <summary>Longest window, in seconds; 31 days. A longer one is refused.</summary>
    public const long LongestSeconds = 31L * 86_400;

    const int MinuteSeconds = 60;
    const int HourSeconds = 3_600;
    const int DaySeconds = 86_400;

    /// <summary>How long it is; of a current window the longest that it gets.</summary>
    public long LengthSeconds => Count * Unit switch { "m" => (long)MinuteSeconds, "h" => HourSeconds, "d" => DaySeconds, "w" => 7L * DaySeconds, _ => 30L * DaySeconds };

    /// <summary>Width of the buckets by which <c>require_full_window</c> judges, and in which counts are counted, in seconds.</summary>
    public int BucketSeconds => Unit switch { "m" => MinuteSeconds, "h" => 10 * MinuteSeconds, "mo" => 4 * HourSeconds, _ => HourSeconds };

    /// <summary>How often a monitor with this window is evaluated, in seconds (metrics-monitors §6.4).</summary>
    public int PeriodSeconds => LengthSeconds < DaySeconds ? MinuteSeconds : LengthSeconds < 2 * DaySeconds ? 10 * MinuteSeconds : 30 * MinuteSeconds;

    /// <summary>The window of an evaluation.</summary>
    /// <param name="endUnixSeconds">The time of the evaluation, less the evaluation delay and any shift.</param>
    /// <param name="start">When current windows begin; null for the whole hour, day or month in UTC.</param>
    public TimeRange At(long endUnixSeconds, CurrentWindowStart? start = null)
    {
        var (from, to) = Kind switch
        {
            WindowKind.Last => (endUnixSeconds - LengthSeconds, endUnixSeconds),
            WindowKind.Next => (endUnixSeconds, endUnixSeconds + LengthSeconds),
            _ => (start is null ? CurrentStart(endUnixSeconds) : CurrentStart(endUnixSeconds, start), endUnixSeconds),
        };
        return new TimeRange(Math.Max(0, from) * UnixTime.NanosPerSecond, Math.Max(0, to) * UnixTime.NanosPerSecond);
    }

    /// <summary>Without the word before it: <c>5m</c>.</summary>
    public string LengthText => string.Create(CultureInfo.InvariantCulture, $"{Count}{Unit}");

    public override string ToString() => $"{(Kind == WindowKind.Last ? "last" : Kind == WindowKind.Next ? "next" : "current")}_{LengthText}";

    /// <summary>Reads <c>5m</c> and its like; null for anything else, or when it is longer than <see cref="LongestSeconds"/>.</summary>
    public static MonitorWindow? OfLength(WindowKind kind, ReadOnlySpan<char> length)
    {
        var digits = 0;
        while (digits < length.Length && char.IsAsciiDigit(length[digits])) digits++;
        if (digits is 0 or > 5) return null;
        var unit = length[digits..] switch { "m" => "m", "h" => "h", "d" => "d", "w" => "w", "mo" => "mo", _ => null };
        if (unit is null) return null;
        var window = new MonitorWindow(kind, int.Parse(length[..digits], CultureInfo.InvariantCulture), unit);
        var isSensible = kind != WindowKind.Current || (window.Count == 1 && unit is "h" or "d" or "mo");
        return isSensible && window.LengthSeconds is > 0 and <= LongestSeconds ? window : null;
    }

    /// <summary>Reads <c>last_5m</c>, <c>current_1h</c>, <c>next_1w</c>; null for anything else.</summary>
    public static MonitorWindow? Of(string text) =>
        text.StartsWith("last_", StringComparison.Ordinal) ? OfLength(WindowKind.Last, text.AsSpan(5))
        : text.StartsWith("next_", StringComparison.Ordinal) ? OfLength(WindowKind.Next, text.AsSpan(5))
        : text.StartsWith("current_", StringComparison.Ordinal) ? OfLength(WindowKind.Current, text.AsSpan(8))
        : null;

    /// <summary>The last time that a window of this length began, on the wall clock of a zone.</summary>
    long CurrentStart(long now, CurrentWindowStart start)
    {
        var zone = WallClock.FindZone(start.TimeZone) ?? TimeZoneInfo.Utc;
        var local = WallClock.At(now, zone);
        var begun = Unit switch
        {
            "h" => local.Date.AddHours(local.Hour).AddMinutes(start.HourMinute),
            "d" => local.Date.AddMinutes(start.DayMinute),
            _ => new DateTime(local.Year, local.Month, 1).AddMinutes(start.DayMinute),
        };
        if (begun > local) begun = Unit switch { "h" => begun.AddHours(-1), "d" => begun.AddDays(-1), _ => begun.AddMonths(-1) };
        return Math.Min(now, WallClock.UnixSecondsOf(begun, zone));
    }

    long CurrentStart(long now)
    {
        if (Unit == "h") return now / HourSeconds * HourSeconds;
        if (Unit == "d") return now / DaySeconds * DaySeconds;
        var time = DateTimeOffset.FromUnixTimeSeconds(now);
        return new DateTimeOffset(time.Year, time.Month, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds();
    }
}
