using Apm.Core.Counting;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Storage.Fates;
using Apm.Storage.Tests.Files;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Tests.Fates;

public sealed class FileFateStoreTests
{
    const long Hour = 3_600 * UnixTime.NanosPerSecond;

    /// <summary>2026-11-25T17:00Z.</summary>
    const long Start = 1_795_626_000 * UnixTime.NanosPerSecond;

    readonly Counters _counters = new();
    readonly ManualClock _clock = new(UnixTime.ToDateTime(Start));
    readonly List<string> _troubles = [];
    readonly Random _random = new(7);
    SimulatedDisk _disk = new();

    FileFateStore Open(FateStoreSettings? settings = null) => new("/fates", (settings ?? new()) with { OnTrouble = _troubles.Add }, _disk, _clock, _counters);

    TraceId Some() => new(0, (ulong)_random.NextInt64());

    [Fact]
    public void What_was_flushed_is_remembered_after_a_restart_and_nothing_else()
    {
        var ids = Enumerable.Range(0, 10_000).Select(_ => Some()).ToList();
        using (var store = Open())
        {
            foreach (var id in ids) store.Note(id, FateKind.SampledOut, "manual_drop", Start + Hour / 2);
            store.Note(ids[0], FateKind.Rejected, "overloaded", Start + Hour);
            store.Flush();
        }
        _disk = _disk.AfterDeath(new Random(1));

        using var again = Open();
        Assert.All(ids, id => Assert.Contains(again.Find(id), fate => (fate.Kind, fate.Reason, fate.FromUnixNanos) == (FateKind.SampledOut, "manual_drop", Start)));
        Assert.Contains(again.Find(ids[0]), fate => (fate.Kind, fate.Reason, fate.FromUnixNanos) == (FateKind.Rejected, "overloaded", Start + Hour));
        Assert.Equal(Start, again.SinceUnixNanos);
        Assert.True(Enumerable.Range(0, 5_000).Count(_ => again.Find(Some()).Count > 0) < 10, "too many ids are remembered that were never seen");
        Assert.InRange(again.Find(ids[5])[0].WrongOdds, 1e-7, 1e-3);
    }

    [Fact]
    public void The_traces_of_a_dropped_slice_are_evicted_ones()
    {
        var filter = BloomFilter.For(100, 16);
        var id = Some();
        filter.Add(StableHash.OfTrace(id.Low));
        var slice = new EvictedSlice
        {
            Name = "0001", Reason = EvictionReason.Bytes, EvictedUnixNanos = Start + 5, StartUnixNanosMin = Start, StartUnixNanosMax = Start, SpanCount = 1, TraceFilters = [filter.Bytes.ToArray()],
        };
        using (var store = Open())
        {
            store.Evicted(slice);
            store.Evicted(slice); // A crash may tell it twice.
        }

        using var again = Open();
        var fate = Assert.Single(again.Find(id));
        Assert.Equal((FateKind.Evicted, "bytes", Start + 5), (fate.Kind, fate.Reason, fate.FromUnixNanos));
    }

    [Fact]
    public void Beyond_the_budget_the_oldest_hours_are_forgotten_and_it_says_so()
    {
        using var store = Open(new FateStoreSettings { MaxBytes = 10_000 });
        var ids = Enumerable.Range(0, 6).Select(_ => Some()).ToList();
        for (var hour = 0; hour < 6; hour++)
        {
            store.Note(ids[hour], FateKind.SampledOut, "manual_drop", Start + hour * Hour);
            store.Flush();
        }

        Assert.Empty(store.Find(ids[0]));
        Assert.Single(store.Find(ids[5]));
        Assert.Equal(Start + 3 * Hour, store.SinceUnixNanos);
        Assert.Equal(3, _counters.Read("fates_forgotten"));
    }

    [Fact]
    public void One_hour_takes_no_more_than_its_share_and_still_never_says_that_a_trace_was_not_seen()
    {
        using var store = Open(new FateStoreSettings { MaxHourBytes = 4_000 });
        var ids = Enumerable.Range(0, 6_000).Select(_ => Some()).ToList();
        foreach (var id in ids) store.Note(id, FateKind.SampledOut, "manual_drop", Start);
        store.Flush();

        Assert.True(_counters.Read("fates_crowded") > 1_000);
        Assert.InRange(_disk.LengthOf("/fates/2026-11-25T17.fates"), 3_000, 4_500);
        Assert.All(ids, id => Assert.InRange(Assert.Single(store.Find(id)).WrongOdds, 0.01, 1));
        Assert.InRange(Enumerable.Range(0, 1_000).Count(_ => store.Find(Some()).Count > 0) / 1_000.0, 0.5 * store.Find(ids[0])[0].WrongOdds, 2 * store.Find(ids[0])[0].WrongOdds);
    }

    [Fact]
    public void A_damaged_file_is_set_aside_and_told_and_the_rest_is_remembered()
    {
        var (first, second) = (Some(), Some());
        using (var store = Open())
        {
            store.Note(first, FateKind.SampledOut, "manual_drop", Start - 2 * Hour);
            store.Note(second, FateKind.SampledOut, "manual_drop", Start);
        }
        _disk.Flip("/fates/2026-11-25T15.fates", 100);

        using var again = Open();
        Assert.Empty(again.Find(first));
        Assert.Single(again.Find(second));
        Assert.StartsWith("The file /fates/2026-11-25T15.fates is damaged: the checksum of the record at byte 8 is wrong. It is kept as 2026-11-25T15.fates.broken", Assert.Single(_troubles), StringComparison.Ordinal);
    }
}
