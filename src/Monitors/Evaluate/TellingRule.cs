using Apm.Core.Monitors;

namespace Apm.Monitors.Evaluate;

/// <summary>Which changes of state are told, and when one is told again (metrics-monitors §6.6). Pure.</summary>
public static class TellingRule
{
    /// <summary>Repeats end so long after a state was entered; Datadog's figure.</summary>
    public const long MaxRepeatSeconds = 30 * 3_600;

    static readonly MonitorState[] s_repeated = [MonitorState.Alert, MonitorState.NoData];

    /// <summary>What is told when a group goes to a state; null for nothing.</summary>
    /// <param name="tellsNoData">Whether missing data is told at all.</param>
    public static AlertKind? KindOf(GroupState before, MonitorState to, MonitorOptions options, bool tellsNoData) => to switch
    {
        MonitorState.Alert => AlertKind.Triggered,
        MonitorState.Warn => AlertKind.Warn,
        MonitorState.NoData => tellsNoData ? AlertKind.NoData : null,
        MonitorState.Unknown => options.Thresholds.Unknown is not null ? AlertKind.Unknown : null,
        // Who was told of trouble is told of its end; what nobody heard of ends as quietly as it began.
        _ => before.State is MonitorState.Alert or MonitorState.Warn || before.Told is not (null or MonitorState.Ok) ? AlertKind.Recovered : null,
    };

    /// <summary>What is told of a state that lasts, as at the end of a downtime; null when it is not worth telling.</summary>
    public static AlertKind? KindOfLasting(GroupState group, MonitorOptions options, bool tellsNoData) => group.IsJudged && group.State != MonitorState.Ok ? KindOf(group, group.State, options, tellsNoData) : null;

    /// <summary>Whether the same state is told once more.</summary>
    public static bool RepeatsNow(GroupState group, MonitorOptions options, bool tellsNoData, long nowUnixSeconds)
    {
        if (options.RenotifyIntervalMinutes is not > 0 || !(options.RenotifyStates ?? s_repeated).Contains(group.State) || KindOfLasting(group, options, tellsNoData) is null) return false;
        if (options.RenotifyOccurrences is { } most && group.RepeatCount >= most) return false;
        var entered = group.StateSinceUnixSeconds ?? group.FirstSeenUnixSeconds;
        return nowUnixSeconds - entered <= MaxRepeatSeconds && nowUnixSeconds - Math.Max(group.ToldAtUnixSeconds ?? entered, entered) >= options.RenotifyIntervalMinutes * 60L;
    }

    /// <summary>What the value was compared with for a change; null without one.</summary>
    public static double? ThresholdOf(MonitorState from, MonitorState to, MonitorThresholds thresholds) => to switch
    {
        MonitorState.Alert => thresholds.Critical,
        MonitorState.Warn => thresholds.Warning,
        MonitorState.Unknown => thresholds.Unknown,
        MonitorState.Ok when from == MonitorState.Alert => thresholds.CriticalRecovery ?? thresholds.Critical,
        MonitorState.Ok when from == MonitorState.Warn => thresholds.WarningRecovery ?? thresholds.Warning,
        _ => null,
    };
}
