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
    public void A_damaged_file_is_set_aside_and_begun_anew_and_it_is_told()
    {
        var disk = new SimulatedDisk();
        using (var store = new LiteDbDocumentStore("/data/state.db", new(), disk, new ManualClock(), new Counters())) store.Store("notes", "a", "old");
        var rubbish = new byte[disk.LengthOf("/data/state.db")];
        new Random(1).NextBytes(rubbish);
        disk.Put("/data/state.db", rubbish);
        var (told, counters) = (new List<string>(), new Counters());

        using var again = new LiteDbDocumentStore("/data/state.db", new() { OnTrouble = told.Add }, disk, new ManualClock(), counters);
        Assert.Null(again.Find<string>("notes", "a"));
        again.Store("notes", "a", "new");

        Assert.Equal("new", again.Find<string>("notes", "a"));
        Assert.StartsWith(
            "The file of documents /data/state.db is damaged and was begun anew with the 0 documents that could be read. Other saved views, dashboards, settings and the like are gone until it is restored; services come back with their next spans, and traces and statistics are not concerned. " +
            "The damaged file is kept as state.db.broken: stop Apm and put a good copy in its place, or delete it. (", Assert.Single(told), StringComparison.Ordinal);
        Assert.Equal(rubbish, disk.ReadAll("/data/state.db.broken"));
        Assert.Equal(1, counters.Read("databases_damaged"));
    }

    [Fact]
    public void A_disk_that_fails_is_no_damage_and_nothing_is_renamed()
    {
        var disk = new SimulatedDisk();
        using (var store = new LiteDbDocumentStore("/data/state.db", new(), disk, new ManualClock(), new Counters())) store.Store("notes", "a", "old");
        disk.FailsFlushes = true;
        disk.Cut("/data/state.db", 0); // So that it has to write.

        Assert.Throws<StoreUnavailableException>(() => new LiteDbDocumentStore("/data/state.db", new(), disk, new ManualClock(), new Counters()));
        Assert.DoesNotContain(disk.AllNames(), name => name.EndsWith(".broken", StringComparison.Ordinal));
    }

    [Fact]
    public void A_document_that_is_not_as_it_was_stored_is_left_out_and_told()
    {
        var disk = new SimulatedDisk();
        var told = new List<string>();
        using (var store = new LiteDbDocumentStore("/data/state.db", new(), disk, new ManualClock(), new Counters()))
        {
            store.Store("notes", "a", "the first text");
            store.Store("notes", "b", "the second text");
        }
        var bytes = disk.ReadAll("/data/state.db")!;
        bytes[bytes.AsSpan().IndexOf("the first"u8)] ^= 1;
        disk.Put("/data/state.db", bytes);

        using var again = new LiteDbDocumentStore("/data/state.db", new() { OnTrouble = told.Add }, disk, new ManualClock(), new Counters());
        Assert.Equal(["the second text"], again.FindAll<string>("notes"));
        Assert.Equal("The document notes/a is not as it was stored and is left out. Save it again, or restore the file of documents.", Assert.Single(told));
    }

    [Fact]
    public void A_collection_with_a_slash_is_refused()
    {
        using var store = new LiteDbDocumentStore("/data/state.db", new(), new SimulatedDisk(), new ManualClock(), new Counters());

        Assert.StartsWith("\"a/b\" is no name for a collection: it must not be empty or contain a slash.",
            Assert.Throws<ArgumentException>(() => store.Store("a/b", "c", "text")).Message, StringComparison.Ordinal);
    }
}
