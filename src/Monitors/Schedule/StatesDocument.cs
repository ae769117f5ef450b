using Apm.Core.Monitors;
using Apm.Monitors.Evaluate;

namespace Apm.Monitors.Schedule;

/// <summary>Some groups of a monitor as they are kept, with what is still to be told of them: both change together, so that a crash between loses and doubles nothing.</summary>
/// <param name="Asked">Type and query that the states are of.</param>
sealed record StatesDocument(long MonitorId, int Number, string Asked, IReadOnlyList<GroupState> Groups, IReadOnlyList<UntoldAlerts> Untold);

/// <summary>Transitions of one evaluation that were not handed over yet. Their rule stands once, not in each.</summary>
sealed record UntoldAlerts(MonitorRule Rule, IReadOnlyList<AlertTransition> Transitions)
{
    public static UntoldAlerts Of(MonitorRule rule, IEnumerable<AlertTransition> transitions)
    {
        var stub = new MonitorRule { Type = "", Name = "", Query = "" };
        return new UntoldAlerts(rule, [.. transitions.Select(transition => transition with { Rule = stub })]);
    }

    public IEnumerable<AlertTransition> Whole() => Transitions.Select(transition => transition with { Rule = Rule });
}
