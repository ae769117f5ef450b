using Apm.Core.Monitors;
using Apm.Core.Ports;

namespace Apm.Cli.Host;

/// <summary>An installation without monitors: downtimes can be made for tags, and for no monitor by its id.</summary>
sealed class NoMonitors : IMonitorRules
{
    public MonitorRule? Find(long id) => null;

    public IReadOnlyList<MonitorRule> All() => [];
}
