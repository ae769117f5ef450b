using Apm.Core.Counting;
using Apm.Core.Errors;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Storage.InMemory;
using Apm.Storage.Files;
using Apm.Storage.Stats;
using Apm.StorageContract;
using Apm.Storage.Tests.Files;

namespace Apm.Storage.Tests.Stats;

public sealed class InMemoryStatsStoreContract : StatsStoreContract
{
    protected override IStatsStore OpenEmptyStore() => new InMemoryStatsStore();

    protected override IStatsStore Reopen(IStatsStore store) => store;
}

/// <summary>The contract, and what is particular to files.</summary>
public sealed class FileStatsStoreTests : StatsStoreContract
{
    readonly Counters _counters = new();
    readonly ManualClock _clock = new(UnixTime.ToDateTime(Start + 1_000 * Hour));
    SimulatedDisk _disk = new();
    StatsStoreSettings _settings = new();

    protected override IStatsStore OpenEmptyStore() => Open();

    protected override IStatsStore Reopen(IStatsStore store)
    {
        _disk = _disk.AfterDeath(new Random(5)); // Not even closed: what was written is durable.
        return Open();
    }

    FileStatsStore Open() => new("/stats", _settings, _disk, _clock, _counters);

    string Names() => string.Join(' ', _disk.ListNames("/stats"));

    void WriteHours(FileStatsStore store, int count)
    {
        for (var hour = 0L; hour < count; hour++) store.Write(Checkpoint(hour * 3_600 + 10, hour, [Bucket(hour * 3_600)]));
    }

    [Fact]
    public void An_hour_that_is_over_is_rolled_up_beside_its_file()
    {
        using var store = Open();
        store.Write(Checkpoint(3_590, 1, [Bucket(0), Bucket(10), Bucket(70)]));
        Assert.Equal("2026-11-25T17.s10 checkpoint", Names());
        store.Write(Checkpoint(3_600, 2, [Bucket(3_590)]));
        Assert.Equal("2026-11-25T17.h1 2026-11-25T17.m1 2026-11-25T17.s10 checkpoint", Names());
        store.Write(Checkpoint(3_610, 3, [Bucket(3_600)]));

        Assert.Equal("0+3600:web=4 3600+10:web=1", Draw(store.Read(TimeRange.All, StatsFilter.Any, Hour)));
        Assert.Equal("0+60:web=2 60+60:web=1 3540+60:web=1 3600+10:web=1", Draw(store.Read(TimeRange.All, StatsFilter.Any, 60 * Second)));
        Assert.Equal("60+60:web=1", Draw(store.Read(new TimeRange(Start + 61 * Second, Start + 62 * Second), StatsFilter.Any, 60 * Second)));
    }

    [Fact]
    public void Errors_of_issues_are_rolled_up_with_the_rest()
    {
        using var store = Open();
        StatsBucket[] buckets = [Bucket(0), Bucket(10), Bucket(70)];
        foreach (var bucket in buckets) bucket.AddIssue(new IssueCountKey(new IssueId(7), "prod", "1.0"), 2);
        store.Write(Checkpoint(3_610, 1, buckets));

        Assert.Equal([6], store.ReadIssueCounts(TimeRange.All, new IssueId(7), Hour).Select(row => row.Count));
        Assert.Equal([4, 2], store.ReadIssueCounts(TimeRange.All, null, 60 * Second).Select(row => row.Count));
        Assert.Empty(store.ReadIssueCounts(TimeRange.All, new IssueId(8), Hour));
    }

