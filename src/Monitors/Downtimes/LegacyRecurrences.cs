using System.Globalization;
using Apm.Core.Downtimes;

namespace Apm.Monitors.Downtimes;

/// <summary>Recurrences of version 1 of the API as rules (metrics-monitors §8.3).</summary>
public static class LegacyRecurrences
{
    static readonly string[] Days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

    /// <summary>The rule of a recurrence whose first occurrence is given.</summary>
    /// <param name="zone">On whose wall clock it recurs.</param>
    /// <exception cref="DowntimeException">It is none; the message is the answer's.</exception>
    public static DowntimeRecurrence Read(LegacyRecurrence legacy, long startUnixSeconds, long? endUnixSeconds, TimeZoneInfo zone)
    {
        if (endUnixSeconds is not { } end) throw new DowntimeException("A downtime that recurs needs an 'end': that of its first occurrence.");
        if (legacy.UntilDate is not null && legacy.UntilOccurrences is not null) throw new DowntimeException("You must provide only provide one of (until_occurrences, until_date)");
        var rule = legacy.Type == "rrule" ? legacy.Rrule ?? throw new DowntimeException($"{RecurrenceText.Invalid}: the type is rrule, and there is no 'rrule'.") : RuleOf(legacy);
        if (legacy.UntilDate is { } until) rule += DateTimeOffset.FromUnixTimeSeconds(until).UtcDateTime.ToString("';UNTIL='yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        if (legacy.UntilOccurrences is { } count) rule += string.Create(CultureInfo.InvariantCulture, $";COUNT={count}");
        RecurrenceText.Parse(rule);
        var start = WallClock.At(startUnixSeconds, zone);
        return new DowntimeRecurrence(start, (long)(WallClock.At(end, zone) - start).TotalSeconds, rule);
    }

    static string RuleOf(LegacyRecurrence legacy)
    {
        var frequency = legacy.Type switch { "days" => "DAILY", "weeks" => "WEEKLY", "months" => "MONTHLY", "years" => "YEARLY", _ => throw new DowntimeException("Invalid recurrence type") };
        if (legacy.Period is not { } period || period < 1) throw new DowntimeException("The recurrence's 'period' must be a whole number from 1: every so many.");
        var rule = string.Create(CultureInfo.InvariantCulture, $"FREQ={frequency};INTERVAL={period}");
        if (legacy.WeekDays is not { Count: > 0 } days) return rule;
        if (days.Any(day => !Days.Contains(day))) throw new DowntimeException("Invalid set of days in week_days. Be sure that the first letter is capitalized.");
        return legacy.Type == "weeks" ? $"{rule};BYDAY={string.Join(',', days.Distinct().Select(day => day[..2].ToUpperInvariant()))}" : rule;
    }
}
