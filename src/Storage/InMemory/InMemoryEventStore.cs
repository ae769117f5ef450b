using Apm.Core.Counting;
using Apm.Core.Events;
using Apm.Storage.Events;

namespace Apm.Storage.InMemory;

/// <summary>The event store's twin in memory.</summary>
public sealed class InMemoryEventStore(EventStoreSettings settings, TimeProvider clock, Counters counters) : EventBook(settings, clock, counters, [])
{
    private protected override void Write(EventRecord? kept, IReadOnlyList<long> gone)
    {
    }
}
