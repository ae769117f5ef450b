namespace Apm.ApmUi.Time;

/// <summary>What somebody entered in the time popover.</summary>
public static class TimeEntry
{
    static readonly string[] Between = [" – ", " - ", " to ", "..", "–"];

    /// <summary>What the forms are, for the sentence about a text that is none.</summary>
    public const string Help = "Write -30m, yesterday, 09:10 – 09:15, 2026-11-24T09:10Z, or an epoch.";

    /// <summary>Reads one line: an age, a day, a moment (15 minutes around it), or two ends. Null when it is none of these.</summary>
    public static TimeWindow? Read(string text, DateTimeOffset now, TimeZoneInfo zone)
    {
        text = text.Trim();
        if (text.Length == 0) return null;
        foreach (var word in Between)
        {
            var at = text.IndexOf(word, StringComparison.OrdinalIgnoreCase);
            if (at <= 0 || !TimeText.TryParse(text[..at], now, zone, out _)) continue;
            var end = text[(at + word.Length)..];
            return TimeText.TryParse(end, now, zone, out _) ? TimeWindow.Read(text[..at], end, now, zone) : null;
        }
        var relative = text.StartsWith("now", StringComparison.OrdinalIgnoreCase) ? text[3..] : text.StartsWith("past", StringComparison.OrdinalIgnoreCase) ? text[4..] : text;
        if (TimeText.TryParseAge(relative.ToLowerInvariant(), out var age) && age.TotalMilliseconds >= TimeWindow.ShortestMillis) return TimeWindow.Live(age, now);
        if (!TimeText.TryParse(text, now, zone, out var time)) return null;
        if (text.Equals("yesterday", StringComparison.OrdinalIgnoreCase)) return TimeWindow.Read("yesterday", "today", now, zone);
        var isDay = text.Equals("today", StringComparison.OrdinalIgnoreCase) || (text.Length == 10 && text[4] == '-');
        if (isDay) return Fixed(time, Min(time.AddDays(1), now));
        return text.Equals("now", StringComparison.OrdinalIgnoreCase) ? TimeWindow.Live(TimeWindow.DefaultAge, now)
            : Fixed(time.AddMinutes(-7.5), Min(time.AddMinutes(7.5), now));

        TimeWindow Fixed(DateTimeOffset from, DateTimeOffset to) => TimeWindow.Read(Millis(from), Millis(to), now, zone);
    }

    /// <summary>The later end never lies in the future, unless all of it does.</summary>
    static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    static string Millis(DateTimeOffset time) => time.ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
}
