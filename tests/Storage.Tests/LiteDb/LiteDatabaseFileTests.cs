using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Storage.Files;
using Apm.Storage.LiteDb;
using Apm.Storage.Tests.Files;
using LiteDB;

namespace Apm.Storage.Tests.LiteDb;

public sealed class LiteDatabaseFileTests
{
    const string DataPath = "/data/test.db";

    readonly Counters _counters = new();
    readonly ManualClock _clock = new();

    LiteDatabaseFile Open(StoreFiles disk, LiteDatabaseSettings? settings = null) =>
        new(DataPath, [new LiteCollectionShape("things", "size"), new LiteCollectionShape("others")], settings ?? new(), disk, _clock, _counters);

    static LiteChange Thing(string id, int size = 0) => LiteChange.Upsert("things", new BsonDocument { ["_id"] = id, ["size"] = size });

    static string Ids(LiteDatabaseFile file) => string.Join(' ', file.FindAll("things").Select(thing => thing["_id"].AsString));

    [Fact]
    public void What_is_written_is_found_by_id_in_order_and_by_an_indexed_field()
    {
        using var file = Open(new SimulatedDisk());

        file.Write(Thing("b", 2), Thing("a", 3), Thing("A", 1), LiteChange.Upsert("others", new BsonDocument { ["_id"] = 5L, ["x"] = "y" }));

        Assert.Equal(2, file.Find("things", "b")!["size"].AsInt32);
        Assert.Null(file.Find("things", "c"));
        Assert.Equal("A a b", Ids(file)); // Two ids that differ in case only are two ids.
        Assert.Equal("A b", string.Join(' ', file.FindBetween("things", "size", 1, 2).Select(thing => thing["_id"].AsString)));
        Assert.Equal(3, file.Count("things"));
        Assert.Equal("y", file.Find("others", 5L)!["x"].AsString);
    }

    [Fact]
    public void A_write_is_all_or_nothing_and_removes_too()
    {
        using var file = Open(new SimulatedDisk());
        file.Write(Thing("a"), Thing("b"));

        file.Write(LiteChange.Remove("things", "a"), LiteChange.Remove("things", "never was"), Thing("c"));

        Assert.Equal("b c", Ids(file));
    }

    [Fact]
    public void After_an_orderly_end_the_data_file_alone_holds_everything()
    {
        var disk = new SimulatedDisk();
        using (var file = Open(disk)) file.Write(Thing("a"));

        Assert.Equal(0, disk.LengthOf(LiteDatabaseFile.LogPathOf(DataPath)));
        using var again = Open(disk);
        Assert.Equal("a", Ids(again));
    }

    [Fact]
    public void A_file_that_many_documents_passed_is_opened_anew_and_holds_them_all()
    {
        var disk = new SimulatedDisk();
        using var file = Open(disk, new LiteDatabaseSettings { MaxSessionDocuments = 10 });

        for (var i = 0; i < 10; i++) file.Write(Thing("a" + i));

        Assert.Equal(0, disk.LengthOf(LiteDatabaseFile.LogPathOf(DataPath))); // It was closed in order.
        Assert.Equal("a0 a1 a2 a3 a4 a5 a6 a7 a8 a9", Ids(file)); // Ten again: closed after the answer.
        file.Write(Thing("b"));
        Assert.Equal(11, file.Count("things"));
        Assert.Equal(0, _counters.Read("database_failures"));
    }

    [Fact]
    public void A_commit_costs_one_flush()
    {
        var disk = new SimulatedDisk();
        using var file = Open(disk);
        file.Write(Thing("warm"));
        var flushes = disk.FlushCount;

        for (var i = 0; i < 10; i++) file.Write(Thing("a" + i), Thing("b" + i));

        Assert.Equal(10, disk.FlushCount - flushes);
    }

