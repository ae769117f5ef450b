using System.Globalization;
using Apm.Core.Monitors;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Queries;
using Apm.Query.Language;

namespace Apm.Monitors.Replay;

/// <summary>A rule in words, for whoever writes it to see whether that is what was meant. Pure.</summary>
public static class RuleSentence
{
    /// <summary>Such as <c>Alerts when the average of avg:my_metric{*} over the last 5 minutes is above 800, warns above 500; tells when no data has come for 10 minutes.</c></summary>
    public static string Of(MonitorRule rule, MonitorQuery query)
    {
        var (options, thresholds) = (rule.Options, rule.Options.Thresholds);
        var parts = new List<string> { $"Alerts{Each(query)} when {Condition(query, thresholds)}" };
        if (query.Condition is { } condition && thresholds.Warning is { } warning) parts.Add($"warns {Beyond(condition.Comparison)} {Number(warning)}");
        if (thresholds.CriticalRecovery is { } recovery && query.Condition is { } main) parts.Add($"is over {Within(main.Comparison)} {Number(recovery)}");
        if (thresholds.WarningRecovery is { } warningRecovery && query.Condition is { } warned) parts.Add($"its warning {Within(warned.Comparison)} {Number(warningRecovery)}");
        parts.Add(Missing(options, query));
        if (options.TimeoutHours > 0) parts.Add($"without data it is resolved after {Count(options.TimeoutHours, "hour")}");
        if (options.RenotifyIntervalMinutes is > 0 and var again) parts.Add($"tells again every {Minutes(again * 60L)}{(options.RenotifyOccurrences is { } most ? $", {Count(most, "time")} at most" : "")}");
        if (options.EvaluationDelaySeconds > 0) parts.Add($"the window ends {Minutes(options.EvaluationDelaySeconds)} before now");
        if (options.RequireFullWindow) parts.Add("only full windows are judged");
        if (query.IsMulti && options.NewGroupDelaySeconds is > 0 and var delay) parts.Add($"a new group is left alone for {Minutes(delay)}");
        return string.Join("; ", parts) + $". Evaluated {(options.CustomSchedule is { Count: > 0 } own ? "only " + Own(own) : $"every {(query.PeriodSeconds == 60 ? "minute" : Minutes(query.PeriodSeconds))}")}.";
    }

    /// <summary>Such as <c>every week on Monday at 09:00 (Europe/Berlin)</c>.</summary>
    static string Own(IReadOnlyList<MonitorRecurrence> schedule) => string.Join("; and ", schedule.Select(recurrence => $"{RecurrenceWords.Moments(recurrence.Rule, recurrence.StartLocal)} ({recurrence.TimeZone})"));

    static string Each(MonitorQuery query) => query.IsMulti && query.GroupKeys.Count > 0 ? $", for each {string.Join(" and ", query.GroupKeys)} by itself," : "";

    static string Condition(MonitorQuery query, MonitorThresholds thresholds) => query switch
    {
        MetricMonitorQuery metric => Metric(metric, thresholds),
        ServiceCheckMonitorQuery { IsPercent: true } check => $"{Number(thresholds.Critical ?? 100)} % of {check.Check} are critical",
        ServiceCheckMonitorQuery check => $"{check.Check} of {string.Join(", ", check.Over)} was critical {Count((int)(thresholds.Critical ?? 1), "time")} in a row{(thresholds.Ok is > 1 and var ok ? $", and is over when it was well {Count((int)ok, "time")} in a row" : "")}",
        SearchMonitorQuery { Source: SearchMonitorQuery.Events } search => $"the number of {(search.Method == "count" ? "events" : $"different {search.Measure} of events")} found by {Quoted(search.Search)} in {Window(search.Window)} is {Compared(search.Compared)}",
        SearchMonitorQuery search => $"{(search.Method == "count" ? "the number of spans" : $"the {search.Method} of {search.Measure} of spans")} found by {Quoted(search.Search)} in {Window(search.Window)} is {Compared(search.Compared)}{(search.Measure.TrimStart('@') == "duration" ? " ns" : "")}",
        SloMonitorQuery { LongWindow: { } longer, ShortWindow: { } shorter } burn => $"the error budget of the objective over {Count(burn.Days, "day")} goes at a rate {Compared(burn.Compared)} (1 is as fast as it may), in {Window(longer)} and still in {Window(shorter)}",
        SloMonitorQuery budget => $"the spent part of the error budget of the objective over {Count(budget.Days, "day")} is {Compared(budget.Compared)} %",
        CompositeMonitorQuery composite => $"the monitors {composite.Root} together say so (&& both, || either, ! not)",
        _ => query.ToString(),
    };