    [Fact]
    public void The_ledger_is_rolled_up_by_the_hour_and_goes_in_time()
    {
        _settings = new StatsStoreSettings { KeepLedgerMinutes = TimeSpan.FromHours(2), KeepLedgerHours = TimeSpan.FromHours(4) };
        using var store = Open();
        for (var hour = 0L; hour < 8; hour++)
        {
            var pages = new[] { 0L, 30 }.Select(minute => new LedgerPage(Start + hour * Hour + minute * 60 * Second, LedgerPage.MinuteNanos)).ToArray();
            foreach (var page in pages) page.Add(new LedgerKey("web", SpanOutcome.Stored, "all"), new LedgerCount(1, 0));
            store.Write(Checkpoint(hour * 3_600 + 10, hour, []) with { Ledger = new LedgerCheckpoint(hour + 1, pages, []) });
        }

        // Ten seconds into hour 7: hours 0–2 are gone, 3–4 are there by the hour, the rest by the minute.
        Assert.Equal("10800+3600=2 14400+3600=2 18000+60=1 19800+60=1 21600+60=1 23400+60=1 25200+60=1 27000+60=1", string.Join(' ', store.ReadLedger(TimeRange.All, null, 60 * Second).Rows
            .Select(row => $"{(row.StartUnixNanos - Start) / Second}+{row.WidthNanos / Second}={row.Count.SpanCount}")));
        Assert.Equal(3, _counters.Read("ledger_hours_dropped"));
        _disk.Flip("/stats/2026-11-25T22.lm", 40); // The first record of an hour's file.
        Assert.Equal(9, store.ReadLedger(TimeRange.All, null, 60 * Second).Rows.Sum(row => row.Count.SpanCount));
        Assert.Equal(1, _counters.Read("ledger_files_damaged"));
    }

    [Fact]
    public void A_rollup_that_is_missing_or_came_too_early_is_made_anew()
    {
        using (var store = Open()) WriteHours(store, 3);
        _disk.Delete("/stats/2026-11-25T17.m1");

        using var again = Open();
        again.Write(Checkpoint(2 * 3_600 + 20, 4, [Bucket(1_000), Bucket(2 * 3_600 + 10)])); // Second 1000 belongs to the first hour.

        Assert.Equal("0+60:web=1 960+60:web=1 3600+60:web=1 7200+10:web=1 7210+10:web=1", Draw(again.Read(TimeRange.All, StatsFilter.Any, 60 * Second)));
        Assert.Equal(5, again.Read(TimeRange.All, StatsFilter.Any, Hour).Sum(row => row.Cell.HitCount));
    }

    [Fact]
    public void A_damaged_rollup_is_read_from_the_finer_buckets()
    {
        using (var store = Open()) WriteHours(store, 2);
        _disk.Flip("/stats/2026-11-25T17.h1", 60);

        using var again = Open();
        Assert.Equal("0+10:web=1 3600+10:web=1", Draw(again.Read(TimeRange.All, StatsFilter.Any, Hour)));
        Assert.Equal(1, _counters.Read("stats_files_damaged", "2026-11-25T17.h1"));
    }

    [Fact]
    public void A_damaged_bucket_costs_that_bucket_only()
    {
        using (var store = Open()) store.Write(Checkpoint(30, 1, [Bucket(0), Bucket(10), Bucket(20)]));
        _disk.Delete("/stats/checkpoint"); // Else it would heal the file.
        _disk.Flip("/stats/2026-11-25T17.s10", StatsSegmentHeaderBytes + 20);

        using var again = Open();
        Assert.Equal("10+10:web=1 20+10:web=1", Draw(again.Read(TimeRange.All, StatsFilter.Any, 10 * Second)));
    }

    const int StatsSegmentHeaderBytes = 28;

    [Fact]
    public void Old_hours_become_coarser_and_then_go()
    {
        _settings = new StatsStoreSettings { KeepTenSeconds = TimeSpan.FromHours(2), KeepMinutes = TimeSpan.FromHours(4), KeepHours = TimeSpan.FromHours(6) };
        using var store = Open();

        WriteHours(store, 10);

        // Ten seconds into hour 9: hours 0–2 are gone; 3–4 are there by the hour, 5–6 by the minute, and the rest as counted.
        Assert.Equal(
            "10800+3600:web=1 14400+3600:web=1 18000+60:web=1 21600+60:web=1 25200+10:web=1 28800+10:web=1 32400+10:web=1",
            Draw(store.Read(TimeRange.All, StatsFilter.Any, 10 * Second)));
        Assert.Equal(7 + 5 + 3, _counters.Read("stats_hours_dropped", "age"));
    }

    [Fact]
    public void A_clock_that_jumps_ahead_drops_nothing()
    {
        using var store = Open();
        _clock.Advance(TimeSpan.FromDays(10_000));

        WriteHours(store, 3);

        Assert.Equal(0, _counters.Read("stats_hours_dropped"));
    }

