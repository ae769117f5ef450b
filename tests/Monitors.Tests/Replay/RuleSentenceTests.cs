using Apm.Core.Monitors;
using Apm.Monitors.Queries;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;

namespace Apm.Monitors.Tests.Replay;

public sealed class RuleSentenceTests
{
    [Theory]
    [InlineData("metric alert", "avg(last_5m):avg:my_metric{*} > 800", "Alerts when the average of avg:my_metric{*} over the last 5 minutes is above 800; keeps its state when no data comes. Evaluated every minute.")]
    [InlineData("query alert", "max(last_1d):sum:errs{env:prod} by {host,env} >= 1", "Alerts, for each host and env by itself, when the highest value of sum:errs{env:prod} by {host,env} over the last 1 day is at or above 1; keeps its state when no data comes. Evaluated every 10 minutes.")]
    [InlineData("query alert", "percentile(last_10m):p95:trace.flask.request{service:web} > 0.5", "Alerts when the p95 of trace.flask.request{service:web} over the last 10 minutes is above 0.5; keeps its state when no data comes. Evaluated every minute.")]
    [InlineData("query alert", "pct_change(avg(last_5m),last_1h):avg:m{*} < -20", "Alerts when the average of avg:m{*} over the last 5 minutes has changed by below -20 % against 1h before; keeps its state when no data comes. Evaluated every minute.")]
    [InlineData("query alert", "avg(last_4h):anomalies(avg:m{*}, 'agile', 2, alert_window='last_15m') >= 0.5", "Alerts when at least 50 % of the points of avg:m{*} are not what its history leads one to expect; keeps its state when no data comes. Evaluated every minute.")]
    [InlineData("query alert", "max(next_1w):forecast(avg:disk{*}, 'linear', 1) >= 0.9", "Alerts when avg:disk{*} is expected to be at or above 0.9 within the next 1 week; keeps its state when no data comes. Evaluated every 30 minutes.")]
    [InlineData("service check", "\"db\".over(\"env:prod\").by(\"host\").last(4).count_by_status()", "Alerts, for each host by itself, when db of env:prod was critical 1 time in a row; keeps its state when no data comes. Evaluated every minute.")]
    [InlineData("trace-analytics alert", "trace-analytics(\"service:web\").rollup(\"pc95\", \"@duration\").last(\"5m\") > 1000000", "Alerts when the pc95 of @duration of spans found by “service:web” in the last 5 minutes is above 1000000 ns; keeps its state when no data comes. Evaluated every minute.")]
    [InlineData("event-v2 alert", "events(\"source:deploy\").rollup(\"count\").last(\"5m\") > 0", "Alerts when the number of events found by “source:deploy” in the last 5 minutes is above 0; nothing found counts as 0. Evaluated every minute.")]
    [InlineData("slo alert", "burn_rate(\"ID\").over(\"30d\").long_window(\"1h\").short_window(\"5m\") > 14.4", "Alerts when the error budget of the objective over 30 days goes at a rate above 14.4 (1 is as fast as it may), in the last 1 hour and still in the last 5 minutes; keeps its state when no data comes. Evaluated every minute.")]
    [InlineData("slo alert", "error_budget(\"ID\").over(\"7d\") > 75", "Alerts when the spent part of the error budget of the objective over 7 days is above 75 %; keeps its state when no data comes. Evaluated every 5 minutes.")]
    [InlineData("composite", "1 && !2", "Alerts when the monitors 1 && !2 together say so (&& both, || either, ! not); keeps its state while its monitors have no data. Evaluated every minute.")]
    public void A_rule_in_words(string type, string query, string sentence) => Assert.Equal(sentence, Sentence(type, query, new()));

    [Fact]
    public void What_is_set_besides_is_said() => Assert.Equal(
        "Alerts when the average of avg:my_metric{*} over the last 5 minutes is above 800; warns above 500; is over at or below 700; tells when no data has come for 10 minutes; without data it is resolved after 2 hours; tells again every 1 hour, 3 times at most; the window ends 1 minute before now; only full windows are judged. Evaluated every minute.",
        Sentence("metric alert", "avg(last_5m):avg:my_metric{*} > 800", new()
        {
            Thresholds = new() { Critical = 800, Warning = 500, CriticalRecovery = 700 }, NotifyNoData = true, NoDataTimeframeMinutes = 10, TimeoutHours = 2, RenotifyIntervalMinutes = 60, RenotifyOccurrences = 3, EvaluationDelaySeconds = 60, RequireFullWindow = true,
        }));

    [Theory]
    [InlineData("FREQ=DAILY", "Evaluated only every day at 09:30 (Europe/Berlin).")]
    [InlineData("FREQ=WEEKLY;BYDAY=MO,FR", "Evaluated only every week on Monday and Friday at 09:30 (Europe/Berlin).")]
    [InlineData("FREQ=HOURLY;INTERVAL=2", "Evaluated only every 2 hours at minute 30 (Europe/Berlin).")]
    [InlineData("FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0", "Evaluated only every day at 08:00 and 20:00 (Europe/Berlin).")]
    public void A_schedule_of_its_own_is_said(string rule, string sentence) => Assert.EndsWith(". " + sentence,
        Sentence("metric alert", "avg(last_5m):avg:my_metric{*} > 800", new() { CustomSchedule = [new MonitorRecurrence(rule, new DateTime(2024, 5, 1, 9, 30, 0), "Europe/Berlin")] }), StringComparison.Ordinal);

    static string Sentence(string type, string query, MonitorOptions options) => RuleSentence.Of(new MonitorRule { Type = type, Query = query, Name = "A monitor", Options = options }, MonitorQueryParser.Parse(type, query));
}
