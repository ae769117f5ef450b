namespace Apm.Monitors.Slos;

/// <summary>What objectives need to know of the groups of monitors.</summary>
/// <remarks>Any thread; answers come from memory.</remarks>
public interface IMonitorGroups
{
    /// <summary>Their names as the last evaluation left them; none before the first, and of a monitor that is not there.</summary>
    IReadOnlyList<string> Of(long monitorId);

    /// <summary>What the monitor's history tells of one of them, the oldest first; none when it tells nothing.</summary>
    IReadOnlyList<UptimeChange> PastOf(long monitorId, string group);
}
