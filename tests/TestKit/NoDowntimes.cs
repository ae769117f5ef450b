using Apm.Core.Monitors;
using Apm.Core.Ports;

namespace Apm.TestKit;

/// <summary>A book without downtimes.</summary>
public sealed class NoDowntimes : IDowntimeBook
{
    public Muting For(MonitorRule rule, IReadOnlyList<string> groupTags, long unixSeconds) => Muting.None;

    public IReadOnlyList<DowntimeEnd> Ended(MonitorRule rule, IReadOnlyList<string> groupTags, long afterUnixSeconds, long upToUnixSeconds) => [];
}
