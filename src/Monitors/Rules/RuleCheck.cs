using System.Globalization;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Monitors.Messages;
using Apm.Monitors.Queries;

namespace Apm.Monitors.Rules;

/// <summary>Looks at a rule before it is kept, and fills in what was left out (metrics-monitors §4.12). Pure.</summary>
static class RuleCheck
{
    /// <summary>Most that <c>evaluation_delay</c> may be, in seconds; Datadog's figure.</summary>
    const int MostDelaySeconds = 86_400;

    const int MostTimeoutHours = 24;

    static readonly string[] s_onMissingData = ["default", "show_no_data", "show_and_notify_no_data", "resolve"];

    /// <param name="partOf">Another monitor, for composites; null when there is none.</param>
    /// <exception cref="MonitorRuleException">Something is wrong; the sentences say what.</exception>
    public static KnownRule Check(MonitorRule rule, Func<long, KnownRule?> partOf)
    {
        if (rule.Type.Length == 0) throw Wrong("The parameter 'type' is required");
        if (rule.Query.Length == 0) throw Wrong("The parameter 'query' is required");
        if (!MonitorTypes.All.Contains(rule.Type))
            throw Wrong("The value provided for parameter 'type' is invalid", $"\"{rule.Type}\" is not evaluated here. There are: {string.Join(", ", MonitorTypes.All)}.");
        var query = Parse(rule);
        CheckSizes(rule);
        var options = rule.Options with { Thresholds = WithCritical(rule.Options.Thresholds, query) };
        if (query.Condition is { } condition) CheckThresholds(options.Thresholds, condition);
        if (query is ServiceCheckMonitorQuery runs) CheckRuns(runs, options.Thresholds);
        CheckOptions(options);
        CheckTelling(options, query);
        if (query is MetricMonitorQuery metric)
        {
            MetricCheck.Check(metric);
            AnomalyCheck.Check(metric, options);
        }
        var isMulti = query is CompositeMonitorQuery composite ? IsMulti(composite, rule.Id, partOf) : query.IsMulti;
        return new KnownRule(rule with { Type = RuleText.TypeOf(rule.Type, query), Name = rule.Name.Length > 0 ? rule.Name : RuleText.NameOf(query), Options = options, IsMulti = isMulti }, query);
    }

    static MonitorQuery Parse(MonitorRule rule)
    {
        const string invalid = "The value provided for parameter 'query' is invalid";
        try
        {
            return MonitorQueryParser.Parse(rule.Type, rule.Query);
        }
        catch (MonitorQueryException wrong)
        {
            throw Wrong(wrong.WrongOperator is { } found ? $"{invalid}: invalid operator specified: {found}" : invalid, wrong.Message);
        }
    }

    static MonitorThresholds WithCritical(MonitorThresholds thresholds, MonitorQuery query) => thresholds.Critical is null && query.Condition is { } condition ? thresholds with { Critical = condition.Threshold } : thresholds;

    static void CheckThresholds(MonitorThresholds thresholds, QueryCondition condition)
    {
        var critical = thresholds.Critical!.Value;
        if (critical != condition.Threshold) throw Wrong($"Alert threshold ({Text(critical)}) does not match that used in the query ({Text(condition.Threshold)}).");
        if (!condition.Comparison.IsUpward && !condition.Comparison.IsDownward) return;
        var isUpward = condition.Comparison.IsUpward;
        if (thresholds.Warning is { } warning && !IsBelow(warning, critical, isUpward))
            throw Wrong($"Alert threshold ({Text(critical)}) must be {(isUpward ? "greater" : "less")} than warning threshold ({Text(warning)})");
        CheckRecovery("Alert", critical, thresholds.CriticalRecovery, isUpward);
        CheckRecovery("Warning", thresholds.Warning, thresholds.WarningRecovery, isUpward);
    }

    static void CheckRecovery(string name, double? threshold, double? recovery, bool isUpward)
    {
        if (recovery is not { } given) return;
        if (threshold is not { } main) throw Wrong($"{name} recovery threshold ({Text(given)}) needs a {name.ToLowerInvariant()} threshold");
        if (given != main && !IsBelow(given, main, isUpward)) throw Wrong($"{name} recovery threshold ({Text(given)}) must be {(isUpward ? "less" : "greater")} than {name.ToLowerInvariant()} threshold ({Text(main)})");
    }

    static bool IsBelow(double value, double threshold, bool isUpward) => isUpward ? value < threshold : value > threshold;

    static void CheckRuns(ServiceCheckMonitorQuery query, MonitorThresholds thresholds)
    {
        if (query.IsPercent) return;
        foreach (var (name, count) in ((string, double?)[])[("critical", thresholds.Critical), ("warning", thresholds.Warning), ("ok", thresholds.Ok), ("unknown", thresholds.Unknown)])
        {
            if (count is not { } needed) continue;
            if (needed < 1 || needed != Math.Floor(needed)) throw Wrong($"The threshold '{name}' ({Text(needed)}) counts runs; it must be a whole number from 1 on.");
            if (needed > query.Last) throw Wrong($"The threshold '{name}' ({Text(needed)}) is more than the {query.Last} runs that the query looks at. Write .last({needed + 1:0}).");
            if (needed > ServiceCheckHistory.MaxRuns) throw Wrong($"The threshold '{name}' ({Text(needed)}) is more than the {ServiceCheckHistory.MaxRuns} runs that are kept of a check.");
        }
    }