    [Fact]
    public void Over_the_byte_budget_the_finest_of_the_oldest_goes_first()
    {
        using var store = Open();
        WriteHours(store, 4);
        var bytes = store.ByteCount;
        _settings = new StatsStoreSettings { MaxBytes = bytes };

        using var again = Open();
        again.Write(Checkpoint(5 * 3_600, 9, [Bucket(4 * 3_600)]));

        Assert.True(again.ByteCount <= bytes);
        Assert.Equal(5, again.Read(TimeRange.All, StatsFilter.Any, 10 * Second).Sum(row => row.Cell.HitCount)); // Coarser, but there.
        Assert.DoesNotContain("2026-11-25T17.s10", Names(), StringComparison.Ordinal);
        Assert.True(_counters.Read("stats_hours_dropped", "bytes") > 0);
    }

    [Fact]
    public void On_a_full_disk_nothing_is_kept_and_the_same_buckets_may_come_again()
    {
        using var store = Open();
        store.Write(Checkpoint(10, 1, [Bucket(0)]));

        _disk.IsFull = true;
        var failure = Assert.Throws<StoreUnavailableException>(() => store.Write(Checkpoint(20, 2, [Bucket(10)])));
        _disk.IsFull = false;
        Assert.Equal(
            "The statistics could not be written: No space left on device (simulated) They are kept in memory and offered again. " +
            "If this lasts, free disk space or check the data folder.", failure.Message);
        Assert.Equal(1, store.ReadCheckpoint()!.Covered.Number);
        store.Write(Checkpoint(30, 3, [Bucket(10), Bucket(20)]));

        Assert.Equal("0+10:web=1 10+10:web=1 20+10:web=1", Draw(store.Read(TimeRange.All, StatsFilter.Any, 10 * Second)));
    }

