using System.Globalization;
using Apm.Core.Downtimes;

namespace Apm.Monitors.Downtimes;

/// <summary>A downtime's times in words, as notices and the page say them.</summary>
public static class RecurrenceWords
{
    static readonly Dictionary<string, string> Days = new(StringComparer.Ordinal)
    {
        ["MO"] = "Monday", ["TU"] = "Tuesday", ["WE"] = "Wednesday", ["TH"] = "Thursday", ["FR"] = "Friday", ["SA"] = "Saturday", ["SU"] = "Sunday",
    };

    /// <summary>Such as <c>every week on Saturday and Sunday at 00:00 for 1 d, America/New_York</c>; <c>once</c> when it does not recur.</summary>
    public static string Of(Downtime downtime) =>
        downtime.IsRecurring() ? $"{string.Join("; and ", downtime.Recurrences.Select(Of))}, {downtime.TimeZone}" : "once";

    /// <summary>A time in a zone: <c>Sat Nov 2 2024 00:00 (America/New_York)</c>.</summary>
    public static string Time(long unixSeconds, string zoneName)
    {
        var zone = WallClock.FindZone(zoneName) ?? TimeZoneInfo.Utc;
        return string.Create(CultureInfo.InvariantCulture, $"{WallClock.At(unixSeconds, zone):ddd MMM d yyyy HH:mm} ({(zone == TimeZoneInfo.Utc ? "UTC" : zoneName)})");
    }

    /// <summary>Such as <c>14 h</c> or <c>1 d 12 h</c>.</summary>
    public static string Length(long seconds)
    {
        var parts = new List<string>();
        foreach (var (unit, name) in new[] { (86_400L, "d"), (3_600L, "h"), (60L, "min"), (1L, "s") })
        {
            if (seconds / unit is var count and > 0) parts.Add(string.Create(CultureInfo.InvariantCulture, $"{count} {name}"));
            seconds %= unit;
        }
        return parts.Count == 0 ? "0 s" : string.Join(' ', parts);
    }

    /// <summary>Moments of a rule: <c>every day at 09:00</c>.</summary>
    /// <exception cref="DowntimeException">It is no rule.</exception>
    public static string Moments(string rule, DateTime startLocal) => Of(RecurrenceText.Parse(rule), startLocal, "");

    static string Of(DowntimeRecurrence recurrence) => Of(RecurrenceText.Parse(recurrence.Rule), recurrence.StartLocal, $" for {Length(recurrence.DurationSeconds)}");

    static string Of(RecurrenceText rule, DateTime startLocal, string length)
    {
        var unit = rule.Frequency switch { "HOURLY" => "hour", "DAILY" => "day", "WEEKLY" => "week", "MONTHLY" => "month", _ => "year" };
        var every = rule.Interval == 1 ? $"every {unit}" : string.Create(CultureInfo.InvariantCulture, $"every {rule.Interval} {unit}s");
        var on = rule.Days.Count == 0 ? "" : " on " + Positions(rule) + List(rule.Days.Select(Day));
        var until = rule.Until is { } last ? string.Create(CultureInfo.InvariantCulture, $", until {last:MMM d yyyy HH:mm}{(rule.IsUntilUtc ? " UTC" : "")}") : rule.Count is { } count ? string.Create(CultureInfo.InvariantCulture, $", {count} times") : "";
        return string.Create(CultureInfo.InvariantCulture, $"{every}{on}{At(rule, startLocal)}{length}{until}");
    }

    /// <summary>Which of the days it is: <c>the third </c>, <c>the first and last of </c>; "" for all of them.</summary>
    static string Positions(RecurrenceText rule)
    {
        if (rule.Pattern.Split(';').FirstOrDefault(part => part.StartsWith("BYSETPOS=", StringComparison.Ordinal)) is not { } positions) return "";
        var which = List(positions["BYSETPOS=".Length..].Split(',').Select(number => Which(int.Parse(number, CultureInfo.InvariantCulture))));
        return rule.Days is [{ Length: 2 }] && !positions.Contains(',', StringComparison.Ordinal) ? $"the {which} " : $"the {which} of ";
    }

    /// <summary>The time of day; of hourly ones the minute, and of several times those that the rule names.</summary>
    static string At(RecurrenceText rule, DateTime startLocal)
    {
        var parts = rule.Pattern.Split(';').Select(part => part.Split('=')).Where(part => part.Length == 2).ToDictionary(part => part[0], part => part[1]);
        if (!parts.ContainsKey("BYHOUR") && !parts.ContainsKey("BYMINUTE")) return rule.Frequency == "HOURLY" ? string.Create(CultureInfo.InvariantCulture, $" at minute {startLocal:mm}") : string.Create(CultureInfo.InvariantCulture, $" at {startLocal:HH:mm}");
        var minutes = parts.GetValueOrDefault("BYMINUTE")?.Split(',') ?? [startLocal.ToString("mm", CultureInfo.InvariantCulture)];
        if (rule.Frequency == "HOURLY" && !parts.ContainsKey("BYHOUR")) return $" at minute {List(minutes)}";
        var hours = parts.GetValueOrDefault("BYHOUR")?.Split(',') ?? [startLocal.ToString("HH", CultureInfo.InvariantCulture)];
        return " at " + List(hours.SelectMany(hour => minutes.Select(minute => $"{hour.PadLeft(2, '0')}:{minute.PadLeft(2, '0')}")));
    }

    static string Day(string day)
    {
        if (day.Length == 2) return Days[day];
        return $"the {Which(int.Parse(day[..^2], CultureInfo.InvariantCulture))} {Days[day[^2..]]}";
    }

    static string Which(int number) => number switch { -1 => "last", < 0 => string.Create(CultureInfo.InvariantCulture, $"{-number}th last"), 1 => "first", 2 => "second", 3 => "third", _ => string.Create(CultureInfo.InvariantCulture, $"{number}th") };

    static string List(IEnumerable<string> words)
    {
        var all = words.ToList();
        return all.Count == 1 ? all[0] : $"{string.Join(", ", all.Take(all.Count - 1))} and {all[^1]}";
    }
}