    static void CheckOptions(MonitorOptions options)
    {
        Range("no_data_timeframe", options.NoDataTimeframeMinutes, 1, int.MaxValue / 60);
        Range("timeout_h", options.TimeoutHours, 0, MostTimeoutHours);
        Range("evaluation_delay", options.EvaluationDelaySeconds, 0, MostDelaySeconds);
        Range("new_group_delay", options.NewGroupDelaySeconds, 0, MostDelaySeconds);
        Range("new_host_delay", options.NewHostDelaySeconds, 0, MostDelaySeconds);
        Range("renotify_interval", options.RenotifyIntervalMinutes, 0, int.MaxValue / 60);
        Range("renotify_occurrences", options.RenotifyOccurrences, 1, int.MaxValue);
        if (options.RenotifyOccurrences is not null && options.RenotifyIntervalMinutes is not > 0) throw Wrong("The option 'renotify_occurrences' needs a 'renotify_interval'.");
        if (options.OnMissingData is { } missing && !s_onMissingData.Contains(missing)) throw Wrong($"The option 'on_missing_data' is \"{missing}\"; it must be one of {string.Join(", ", s_onMissingData)}.");
        foreach (var (name, window) in ((string, string?)[])[("trigger_window", options.TriggerWindow), ("recovery_window", options.RecoveryWindow)])
            if (window is not null && MonitorWindow.Of(window) is not { Kind: WindowKind.Last }) throw Wrong($"The option 'threshold_windows.{name}' is \"{window}\"; write a window such as last_15m.");
    }

    /// <summary>How it is told: notices are bundled by keys that make groups, and parts are left out by a name that there is. Groups of composites follow from their parts.</summary>
    static void CheckTelling(MonitorOptions options, MonitorQuery query)
    {
        if (query is not CompositeMonitorQuery && (options.NotifyBy ?? []).FirstOrDefault(key => key != "*" && !query.GroupKeys.Contains(key) && !query.GroupKeys.Contains("*")) is { } unknown)
            throw Wrong($"The option 'notify_by' has \"{unknown}\", by which the query does not group. {(query.GroupKeys.Count > 0 ? $"It groups by {string.Join(", ", query.GroupKeys)}; \"*\" bundles all." : "Leave it out.")}");
        if (options.NotificationPreset is { } preset && !NotificationPreset.Names.Contains(preset)) throw Wrong($"The option 'notification_preset_name' is \"{preset}\"; it must be one of {string.Join(", ", NotificationPreset.Names)}.");
    }

    static void Range(string name, int? value, int least, int most)
    {
        if (value is { } given && (given < least || given > most)) throw Wrong(string.Create(CultureInfo.InvariantCulture, $"The option '{name}' is {given}; it must be from {least} to {most}."));
    }

    static void CheckSizes(MonitorRule rule)
    {
        if (rule.Priority is < 1 or > 5) throw Wrong($"The parameter 'priority' is {rule.Priority}; it must be from 1 to 5, or null.");
        if (rule.Name.Length > MonitorRules.MaxNameChars) throw Wrong($"The parameter 'name' has {rule.Name.Length} characters; at most {MonitorRules.MaxNameChars} are kept.");
        if (rule.Message.Length > MonitorRules.MaxMessageChars) throw Wrong($"The parameter 'message' has {rule.Message.Length} characters; at most {MonitorRules.MaxMessageChars} are kept.");
        if (rule.Options.EscalationMessage.Length > MonitorRules.MaxMessageChars) throw Wrong($"The option 'escalation_message' has {rule.Options.EscalationMessage.Length} characters; at most {MonitorRules.MaxMessageChars} are kept.");
        if (rule.Tags.Count > MonitorRules.MaxTags) throw Wrong($"The parameter 'tags' has {rule.Tags.Count} tags; at most {MonitorRules.MaxTags} are kept.");
        if (rule.Options.Silenced.Count > MonitorRules.MaxSilenced) throw Wrong($"The option 'silenced' has {rule.Options.Silenced.Count} scopes; at most {MonitorRules.MaxSilenced} are kept. Make a downtime instead.");
        if (rule.OthersJson.Length > MonitorRules.MaxOtherOptionsChars) throw Wrong($"The parameters that mean nothing here have {rule.OthersJson.Length} characters together; at most {MonitorRules.MaxOtherOptionsChars} are kept.");
        if (rule.Options.OthersJson.Length > MonitorRules.MaxOtherOptionsChars) throw Wrong($"The options that mean nothing here have {rule.Options.OthersJson.Length} characters together; at most {MonitorRules.MaxOtherOptionsChars} are kept.");
    }

    static bool IsMulti(CompositeMonitorQuery query, long id, Func<long, KnownRule?> partOf)
    {
        var isMulti = false;
        foreach (var part in query.Parts)
        {
            if (part == id) throw Wrong("The value provided for parameter 'query' is invalid", $"The monitor {id} cannot be a part of itself.");
            if (partOf(part) is not { } known) throw Wrong("The value provided for parameter 'query' is invalid", $"There is no monitor {part}. Name monitors by the ids that GET /api/v1/monitor gives.");
            if (known.Query is CompositeMonitorQuery) throw Wrong("The value provided for parameter 'query' is invalid", $"Monitor {part} is a composite itself; only others can be combined.");
            isMulti |= known.Rule.IsMulti;
        }
        return isMulti;
    }

    static string Text(double number) => NumberText.PrintFloat(number);

    static MonitorRuleException Wrong(params IReadOnlyList<string> errors) => new(RuleRefusal.Wrong, errors);
}
