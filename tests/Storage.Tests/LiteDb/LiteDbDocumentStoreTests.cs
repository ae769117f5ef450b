using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Storage.InMemory;
using Apm.Storage.LiteDb;
using Apm.StorageContract;
using Apm.Storage.Tests.Files;

namespace Apm.Storage.Tests.LiteDb;

public sealed class InMemoryDocumentStoreContract : DocumentStoreContract
{
    protected override IDocumentStore OpenEmptyStore() => new InMemoryDocumentStore();

    protected override IDocumentStore Reopen(IDocumentStore store) => store;
}

public sealed class LiteDbDocumentStoreContract : DocumentStoreContract
{
    SimulatedDisk _disk = new();

    protected override IDocumentStore OpenEmptyStore() => new LiteDbDocumentStore("/data/state.db", new(), _disk, new ManualClock(), new Counters());

    protected override IDocumentStore Reopen(IDocumentStore store)
    {
        _disk = _disk.AfterDeath(new Random(5)); // Not even closed: what was stored is durable.
        return OpenEmptyStore();
    }
}

public sealed class LiteDbDocumentStoreTests
{
    [Fact]
    public void A_failed_write_changes_neither_disk_nor_memory()
    {
        var disk = new SimulatedDisk();
        using var store = new LiteDbDocumentStore("/data/state.db", new(), disk, new ManualClock(), new Counters());
        store.Store("notes", "a", "old");

        disk.IsFull = true;
        Assert.Throws<StoreUnavailableException>(() => store.Store("notes", "a", "new"));
        Assert.Throws<StoreUnavailableException>(() => store.Remove("notes", "a"));
        disk.IsFull = false;

        Assert.Equal("old", store.Find<string>("notes", "a"));
    }

    [Fact]
    public void A_collection_with_a_slash_is_refused()
    {
        using var store = new LiteDbDocumentStore("/data/state.db", new(), new SimulatedDisk(), new ManualClock(), new Counters());

        Assert.StartsWith("\"a/b\" is no name for a collection: it must not be empty or contain a slash.",
            Assert.Throws<ArgumentException>(() => store.Store("a/b", "c", "text")).Message, StringComparison.Ordinal);
    }
}
