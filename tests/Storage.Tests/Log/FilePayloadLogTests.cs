using System.Text;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Storage.Files;
using Apm.Storage.InMemory;
using Apm.Storage.Log;
using Apm.StorageContract;
using Apm.Storage.Tests.Files;

namespace Apm.Storage.Tests.Log;

public sealed class InMemoryPayloadLogContract : PayloadLogContract
{
    protected override IPayloadLog OpenEmptyLog() => new InMemoryPayloadLog();

    protected override IPayloadLog Reopen(IPayloadLog log) => log;
}

public sealed class FilePayloadLogContract : PayloadLogContract
{
    readonly SimulatedDisk _disk = new();

    protected override IPayloadLog OpenEmptyLog() => new FilePayloadLog("/log", new PayloadLogSettings { SegmentBytes = 4_096 }, _disk, new Counters());

    protected override IPayloadLog Reopen(IPayloadLog log)
    {
        log.Dispose();
        return OpenEmptyLog();
    }
}

public sealed class FilePayloadLogTests
{
    readonly Counters _counters = new();
    readonly List<string> _messages = [];

    FilePayloadLog Open(SimulatedDisk disk, PayloadLogSettings? settings = null) =>
        new("/log", (settings ?? new PayloadLogSettings { SegmentBytes = 1_000 }) with { OnMessage = _messages.Add }, disk, _counters);

    static Task<LogPosition> Append(FilePayloadLog log, string text) => log.Append(default, Encoding.UTF8.GetBytes(text), _ => { });

    static string Draw(FilePayloadLog log) => string.Join(' ',
        log.ReadAfter(LogPosition.Start).Select(record => $"{record.Position.Number}={Encoding.UTF8.GetString(record.Bytes.Span)[..1]}"));

    static string Long(char letter) => new(letter, 400);

    async Task<SimulatedDisk> DiskWithThreeSegments()
    {
        var disk = new SimulatedDisk();
        using var log = Open(disk);
        foreach (var letter in "abcdef") await Append(log, Long(letter));
        return disk;
    }

    [Fact]
    public async Task Segments_are_named_by_their_first_record_and_released_whole()
    {
        var disk = await DiskWithThreeSegments();
        Assert.Equal(
            ["/log/00000000000000000001.log", "/log/00000000000000000003.log", "/log/00000000000000000005.log"], disk.AllNames());

        using var log = Open(disk);
        log.Release(new LogPosition(3));
        Assert.Equal("3=c 4=d 5=e 6=f", Draw(log));
        log.Release(new LogPosition(6));

        Assert.Equal(["/log/00000000000000000005.log"], disk.AllNames()); // The newest stays, for its number.
        Assert.Equal(disk.LengthOf("/log/00000000000000000005.log"), log.ByteCount);
    }

    [Fact]
    public async Task A_torn_tail_is_cut_and_counted()
    {
        var disk = await DiskWithThreeSegments();
        disk.Cut("/log/00000000000000000005.log", disk.LengthOf("/log/00000000000000000005.log") - 7);

        using (var log = Open(disk))
        {
            Assert.Equal("1=a 2=b 3=c 4=d 5=e", Draw(log));
            Assert.Equal(6, (await Append(log, "new")).Number);
        }

        Assert.Equal(1, _counters.Read("log_torn_tails"));
        using var again = Open(disk);
        Assert.Equal("1=a 2=b 3=c 4=d 5=e 6=n", Draw(again));
    }

    [Fact]
    public async Task A_damaged_segment_is_set_aside_and_all_else_is_read()
    {
        var disk = await DiskWithThreeSegments();
        disk.Flip("/log/00000000000000000003.log", 100);

        using (var log = Open(disk)) Assert.Equal("1=a 2=b 4=d 5=e 6=f", Draw(log));

        Assert.Contains("/log/00000000000000000003.log.damaged", disk.AllNames());
        Assert.Equal(1, _counters.Read("log_segments_damaged"));
        Assert.Equal(
            ["The log segment /log/00000000000000000003.log is damaged: 416 bytes cannot be read. Its 1 good payloads are used; " +
             "the file is kept as 00000000000000000003.log.damaged and can be deleted. Check the disk for errors."], _messages);
        using var again = Open(disk);
        Assert.Equal("1=a 2=b 4=d 5=e 6=f", Draw(again)); // And from then on it is a segment like any other.
        Assert.Single(_messages);
    }

