using Apm.Core.Monitors;

namespace Apm.Monitors.Evaluate;

/// <summary>How long a group that is new is left alone (metrics-monitors §6.6). Pure.</summary>
public static class NewGroupRule
{
    /// <summary>What holds for new hosts when nothing is said; Datadog's figure.</summary>
    const int HostDelaySeconds = 300;

    public static bool IsDelayed(MonitorOptions options, GroupState group, long nowUnixSeconds) => !group.IsOfFirstEvaluation && group.Tags.Count > 0 && nowUnixSeconds < group.FirstSeenUnixSeconds + DelaySeconds(options, group);

    static int DelaySeconds(MonitorOptions options, GroupState group) =>
        options.NewGroupDelaySeconds ?? (group.Tags.Any(tag => tag.StartsWith("host:", StringComparison.Ordinal)) ? options.NewHostDelaySeconds ?? HostDelaySeconds : 0);
}
