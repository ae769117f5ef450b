using Apm.Core.Counting;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Storage.Files;
using Apm.Storage.Tests.Files;
using Apm.Storage.Traces;
using Apm.StorageContract;
using Apm.TestKit;

namespace Apm.Storage.Tests.Traces;

/// <summary>The index of a closed slice: found by it is what would be found without it, whatever happens to its file.</summary>
public sealed class TraceIndexTests : IDisposable
{
    const int BlockSpans = 10;
    readonly string _folder = Directory.CreateTempSubdirectory("apm-index-").FullName;
    readonly Counters _counters = new();
    ManualClock _clock = new(Start);

    static DateTimeOffset Start => UnixTime.ToDateTime(TraceStoreContract.T0);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    SegmentTraceStore Open(StoreFiles? files = null, string? folder = null, TraceStoreSettings? settings = null) =>
        new(folder ?? _folder, _clock, _counters, (settings ?? new TraceStoreSettings()) with { BlockSpans = BlockSpans }, files);

    /// <summary>Blocks of ten traces in one slice, and a block more in the next hour, so that the first slice is closed.</summary>
    void Fill(SegmentTraceStore store, int blocks)
    {
        for (var i = 0; i <= blocks; i++)
        {
            if (i == blocks) _clock.Advance(TimeSpan.FromHours(1));
            store.Append(SpanBatches.Of([.. Enumerable.Range(1 + i * BlockSpans, BlockSpans).Select(id => TraceStoreContract.Plain((ulong)id, (ulong)id))]), new LogPosition(i + 1));
            store.Flush(everything: true);
        }
    }

    static IReadOnlyList<ulong> Found(SegmentTraceStore store, ulong trace) =>
        [.. store.Scan(new SpanScan { TraceId = new TraceId(0, trace) }, CancellationToken.None).SelectMany(SpanBatches.Spans).Select(span => span.Id.Value)];

    static void AssertAllFound(SegmentTraceStore store, int count)
    {
        Assert.All(Enumerable.Range(1, count), id => Assert.Equal([(ulong)id], Found(store, (ulong)id)));
        Assert.All(Enumerable.Range(count + 1, 100), id => Assert.Empty(Found(store, (ulong)id)));
    }

    string[] Indexes() => [.. Directory.GetFiles(_folder, "*.ids*").Select(path => Path.GetFileName(path)!)];

    string IndexPath => Path.Combine(_folder, "20260101T000000-000.ids");

    [Fact]
    public void A_closed_slice_is_indexed_once_and_its_traces_are_found_through_it()
    {
        using var store = Open();
        Fill(store, 30);
        var before = store.Facts().ByteCount;

        Assert.True(store.IndexTraces(CancellationToken.None));
        Assert.False(store.IndexTraces(CancellationToken.None)); // The other slice is written to.

        Assert.Equal(["20260101T000000-000.ids"], Indexes());
        Assert.Equal(new FileInfo(IndexPath).Length, store.Facts().ByteCount - before);
        AssertAllFound(store, 310);
        var page = Enumerable.Range(290, 40).Select(id => new TraceId(0, (ulong)id)).ToArray();
        Assert.Equal(21, store.Scan(new SpanScan { TraceIds = page }, CancellationToken.None).SelectMany(SpanBatches.Spans).Select(span => span.TraceId).Distinct().Count(page.Contains));
        Assert.Equal(2, store.Parts(new SpanScan { TraceId = new TraceId(0, 5) }).Count + store.Parts(new SpanScan { TraceId = new TraceId(0, 295) }).Count);
    }

    [Fact]
    public void With_it_a_question_reads_nothing_of_blocks_that_lack_the_trace()
    {
        var files = new FaultyFiles();
        using var store = Open(files, settings: new TraceStoreSettings { MaxFilterBytes = 32 });
        Fill(store, 30);
        Assert.True(store.IndexTraces(CancellationToken.None));
        Assert.Empty(Found(store, 4_711)); // The other slice's only block has its filter in memory.
        files.BytesRead = 0;

        Assert.Empty(Found(store, 4_712));

        Assert.Equal(0, files.BytesRead);
    }

