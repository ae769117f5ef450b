using Apm.Core.Monitors;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;

namespace Apm.Monitors.Replay;

/// <summary>A telling to look at, or to try out.</summary>
/// <param name="IsReal">Whether it would have been told so; false when its value is made up.</param>
public sealed record ExampleTelling(AlertTransition Transition, bool IsReal)
{
    /// <summary>One of each kind that the monitor can tell: the last that it would have told, or else one that is made up.</summary>
    /// <param name="replay">Null when there is none.</param>
    public static IReadOnlyList<ExampleTelling> All(KnownRule known, ReplayResult? replay, long nowUnixSeconds) =>
        [.. KindsOf(known.Rule.Options).Select(kind => Of(known, kind, replay, nowUnixSeconds))];

    /// <summary>One of a kind.</summary>
    /// <inheritdoc cref="All" path="/param"/>
    public static ExampleTelling Of(KnownRule known, AlertKind kind, ReplayResult? replay, long nowUnixSeconds) => replay?.Told.LastOrDefault(told => told.Kind == kind) is { } real
        ? new ExampleTelling(real with { Rule = known.Rule }, IsReal: true)
        : new ExampleTelling(MadeUp(known, kind, replay, nowUnixSeconds), IsReal: false);

    static IEnumerable<AlertKind> KindsOf(MonitorOptions options)
    {
        yield return AlertKind.Triggered;
        if (options.Thresholds.Warning is not null) yield return AlertKind.Warn;
        if (options.Thresholds.Unknown is not null) yield return AlertKind.Unknown;
        if (MissingDataRule.TellsNoData(options)) yield return AlertKind.NoData;
        yield return AlertKind.Recovered;
        if (options.RenotifyIntervalMinutes is > 0) yield return AlertKind.Repeated;
    }

    static AlertTransition MadeUp(KnownRule known, AlertKind kind, ReplayResult? replay, long now)
    {
        var (rule, query) = (known.Rule, known.Query!);
        var to = kind switch { AlertKind.Warn => MonitorState.Warn, AlertKind.NoData => MonitorState.NoData, AlertKind.Unknown => MonitorState.Unknown, AlertKind.Recovered => MonitorState.Ok, _ => MonitorState.Alert };
        var from = kind switch { AlertKind.Recovered or AlertKind.Repeated => MonitorState.Alert, _ => MonitorState.Ok };
        IReadOnlyList<string> tags = replay?.Groups is [{ Tags.Count: > 0 } group, ..] ? group.Tags : [.. query.GroupKeys.Where(key => key != "*").Select(key => $"{key}:example")];
        return new AlertTransition
        {
            Id = $"example/{rule.Id}/{kind}",
            Rule = rule,
            Group = GroupReading.Of(tags).Group,
            GroupTags = tags,
            From = from,
            To = to,
            Kind = kind,
            Value = to == MonitorState.NoData ? null : ValueFor(query, rule.Options.Thresholds, to),
            Threshold = TellingRule.ThresholdOf(from, to, rule.Options.Thresholds),
            AtUnixSeconds = now,
            WindowFromUnixSeconds = now - Math.Max(60, query.WindowSeconds),
            WindowToUnixSeconds = now,
            FirstTriggeredUnixSeconds = to == MonitorState.NoData ? null : kind is AlertKind.Recovered or AlertKind.Repeated ? now - 600 : now,
            LastTriggeredUnixSeconds = to == MonitorState.NoData ? null : kind is AlertKind.Recovered or AlertKind.Repeated ? now - 600 : now,
            CheckMessage = query is ServiceCheckMonitorQuery ? "what the check says" : "",
        };
    }

    /// <summary>A value that makes the state: a tenth of the threshold beyond it, or on this side of it.</summary>
    static double? ValueFor(MonitorQuery query, MonitorThresholds thresholds, MonitorState to)
    {
        if (query is ServiceCheckMonitorQuery) return thresholds.Critical ?? 1;
        if (query.Condition is not { } condition) return null;
        var critical = thresholds.Critical ?? condition.Threshold;
        var outwards = condition.Comparison.IsDownward ? -1 : 1;
        double Beyond(double threshold) => condition.Comparison.Sign is "==" ? threshold : threshold + outwards * (threshold == 0 ? 1 : Math.Abs(threshold) / 10);
        double Within(double threshold) => threshold - outwards * (threshold == 0 ? 1 : Math.Abs(threshold) / 10);
        return to switch
        {
            MonitorState.Warn => thresholds.Warning is { } warning ? (warning + critical) / 2 : null,
            MonitorState.Ok => Within(thresholds.Warning ?? critical),
            _ => Beyond(critical),
        };
    }
}
