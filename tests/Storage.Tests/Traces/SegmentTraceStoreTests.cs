using Apm.Core.Counting;
using Apm.Core.Ids;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Storage.Files;
using Apm.Storage.LiteDb;
using Apm.Storage.Tests.Files;
using Apm.Storage.Traces;
using Apm.Storage.Traces.Blocks;
using Apm.StorageContract;
using Apm.TestKit;

namespace Apm.Storage.Tests.Traces;

public sealed class SegmentTraceStoreTests : TraceStoreContract
{
    readonly string _root = Directory.CreateTempSubdirectory("apm-traces-").FullName;
    readonly Counters _counters = new();
    readonly List<string> _troubles = [];
    readonly ManualClock _clock = new(T0);
    int _folders;

    protected override ITraceStore OpenEmptyStore() => OpenIn(Path.Combine(_root, $"store{++_folders}"));

    protected override void CleanUp() => Directory.Delete(_root, recursive: true);

    SegmentTraceStore OpenIn(string folder, TraceStoreSettings? settings = null, StoreFiles? files = null) =>
        new(folder, _clock, _counters, (settings ?? new TraceStoreSettings()) with { OnTrouble = _troubles.Add }, files);

    string Folder => Path.Combine(_root, "traces");

    static SpanBatch Spans(int first, int count) => SpanBatches.Of([.. Enumerable.Range(first, count).Select(i => Plain((ulong)i, (ulong)i) with
    {
        Tags = new Dictionary<string, string> { ["user"] = $"u{i}" },
    })]);

    static IReadOnlyList<ulong> Ids(SegmentTraceStore store) =>
        [.. store.Scan(new SpanScan(), CancellationToken.None).SelectMany(SpanBatches.Spans).Select(span => span.Id.Value).Order()];

    static IEnumerable<ulong> From1To(int last) => Enumerable.Range(1, last).Select(i => (ulong)i);

    [Fact]
    public void Few_spans_become_a_block_when_they_waited_long_enough()
    {
        using var store = OpenIn(Folder);
        store.Append(Spans(1, 3), new LogPosition(1));
        _clock.Advance(TimeSpan.FromSeconds(9.9));
        store.Flush(everything: false);
        Assert.Equal((0, LogPosition.Start), (store.Facts().BlockCount, store.StoredUpTo));

        _clock.Advance(TimeSpan.FromSeconds(0.1));
        store.Flush(everything: false);
        Assert.Equal((1, new LogPosition(1)), (store.Facts().BlockCount, store.StoredUpTo));
    }

    [Fact]
    public void How_far_back_it_reaches_shows_by_when_it_was_written_whatever_starts_spans_claim()
    {
        using (var store = OpenIn(Folder))
        {
            store.Append(SpanBatches.Of(Plain(1, 1) with { StartUnixNanos = 946_684_800_000_000_000 }), new LogPosition(1)); // The year 2000.
            Assert.Null(store.Facts().OldestWrittenUnixNanos);
            store.Flush(everything: true);
            _clock.Advance(TimeSpan.FromHours(2));
            store.Append(Spans(2, 3), new LogPosition(2));
            store.Flush(everything: true);
            Assert.Equal(T0, store.Facts().OldestWrittenUnixNanos);
        }
        using var reopened = OpenIn(Folder);
        Assert.Equal((946_684_800_000_000_000, T0), (reopened.Facts().OldestStartUnixNanos, reopened.Facts().OldestWrittenUnixNanos));
    }

    [Fact]
    public void Many_spans_become_blocks_at_once_and_the_rest_waits()
    {
        using var store = OpenIn(Folder, new TraceStoreSettings { BlockSpans = 10 });
        for (var i = 0; i < 7; i++) store.Append(Spans(1 + (i * 4), 4), new LogPosition(i + 1));
        store.Flush(everything: false);

        Assert.Equal((2, new LogPosition(6)), (store.Facts().BlockCount, store.StoredUpTo)); // 12 + 12 spans, 4 wait
        Assert.Equal(From1To(28), Ids(store));
    }

    [Fact]
    public void Few_spans_with_long_texts_become_a_block_as_well()
    {
        using var store = OpenIn(Folder, new TraceStoreSettings { BlockTextBytes = 1_000 });
        for (var i = 1; i <= 3; i++)
        {
            store.Append(SpanBatches.Of(Plain((ulong)i, (ulong)i) with { Resource = new string('x', 600) }), new LogPosition(i));
            store.Flush(everything: false);
        }
        Assert.Equal((1, new LogPosition(2)), (store.Facts().BlockCount, store.StoredUpTo));
        Assert.Equal(From1To(3), Ids(store));
    }

    [Fact]
    public void A_new_slice_never_takes_the_name_of_a_rewritten_one()
    {
        using (var store = OpenIn(Folder))
        {
            store.Append(Spans(1, 10), new LogPosition(1));
            store.Flush(everything: true);
            store.Append(Spans(11, 10), new LogPosition(2));
            store.Flush(everything: true);
        }
        _clock.Advance(TimeSpan.FromHours(1));
        using (var store = OpenIn(Folder))
        {
            Assert.True(store.RewriteSmallBlocks(CancellationToken.None));
            _clock.Set(T0); // The clock was set back.
            store.Append(Spans(21, 10), new LogPosition(3));
            store.Flush(everything: true);
        }
        using var reopened = OpenIn(Folder);
        Assert.Equal(From1To(30), Ids(reopened));
    }

