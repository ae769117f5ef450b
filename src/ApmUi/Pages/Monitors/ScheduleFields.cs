using System.Globalization;
using System.Text.Json.Nodes;
using Apm.Core.Monitors;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>The times at which alone a monitor is evaluated: from the fields of the form to the rule, and back. Pure.</summary>
public static class ScheduleFields
{
    const string Name = "Evaluated by the rule";

    /// <summary>The fields with those of a monitor.</summary>
    public static MonitorForm Fill(MonitorForm form, IReadOnlyList<MonitorRecurrence>? schedule) => schedule switch
    {
        [var only] => form with { ScheduleRule = only.Rule, ScheduleStart = only.StartLocal == ScheduleText.UsualStart ? "" : only.StartLocal.ToString("yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture), ScheduleZone = only.TimeZone },
        { Count: > 1 } several => form with { KeptScheduleRules = several.Count },
        _ => form,
    };

    /// <summary>The schedule that the fields say; null for every minute.</summary>
    /// <param name="before">That of the monitor that is changed. Of several rules it stays as it is, and so does one that the fields still say.</param>
    /// <param name="nowUnixSeconds">A schedule must have a time after it.</param>
    /// <exception cref="MonitorRuleException">The rule, the time or the zone cannot be read, or no time fits them.</exception>
    public static IReadOnlyList<MonitorRecurrence>? Of(MonitorForm form, IReadOnlyList<MonitorRecurrence>? before, long nowUnixSeconds)
    {
        if (before is { Count: > 1 }) return before;
        if (form.ScheduleRule.Length == 0) return null;
        var shown = Fill(new MonitorForm(), before);
        if ((shown.ScheduleRule, shown.ScheduleStart, shown.ScheduleZone) == (form.ScheduleRule, form.ScheduleStart, form.ScheduleZone)) return before;
        MonitorRecurrence recurrence;
        try
        {
            recurrence = ScheduleText.Read(form.ScheduleRule, form.ScheduleStart, form.ScheduleZone);
        }
        catch (ScheduleTextException wrong)
        {
            throw Wrong(wrong.Field switch { "start" => "The rule begins", "timezone" => "Time zone", _ => Name }, wrong.Sentence);
        }
        IReadOnlyList<MonitorRecurrence> schedule = [recurrence];
        if (CustomTimes.FirstAfter(new MonitorRule { Type = "", Name = "", Query = "", Options = new MonitorOptions { CustomSchedule = schedule } }, nowUnixSeconds) is null)
            throw Wrong(Name, "no time from now on fits it, so the monitor would never be evaluated.");
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

    static MonitorRuleException Wrong(string field, string sentence) => new(RuleRefusal.Wrong, $"{field}: {sentence}");
}