    /// <summary>Dies at each step in turn; what is found then is what was acknowledged, or that and the one write under way.</summary>
    [Theory]
    [InlineData(true, 1, 2_000)]
    [InlineData(false, 1, 2_000)]
    [InlineData(false, 2, 2_000)]
    [InlineData(false, 3, 2_000)]
    [InlineData(true, 4, 3)] // Opened anew after each third write.
    [InlineData(false, 5, 3)]
    public void Dying_at_any_step_leaves_a_prefix_of_the_writes(bool onlyTheProcessDies, int seed, int sessionDocuments)
    {
        var random = new Random(seed);
        for (var steps = 1L; ; steps += 1 + random.Next(4))
        {
            var disk = new SimulatedDisk();
            disk.DieAfter(steps);
            var acknowledged = RunUntilDeath(disk, sessionDocuments);

            using var file = Open(disk.AfterDeath(onlyTheProcessDies ? null : random));
            var found = file.FindAll("things").Select(thing => thing["_id"].AsInt32).ToList();
            Assert.True(found.Count - acknowledged is 0 or 1, $"seed {seed}, step {steps}: {acknowledged} acknowledged, {found.Count} found");
            Assert.Equal(Enumerable.Range(0, found.Count), found);
            Assert.All(file.FindAll("things"), thing => Assert.Equal(Text(thing["_id"].AsInt32), thing["text"].AsString));
            file.Write(LiteChange.Upsert("things", new BsonDocument { ["_id"] = 10_000 })); // And it can be written on.
            Assert.Equal(found.Count + 1, file.Count("things"));
            if (!disk.IsDead) break;
        }
    }

    int RunUntilDeath(SimulatedDisk disk, int sessionDocuments)
    {
        var acknowledged = 0;
        try
        {
            // A small log, so that carrying it over is among the steps.
            using var file = Open(disk, new LiteDatabaseSettings { MaxLogPages = 20, MaxSessionDocuments = sessionDocuments });
            for (; acknowledged < 12; acknowledged++)
                file.Write(LiteChange.Upsert("things", new BsonDocument { ["_id"] = acknowledged, ["text"] = Text(acknowledged) }));
        }
        catch (StoreUnavailableException)
        {
            // It has died.
        }
        return acknowledged;
    }

    static string Text(int number) => new((char)('a' + number), 100 + number * 2_000);

    [Fact]
    public void On_a_full_disk_a_write_is_refused_and_changes_nothing_and_later_ones_work()
    {
        var disk = new SimulatedDisk();
        using var file = Open(disk);
        file.Write(Thing("a"));

        disk.IsFull = true;
        var failure = Assert.Throws<StoreUnavailableException>(() => file.Write(Thing("b")));
        Assert.Equal(
            "The database /data/test.db failed (write): No space left on device (simulated) Nothing was changed, and the next call opens it again. " +
            "If this repeats, check that the disk is not full and that the folder can be written.", failure.Message);
        Assert.Equal("a", Ids(file));
        disk.IsFull = false;
        file.Write(Thing("c"));

        Assert.Equal("a c", Ids(file));
        Assert.Equal(1, _counters.Read("database_failures"));
    }

    [Fact]
    public void After_a_failed_flush_the_write_is_taken_back()
    {
        var disk = new SimulatedDisk();
        using var file = Open(disk);
        file.Write(Thing("a"));

        disk.FailsFlushes = true;
        Assert.Throws<StoreUnavailableException>(() => file.Write(Thing("b")));
        disk.FailsFlushes = false;

        Assert.Equal("a", Ids(file));
    }

    [Fact]
    public void Damage_in_the_log_cuts_what_follows_and_is_counted()
    {
        var disk = new SimulatedDisk();
        using var file = Open(disk);
        file.Write(Thing("a"));
        var wholeLength = disk.LengthOf(LiteDatabaseFile.LogPathOf(DataPath));
        file.Write(Thing("b"));
        var left = disk.AfterDeath(null);
        left.Flip(LiteDatabaseFile.LogPathOf(DataPath), wholeLength + 100);

        using var again = Open(left);

        Assert.Equal("a", Ids(again));
        Assert.Equal(1, _counters.Read("database_torn_tails", "test.db"));
    }

