using Apm.Core.Monitors;

namespace Apm.Core.Ports;

/// <summary>Tells in which state monitors are. An installation without monitors has none such.</summary>
/// <remarks>Any thread may call it.</remarks>
public interface IMonitorStates
{
    /// <summary>The monitors that match, the worst first.</summary>
    /// <param name="search">As the list of monitors takes it; a number alone is an id; "" for all.</param>
    /// <exception cref="StoreUnavailableException">They cannot be read. Safe to retry.</exception>
    IReadOnlyList<MonitorSummary> Find(string search);
}