    static string Metric(MetricMonitorQuery asked, MonitorThresholds thresholds)
    {
        var subject = asked.Algorithm is { Arguments: [NodeArgument inner, ..] } ? inner.Node.ToString() : asked.Query.ToString();
        var window = Window(asked.Window) + (asked.ShiftText.Length > 0 ? $", {asked.ShiftText.Replace("last_", "", StringComparison.Ordinal)} earlier" : "");
        return asked.Algorithm?.Name switch
        {
            "anomalies" => $"at least {Number(100 * (thresholds.Critical ?? asked.Compared.Threshold))} % of the points of {subject} are not what its history leads one to expect",
            "outliers" => $"one of {subject} does not behave as the others do over {window}",
            "forecast" => $"{subject} is expected to be {Compared(asked.Compared)} within {Window(asked.Window)}",
            _ when asked.Change is { } change => $"{How(asked.Aggregator)} {subject} over {window} has changed by {Compared(asked.Compared)}{(change.IsPercent ? " %" : "")} against {change.ShiftText.Replace("last_", "", StringComparison.Ordinal).Replace("_ago", "", StringComparison.Ordinal)} before",
            _ when asked is { Aggregator: TimeAggregator.Percentile, Query: MetricQuery { Aggregator: { } percentile } one } => $"the {percentile} of {one.ToString()[(percentile.Name.Length + 1)..]} over {window} is {Compared(asked.Compared)}",
            _ => $"{How(asked.Aggregator)} {subject} over {window} is {Compared(asked.Compared)}",
        };
    }

    static string How(TimeAggregator aggregator) => aggregator switch
    {
        TimeAggregator.Sum => "the sum of",
        TimeAggregator.Min => "the lowest value of",
        TimeAggregator.Max => "the highest value of",
        TimeAggregator.Percentile => "the percentile of all values of",
        _ => "the average of",
    };

    static string Window(MonitorWindow window) => window.Kind switch
    {
        WindowKind.Current => $"the current {Unit(window)}",
        WindowKind.Next => $"the next {Count(window.Count, Unit(window))}",
        _ => $"the last {Count(window.Count, Unit(window))}",
    };

    static string Unit(MonitorWindow window) => window.Unit switch { "m" => "minute", "h" => "hour", "d" => "day", "w" => "week", _ => "month" };

    static string Compared(QueryCondition condition) => $"{Beyond(condition.Comparison)} {Number(condition.Threshold)}";

    static string Beyond(ThresholdComparison comparison) => comparison.Sign switch { ">" => "above", ">=" => "at or above", "<" => "below", "<=" => "at or below", "==" => "exactly", _ => "anything but" };

    /// <summary>The opposite side, of recoveries.</summary>
    static string Within(ThresholdComparison comparison) => comparison.Sign switch { ">" => "at or below", ">=" => "below", "<" => "at or above", "<=" => "above", "==" => "at anything but", _ => "at exactly" };

    static string Missing(MonitorOptions options, MonitorQuery query)
    {
        if (query is CompositeMonitorQuery) return MissingDataRule.TellsNoData(options) ? "tells when its monitors have no data" : "keeps its state while its monitors have no data";
        if (MissingDataRule.IsZero(options, query)) return "nothing found counts as 0";
        return options.OnMissingData switch
        {
            "show_no_data" => "shows No Data when nothing comes",
            "show_and_notify_no_data" => "tells when nothing comes",
            "resolve" => "is over when nothing comes",
            _ => options.NotifyNoData ? $"tells when no data has come for {Minutes(MissingDataRule.TimeframeSeconds(options, query))}" : "keeps its state when no data comes",
        };
    }

    static string Minutes(long seconds) => seconds % 86_400 == 0 ? Count(seconds / 86_400, "day") : seconds % 3_600 == 0 ? Count(seconds / 3_600, "hour") : seconds % 60 == 0 ? Count(seconds / 60, "minute") : Count(seconds, "second");

    static string Count(long number, string unit) => string.Create(CultureInfo.InvariantCulture, $"{number} {unit}{(number == 1 ? "" : "s")}");

    static string Number(double number) => NumberText.Print(number);

    static string Quoted(string search) => search.Trim() is "" or "*" ? "no search at all" : $"“{search}”";
}