    /// <summary>Version 1 ended before the ledger, version 2 before the issues.</summary>
    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 1)]
    public void A_checkpoint_of_an_older_version_is_read(byte version, int bytesItLacked)
    {
        using (var store = Open()) store.Write(Checkpoint(10, 1, [Bucket(0)]));
        byte[] file = [.. _disk.ReadAll("/stats/checkpoint")![..^(4 + bytesItLacked)]];
        Assert.Equal(3, file[4]);
        file[4] = version;
        _disk.Put("/stats/checkpoint", [.. file, .. BitConverter.GetBytes(Checksum.Of(file))]);

        using var again = Open();
        var checkpoint = again.ReadCheckpoint()!;

        Assert.Equal((new LogPosition(1), 0, 0), (checkpoint.Covered, checkpoint.Ledger.Open.Count, checkpoint.Issues.Totals.Count));
        Assert.DoesNotContain("/stats/checkpoint.broken", _disk.AllNames());
        again.Write(Checkpoint(20, 2, [Bucket(10)]));
        Assert.Equal("0+10:web=1 10+10:web=1", Draw(again.Read(TimeRange.All, StatsFilter.Any, 10 * Second)));
    }

    [Fact]
    public void A_damaged_checkpoint_is_set_aside_and_counting_goes_on_behind_what_the_traces_cover()
    {
        using (var store = Open()) store.Write(Checkpoint(10, 1, [Bucket(0)]));
        _disk.Flip("/stats/checkpoint", 30);
        var told = new List<string>();
        _settings = new StatsStoreSettings { CoveredWhenCheckpointIsLost = new LogPosition(7), OnTrouble = told.Add };

        using (var again = Open())
        {
            var checkpoint = again.ReadCheckpoint()!;
            Assert.Equal((new LogPosition(7), 0), (checkpoint.Covered, checkpoint.Open.Count));
            Assert.Equal("0+10:web=1", Draw(again.Read(TimeRange.All, StatsFilter.Any, 10 * Second)));
            again.Write(Checkpoint(20, 8, [Bucket(10)]));
        }
        Assert.Equal(
            "The statistics' checkpoint /stats/checkpoint is damaged: its checksum is wrong. It is kept as checkpoint.broken and can be deleted. " +
            "Spans of the last half minute before the end are missing from the statistics; nothing else is lost, and traces are not concerned. Check the disk.",
            Assert.Single(told));
        Assert.Contains("/stats/checkpoint.broken", _disk.AllNames());
        using var last = Open();
        Assert.Equal(new LogPosition(8), last.ReadCheckpoint()!.Covered);
        Assert.Equal("0+10:web=1 10+10:web=1", Draw(last.Read(TimeRange.All, StatsFilter.Any, 10 * Second)));
    }

    [Fact]
    public void Behind_a_bucket_of_wrong_length_the_next_ones_are_found_again_and_it_is_told()
    {
        var told = new List<string>();
        _settings = new StatsStoreSettings { OnTrouble = told.Add };
        using (var store = Open()) store.Write(Checkpoint(40, 1, [Bucket(0), Bucket(10), Bucket(20)]));
        _disk.Delete("/stats/checkpoint"); // Else it would heal the file.
        _disk.Flip("/stats/2026-11-25T17.s10", StatsSegmentHeaderBytes + 2);

        using var again = Open();
        Assert.Equal("10+10:web=1 20+10:web=1", Draw(again.Read(TimeRange.All, StatsFilter.Any, 10 * Second)));
        Assert.Equal(
            "The statistics in /stats/2026-11-25T17.s10 are damaged in part: 2 buckets can be read and are used, the others of that hour are missing from charts. Traces are not concerned. Check the disk, or restore the file.",
            Assert.Single(told));
    }

    [Fact]
    public void One_hour_that_is_more_than_all_may_take_is_dropped_before_it_is_over()
    {
        var told = new List<string>();
        _settings = new StatsStoreSettings { MaxBytes = 1_000, OnTrouble = told.Add };
        using var store = Open();
        for (var i = 0; i < 40; i++)
        {
            store.Write(Checkpoint((i + 1) * 10, i + 1, [Bucket(i * 10)]));
            Assert.True(store.ByteCount <= 1_000);
        }
        Assert.NotEmpty(told);
        Assert.Equal("The statistics of the hour from 2026-11-25 17:00 UTC were dropped before it was over: it alone takes more than the 0 MiB that statistics may take. Raise the storage budget, or send fewer distinct resources.", told[0]);
        Assert.True(_counters.Read("stats_hours_dropped", "bytes") > 0);
        Assert.NotEqual("", Draw(store.Read(TimeRange.All, StatsFilter.Any, 10 * Second)));
    }

    /// <summary>Dies at each step in turn, in the midst of roll-ups too, and goes on from the checkpoint that is found.</summary>
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    [InlineData(false, 3)]
    public void Dying_at_any_step_leaves_each_bucket_once(bool onlyTheProcessDies, int seed)
    {
        var random = new Random(seed);
        for (var steps = 1L; ; steps++)
        {
            _disk = new SimulatedDisk();
            _disk.DieAfter(steps);
            var acknowledged = WriteOn(from: 0);
            var hasDied = _disk.IsDead;
            _disk = _disk.AfterDeath(onlyTheProcessDies ? null : random);

            using (var store = Open())
            {
                var covered = (int)(store.ReadCheckpoint()?.Covered.Number ?? 0);
                Assert.InRange(covered, acknowledged, acknowledged + 1);
                Assert.Equal(covered * 2, store.Read(TimeRange.All, StatsFilter.Any, 10 * Second).Sum(row => row.Cell.HitCount));
                if (covered > 0) Assert.Equal(covered, store.ReadCheckpoint()!.Open.Single().Cells[Key()].HitCount);
                WriteOn(from: covered);
            }

            using var last = Open();
            foreach (var coarsest in new[] { 10 * Second, 60 * Second, Hour })
                Assert.Equal(Rounds * 2, last.Read(TimeRange.All, StatsFilter.Any, coarsest).Sum(row => row.Cell.HitCount));
            if (!hasDied) break;
        }
    }

    const int Rounds = 8;

    /// <summary>One bucket of two hits each 15 minutes, from some round on.</summary>
    int WriteOn(int from)
    {
        var round = from;
        try
        {
            using var store = Open();
            for (; round < Rounds; round++)
                store.Write(Checkpoint((round + 1) * 900, round + 1, [Bucket(round * 900, hits: 2)], Bucket((round + 1) * 900, hits: round + 1)));
        }
        catch (StoreUnavailableException)
        {
            // It has died.
        }
        return round;
    }
}
