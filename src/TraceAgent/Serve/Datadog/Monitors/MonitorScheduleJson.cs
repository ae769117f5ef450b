using Apm.Core.Monitors;
using Apm.Monitors.Schedule;

namespace Apm.TraceAgent.Serve.Datadog.Monitors;

/// <summary>
/// <c>scheduling_options.custom_schedule</c> of a monitor as Datadog writes it: <c>{"recurrences":[{"rrule":"FREQ=DAILY","start":"2024-05-01T09:00:00","timezone":"Europe/Berlin"}]}</c>.
/// </summary>
static class MonitorScheduleJson
{
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
            return ScheduleText.Read(rule, recurrence.Text("start"), recurrence.Text("timezone"));
        }
        catch (ScheduleTextException wrong)
        {
            throw new RefusedException($"{recurrence.Path}.{wrong.Message}");
        }
    }
}
