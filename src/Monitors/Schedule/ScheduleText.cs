using System.Globalization;
using Apm.Core.Downtimes;
using Apm.Core.Monitors;
using Apm.Monitors.Downtimes;

namespace Apm.Monitors.Schedule;

/// <summary>What is written of one rule of a monitor's own schedule, in a body or in a form. Pure.</summary>
public static class ScheduleText
{
    /// <summary>Where a rule begins that does not say it; long ago, so that every time of it counts.</summary>
    public static DateTime UsualStart { get; } = new(2000, 1, 1);

    /// <summary>Reads it.</summary>
    /// <param name="rule">RFC 5545.</param>
    /// <param name="start">On the wall clock of the zone; null or "" for <see cref="UsualStart"/>.</param>
    /// <param name="zone">Null or "" for UTC.</param>
    /// <exception cref="ScheduleTextException">One of them cannot be read.</exception>
    public static MonitorRecurrence Read(string rule, string? start, string? zone)
    {
        try
        {
            RecurrenceText.Parse(rule);
        }
        catch (DowntimeException wrong)
        {
            throw new ScheduleTextException("rrule", wrong.Message);
        }
        zone = string.IsNullOrEmpty(zone) ? "UTC" : zone;
        if (WallClock.FindZone(zone) is null) throw new ScheduleTextException("timezone", $"\"{zone}\" is no time zone. Write a name such as America/New_York or UTC.");
        if (!string.IsNullOrEmpty(start))
            return DateTime.TryParseExact(start, ["yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) ? new MonitorRecurrence(rule, local, zone)
                : throw new ScheduleTextException("start", $"\"{start}\" must be a time on the wall clock of the time zone, without an offset, such as 2024-05-01T09:00:00.");
        if (rule.Contains("COUNT=", StringComparison.OrdinalIgnoreCase)) throw new ScheduleTextException("rrule", "COUNT counts from a start, which is missing.");
        return new MonitorRecurrence(rule, UsualStart, zone);
    }
}

/// <summary>A rule of a schedule cannot be read.</summary>
/// <param name="field"><c>rrule</c>, <c>start</c> or <c>timezone</c>.</param>
/// <param name="sentence">What is wrong with it.</param>
public sealed class ScheduleTextException(string field, string sentence) : Exception(field == "rrule" ? $"rrule: {sentence}" : $"{field} {sentence}")
{
    /// <summary><c>rrule</c>, <c>start</c> or <c>timezone</c>.</summary>
    public string Field { get; } = field;

    /// <summary>What is wrong with it, without its name.</summary>
    public string Sentence { get; } = sentence;
}