    [Fact]
    public void It_serves_after_a_restart_and_what_has_lost_its_slice_is_cleared_away()
    {
        using (var store = Open())
        {
            Fill(store, 30);
            Assert.True(store.IndexTraces(CancellationToken.None));
        }
        File.WriteAllBytes(Path.Combine(_folder, "20250101T000000-000.ids"), [1, 2, 3]);
        File.WriteAllBytes(IndexPath + ".tmp", [1, 2, 3]);

        using var next = Open();

        Assert.Equal(["20260101T000000-000.ids"], Indexes());
        AssertAllFound(next, 310);
        Assert.False(next.IndexTraces(CancellationToken.None)); // The first has one, the second has a single block.
    }

    [Fact]
    public void Of_other_blocks_damaged_or_cut_it_is_not_used_and_is_made_anew()
    {
        using (var store = Open())
        {
            Fill(store, 30);
            Assert.True(store.IndexTraces(CancellationToken.None));
        }
        var whole = File.ReadAllBytes(IndexPath);
        for (var at = 0; at < whole.Length; at += at < 64 ? 3 : 211)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= 0x55;
            File.WriteAllBytes(IndexPath, damaged);
            using (var store = Open()) AssertAllFound(store, 310);
            File.WriteAllBytes(IndexPath, whole[..at]);
            using (var store = Open()) AssertAllFound(store, 310);
        }

        File.WriteAllBytes(IndexPath, [.. whole.AsSpan(0, whole.Length - 1), (byte)(whole[^1] ^ 0xFF)]); // The last pair's block.
        using var last = Open();
        AssertAllFound(last, 310);
        Assert.True(last.IndexTraces(CancellationToken.None));
        Assert.Equal(whole, File.ReadAllBytes(IndexPath));
        Assert.True(_counters.Read("trace_indexes_damaged") >= 1);
        AssertAllFound(last, 310);
    }

    [Fact]
    public void It_goes_with_its_slice()
    {
        using var store = Open();
        Fill(store, 30);
        Assert.True(store.IndexTraces(CancellationToken.None));
        _clock.Advance(TimeSpan.FromDays(15) - TimeSpan.FromMinutes(30));

        Assert.Equal(1, store.EnforceRetention(_clock.NowUnixNanos()).SliceCount);

        Assert.Empty(Indexes());
        Assert.Empty(Found(store, 5));
        Assert.Equal([305UL], Found(store, 305));
    }

    [Fact]
    public void Without_room_for_it_none_is_made()
    {
        var hasRoom = false;
        using var store = Open(settings: new TraceStoreSettings { HasRoomFor = _ => hasRoom });
        Fill(store, 30);
        Assert.False(store.IndexTraces(CancellationToken.None));
        hasRoom = true;
        Assert.True(store.IndexTraces(CancellationToken.None));
    }

    [Fact]
    public void A_cancelled_one_leaves_nothing()
    {
        using var store = Open();
        Fill(store, 30);
        Assert.Throws<OperationCanceledException>(() => store.IndexTraces(new CancellationToken(canceled: true)));
        Assert.Empty(Indexes());
        AssertAllFound(store, 310);
    }

    /// <summary>The machine dies at each step in turn; unflushed bytes and names arrive or not, as chance has it.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(2)]
    public void Dying_at_any_step_leaves_every_trace_to_be_found(int? seed)
    {
        var random = seed is { } value ? new Random(value) : null;
        for (var steps = 0L; ; steps++)
        {
            var disk = new SimulatedDisk();
            _clock = new ManualClock(Start);
            using var store = Open(disk, "/traces");
            Fill(store, 30);
            disk.DieAfter(disk.StepCount + steps);
            try
            {
                store.IndexTraces(CancellationToken.None);
            }
            catch (StoreUnavailableException)
            {
                // Dead.
            }
            var survived = disk.AfterDeath(random);
            using (var next = Open(survived, "/traces"))
            {
                AssertAllFound(next, 310);
                Assert.DoesNotContain(survived.AllNames(), name => name.EndsWith(".tmp", StringComparison.Ordinal));
            }
            if (!disk.IsDead) break;
        }
    }
}
