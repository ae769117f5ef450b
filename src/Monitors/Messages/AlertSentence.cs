using System.Text.RegularExpressions;
using Apm.Core.Monitors;
using Apm.Monitors.Queries;
using Apm.Query.Language;
using Apm.Query.Text;

namespace Apm.Monitors.Messages;

/// <summary>
/// What happened in one sentence, in Markdown (metrics-monitors §7.6):
/// <c>**my_metric** over ***** was **&gt; 800.0** on average during the **last 5m**.</c> Of a recovery it is the opposite, with the threshold at which it
/// recovered.
/// </summary>
public static partial class AlertSentence
{
    /// <summary>The sentence of a transition.</summary>
    public static string Of(AlertTransition transition)
    {
        if (MetricRule().Match(transition.Rule.Query) is { Success: true } rule) return OfMetric(transition, rule);
        if (CheckRule().Match(transition.Rule.Query) is { Success: true } check)
            return $"The check **{check.Groups[1].Value}** on **{GroupText(transition)}** is **{AlertWords.StateOf(transition.To)}**{(transition.CheckMessage.Length > 0 ? $": {transition.CheckMessage.TrimEnd('.')}" : "")}.";
        if (SloSentence.Of(transition) is { } objective) return objective;
        var code = $"`{transition.Rule.Query.Replace('`', '\'')}`";
        return transition.To == MonitorState.NoData ? $"{code} has had **no data**{During(transition)}." : $"{code} is **{AlertWords.StateOf(transition.To)}**{(transition.Value is { } value ? $" at **{ValueText.Of(value)}**" : "")}.";
    }

    /// <summary>The metric of a rule that compares a single one; null for others.</summary>
    public static string? MetricOf(MonitorRule rule) => MetricRule().Match(rule.Query) is { Success: true } match ? Simple(match.Groups["query"].Value)?.Metric : null;

    static string OfMetric(AlertTransition transition, Match rule)
    {
        var (aggregator, window, query, comparator) = (rule.Groups["how"].Value, rule.Groups["window"].Value, rule.Groups["query"].Value, rule.Groups["sign"].Value);
        var simple = Simple(query);
        var subject = simple is null ? $"`{query.Replace('`', '\'')}`{(transition.Group is "*" or "" ? "" : $" over **{transition.Group}**")}" : $"**{simple.Metric}** over **{ScopeText(simple, transition)}**";
        if (transition.To == MonitorState.NoData) return $"{subject} has had **no data**{During(transition)}.";
        if (transition.To == MonitorState.Ok)
        {
            if (transition is { Value: null, IsTest: false }) return $"{subject} has had **no data**, and is taken as recovered.";
            comparator = Opposite(comparator, query.StartsWith("anomalies(", StringComparison.Ordinal));
        }
        return $"{subject} was **{comparator} {ValueText.Of(ThresholdOf(transition, rule.Groups["sign"].Value))}**{How(aggregator, comparator)} during the **{window.Replace('_', ' ')}**.";
    }

    /// <summary>What the value was compared with. A state that only lasts because the recovery threshold was not reached is told with that one.</summary>
    static double? ThresholdOf(AlertTransition transition, string sign)
    {
        var thresholds = transition.Rule.Options.Thresholds;
        var (threshold, recovery) = transition.To == MonitorState.Warn ? (thresholds.Warning ?? transition.Threshold, thresholds.WarningRecovery) : (transition.Threshold ?? thresholds.Critical, thresholds.CriticalRecovery);
        if (transition.To == MonitorState.Ok || recovery is null || transition.Value is not { } value || threshold is not { } main) return threshold;
        return new ThresholdComparison(sign).Holds(value, main) ? main : recovery;
    }

    /// <summary>The sign that holds when the state is over; anomalies are over at the threshold itself, whatever the sign (<see cref="Evaluate.StateRule"/>).</summary>
    static string Opposite(string sign, bool isOverAtThreshold) => sign switch
    {
        ">" => "<=",
        ">=" => isOverAtThreshold ? "<=" : "<",
        "<" => ">=",
        "<=" => isOverAtThreshold ? ">=" : ">",
        "==" => "!=",
        _ => "==",
    };

    static string How(string aggregator, string comparator) => (aggregator, comparator[0]) switch
    {
        ("avg", _) => " on average",
        ("max", '>') or ("min", '<') => " at least once",
        ("min", '>') or ("max", '<') => " at all times",
        ("sum", _) => " in total",
        _ => "",
    };

    static string During(AlertTransition transition) =>
        transition.Rule.Options.NoDataTimeframeMinutes is { } minutes ? $" during the **last {ValueText.Whole(minutes)}m**" : $" since {ValueText.Time(transition.WindowFromUnixSeconds)}";

    static string GroupText(AlertTransition transition) => transition.Group.Length > 0 ? transition.Group : "*";

    /// <summary>The group when there is one, else what stands between the braces.</summary>
    static string ScopeText(MetricQuery query, AlertTransition transition) =>
        transition.Group is "*" or "" ? query.ScopeText : query.ScopeText == "*" ? transition.Group : $"{query.ScopeText},{transition.Group}";

    /// <summary>Null unless it is one metric and nothing else.</summary>
    static MetricQuery? Simple(string query)
    {
        try
        {
            return MetricQueryParser.Parse(query).Queries is [MetricQuery { Modifiers.Count: 0 } one] ? one : null;
        }
        catch (QueryTextException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^\s*(?<how>\w+)\((?<window>last_\w+)\)\s*:\s*(?<query>.*?)\s*(?<sign>>=|<=|==|!=|>|<)\s*-?[0-9.eE+-]+\s*$", RegexOptions.Singleline)]
    private static partial Regex MetricRule();

    [GeneratedRegex("^\\s*\"([^\"]+)\"\\s*\\.\\w+\\(")]
    private static partial Regex CheckRule();
}
