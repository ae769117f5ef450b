using Apm.Core.Monitors;
using Apm.Monitors.Queries;

namespace Apm.Monitors.Evaluate;

/// <summary>The state that a value means, by thresholds (metrics-monitors §6.4). Pure.</summary>
public static class StateRule
{
    /// <summary>The first condition that holds decides: beyond critical, not yet recovered from it, beyond warning, not yet recovered from that.</summary>
    /// <param name="condition">The query's own; its number is the critical threshold.</param>
    /// <param name="recoveryValue">What recovery thresholds are compared with; mostly the same value.</param>
    /// <param name="recoversAtThreshold">Whether the threshold itself is recovered, whatever the operator, as of anomalies.</param>
    public static MonitorState Of(double value, double recoveryValue, QueryCondition condition, MonitorThresholds thresholds, MonitorState before, bool recoversAtThreshold = false)
    {
        var comparison = condition.Comparison;
        var recovery = !recoversAtThreshold ? comparison : comparison.IsUpward ? new ThresholdComparison(">") : new ThresholdComparison("<");
        if (comparison.Holds(value, thresholds.Critical ?? condition.Threshold)) return MonitorState.Alert;
        if (before == MonitorState.Alert && thresholds.CriticalRecovery is { } stillCritical && recovery.Holds(recoveryValue, stillCritical)) return MonitorState.Alert;
        if (thresholds.Warning is { } warning && comparison.Holds(value, warning)) return MonitorState.Warn;
        if (before is MonitorState.Warn or MonitorState.Alert && thresholds.WarningRecovery is { } stillWarning && recovery.Holds(recoveryValue, stillWarning)) return MonitorState.Warn;
        return MonitorState.Ok;
    }
}
