using System.Globalization;
using System.Text.Json.Nodes;
using Apm.Core.Downtimes;
using Apm.Core.Monitors;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>The times at which alone a monitor is evaluated: from the fields of the form to the rule, and back. Pure.</summary>
public static class ScheduleFields
{
    /// <summary>What every refusal begins with.</summary>
    const string Name = "Evaluated by the rule";

    /// <summary>Where a rule begins that does not say it; long ago, so that every time of it counts.</summary>
    static readonly DateTime s_usualStart = new(2000, 1, 1);

    /// <summary>The fields with those of a monitor.</summary>
    public static MonitorForm Fill(MonitorForm form, IReadOnlyList<MonitorRecurrence>? schedule) => schedule switch
    {
        [var only] => form with { ScheduleRule = only.Rule, ScheduleStart = only.StartLocal == s_usualStart ? "" : only.StartLocal.ToString("yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture), ScheduleZone = only.TimeZone },
        { Count: > 1 } several => form with { KeptScheduleRules = several.Count },
        _ => form,
    };

    /// <summary>The schedule that the fields say; null for every minute.</summary>
    /// <param name="before">That of the monitor that is changed. Of several rules it stays as it is, and so does one that the fields still say.</param>
    /// <exception cref="MonitorRuleException">The rule, the time or the zone cannot be read, or no time fits them.</exception>
    public static IReadOnlyList<MonitorRecurrence>? Of(MonitorForm form, IReadOnlyList<MonitorRecurrence>? before)
    {
        if (before is { Count: > 1 }) return before;
        if (form.ScheduleRule.Length == 0) return null;
        var shown = Fill(new MonitorForm(), before);
        if ((shown.ScheduleRule, shown.ScheduleStart, shown.ScheduleZone) == (form.ScheduleRule, form.ScheduleStart, form.ScheduleZone)) return before;
        try
        {
            RecurrenceText.Parse(form.ScheduleRule);
        }
        catch (DowntimeException wrong)
        {
            throw Wrong(wrong.Message);
        }
        if (WallClock.FindZone(form.ScheduleZone) is null) throw Wrong($"“{form.ScheduleZone}” is no time zone. Write a name such as America/New_York or UTC.");
        var start = form.ScheduleStart.Length == 0 ? s_usualStart
            : DateTime.TryParseExact(form.ScheduleStart, ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) ? local
            : throw Wrong($"“{form.ScheduleStart}” is no time. Write it as 2026-11-29T19:00.");
        IReadOnlyList<MonitorRecurrence> schedule = [new MonitorRecurrence(form.ScheduleRule, start, form.ScheduleZone)];
        if (CustomTimes.FirstAfter(new MonitorRule { Type = "", Name = "", Query = "", Options = new MonitorOptions { CustomSchedule = schedule } }, 0) is null)
            throw Wrong("no time fits it, so the monitor would never be evaluated.");
        return schedule;
    }

    /// <summary>The options that are kept as they were sent, with the schedule as it is now: the API and files give back what stands there.</summary>
    /// <param name="others">A JSON object; "" for none.</param>
    public static string Others(string others, IReadOnlyList<MonitorRecurrence>? schedule)
    {
        var all = others.Length > 0 ? JsonNode.Parse(others)!.AsObject() : [];
        var options = all["scheduling_options"] as JsonObject ?? [];
        all.Remove("scheduling_options");
        options.Remove("custom_schedule");
        if (schedule is not null)
            options["custom_schedule"] = new JsonObject
            {
                ["recurrences"] = new JsonArray([.. schedule.Select(recurrence => (JsonNode)new JsonObject
                {
                    ["rrule"] = recurrence.Rule, ["start"] = recurrence.StartLocal.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture), ["timezone"] = recurrence.TimeZone,
                })]),
            };
        if (options.Count > 0) all["scheduling_options"] = options;
        return all.Count > 0 ? all.ToJsonString() : "";
    }

    static MonitorRuleException Wrong(string sentence) => new(RuleRefusal.Wrong, $"{Name}: {sentence}");
}