    [Fact]
    public async Task Calls_from_many_threads_never_mix_their_answers()
    {
        using var file = Open(new SimulatedDisk());
        for (var i = 0; i < 50; i++) file.Write(Thing("t" + i, i));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            for (var i = 0; i < 200; i++)
            {
                var wanted = (i * 7 + worker) % 50;
                Assert.Equal(wanted, file.Find("things", "t" + wanted)!["size"].AsInt32);
                if (i % 20 == 0) file.Write(Thing("t" + wanted, wanted));
            }
        })));
    }

    [Fact]
    public async Task A_call_that_hangs_is_reported_while_it_hangs_and_others_are_refused()
    {
        var disk = new SimulatedDisk();
        var told = new List<string>();
        using var file = Open(disk, new LiteDatabaseSettings { SlowCall = TimeSpan.FromSeconds(2), MaxWait = TimeSpan.FromMilliseconds(1), OnSlowCall = told.Add });
        using var reached = new SemaphoreSlim(0);
        using var goOn = new ManualResetEventSlim();
        disk.OnWrite = () =>
        {
            reached.Release();
            goOn.Wait();
        };
        var writing = Task.Run(() => Record.Exception(() => file.Write(Thing("a"))));
        await reached.WaitAsync();

        _clock.Advance(TimeSpan.FromSeconds(3));
        var refused = Assert.Throws<StoreUnavailableException>(() => file.Find("things", "a"));
        disk.OnWrite = () => { };
        goOn.Set();
        await writing;

        Assert.Equal(["A call (write) of the database /data/test.db has been running for 2 s. The disk may be slow or failing."], told);
        Assert.Equal(
            "The database /data/test.db has been busy for 0 s with one call (write). Try again; if this lasts, check the disk.", refused.Message);
        Assert.Equal(1, _counters.Read("database_calls_slow"));
        Assert.Equal(1, _counters.Read("database_calls_refused"));
    }

    [Fact]
    public void What_is_too_large_is_refused_before_anything_is_written()
    {
        using var file = Open(new SimulatedDisk(), new LiteDatabaseSettings { MaxDocumentBytes = 1_000, MaxChangesPerWrite = 2 });

        Assert.StartsWith("The document \"x\" of things is larger than 1000 bytes. Make it smaller or split it.",
            Assert.Throws<ArgumentException>(() => file.Write(Thing("a"), LiteChange.Upsert("things", new BsonDocument { ["_id"] = "x", ["text"] = new string('x', 1_000) }))).Message,
            StringComparison.Ordinal);
        Assert.StartsWith("3 changes in one write; at most 2 are taken. Split them.",
            Assert.Throws<ArgumentException>(() => file.Write(Thing("a"), Thing("b"), Thing("c"))).Message, StringComparison.Ordinal);
        Assert.StartsWith("An id of things is longer than 1000 bytes.",
            Assert.Throws<ArgumentException>(() => file.Write(Thing(new string('x', 1_001)))).Message, StringComparison.Ordinal);
        Assert.StartsWith("The collection nothing was not named when test.db was opened.",
            Assert.Throws<ArgumentException>(() => file.Write(LiteChange.Remove("nothing", "a"))).Message, StringComparison.Ordinal);
        Assert.Empty(file.FindAll("things"));
    }

    [Fact]
    public void It_works_on_a_real_disk_too()
    {
        var folder = Directory.CreateTempSubdirectory("apm-litedb-");
        try
        {
            var path = Path.Combine(folder.FullName, "real.db");
            LiteDatabaseFile OpenReal() => new(path, [new LiteCollectionShape("things")], new(), DiskFiles.Instance, TimeProvider.System, _counters);
            using (var file = OpenReal())
                for (var i = 0; i < 100; i++) file.Write(Thing("t" + i, i));

            using var again = OpenReal();
            Assert.Equal(100, again.Count("things"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
