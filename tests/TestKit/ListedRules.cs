using Apm.Core.Monitors;
using Apm.Core.Ports;

namespace Apm.TestKit;

/// <summary>Monitors of a test. Not thread-safe.</summary>
public sealed class ListedRules : IMonitorRules
{
    readonly List<MonitorRule> _rules = [];

    public void Add(MonitorRule rule) => _rules.Add(rule);

    public void Remove(long id) => _rules.RemoveAll(rule => rule.Id == id);

    public MonitorRule? Find(long id) => _rules.Find(rule => rule.Id == id);

    public IReadOnlyList<MonitorRule> All() => _rules;
}
