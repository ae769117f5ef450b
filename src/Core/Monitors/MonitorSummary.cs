namespace Apm.Core.Monitors;

/// <summary>A monitor in one line, for those who show it among other things.</summary>
/// <param name="State">The worst of its groups.</param>
/// <param name="SinceUnixSeconds">Since when it is in that state; 0 when it was never evaluated.</param>
/// <param name="GroupCount">Groups that it watches; 1 when it is not grouped.</param>
/// <param name="WorstCount">Groups in that state.</param>
/// <param name="Link">The address of its page, without time.</param>
public sealed record MonitorSummary(long Id, string Name, MonitorState State, long SinceUnixSeconds, int GroupCount, int WorstCount, bool IsMuted, string Link);
