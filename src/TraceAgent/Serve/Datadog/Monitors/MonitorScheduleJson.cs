using System.Globalization;
using Apm.Core.Downtimes;
using Apm.Core.Monitors;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Schedule;

namespace Apm.TraceAgent.Serve.Datadog.Monitors;

/// <summary>
/// <c>scheduling_options.custom_schedule</c> of a monitor as Datadog writes it: <c>{"recurrences":[{"rrule":"FREQ=DAILY","start":"2024-05-01T09:00:00","timezone":"Europe/Berlin"}]}</c>.
/// </summary>
static class MonitorScheduleJson
{
    /// <summary>Where rules begin that do not say it; long ago, so that every time of theirs counts.</summary>
    static readonly DateTime s_usualStart = new(2000, 1, 1);

    /// <returns>Null when there is none.</returns>
    /// <exception cref="RefusedException">It is none, or no time fits it.</exception>
    public static IReadOnlyList<MonitorRecurrence>? Read(DatadogBody schedule)
    {
        if (!schedule.Exists) return null;
        var recurrences = schedule.Objects("recurrences");
        if (recurrences.Count is 0 or > CustomTimes.MaxRules) throw new RefusedException($"{schedule.Path}.recurrences must have 1 to {CustomTimes.MaxRules} entries.");
        var read = recurrences.Select(Read1).ToList();
        var rule = new MonitorRule { Type = "", Name = "", Query = "", Options = new MonitorOptions { CustomSchedule = read } };
        if (CustomTimes.FirstAfter(rule, 0) is null) throw new RefusedException($"{schedule.Path}.recurrences: no time fits them, so the monitor would never be evaluated.");
        return read;
    }

    static MonitorRecurrence Read1(DatadogBody recurrence)
    {
        var rule = recurrence.Text("rrule") ?? throw new RefusedException($"{recurrence.Path}.rrule is missing, such as FREQ=DAILY.");
        try
        {
            RecurrenceText.Parse(rule);
        }
        catch (DowntimeException wrong)
        {
            throw new RefusedException($"{recurrence.Path}.rrule: {wrong.Message}");
        }
        var zone = recurrence.Text("timezone") ?? "UTC";
        if (WallClock.FindZone(zone) is null) throw new RefusedException($"{recurrence.Path}.timezone \"{zone}\" is no time zone. Write a name such as America/New_York or UTC.");
        var start = recurrence.Text("start") is not { } text ? s_usualStart
            : DateTime.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) ? local
            : throw new RefusedException($"{recurrence.Path}.start \"{text}\" must be a time on the wall clock of the time zone, without an offset, such as 2024-05-01T09:00:00.");
        return new MonitorRecurrence(rule, start, zone);
    }
}
