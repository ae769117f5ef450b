using Apm.ApmUi.Pages.Monitors;
using Apm.Core.Monitors;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;
using Microsoft.Extensions.Primitives;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>From fields to rules and back, without a page.</summary>
public class MonitorFormTests
{
    static readonly long Now = new DateTimeOffset(2026, 11, 29, 12, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds();

    [Theory]
    [InlineData("metric alert", "avg(last_5m):avg:my_metric{*} > 800", "metric")]
    [InlineData("query alert", "max(last_1h):sum:errs{env:prod} by {host}.as_count() >= 1", "metric")]
    [InlineData("query alert", "percentile(last_10m):p95:trace.flask.request{service:web} > 0.5", "apm")]
    [InlineData("query alert", "percentile(last_10m):p99:trace.flask.request{env:prod,service:web,resource_name:\"GET /user/{id}\"} > 0.5", "apm")]
    [InlineData("query alert", "sum(last_5m):100 * sum:trace.flask.request.errors{service:web}.as_count() / sum:trace.flask.request.hits{service:web}.as_count() > 5", "apm")]
    [InlineData("query alert", "sum(last_5m):sum:trace.flask.request.errors{service:web}.as_count() > 5", "apm")]
    [InlineData("query alert", "avg(last_5m):sum:trace.flask.request.hits{service:web} by {resource_name}.as_rate() < 5", "metric")]
    [InlineData("query alert", "pct_change(avg(last_5m),last_1h):avg:m{*} > 20", "change")]
    [InlineData("query alert", "avg(last_4h):anomalies(avg:m{*}, 'agile', 2, direction='both', alert_window='last_15m', interval=60, count_default_zero='true') >= 0.5", "anomaly")]
    [InlineData("query alert", "avg(last_4h):anomalies(avg:m{*}, 'agile', 2, direction='above', alert_window='last_15m') >= 0.5", "text")]
    [InlineData("query alert", "avg(last_30m):outliers(avg:cpu{role:db} by {host}, 'dbscan', 7) > 0", "outlier")]
    [InlineData("query alert", "max(next_1w):forecast(avg:disk{*} by {host}, 'linear', 1) >= 0.9", "forecast")]
    [InlineData("query alert", "avg(current_1h):avg:m{*} > 5", "text")]
    [InlineData("service check", "\"db\".over(\"env:prod\").by(\"host\",\"port\").last(4).count_by_status()", "check")]
    [InlineData("service check", "\"datadog.agent.up\".over(\"*\").by(\"host\").last(4).count_by_status()", "host")]
    [InlineData("service check", "\"db\".over(\"*\").exclude(\"host:a\").last(4).count_by_status()", "text")]
    [InlineData("event-v2 alert", "events(\"source:deploy\").rollup(\"count\").by(\"env\").last(\"5m\") > 0", "event")]
    [InlineData("trace-analytics alert", "trace-analytics(\"service:web\").rollup(\"pc95\", \"@duration\").by(\"resource_name\").last(\"5m\") > 1000", "traces")]
    [InlineData("composite", "1 && ( !2 || 3 )", "composite")]
    public void A_rule_is_the_same_after_it_was_shown_in_the_form(string type, string query, string kind)
    {
        var rule = new MonitorRule
        {
            Id = 7, Type = type, Query = query, Name = "A monitor", Message = "It is bad: {{value}}\n\n@user@example.com @slack-ops", Tags = ["team:a"], Priority = 2,
            Options = new()
            {
                Thresholds = type == "service check" ? new() { Critical = 3, Ok = 2 } : type == "composite" ? new() : new() { Critical = MonitorQueryParser.Parse(type, query).Condition!.Threshold },
                NotifyNoData = true, NoDataTimeframeMinutes = 10, RenotifyIntervalMinutes = 60, RenotifyStates = [MonitorState.Alert], Locked = true, OthersJson = "{\"x\":1}",
                Silenced = new Dictionary<string, long?> { ["host:a"] = null }, TriggerWindow = kind == "anomaly" ? "last_15m" : null, RecoveryWindow = kind == "anomaly" ? "last_15m" : null,
            },
        };

        var form = FormRule.FormOf(new KnownRule(rule, MonitorQueryParser.Parse(type, query)));
        var again = FormRule.Of(form, rule, Now);

        Assert.Equal(kind, form.Kind);
        Assert.Equal("user@example.com, @slack-ops", form.Recipients);
        Assert.Equal(MonitorQueryParser.Parse(type, query).ToString(), MonitorQueryParser.Parse(again.Type, again.Query).ToString());
        Assert.Equivalent(kind == "text" && type != "service check" ? rule.Options with { Thresholds = new() } : kind == "outlier" ? rule.Options with { Thresholds = new() } : rule.Options, again.Options);
        Assert.Equal((rule.Message, rule.Name, 2), (again.Message, again.Name, again.Priority));
    }

    [Fact]
    public void Fields_make_the_rule_that_they_say()
    {
        var form = Read(("kind", "metric"), ("metric", "avg:my_metric{*}"), ("how", "avg"), ("window", "5m"), ("operator", ">"), ("alert", "800"), ("warning", "500"), ("missing", "notify"), ("no_data_minutes", "10"),
            ("name", "My metric high"), ("message", "HEY! YOU!!"), ("recipients", "user@example.com; slack-ops"), ("repeat_states", "alert"), ("repeat_states", "no data"), ("repeat", "30"), ("group_in_title", "1"));

        var rule = FormRule.Of(form, null, Now);

        Assert.Equal(("metric alert", "avg(last_5m):avg:my_metric{*} > 800", "HEY! YOU!!\n\n@user@example.com @slack-ops"), (rule.Type, rule.Query, rule.Message));
        Assert.Equal((800.0, 500.0, true, 10, 30), (rule.Options.Thresholds.Critical, rule.Options.Thresholds.Warning, rule.Options.NotifyNoData, rule.Options.NoDataTimeframeMinutes, rule.Options.RenotifyIntervalMinutes));
        Assert.Equal([MonitorState.Alert, MonitorState.NoData], rule.Options.RenotifyStates);
    }

    [Theory]
    [InlineData("alert", "8oo", "Alert threshold: “8oo” is no number. Write it with a point, such as 0.5.")]
    [InlineData("warning", "1,5", "Warning threshold: “1,5” is no number. Write it with a point, such as 0.5.")]
    [InlineData("delay", "soon", "Evaluation delay: “soon” is no whole number.")]
    public void What_is_no_number_is_said_with_its_field(string field, string value, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<MonitorRuleException>(() => FormRule.Of(Read(("metric", "avg:m{*}"), (field, value)), null, Now)).Message);

    [Fact]
    public void A_rule_of_times_is_read_shown_again_and_kept_when_the_form_cannot_hold_it()
    {
        var rule = FormRule.Of(Read(("metric", "avg:m{*}"), ("alert", "1"), ("schedule_rule", "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0"), ("schedule_start", "2026-11-01T09:00"), ("schedule_zone", "Europe/Berlin")), null, Now);

        Assert.Equal([new MonitorRecurrence("FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0", new DateTime(2026, 11, 1, 9, 0, 0), "Europe/Berlin")], rule.Options.CustomSchedule);
        var form = FormRule.FormOf(new KnownRule(rule, MonitorQueryParser.Parse(rule.Type, rule.Query)));
        Assert.Equal(("FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0", "2026-11-01T09:00", "Europe/Berlin", 0), (form.ScheduleRule, form.ScheduleStart, form.ScheduleZone, form.KeptScheduleRules));
        Assert.Same(rule.Options.CustomSchedule, FormRule.Of(form, rule, Now).Options.CustomSchedule);
        Assert.Equal("""{"scheduling_options":{"custom_schedule":{"recurrences":[{"rrule":"FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0","start":"2026-11-01T09:00:00","timezone":"Europe/Berlin"}]}}}""", rule.Options.OthersJson); // What the API gives back.
        Assert.Null(FormRule.Of(form with { ScheduleRule = "" }, rule, Now).Options.CustomSchedule);
        Assert.Equal("", FormRule.Of(form with { ScheduleRule = "" }, rule, Now).Options.OthersJson);
        Assert.Equal("""{"x":1,"scheduling_options":{"evaluation_window":{"hour_starts":5}}}""",
            ScheduleFields.Others("""{"scheduling_options":{"custom_schedule":{"recurrences":[]},"evaluation_window":{"hour_starts":5}},"x":1}""", null));

        MonitorRecurrence[] two = [new("FREQ=DAILY", new DateTime(2000, 1, 1), "UTC"), new("FREQ=MONTHLY", new DateTime(2000, 1, 1), "UTC")];
        var several = rule with { Options = rule.Options with { CustomSchedule = two } };
        var shown = FormRule.FormOf(new KnownRule(several, MonitorQueryParser.Parse(rule.Type, rule.Query)));
        Assert.Equal(("", 2), (shown.ScheduleRule, shown.KeptScheduleRules));
        Assert.Same(two, FormRule.Of(shown, several, Now).Options.CustomSchedule);
    }

    [Theory]
    [InlineData("FREQ=MONTLY", "", "UTC", "Evaluated by the rule: Invalid rrule: FREQ=MONTLY is not known. There are: HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY")]
    [InlineData("FREQ=DAILY", "noon", "UTC", "The rule begins: \"noon\" must be a time on the wall clock of the time zone, without an offset, such as 2024-05-01T09:00:00.")]
    [InlineData("FREQ=DAILY", "", "Berlin", "Time zone: \"Berlin\" is no time zone. Write a name such as America/New_York or UTC.")]
    [InlineData("FREQ=DAILY;UNTIL=20261101T000000Z", "", "UTC", "Evaluated by the rule: no time from now on fits it, so the monitor would never be evaluated.")]
    [InlineData("FREQ=DAILY;COUNT=10", "2026-10-01T09:00", "", "Evaluated by the rule: no time from now on fits it, so the monitor would never be evaluated.")]
    [InlineData("FREQ=DAILY;COUNT=10", "", "", "Evaluated by the rule: COUNT counts from a start, which is missing.")]
    public void A_rule_of_times_that_cannot_be_is_said(string rule, string start, string zone, string sentence) =>
        Assert.StartsWith(sentence, Assert.Throws<MonitorRuleException>(() => FormRule.Of(Read(("metric", "avg:m{*}"), ("alert", "1"), ("schedule_rule", rule), ("schedule_start", start), ("schedule_zone", zone)), null, Now)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("1h", "2026-11-29 11:30")]
    [InlineData("tomorrow", "2026-11-30 08:00")]
    [InlineData("resolved", null)]
    [InlineData("forever", null)]
    public void A_mute_ends_when_its_button_says(string until, string? end)
    {
        var now = new DateTimeOffset(2026, 11, 29, 10, 30, 0, TimeSpan.Zero);

        var given = MonitorActions.MuteEnd(until, now, TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));

        Assert.Equal(end, given is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture) : null);
    }

    static MonitorForm Read(params (string Name, string Value)[] fields) => MonitorForm.Read(name => new StringValues([.. fields.Where(field => field.Name == name).Select(field => field.Value)]));
}
