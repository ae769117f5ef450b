using Apm.Core.Monitors;

namespace Apm.Core.Ports;

/// <summary>The monitors there are, for those who only look them up.</summary>
/// <remarks>Any thread; answers come from memory.</remarks>
public interface IMonitorRules
{
    /// <summary>One monitor; null when there is none of that id.</summary>
    MonitorRule? Find(long id);

    /// <summary>All, ordered by id.</summary>
    IReadOnlyList<MonitorRule> All();
}