    /// <summary>With less free than a whole segment would take, the log still works.</summary>
    [Fact]
    public async Task On_a_small_disk_no_more_than_a_quarter_of_what_is_left_is_reserved()
    {
        var disk = new SimulatedDisk { BytesLeft = 40_000 };
        using var log = new FilePayloadLog("/log", new PayloadLogSettings(), disk, new Counters());

        Assert.Equal(1, (await Append(log, "a")).Number);
        Assert.InRange(disk.LengthOf(disk.AllNames().Single()), 1, 10_000);
        Assert.Equal("1=a", Draw(log));
    }

    [Fact]
    public async Task On_a_full_disk_appends_are_refused_and_later_ones_work()
    {
        var disk = new SimulatedDisk();
        using var log = Open(disk);
        await Append(log, "a");

        disk.IsFull = true;
        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => Append(log, "b"));
        Assert.Equal(
            "The payload could not be written to the log: No space left on device (simulated) Nothing of it was kept; send it again. " +
            "If this lasts, free disk space or check the data folder.", refused.Message);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Append(log, "c"));
        disk.IsFull = false;

        Assert.Equal(2, (await Append(log, "d")).Number);
        Assert.Equal("1=a 2=d", Draw(log));
        Assert.Equal(2, _counters.Read("log_appends_refused", "disk"));
    }

    [Fact]
    public async Task After_a_failed_flush_nothing_of_the_group_is_ever_read()
    {
        var disk = new SimulatedDisk();
        using (var log = Open(disk))
        {
            await Append(log, "a");
            disk.FailsFlushes = true;
            await Assert.ThrowsAsync<StoreUnavailableException>(() => Append(log, "b"));
            disk.FailsFlushes = false;
            await Append(log, "c");
        }

        using var again = Open(disk);
        Assert.Equal("1=a 2=c", Draw(again));
    }

    [Fact]
    public async Task A_log_that_holds_its_most_refuses_until_something_is_released()
    {
        using var log = Open(new SimulatedDisk(), new PayloadLogSettings { SegmentBytes = 1_000, MaxBytes = 1_500, MaxRecordBytes = 500 });
        foreach (var letter in "abc") await Append(log, Long(letter));

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => Append(log, Long('d')));
        Assert.Equal(
            "The payload log holds its most, 1500 bytes, because payloads are not stored as fast as they come. " +
            "Send again later; if this lasts, check that the data folder's disk is healthy, or raise the log's limit.", refused.Message);
        Assert.Equal(1, _counters.Read("log_appends_refused", "log_full"));

        log.Release(new LogPosition(2));
        Assert.Equal(4, (await Append(log, Long('d'))).Number);
    }

    [Fact]
    public async Task A_slow_disk_fills_the_queue_and_then_appends_are_refused()
    {
        var disk = new SimulatedDisk();
        using var log = Open(disk, new PayloadLogSettings { SegmentBytes = 10_000, MaxQueuedBytes = 1_000 });
        using var reached = new SemaphoreSlim(0);
        using var goOn = new ManualResetEventSlim();
        disk.OnWrite = () =>
        {
            reached.Release();
            goOn.Wait();
        };
        var writing = Append(log, "a");
        await reached.WaitAsync();
        var queued = Append(log, Long('b'));
        var alsoQueued = Append(log, Long('c'));

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => Append(log, Long('d')));
        disk.OnWrite = () => { };
        goOn.Set();
        await Task.WhenAll(writing, queued, alsoQueued);

        Assert.Equal("More than 1000 bytes wait for the disk, which is too slow for what comes. Send again later.", refused.Message);
        Assert.Equal("1=a 2=b 3=c", Draw(log));
    }

    [Fact]
    public async Task A_record_over_the_limit_is_refused_at_once()
    {
        using var log = Open(new SimulatedDisk(), new PayloadLogSettings { MaxRecordBytes = 10 });

        var refused = await Assert.ThrowsAsync<ArgumentException>(() => Append(log, "12345678901"));
        Assert.StartsWith("A payload of 11 bytes is larger than the log takes (10 bytes). Send smaller payloads.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_segment_of_a_newer_version_is_refused_with_what_to_do()
    {
        var disk = await DiskWithThreeSegments();
        using (var file = disk.Open("/log/00000000000000000005.log"))
        {
            var header = new byte[16];
            file.Read(0, header);
            header[4] = 2;
            file.Write(0, [.. header, .. BitConverter.GetBytes(Checksum.Of(header))]);
        }

        var refused = Assert.Throws<StoreUnavailableException>(() => Open(disk));
        Assert.Equal(
            "The payload log in /log cannot be opened: The log segment 00000000000000000005.log was written by a newer version of Apm. " +
            "Start that version, or move the file away.", refused.Message);
    }

    /// <summary>Dies at each step in turn: all that was acknowledged is there, in order and once.</summary>
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    [InlineData(false, 3)]
    public async Task Dying_at_any_step_keeps_what_was_acknowledged(bool onlyTheProcessDies, int seed)
    {
        var random = new Random(seed);
        for (var steps = 1; steps < 80; steps++)
        {
            var disk = new SimulatedDisk();
            disk.DieAfter(steps);
            var acknowledged = new List<(long Number, char Letter)>();
            try
            {
                using var log = Open(disk);
                for (var letter = 'a'; letter <= 'p'; letter++) acknowledged.Add(((await Append(log, Long(letter))).Number, letter));
            }
            catch (StoreUnavailableException)
            {
                // It has died.
            }

            using var again = Open(disk.AfterDeath(onlyTheProcessDies ? null : random));
            var found = again.ReadAfter(LogPosition.Start).Select(record => (record.Position.Number, (char)record.Bytes.Span[0])).ToList();
            Assert.Equal(acknowledged, found.Take(acknowledged.Count));
            Assert.InRange(found.Count, acknowledged.Count, acknowledged.Count + 1);
            Assert.Equal(found.Count + 1, (await Append(again, "next")).Number);
        }
    }

    /// <summary>A lost folder must not make the stores take new records for old ones.</summary>
    [Fact]
    public async Task Numbers_begin_after_what_the_stores_cover_also_in_an_empty_folder()
    {
        using var log = new FilePayloadLog("/log", new PayloadLogSettings { NumbersAfter = new LogPosition(41) }, new SimulatedDisk(), new Counters());

        Assert.Equal(new LogPosition(41), log.Last);
        Assert.Equal(new LogPosition(42), await Append(log, "first"));
        Assert.Equal(42, Assert.Single(log.ReadAfter(new LogPosition(41))).Position.Number);
    }

    /// <summary>Whatever stands in the files, opening and reading neither throws nor gives a record that was not written.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Any_damage_costs_at_most_the_records_it_hits(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 100; round++)
        {
            var disk = await DiskWithThreeSegments();
            var name = disk.AllNames()[random.Next(3)];
            disk.Flip(name, random.NextInt64(disk.LengthOf(name)));

            using var log = Open(disk);
            var found = log.ReadAfter(LogPosition.Start).ToDictionary(record => record.Position.Number, record => Encoding.UTF8.GetString(record.Bytes.Span));
            Assert.InRange(found.Count, 5, 6);
            Assert.All(found, record => Assert.Equal(Long((char)('a' + record.Key - 1)), record.Value));
        }
    }
}