    [Fact]
    public void A_record_of_which_a_batch_still_waits_is_not_covered()
    {
        using var store = OpenIn(Folder, new TraceStoreSettings { BlockSpans = 4 });
        store.Append(Spans(1, 4), new LogPosition(5));
        store.Append(Spans(5, 2), new LogPosition(5));
        store.Flush(everything: false);
        Assert.Equal(new LogPosition(4), store.StoredUpTo);
    }

    [Fact]
    public void A_batch_too_large_for_a_block_is_cut()
    {
        using (var store = OpenIn(Folder, new TraceStoreSettings { BlockSpans = 10, MaxBlockSpans = 30 }))
        {
            store.Append(Spans(1, 100), new LogPosition(1));
            store.Flush(everything: false);
            Assert.Equal((4, new LogPosition(1)), (store.Facts().BlockCount, store.StoredUpTo));
        }
        using var reopened = OpenIn(Folder);
        Assert.Equal(From1To(100), Ids(reopened));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void All_is_there_after_a_restart_with_and_without_the_catalogue(bool withCatalogue)
    {
        using (var store = OpenIn(Folder))
        {
            for (var i = 0; i < 5; i++)
            {
                store.Append(Spans(1 + (i * 10), 10), new LogPosition(i + 1));
                store.Flush(everything: true);
            }
        }
        if (!withCatalogue) File.Delete(Path.Combine(Folder, "catalogue.db"));

        using var reopened = OpenIn(Folder);
        Assert.Equal(new LogPosition(5), reopened.StoredUpTo);
        Assert.Equal(From1To(50), Ids(reopened));
        Assert.Equal((50, 5), (reopened.Facts().SpanCount, reopened.Facts().BlockCount));
        Assert.Equal(["u7"], reopened.Scan(new SpanScan { TraceId = new TraceId(0, 7) }, CancellationToken.None).Select(batch => batch.TagOf(0, "user")));
        Assert.Empty(_troubles);
    }

    [Fact]
    public void A_broken_catalogue_is_set_aside_and_made_anew()
    {
        using (var store = OpenIn(Folder))
        {
            store.Append(Spans(1, 10), new LogPosition(1));
            store.Flush(everything: true);
        }
        var path = Path.Combine(Folder, "catalogue.db");
        File.WriteAllBytes(path, [.. Enumerable.Repeat((byte)0xA5, 16_384)]);

        for (var i = 0; i < 2; i++)
        {
            using var reopened = OpenIn(Folder);
            Assert.Equal(From1To(10), Ids(reopened));
        }
        var trouble = Assert.Single(_troubles);
        Assert.StartsWith($"The catalogue of traces {path} cannot be read (", trouble, StringComparison.Ordinal);
        Assert.EndsWith($"It is set aside as {path}.broken and made anew from the slices; no trace is lost.", trouble, StringComparison.Ordinal);
        Assert.True(File.Exists(path + ".broken"));
    }

    [Fact]
    public void Killed_between_append_and_flush_it_has_what_was_flushed_and_says_from_where_to_replay()
    {
        using var store = OpenIn(Folder);
        store.Append(Spans(1, 10), new LogPosition(3));
        store.Flush(everything: true);
        store.Append(Spans(11, 10), new LogPosition(4));

        var copy = CopyOf(Folder, "killed");
        using var survivor = OpenIn(copy);
        Assert.Equal(new LogPosition(3), survivor.StoredUpTo);
        Assert.Equal(From1To(10), Ids(survivor));
        survivor.Append(Spans(11, 10), new LogPosition(4)); // the replay
        survivor.Flush(everything: true);
        Assert.Equal(From1To(20), Ids(survivor));
    }

    [Fact]
    public void Cut_at_any_byte_a_slice_keeps_its_whole_blocks()
    {
        // Without a catalogue: it never lags by more than it does here, and never knows more than the slice.
        var ends = new List<long>();
        using (var store = OpenIn(Folder))
        {
            for (var i = 0; i < 3; i++)
            {
                store.Append(Spans(1 + i, 1), new LogPosition(i + 1));
                store.Flush(everything: true);
                ends.Add(new FileInfo(SliceIn(Folder)).Length);
            }
        }
        var whole = File.ReadAllBytes(SliceIn(Folder));
        var name = Path.GetFileName(SliceIn(Folder));
        for (var length = 0; length <= whole.Length; length += length > ends[1] || length < 100 ? 1 : 7)
        {
            var folder = Path.Combine(_root, $"cut{length}");
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(Path.Combine(folder, name), whole[..length]);
            using var store = OpenIn(folder);
            var blocks = ends.Count(end => end <= length);
            Assert.Equal(From1To(blocks), Ids(store));
            Assert.Equal(new LogPosition(blocks), store.StoredUpTo);
            if (length < SliceFile.HeaderBytes) Assert.Empty(Directory.GetFiles(folder, "*.seg"));
            else Assert.Equal(blocks == 0 ? SliceFile.HeaderBytes : ends[blocks - 1], new FileInfo(SliceIn(folder)).Length);
        }
        Assert.All(_troubles, trouble => Assert.EndsWith("are a block that was not finished when the process died. They are cut off; the log still has the spans.", trouble, StringComparison.Ordinal));
        Assert.Equal(_troubles.Count, _counters.Read("trace_blocks_cut"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_damaged_block_is_left_out_and_counted_and_the_rest_is_read(bool withCatalogue)
    {
        var ends = new List<long>();
        using (var store = OpenIn(Folder))
        {
            for (var i = 0; i < 3; i++)
            {
                store.Append(Spans(1 + (i * 10), 10), new LogPosition(i + 1));
                store.Flush(everything: true);
                ends.Add(new FileInfo(SliceIn(Folder)).Length);
            }
        }
        if (!withCatalogue) File.Delete(Path.Combine(Folder, "catalogue.db"));
        var bytes = File.ReadAllBytes(SliceIn(Folder));
        for (var i = ends[0]; i < ends[1]; i++) bytes[i] ^= 0x55;
        File.WriteAllBytes(SliceIn(Folder), bytes);

        using var reopened = OpenIn(Folder);
        Assert.Equal(From1To(10).Concat(Enumerable.Range(21, 10).Select(i => (ulong)i)), Ids(reopened));
        Assert.Equal(new LogPosition(3), reopened.StoredUpTo);
        Ids(reopened);
        Assert.Equal(1, _counters.Read("trace_blocks_damaged"));
        Assert.Equal(withCatalogue
            ? $"Trace slice {SliceIn(Folder)}, block at byte {ends[0]}: The beginning of a block is damaged. Its 10 spans are left out from now on. Check the disk, or restore the file."
            : $"Trace slice {SliceIn(Folder)}: bytes {ends[0]} to {ends[1]} are damaged or of a newer version and are left out; the spans in them cannot be read. Check the disk.",
            Assert.Single(_troubles));
    }

    [Fact]
    public void What_the_catalogue_knows_is_missed_and_never_cut()
    {
        using (var store = OpenIn(Folder))
        {
            store.Append(Spans(1, 10), new LogPosition(1));
            store.Flush(everything: true);
            store.Append(Spans(11, 10), new LogPosition(2));
            store.Flush(everything: true);
        }
        var path = SliceIn(Folder);
        var length = new FileInfo(path).Length - 40;
        using (var file = File.OpenWrite(path)) file.SetLength(length);

        using var reopened = OpenIn(Folder);
        Assert.Equal(From1To(10), Ids(reopened));
        Assert.Equal(length, new FileInfo(path).Length);
        Assert.Contains(_troubles, trouble => trouble == $"Trace slice {path}: the file has {length} bytes where the catalogue knows {length + 40}; the spans in the missing part cannot be read. Check the disk, or restore the file.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_slice_with_a_damaged_header_gives_the_blocks_that_can_be_read(bool withCatalogue)
    {
        var (oldest, bytes) = TwoSlices(withCatalogue);
        bytes[9] ^= 1;
        File.WriteAllBytes(oldest, bytes);

        using var reopened = OpenIn(Folder);
        Assert.Equal(From1To(20), Ids(reopened));
        Assert.Equal($"Trace slice {oldest} has a damaged header. Its 1 good blocks with 10 spans are used all the same. Check the disk.", Assert.Single(_troubles));
        Assert.Equal(1, _counters.Read("trace_slices_damaged"));
    }

    [Fact]
    public void A_slice_of_which_nothing_can_be_read_is_set_aside_and_the_others_are_read()
    {
        var (oldest, bytes) = TwoSlices(withCatalogue: false);
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(oldest, bytes);

        using (var reopened = OpenIn(Folder)) Assert.Equal(From1To(10), Ids(reopened));
        Assert.Equal(
            $"Trace slice {oldest} is damaged from its header on and nothing in it can be read: its spans are lost. It is kept as {Path.GetFileName(oldest)}.broken and can be deleted. Check the disk.",
            _troubles.Last());
        Assert.Equal(bytes, File.ReadAllBytes(oldest + ".broken"));
        _troubles.Clear();
        using (var again = OpenIn(Folder)) Assert.Equal(From1To(10), Ids(again));
        Assert.Empty(_troubles);
    }

    [Fact]
    public void A_slice_of_a_newer_program_is_left_as_it_is()
    {
        var (oldest, bytes) = TwoSlices(withCatalogue: false);
        bytes[8] = 2;
        BitConverter.TryWriteBytes(bytes.AsSpan(28), Checksum.Of(bytes.AsSpan(0, 28)));
        File.WriteAllBytes(oldest, bytes);

        using var reopened = OpenIn(Folder);
        Assert.Equal(From1To(10), Ids(reopened));
        Assert.Equal($"Trace slice {oldest} is left out: it is of version 2, this program reads version 1. Its spans cannot be searched until the newer program runs again; nothing was changed.", Assert.Single(_troubles));
        Assert.Equal(bytes, File.ReadAllBytes(oldest));
    }

    /// <summary>Spans 11–20 in the older slice, 1–10 in the newer one.</summary>
    (string Oldest, byte[] Bytes) TwoSlices(bool withCatalogue)
    {
        using (var store = OpenIn(Folder))
        {
            store.Append(Spans(11, 10), new LogPosition(1));
            store.Flush(everything: true);
            _clock.Advance(TimeSpan.FromHours(1));
            store.Append(Spans(1, 10), new LogPosition(2));
            store.Flush(everything: true);
        }
        if (!withCatalogue) File.Delete(Path.Combine(Folder, "catalogue.db"));
        var oldest = Directory.GetFiles(Folder, "*.seg").Order(StringComparer.Ordinal).First();
        return (oldest, File.ReadAllBytes(oldest));
    }

    [Fact]
    public void A_catalogue_entry_that_is_not_as_it_was_written_is_passed_over()
    {
        TwoSlices(withCatalogue: true);
        using (var database = new LiteDatabaseFile(Path.Combine(Folder, "catalogue.db"), [new LiteCollectionShape("blocks", "slice")], new LiteDatabaseSettings(), DiskFiles.Instance, _clock, _counters))
        {
            var entry = database.FindAll("blocks")[0];
            entry["traceFilter"] = new byte[entry["traceFilter"].AsBinary.Length]; // Would say of every trace that it is not here.
            database.Write(LiteChange.Upsert("blocks", entry));
        }
        using var reopened = OpenIn(Folder);
        Assert.All(From1To(20), id => Assert.Single(Read(reopened, new SpanScan { TraceId = new TraceId(0, id) })));
    }

    [Fact]
    public void Damaged_tags_leave_the_spans_without_tags_and_are_told_once()
    {
        var store = OpenIn(Folder);
        store.Append(Spans(1, 1_000), new LogPosition(1));
        store.Flush(everything: true);
        var batch = store.Scan(new SpanScan(), CancellationToken.None).Single();
        var bytes = File.ReadAllBytes(SliceIn(Folder));
        for (var i = bytes.Length / 2; i < bytes.Length; i++) bytes[i] ^= 0x55; // Strings and tags come last.
        using (var file = DiskFiles.Instance.Open(SliceIn(Folder))) file.Write(0, bytes);

        Assert.Null(batch.TagOf(0, "user"));
        Assert.Equal(0, batch.Tags.CountOf(0));
        Assert.NotEqual(0UL, batch.SpanIds[0]);
        Assert.Equal(1, _counters.Read("trace_blocks_damaged"));
        store.Dispose();
    }

    [Fact]
    public void A_full_disk_loses_nothing_and_it_goes_on_when_there_is_room()
    {
        var files = new FaultyFiles();
        using var store = OpenIn(Folder, files: files);
        store.Append(Spans(1, 100), new LogPosition(1));
        store.Flush(everything: true);
        var good = new FileInfo(SliceIn(Folder)).Length;
        store.Append(Spans(101, 100), new LogPosition(2));
        foreach (var room in new long[] { 0, 1, 40, 300 })
        {
            files.BytesLeft = room;
            var failure = Assert.Throws<StoreUnavailableException>(() => store.Flush(everything: true));
            Assert.Equal(
                $"Traces cannot be written to {Folder}: No space left on device 100 spans wait in memory, and nothing is lost. Free some disk space, or check that the folder can be written; then it goes on by itself.",
                failure.Message);
            Assert.Equal((good, new LogPosition(1)), (new FileInfo(SliceIn(Folder)).Length, store.StoredUpTo));
            Assert.Equal(From1To(200), Ids(store));
        }
        files.BytesLeft = -1;
        store.Flush(everything: true);
        Assert.Equal(new LogPosition(2), store.StoredUpTo);
        Assert.Equal(From1To(200), Ids(store));
        Assert.Equal(4, _counters.Read("trace_writes_failed"));
        using var survivor = OpenIn(CopyOf(Folder, "after"));
        Assert.Equal(From1To(200), Ids(survivor));
    }

    [Fact]
    public void After_a_failed_flush_a_new_slice_is_begun()
    {
        var files = new FaultyFiles();
        using var store = OpenIn(Folder, files: files);
        store.Append(Spans(1, 10), new LogPosition(1));
        store.Flush(everything: true);
        store.Append(Spans(11, 10), new LogPosition(2));
        files.FlushFails = true;
        Assert.Throws<StoreUnavailableException>(() => store.Flush(everything: true));
        Assert.Equal(From1To(20), Ids(store));
        Assert.Equal(new LogPosition(1), store.StoredUpTo);

        files.FlushFails = false;
        store.Flush(everything: true);
        Assert.Equal(From1To(20), Ids(store));
        Assert.Equal(2, Directory.GetFiles(Folder, "*.seg").Length);
        using var survivor = OpenIn(CopyOf(Folder, "after"));
        Assert.Equal(From1To(20), Ids(survivor));
    }

    [Fact]
    public void A_slice_ends_with_its_hour_or_its_size()
    {
        _clock.Set(T0 + (59 * 60 * UnixTime.NanosPerSecond));
        using var store = OpenIn(Folder, new TraceStoreSettings { MaxSliceBytes = 1_000_000 });
        int SlicesAfter(int count)
        {
            store.Append(Spans(1, count), new LogPosition(1));
            store.Flush(everything: true);
            return Directory.GetFiles(Folder, "*.seg").Length;
        }
        Assert.Equal(1, SlicesAfter(1));
        Assert.Equal(1, SlicesAfter(1));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, SlicesAfter(1));
        _clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(2, SlicesAfter(60_000));
        Assert.Equal(2, SlicesAfter(60_000));
        while (new FileInfo(Directory.GetFiles(Folder, "*.seg").Max()!).Length < 1_000_000) SlicesAfter(60_000);
        Assert.Equal(3, SlicesAfter(1));
    }

    [Fact]
    public void Old_slices_go_whole_and_readers_of_them_finish()
    {
        using var store = OpenIn(Folder);
        store.Append(Spans(11, 10), new LogPosition(1));
        store.Flush(everything: true);
        _clock.Advance(TimeSpan.FromDays(1));
        store.Append(Spans(1, 10), new LogPosition(2));
        store.Flush(everything: true);
        Assert.Equal(RetentionResult.Nothing, store.EnforceRetention(_clock.NowUnixNanos()));
        var reading = store.Scan(new SpanScan(), CancellationToken.None);

        var result = store.EnforceRetention(_clock.NowUnixNanos() + (long)(14.5 * 86_400 * UnixTime.NanosPerSecond));
        Assert.Equal((1, 10), (result.SliceCount, result.SpanCount));
        Assert.True(result.ByteCount > 0);
        Assert.Equal(10, _counters.Read("spans_expired", "age"));
        Assert.Equal(From1To(10), Ids(store));
        Assert.Single(Directory.GetFiles(Folder, "*.seg"));
        Assert.Equal(20, reading.SelectMany(SpanBatches.Spans).Count(span => span.Tags["user"].Length > 1));
        using var survivor = OpenIn(CopyOf(Folder, "after"));
        Assert.Equal(From1To(10), Ids(survivor));
    }

    [Fact]
    public void The_log_position_outlives_the_last_slice()
    {
        using (var store = OpenIn(Folder))
        {
            store.Append(Spans(1, 10), new LogPosition(7));
            store.Flush(everything: true);
            Assert.Equal(1, store.EnforceRetention(_clock.NowUnixNanos() + (16 * 86_400 * UnixTime.NanosPerSecond)).SliceCount);
            Assert.Equal(0, store.Facts().SpanCount);
        }
        using var reopened = OpenIn(Folder);
        Assert.Equal(new LogPosition(7), reopened.StoredUpTo);
        Assert.Empty(Ids(reopened));
    }

    [Fact]
    public void Whatever_comes_the_slices_stay_within_the_byte_budget()
    {
        const long Budget = 400_000;
        var gone = new List<EvictedSlice>();
        using var store = OpenIn(Folder, new TraceStoreSettings { MaxBytes = Budget, BlockSpans = 500, OnEvicted = gone.Add });
        for (var i = 0; i < 60; i++)
        {
            // Now and then many blocks at once, as after a disk that failed for a while.
            _clock.Advance(TimeSpan.FromSeconds(1));
            for (var j = 0; j < (i % 10 == 0 ? 20 : 1); j++) store.Append(Spans(1 + (i * 20_000) + (j * 1_000), 1_000), new LogPosition((i * 20) + j + 1));
            store.Flush(everything: false);
            var bytes = Directory.GetFiles(Folder, "*.seg*").Sum(path => new FileInfo(path).Length);
            Assert.True(bytes <= Budget, $"{bytes} bytes in round {i}");
            if (gone.Count == 0) continue;
            // Who plans with the budget must see that it is full while old traces go: sampling begins at nine tenths.
            var facts = store.Facts();
            Assert.True(facts.ByteCount >= facts.MaxByteCount * 0.9, $"{facts.ByteCount} of {facts.MaxByteCount} bytes in round {i}, and yet {gone.Count} slices went");
        }
        Assert.Equal(Budget * (TraceStoreSettings.SlicesOfBudget - 2) / TraceStoreSettings.SlicesOfBudget, store.Facts().MaxByteCount);
        Assert.True(gone.Count > 3);
        Assert.Equal(_counters.Read("spans_expired", "bytes"), gone.Sum(slice => slice.SpanCount));
        Assert.Equal(gone.Count, gone.Select(slice => slice.Name).Distinct().Count());
        using var survivor = OpenIn(CopyOf(Folder, "after"));
        Assert.Equal(Ids(store), Ids(survivor));
    }

    [Fact]
    public void A_budget_that_was_lowered_counts_with_the_next_retention()
    {
        using var store = OpenIn(Folder);
        for (var i = 0; i < 3; i++)
        {
            store.Append(Spans(1 + (i * 10), 10), new LogPosition(i + 1));
            store.Flush(everything: true);
            _clock.Advance(TimeSpan.FromHours(1));
        }
        store.MaxBytes = (store.Facts().ByteCount / 3 * 2) + 100;
        Assert.Equal((2, 20), (store.EnforceRetention(_clock.NowUnixNanos()) is var result ? (result.SliceCount, result.SpanCount) : default));
        Assert.Equal(20, _counters.Read("spans_expired", "bytes"));
        Assert.Equal(10, store.Facts().SpanCount);
        store.MaxBytes = 1; // The newest counts too.
        Assert.Equal(1, store.EnforceRetention(_clock.NowUnixNanos()).SliceCount);
        Assert.Equal(0, store.Facts().SpanCount);
    }

    [Fact]
    public void Who_wants_to_know_is_told_what_goes_and_why_with_a_filter_of_its_traces()
    {
        var gone = new List<EvictedSlice>();
        using var store = OpenIn(Folder, new TraceStoreSettings { OnEvicted = gone.Add, MaxFilterBytes = 32 });
        for (var i = 0; i < 2; i++)
        {
            store.Append(Spans(1 + (i * 10), 10), new LogPosition(i + 1));
            store.Flush(everything: true);
        }
        store.EnforceRetention(_clock.NowUnixNanos() + (16 * 86_400 * UnixTime.NanosPerSecond));

        var slice = Assert.Single(gone);
        Assert.Equal(("20260101T000000-000", EvictionReason.Age, 20, T0, T0), (slice.Name, slice.Reason, slice.SpanCount, slice.StartUnixNanosMin, slice.StartUnixNanosMax));
        var filters = slice.TraceFilters.Select(bytes => BloomFilter.FromBytes(bytes.Span)).ToList();
        Assert.Equal(2, filters.Count); // One of them was no more in memory.
        Assert.All(From1To(20), id => Assert.Contains(filters, filter => filter.MayContain(StableHash.OfTrace(id))));
        Assert.DoesNotContain(filters, filter => filter.MayContain(StableHash.OfTrace(4_711)));
    }

    [Fact]
    public void Retention_goes_on_when_whoever_is_told_fails()
    {
        using var store = OpenIn(Folder, new TraceStoreSettings { OnEvicted = _ => throw new InvalidOperationException("No notes today.") });
        store.Append(Spans(1, 10), new LogPosition(1));
        store.Flush(everything: true);
        Assert.Equal(1, store.EnforceRetention(_clock.NowUnixNanos() + (16 * 86_400 * UnixTime.NanosPerSecond)).SliceCount);
        Assert.Equal(1, _counters.Read("eviction_listener_failures"));
        Assert.Equal("What became of the traces in slice 20260101T000000-000 could not be noted: No notes today. They expire all the same; asked for by id, they will seem to have never been there.", Assert.Single(_troubles));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_is_rewritten_for_which_budget_or_disk_have_no_room(bool diskIsShort)
    {
        var hasRoom = !diskIsShort;
        using var store = OpenIn(Folder, new TraceStoreSettings { HasRoomFor = _ => hasRoom });
        for (var i = 0; i < 3; i++)
        {
            if (i == 2) _clock.Advance(TimeSpan.FromHours(1));
            store.Append(Spans(1 + (i * 10), 10), new LogPosition(i + 1));
            store.Flush(everything: true);
        }
        if (!diskIsShort) store.MaxBytes = store.Facts().ByteCount + 100;
        Assert.False(store.RewriteSmallBlocks(CancellationToken.None));
        hasRoom = true;
        store.MaxBytes *= 1_000;
        Assert.True(store.RewriteSmallBlocks(CancellationToken.None));
        Assert.Equal(From1To(30), Ids(store));
    }

    [Fact]
    public void A_rewriting_that_is_cancelled_leaves_the_slice_and_nothing_else()
    {
        using var store = OpenIn(Folder);
        for (var i = 0; i < 3; i++)
        {
            if (i == 2) _clock.Advance(TimeSpan.FromHours(1));
            store.Append(Spans(1 + (i * 10), 10), new LogPosition(i + 1));
            store.Flush(everything: true);
        }
        Assert.Throws<OperationCanceledException>(() => store.RewriteSmallBlocks(new CancellationToken(canceled: true)));
        Assert.Equal(["20260101T000000-000.seg", "20260101T010000-000.seg"], Slices());
        Assert.Equal(From1To(30), Ids(store));
    }

    /// <summary>The machine dies at each step of a rewriting in turn; unflushed bytes and names arrive or not, as chance has it.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Dying_at_any_step_of_a_rewriting_leaves_each_span_once(int? seed)
    {
        var random = seed is { } value ? new Random(value) : null;
        for (var steps = 0L; ; steps++)
        {
            var disk = new SimulatedDisk();
            using var store = new SegmentTraceStore("/traces", _clock, _counters, new TraceStoreSettings { OnTrouble = _troubles.Add }, disk);
            _clock.Set(T0);
            for (var i = 0; i < 4; i++)
            {
                if (i == 3) _clock.Advance(TimeSpan.FromHours(1));
                store.Append(Spans(1 + (i * 10), 10), new LogPosition(i + 1));
                store.Flush(everything: true);
            }
            disk.DieAfter(disk.StepCount + steps);
            try
            {
                store.RewriteSmallBlocks(CancellationToken.None);
            }
            catch (StoreUnavailableException)
            {
                // Dead.
            }
            var survived = disk.AfterDeath(random);
            using (var next = new SegmentTraceStore("/traces", _clock, _counters, new TraceStoreSettings(), survived))
            {
                Assert.Equal(From1To(40), Ids(next));
                Assert.Equal(new LogPosition(4), next.StoredUpTo);
                Assert.DoesNotContain(survived.AllNames(), name => name.EndsWith(".tmp", StringComparison.Ordinal));
                Assert.Equal(2, survived.AllNames().Count(name => name.EndsWith(".seg", StringComparison.Ordinal)));
            }
            if (!disk.IsDead) break;
        }
    }

    [Fact]
    public void A_closed_slice_of_small_blocks_is_rewritten_once_and_loses_nothing()
    {
        using var store = OpenIn(Folder);
        for (var i = 0; i < 5; i++)
        {
            store.Append(Spans(1 + (i * 10), 10), new LogPosition(i + 1));
            store.Flush(everything: true);
        }
        Assert.False(store.RewriteSmallBlocks(CancellationToken.None)); // Still written to.
        _clock.Advance(TimeSpan.FromHours(1));
        store.Append(Spans(51, 10), new LogPosition(6));
        store.Flush(everything: true);
        var before = store.Facts();
        var expected = Read(store, new SpanScan());
        var reading = store.Scan(new SpanScan(), CancellationToken.None);

        Assert.True(store.RewriteSmallBlocks(CancellationToken.None));
        Assert.False(store.RewriteSmallBlocks(CancellationToken.None));

        Assert.Equal(expected, Read(store, new SpanScan()));
        Assert.Equal(60, reading.SelectMany(SpanBatches.Spans).Count(span => span.Tags.Count == 1));
        Assert.Equal((60, 2), (store.Facts().SpanCount, store.Facts().BlockCount));
        Assert.True(store.Facts().ByteCount < before.ByteCount);
        Assert.Equal(["20260101T000000-000+.seg", "20260101T010000-000.seg"], Slices());
        Assert.Single(Read(store, new SpanScan { TraceId = new TraceId(0, 33) }));
        foreach (var keepsCatalogue in new[] { true, false })
        {
            var copy = CopyOf(Folder, $"after{keepsCatalogue}");
            if (!keepsCatalogue) File.Delete(Path.Combine(copy, "catalogue.db"));
            using var survivor = OpenIn(copy);
            Assert.Equal(expected, Read(survivor, new SpanScan()));
            Assert.Equal(new LogPosition(6), survivor.StoredUpTo);
            Assert.False(survivor.RewriteSmallBlocks(CancellationToken.None));
        }
        Assert.Empty(_troubles);
    }

    [Fact]
    public void Killed_while_rewriting_it_has_each_span_once()
    {
        var copy = Path.Combine(_root, "before");
        using (var store = OpenIn(Folder))
        {
            store.Append(Spans(1, 10), new LogPosition(1));
            store.Flush(everything: true);
            store.Append(Spans(11, 10), new LogPosition(2));
            store.Flush(everything: true);
            CopyOf(Folder, "before");
            _clock.Advance(TimeSpan.FromHours(1));
            store.Append(Spans(21, 10), new LogPosition(3));
            store.Flush(everything: true);
            Assert.True(store.RewriteSmallBlocks(CancellationToken.None));
        }
        // Both files, as when the process dies between naming the new one and deleting the old one; and one half written.
        var rewritten = Path.Combine(Folder, "20260101T000000-000+.seg");
        File.Copy(rewritten, Path.Combine(copy, Path.GetFileName(rewritten)));
        File.WriteAllBytes(Path.Combine(copy, "20260101T090000-000+.seg.tmp"), new byte[100]);

        using var survivor = OpenIn(copy);
        Assert.Equal(From1To(20), Ids(survivor));
        Assert.Equal(["20260101T000000-000+.seg"], Directory.GetFiles(copy, "*.seg*").Select(path => Path.GetFileName(path)!));
    }

    [Fact]
    public void A_full_disk_leaves_a_slice_as_it_was_and_a_damaged_one_is_not_rewritten()
    {
        var files = new FaultyFiles();
        using var store = OpenIn(Folder, files: files);
        foreach (var i in new[] { 0, 1 })
        {
            store.Append(Spans(1 + (i * 10), 10), new LogPosition(i + 1));
            store.Flush(everything: true);
        }
        _clock.Advance(TimeSpan.FromHours(1));
        store.Append(Spans(21, 10), new LogPosition(3));
        store.Flush(everything: true);
        files.BytesLeft = 100;
        var failure = Assert.Throws<StoreUnavailableException>(() => store.RewriteSmallBlocks(CancellationToken.None));
        Assert.Equal($"Trace slice {Path.Combine(Folder, "20260101T000000-000.seg")} cannot be rewritten: No space left on device It stays as it was. Free some disk space, or check that the folder can be written.", failure.Message);
        Assert.Equal(["20260101T000000-000.seg", "20260101T010000-000.seg"], Slices());
        Assert.Equal(From1To(30), Ids(store));
        files.BytesLeft = -1;

        var path = Path.Combine(Folder, "20260101T000000-000.seg");
        using (var file = DiskFiles.Instance.Open(path)) file.Write(file.Length / 2, new byte[file.Length / 4]);
        Assert.False(store.RewriteSmallBlocks(CancellationToken.None));
        Assert.True(File.Exists(path));
    }

    string[] Slices() => [.. Directory.GetFiles(Folder, "*.seg*").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Fact]
    public void Without_memory_for_filters_a_trace_is_still_found()
    {
        using var store = OpenIn(Folder, new TraceStoreSettings { MaxFilterBytes = 32 });
        for (var i = 0; i < 3; i++)
        {
            store.Append(Spans(1 + (i * 10), 10), new LogPosition(i + 1));
            store.Flush(everything: true);
        }
        Assert.Equal(2, _counters.Read("trace_filters_dropped"));
        Assert.All(From1To(30), id => Assert.Single(Read(store, new SpanScan { TraceId = new TraceId(0, id) })));
        Assert.Empty(Read(store, new SpanScan { TraceId = new TraceId(0, 31) }));
    }

    [Fact]
    public void Of_a_block_whose_filter_is_on_disk_only_32_bytes_are_read_once_it_was_asked()
    {
        var files = new FaultyFiles();
        using var store = OpenIn(Folder, new TraceStoreSettings { MaxFilterBytes = 32 }, files);
        for (var i = 0; i < 3; i++)
        {
            store.Append(Spans(1 + (i * 10), 10), new LogPosition(i + 1));
            store.Flush(everything: true);
        }
        Assert.Empty(Read(store, new SpanScan { TraceId = new TraceId(0, 4_711) }));
        files.BytesRead = 0;
        Assert.Empty(Read(store, new SpanScan { TraceId = new TraceId(0, 4_712) }));
        Assert.Equal(2 * BloomFilter.BucketBytes, files.BytesRead); // The third block's filter is in memory.
        Assert.All(From1To(30), id => Assert.Single(Read(store, new SpanScan { TraceId = new TraceId(0, id) })));
    }

    [Fact]
    public void What_blocks_take_of_memory_is_counted_while_they_are_there_and_over_a_restart()
    {
        var memory = new MemoryBudget();
        using (var store = OpenIn(Folder, new TraceStoreSettings { Memory = memory }))
        {
            for (var i = 0; i < 3; i++)
            {
                store.Append(Spans(1 + (i * 10), 10), new LogPosition(i + 1));
                store.Flush(everything: true);
                _clock.Advance(TimeSpan.FromHours(1));
            }
        }
        var afterRestart = new MemoryBudget();
        using var reopened = OpenIn(Folder, new TraceStoreSettings { Memory = afterRestart });
        Assert.All(["trace_filters", "known_blocks"], name =>
        {
            Assert.True(Held(memory, name) > 0, name);
            Assert.Equal(Held(memory, name), Held(afterRestart, name));
        });

        reopened.EnforceRetention(_clock.NowUnixNanos() + (16 * 86_400 * UnixTime.NanosPerSecond));
        Assert.Equal((0, 0), (Held(afterRestart, "trace_filters"), Held(afterRestart, "known_blocks")));
        Assert.Equal(3, _counters.Read("trace_slices_dropped", "age"));

        static long Held(MemoryBudget budget, string name) => budget.Accounts.Single(account => account.Name == name).HeldBytes;
    }

    [Fact]
    public void Parts_know_how_long_the_spans_of_a_service_lasted()
    {
        using var store = OpenIn(Folder);
        store.Append(SpanBatches.Of(
            Plain(1, 1) with { Service = "web", DurationNanos = 100 }, Plain(2, 2) with { Service = "web", DurationNanos = 900 },
            Plain(3, 3) with { Service = "db", DurationNanos = 20 }, Plain(4, 4) with { Service = "db", DurationNanos = 30 }), new LogPosition(1));
        store.Flush(everything: true);

        (long, long) DurationsOf(string? service) => Assert.Single(store.Parts(new SpanScan { Service = service })) is var part ? (part.DurationNanosMin, part.DurationNanosMax) : default;
        Assert.Equal((100, 900), DurationsOf("web"));
        Assert.Equal((20, 30), DurationsOf("db"));
        Assert.Equal((20, 900), DurationsOf(null));
        Assert.Empty(store.Scan(new SpanScan { Service = "db", MinDurationNanos = 31 }, CancellationToken.None));
        Assert.Empty(store.Scan(new SpanScan { Service = "web", MinDurationNanos = 101, MaxDurationNanos = 899 }, CancellationToken.None));
        Assert.Single(store.Scan(new SpanScan { Service = "web", MinDurationNanos = 900 }, CancellationToken.None));
    }

    [Fact]
    public void A_tag_that_no_block_has_opens_no_block()
    {
        using var store = OpenIn(Folder);
        store.Append(Spans(1, 10), new LogPosition(1));
        store.Flush(everything: true);
        Assert.Empty(store.Scan(new SpanScan { Tags = [new("user", "nobody at all")] }, CancellationToken.None));
        Assert.NotEmpty(store.Scan(new SpanScan { Tags = [new("user", "u3")] }, CancellationToken.None));
        Assert.Empty(store.Scan(new SpanScan { Service = "nobody" }, CancellationToken.None));
        Assert.Empty(store.Scan(new SpanScan { Range = new TimeRange(T0 + 1, T0 + 2) }, CancellationToken.None));
    }

    [Fact]
    public void A_closed_store_says_so()
    {
        var store = OpenIn(Folder);
        store.Append(Spans(1, 10), new LogPosition(1));
        store.Flush(everything: true);
        var batch = store.Scan(new SpanScan(), CancellationToken.None).Single();
        store.Dispose();
        store.Dispose();

        Assert.Equal($"The trace store in {Folder} is closed.", Assert.Throws<StoreUnavailableException>(() => store.Scan(new SpanScan(), CancellationToken.None)).Message);
        Assert.Equal("Traces cannot be read: their store was closed.", Assert.Throws<StoreUnavailableException>(() => batch.TagOf(0, "user")).Message);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_told()
    {
        File.WriteAllText(Folder, "a file");
        var failure = Assert.Throws<StoreUnavailableException>(() => OpenIn(Folder));
        Assert.StartsWith($"The traces in {Folder} cannot be opened: ", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(" Check that the folder can be read and written.", failure.Message, StringComparison.Ordinal);
    }

    static string SliceIn(string folder) => Directory.GetFiles(folder, "*.seg").Single();

    string CopyOf(string folder, string name)
    {
        var copy = Path.Combine(_root, name);
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.GetFiles(folder)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return copy;
    }

    /// <summary>Timers never fire; time moves when told.</summary>
    sealed class ManualClock(long nowUnixNanos) : TimeProvider
    {
        long _now = nowUnixNanos;

        public override DateTimeOffset GetUtcNow() => UnixTime.ToDateTime(_now);

        public void Advance(TimeSpan by) => _now += by.Ticks * UnixTime.NanosPerTick;

        public void Set(long nowUnixNanos) => _now = nowUnixNanos;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new NoTimer();

        sealed class NoTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose() { }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
