using Apm.Core.Checks;
using Apm.Core.Counting;
using Apm.Storage.Events;

namespace Apm.Storage.InMemory;

/// <summary>The twin in memory of the store of service checks.</summary>
public sealed class InMemoryServiceCheckStore(EventStoreSettings settings, Counters counters) : ServiceCheckBook(settings, counters, [])
{
    private protected override void Write(IReadOnlyList<(string Id, IReadOnlyList<ServiceCheckRun> Runs)> changed, IReadOnlyList<string> removed)
    {
    }
}
