using Apm.Core.Limits;

namespace Apm.Storage.Events;

/// <summary>How much is kept of events and of answers of service checks.</summary>
public sealed record EventStoreSettings
{
    /// <summary>Most events; default 50,000. The oldest make room and are counted in <c>events_dropped{count}</c>.</summary>
    public int MaxEvents { get; init; } = 50_000;

    /// <summary>Most memory of all events, in bytes; default 16 MiB. The oldest make room and are counted in <c>events_dropped{bytes}</c>.</summary>
    public long MaxEventBytes { get; init; } = 16_777_216;

    /// <summary>Most service checks, each by its name, host and tags; default 10,000. The one silent for longest makes room and is counted in <c>service_checks_forgotten</c>.</summary>
    public int MaxServiceChecks { get; init; } = 10_000;

    /// <summary>Most memory of all service checks, in bytes; default 8 MiB. As above.</summary>
    public long MaxServiceCheckBytes { get; init; } = 8_388_608;

    /// <summary>What the memory is taken from.</summary>
    public MemoryBudget Memory { get; init; } = MemoryBudget.None();
}
