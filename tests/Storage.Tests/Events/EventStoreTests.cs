using Apm.Core.Checks;
using Apm.Core.Counting;
using Apm.Core.Events;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Storage.Events;
using Apm.Storage.InMemory;
using Apm.Storage.LiteDb;
using Apm.Storage.Tests.Files;
using Apm.StorageContract;

namespace Apm.Storage.Tests.Events;

public sealed class InMemoryEventStoreContract : EventStoreContract
{
    protected override IEventStore OpenEmptyStore(int maxEvents = 1_000, long maxBytes = 1_000_000) =>
        new InMemoryEventStore(new EventStoreSettings { MaxEvents = maxEvents, MaxEventBytes = maxBytes, Memory = Memory }, new ManualClock(DateTimeOffset.FromUnixTimeSeconds(Now)), Counters);

    protected override IEventStore Reopen(IEventStore store) => store;
}

public sealed class LiteDbEventStoreContract : EventStoreContract
{
    SimulatedDisk _disk = new();
    EventStoreSettings _settings = new();

    protected override IEventStore OpenEmptyStore(int maxEvents = 1_000, long maxBytes = 1_000_000)
    {
        _settings = new EventStoreSettings { MaxEvents = maxEvents, MaxEventBytes = maxBytes, Memory = Memory };
        return Open();
    }

    protected override IEventStore Reopen(IEventStore store)
    {
        _disk = _disk.AfterDeath(new Random(5)); // Not even closed: what was added is durable.
        return Open();
    }

    IEventStore Open() => new LiteDbEventDatabase("/data/events.db", _settings, new(), _disk, new ManualClock(DateTimeOffset.FromUnixTimeSeconds(Now)), Counters).Events;
}

public sealed class InMemoryServiceCheckStoreContract : ServiceCheckStoreContract
{
    protected override IServiceCheckStore OpenEmptyStore(int maxChecks = 1_000, long maxBytes = 1_000_000) =>
        new InMemoryServiceCheckStore(new EventStoreSettings { MaxServiceChecks = maxChecks, MaxServiceCheckBytes = maxBytes }, Counters);

    protected override IServiceCheckStore Reopen(IServiceCheckStore store) => store;
}

public sealed class LiteDbServiceCheckStoreContract : ServiceCheckStoreContract
{
    SimulatedDisk _disk = new();
    EventStoreSettings _settings = new();

    protected override IServiceCheckStore OpenEmptyStore(int maxChecks = 1_000, long maxBytes = 1_000_000)
    {
        _settings = new EventStoreSettings { MaxServiceChecks = maxChecks, MaxServiceCheckBytes = maxBytes };
        return Open();
    }

    protected override IServiceCheckStore Reopen(IServiceCheckStore store)
    {
        _disk = _disk.AfterDeath(new Random(5));
        return Open();
    }

    IServiceCheckStore Open() => new LiteDbEventDatabase("/data/events.db", _settings, new(), _disk, new ManualClock(), Counters).Checks;
}

public sealed class LiteDbEventDatabaseTests
{
    static EventRecord Event(string title) => new() { Title = title, UnixSeconds = 5 };

    [Fact]
    public void A_failed_write_changes_neither_disk_nor_memory()
    {
        var disk = new SimulatedDisk();
        using var database = new LiteDbEventDatabase("/data/events.db", new(), new(), disk, new ManualClock(), new Counters());
        var kept = database.Events.Add(Event("kept"));

        disk.IsFull = true;
        Assert.Throws<StoreUnavailableException>(() => database.Events.Add(Event("lost")));
        Assert.Throws<StoreUnavailableException>(() => database.Events.Replace(kept with { Title = "changed" }));
        Assert.Throws<StoreUnavailableException>(() => database.Events.Remove(kept.Id));
        disk.IsFull = false;

        Assert.Equal("kept", Assert.Single(database.Events.Search(new EventSearch(0, 9))).Title);
        database.Events.Add(Event("again"));
        Assert.Equal(2, database.Events.Count);
    }

    [Fact]
    public void Answers_that_could_not_be_saved_are_saved_the_next_time()
    {
        var disk = new SimulatedDisk();
        using (var database = new LiteDbEventDatabase("/data/events.db", new(), new(), disk, new ManualClock(), new Counters()))
        {
            database.Checks.Add(new ServiceCheckRun("a", CheckStatus.Ok, 5, "h", [], ""));
            disk.IsFull = true;
            Assert.Throws<StoreUnavailableException>(database.Checks.Save);
            disk.IsFull = false;
            database.Checks.Save();
        }
        using var again = new LiteDbEventDatabase("/data/events.db", new(), new(), disk.AfterDeath(new Random(1)), new ManualClock(), new Counters());
        Assert.Single(again.Checks.Read());
    }

    [Fact]
    public void What_was_not_saved_is_saved_at_an_orderly_end()
    {
        var disk = new SimulatedDisk();
        using (var database = new LiteDbEventDatabase("/data/events.db", new(), new(), disk, new ManualClock(), new Counters())) database.Checks.Add(new ServiceCheckRun("a", CheckStatus.Ok, 5, "h", [], ""));

        using var again = new LiteDbEventDatabase("/data/events.db", new(), new(), disk, new ManualClock(), new Counters());
        Assert.Single(again.Checks.Read());
    }
}
