using System.Globalization;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Queries;
using Apm.Query.Functions;
using Apm.Query.Language;

namespace Apm.Monitors.Rules;

/// <summary>
/// What a chart may ask but a monitor may not (metrics-monitors §5.7, §5.8, §5.10): it would be judged, but not mean what it says. Pure.
/// Looked at when a monitor is written; one that is kept already goes on.
/// </summary>
static class MetricCheck
{
    /// <exception cref="MonitorRuleException">Something is wrong; the sentence says what.</exception>
    public static void Check(MetricMonitorQuery query)
    {
        foreach (var node in Nodes(query.Query))
        {
            if (node is CallNode call && QueryFunctions.Find(call.Name) is { IsOnlyForGraphs: true })
                throw Wrong($"{call.Name} at column {call.NameAt.Column} depends on where the window begins, so that each evaluation would give another value. It is for graphs only; leave it out.");
            if (node is MetricQuery { Scope: { } scope } && VariableIn(scope) is { } variable)
                throw Wrong($"\"{variable}\" at column {variable.At.Column} is a template variable. Those belong to dashboards; in a monitor it would stand for everything. Write tags, such as env:prod.");
            foreach (var modifier in node switch { MetricQuery one => one.Modifiers, CallNode one => one.Modifiers, _ => [] })
                if (modifier is { Name: Modifier.Rollup, Seconds: { } seconds } && seconds > query.Window.LengthSeconds) throw TooWide($"{modifier} at column {modifier.At.Column}", seconds, query.Window);
            if (node is CallNode { Name: "rollup", Arguments: [_, _, var width, ..] } && NumberIn(width) is { } wide && wide > query.Window.LengthSeconds) throw TooWide($"rollup at column {node.At.Column}", (long)wide, query.Window);
        }
    }

    static IEnumerable<QueryNode> Nodes(QueryNode node) => [node, .. node.Children.SelectMany(Nodes)];

    static ScopeVariable? VariableIn(ScopeNode scope) => scope as ScopeVariable ?? scope.Children.Select(VariableIn).FirstOrDefault(found => found is not null);

    static double? NumberIn(QueryArgument argument) => argument switch { NodeArgument node => node.Number, TextArgument text => text.Number, _ => null };

    static MonitorRuleException TooWide(string what, long seconds, MonitorWindow window) => Wrong(string.Create(CultureInfo.InvariantCulture,
        $"{what} makes buckets of {RecurrenceWords.Length(seconds)}, which are wider than the window of {RecurrenceWords.Length(window.LengthSeconds)} ({window}): most evaluations would find none that begins in it. Write at most {window.LengthSeconds} seconds, or a longer window."));

    static MonitorRuleException Wrong(string sentence) => new(RuleRefusal.Wrong, ["The value provided for parameter 'query' is invalid", sentence]);
}
