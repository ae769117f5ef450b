using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Storage.InMemory;
using Apm.Storage.Metrics;
using Apm.Storage.Tests.Files;
using Apm.StorageContract;

namespace Apm.Storage.Tests.Metrics;

public sealed class InMemoryMetricStoreContract : MetricStoreContract
{
    protected override IMetricStore OpenEmptyStore() => new InMemoryMetricStore();

    protected override IMetricStore Reopen(IMetricStore store) => store;

    protected override void Settle(IMetricStore store)
    {
    }
}

/// <summary>The contract, and what is particular to files.</summary>
public sealed class SegmentMetricStoreTests : MetricStoreContract
{
    const long Day = 86_400;

    readonly Counters _counters = new();
    readonly List<string> _told = [];
    readonly ManualClock _clock = new(DateTimeOffset.FromUnixTimeSeconds(Start + 3_600));
    readonly MemoryBudget _memory = MemoryBudget.None();
    SimulatedDisk _disk = new();
    MetricStoreSettings _settings = Small;

    /// <summary>The simulated disk has the log in memory.</summary>
    static MetricStoreSettings Small => new() { MaxLogBytes = 1_048_576 };

    protected override IMetricStore OpenEmptyStore() => Open();

    protected override IMetricStore Reopen(IMetricStore store)
    {
        _disk = _disk.AfterDeath(new Random(5)); // Not even closed: what was written is durable.
        return Open();
    }

    protected override void Settle(IMetricStore store) => ((SegmentMetricStore)store).Flush();

    SegmentMetricStore Open(SimulatedDisk? disk = null) => new("/metrics", _settings with { OnTrouble = _told.Add, Memory = _memory }, disk ?? _disk, _clock, _counters);

    string Names() => string.Join(' ', _disk.ListNames("/metrics"));

    const string DayName = "2026-11-25";

    [Fact]
    public void What_waits_is_written_after_an_hour_and_the_log_is_let_go()
    {
        using var store = Open();
        Write(store, Gauge(Key(), (0, 1)));
        _clock.Advance(TimeSpan.FromMinutes(59));
        store.Tend();
        Assert.Equal("", Names());
        Assert.NotEqual(0, _memory.Accounts.Single(account => account.Name == "metric_points").HeldBytes);

        _clock.Advance(TimeSpan.FromMinutes(2));
        store.Tend();

        Assert.Equal($"{DayName}-0000.raw", Names());
        Assert.Equal(0, _memory.Accounts.Single(account => account.Name == "metric_points").HeldBytes);
        Assert.Equal("0=1/1[1..1]1", DrawAll(store));
    }

    [Fact]
    public void Points_of_two_days_go_to_two_files()
    {
        using var store = Open();
        Write(store, Gauge(Key(), (-Day, 1), (0, 2)), Gauge(Key("other"), (-Day, 3)));
        store.Flush();

        Assert.Equal("2026-11-24-0000.raw 2026-11-25-0000.raw", Names());
        Assert.Equal("-86400=1/1[1..1]1 0=1/2[2..2]2", Draw(Read(store, -Day, 60, 60), -Day, 60));
    }

    [Fact]
    public void A_day_that_is_over_is_rolled_up_and_its_blocks_become_one()
    {
        using var store = Open();
        for (var minute = 0; minute < 90; minute++)
        {
            Write(store, Gauge(Key(), (minute * 60, minute), (minute * 60 + 10, 0.5)), Distribution(Key("d"), minute * 60, minute, 2 * minute));
            if (minute % 30 == 29) store.Flush();
        }
        var (byMinute, byHour, byTenSeconds) = (DrawAll(store), DrawAll(store, 3_600), DrawAll(store, 10));
        var distribution = DrawAll(store, 3_600, "d");

        _clock.Advance(TimeSpan.FromDays(1));
        store.Tend();

        Assert.Equal($"{DayName}-0000.h1 {DayName}-0000.m1 {DayName}-0001.raw", Names());
        Assert.Equal((byMinute, byHour, byTenSeconds), (DrawAll(store), DrawAll(store, 3_600), DrawAll(store, 10)));
        Assert.Equal(distribution, DrawAll(store, 3_600, "d"));
        var again = Reopen(store);
        Assert.Equal((byMinute, byHour, byTenSeconds), (DrawAll(again), DrawAll(again, 3_600), DrawAll(again, 10)));
        again.Dispose();
    }

    [Fact]
    public void Points_that_come_after_the_roll_up_have_it_made_again()
    {
        using var store = Open();
        Write(store, Gauge(Key(), (0, 1), (3_600, 2)));
        store.Flush();
        _clock.Advance(TimeSpan.FromDays(1));
        store.Tend();
        Assert.Contains(".h1", Names(), StringComparison.Ordinal);

        Write(store, Gauge(Key(), (0, 5), (10, 7)));
        Assert.Equal("0=2/12[5..7]7 3600=1/2[2..2]2", DrawAll(store, 3_600));
        store.Flush();
        Assert.Equal("0=2/12[5..7]7 3600=1/2[2..2]2", DrawAll(store, 3_600));
        _clock.Advance(TimeSpan.FromHours(2));
        store.Tend();

        Assert.Equal($"{DayName}-0001.h1 {DayName}-0001.m1 {DayName}-0001.raw", Names());
        Assert.Equal("0=2/12[5..7]7 3600=1/2[2..2]2", DrawAll(store, 3_600));
    }

    [Fact]
    public void Files_go_when_they_had_their_time_and_the_wider_ones_answer()
    {
        using var store = Open();
        Write(store, Gauge(Key("web.load", "host:a"), (0, 1), (10, 2), (60, 3)));
        store.Flush();
        _clock.Advance(TimeSpan.FromDays(2));
        store.Tend();
        var minutes = DrawAll(store);

        _clock.Advance(TimeSpan.FromDays(14));
        store.Tend();
        Assert.Equal($"{DayName}-0000.h1 {DayName}-0000.m1", Names());
        Assert.Equal(minutes, DrawAll(store));
        Assert.Equal("host:a 0=2/3[1..2]2 60=1/3[3..3]3", DrawAll(store, 10));

        _clock.Advance(TimeSpan.FromDays(80));
        store.Tend();
        Assert.Equal($"{DayName}-0000.h1", Names());
        Assert.Equal("host:a 0=3/6[1..3]3", DrawAll(store));
        var again = Reopen(store);
        Assert.Equal(new MetricInfo("web.load", MetricType.Gauge, 1, Start + 60), again.Find("web.load"));
        Assert.Equal(["host:a"], again.Series("web.load", 0).Select(series => series.Key.Tags.ToString()));
        Assert.Empty(again.Metrics(Start + 61));
        again.Dispose();

        _clock.Advance(TimeSpan.FromDays(400));
        using var last = (SegmentMetricStore)Reopen(store);
        _clock.Advance(TimeSpan.FromMinutes(1));
        last.Tend();
        Assert.Equal("", Names());
        Assert.Null(last.Find("web.load"));
        Assert.Equal(3, _counters.Read("metric_days_dropped", "age"));
    }

    [Fact]
    public void Beyond_its_bytes_the_files_go_that_had_most_of_their_time()
    {
        _settings = Small with { MaxBytes = 120_000 };
        using var store = Open();
        var random = new Random(1);
        for (var day = 0; day < 6; day++)
        {
            Write(store, Gauge(Key(), [.. Enumerable.Range(0, 4_000).Select(i => (i * 10 + day * Day, random.NextDouble()))]));
            store.Flush();
            _clock.Advance(TimeSpan.FromDays(1));
            store.Tend();
            Assert.InRange(store.ByteCount, 1, 120_000);
        }

        Assert.True(_counters.Read("metric_days_dropped", "bytes") > 0);
        Assert.DoesNotContain("2026-11-25-0000.raw", Names(), StringComparison.Ordinal);
        Assert.Contains("2026-11-25-0000.h1", Names(), StringComparison.Ordinal);
        Assert.Contains("2026-11-30", Names(), StringComparison.Ordinal);
        Assert.Equal(12, Read(store, 0, Day, 3_600)[0].Counts.Count(count => count > 0));
    }

    [Fact]
    public void Points_too_old_for_their_file_or_far_ahead_are_dropped_and_counted()
    {
        using var store = Open();

        Assert.Equal(new MetricWriteResult(1, 3), Write(store, Gauge(Key(), (-Start, 1), (-15 * Day, 1), (3 * Day, 1), (0, 1))));
        Assert.Equal((2, 1), (_counters.Read("metric_points_dropped", "too_old"), _counters.Read("metric_points_dropped", "too_new")));
    }

    [Fact]
    public void A_metric_with_too_many_series_is_named_with_the_tag_that_makes_them()
    {
        _settings = Small with { MaxSeriesPerMetric = 10 };
        using var store = Open();
        for (var i = 0; i < 15; i++) Write(store, Gauge(Key("web.load", $"host:{i % 2}", $"user_id:{i}"), (0, i)));
        Write(store, Gauge(Key("web.load", "host:0", "user_id:0"), (10, 1)), Gauge(Key("other"), (0, 1)));

        Assert.Equal(10, store.Find("web.load")!.SeriesCount);
        Assert.NotNull(store.Find("other"));
        Assert.Equal(5, _counters.Read("metric_points_dropped", "cardinality"));
        Assert.Equal(5, _counters.Read("metric_series_refused", "web.load user_id"));
        Assert.Equal(
            "The metric web.load has 10 series, the most that one metric may have: points of new series are dropped, those of known ones are kept. " +
            "Its tag key user_id has the most values, 10: leave that tag out where it is sent, or raise metrics.max_series_per_metric. Series without points for a day make room by themselves.",
            Assert.Single(_told));
    }

    [Fact]
    public void Too_many_series_in_all_name_the_metric_that_has_most()
    {
        _settings = Small with { MaxSeries = 8 };
        using var store = Open();
        for (var i = 0; i < 7; i++) Write(store, Gauge(Key("flood", $"id:{i}"), (0, i)));
        Write(store, Gauge(Key("calm"), (0, 1)), Gauge(Key("late"), (0, 1)));

        Assert.Equal(
            "There are 8 metric series, the most that are kept; most of them, 7, are of the metric flood: points of new series are dropped, those of known ones are kept. " +
            "Its tag key id has the most values, 7: leave that tag out where it is sent, or raise metrics.max_series. Series without points for a day make room by themselves.",
            Assert.Single(_told));
        Assert.Null(store.Find("late"));
    }

    [Fact]
    public void Series_without_points_for_a_day_make_room_and_can_still_be_found()
    {
        _settings = Small with { MaxSeriesPerMetric = 5 };
        using var store = Open();
        for (var i = 0; i < 5; i++) Write(store, Gauge(Key("web.load", $"pod:{i}"), (0, i)));
        _clock.Advance(TimeSpan.FromDays(2));
        store.Tend();
        Assert.Equal(1, Write(store, Gauge(Key("web.load", "pod:new"), (2 * Day, 9))).StoredPointCount);

        Assert.Equal(1, store.SeriesCount);
        Assert.Equal(6, store.Series("web.load", 0).Count);
        Assert.Equal(["pod:new"], store.Series("web.load", Start + Day).Select(series => series.Key.Tags.ToString()));
        Assert.Equal(6, Assert.Single(store.Metrics(0)).SeriesCount);
        Assert.Equal(5, Read(store, 0, 60, 60).Count);
    }

    [Fact]
    public void A_record_torn_at_any_byte_is_as_if_it_never_was()
    {
        var disk = new SimulatedDisk();
        var store = Open(disk);
        Write(store, Gauge(Key(), (0, 1)));
        var before = Bytes(disk, LogName(disk));
        Write(store, Gauge(Key(), (10, 2)), Distribution(Key("d"), 0, 5));
        var after = Bytes(disk, LogName(disk));
        var name = LogName(disk);
        store.Dispose();
        var (from, to) = (EndOf(before), EndOf(after));

        for (var cut = from; cut < to; cut++)
        {
            var torn = new SimulatedDisk();
            torn.Put(name, [.. after[..cut], .. new byte[64]]);
            using var again = Open(torn);
            Assert.Equal("0=1/1[1..1]1", DrawAll(again));
            Assert.Null(again.Find("d"));
            Write(again, Gauge(Key(), (20, 3))); // And it goes on behind.
            Assert.Equal("0=2/4[1..3]3", DrawAll(again));
        }
        var whole = new SimulatedDisk();
        whole.Put(name, after[..to]);
        using var all = Open(whole);
        Assert.Equal("0=2/3[1..2]2", DrawAll(all));
        Assert.NotNull(all.Find("d"));
    }

    static string LogName(SimulatedDisk disk) => disk.AllNames().Single(name => name.StartsWith("/metrics/log/", StringComparison.Ordinal));

    static byte[] Bytes(SimulatedDisk disk, string name) => disk.ReadAll(name)!;

    static int EndOf(byte[] segment) => segment.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Dying_at_any_step_loses_nothing_that_was_acknowledged_and_counts_nothing_twice(int seed)
    {
        for (var step = 1; ; step++)
        {
            var random = new Random(seed * 1_000 + step);
            var disk = new SimulatedDisk();
            var acknowledged = 0;
            SegmentMetricStore? store = null;
            disk.DieAfter(step);
            try
            {
                store = Open(disk);
                for (; acknowledged < 12; acknowledged++)
                {
                    // Sketches show what is counted twice: of them, each adds one.
                    Write(store, Gauge(Key(), (acknowledged, acknowledged)), Distribution(Key("d"), (acknowledged % 2 - 1) * Day, 1));
                    if (acknowledged % 4 == 3) store.Flush();
                }
                store.Tend();
            }
            catch (StoreUnavailableException)
            {
            }
            var isOver = !disk.IsDead;

            using (var again = Open(disk.AfterDeath(random)))
            {
                for (var round = 0; round < 2; round++)
                {
                    var points = Read(again, 0, 60, 60).Sum(series => series.Counts[0]);
                    var values = Read(again, -Day, 60, 60, "d").Sum(series => series.Counts.Sum());
                    Assert.True(points >= acknowledged && points <= acknowledged + 1, $"seed {seed}, step {step}: {points} of {acknowledged} points");
                    Assert.True(values == points, $"seed {seed}, step {step}: {values} values of {points} writes");
                    again.Flush();
                }
            }
            store?.Dispose();
            if (isOver) return;
        }
    }

    [Fact]
    public void Dying_while_a_day_is_rolled_up_changes_no_answer()
    {
        for (var step = 1; ; step++)
        {
            var disk = new SimulatedDisk();
            var clock = new ManualClock(DateTimeOffset.FromUnixTimeSeconds(Start + 3_600));
            var store = new SegmentMetricStore("/metrics", _settings, disk, clock, _counters);
            Write(store, Gauge(Key(), (0, 1), (10, 2)), Distribution(Key("d"), 0, 1, 2));
            store.Flush();
            Write(store, Gauge(Key(), (10, 3)), Distribution(Key("d"), 0, 3));
            store.Flush();
            disk.DieAfter(disk.StepCount + step);
            clock.Advance(TimeSpan.FromDays(1));
            store.Tend();
            var isOver = !disk.IsDead;

            using (var again = new SegmentMetricStore("/metrics", _settings, disk.AfterDeath(new Random(step)), clock, _counters))
            {
                for (var round = 0; round < 2; round++)
                {
                    Assert.Equal(("0=2/4[1..3]3", "0=3/6[1..3]2"), (DrawAll(again, 3_600), DrawAll(again, 3_600, "d")));
                    clock.Advance(TimeSpan.FromHours(3));
                    again.Tend(); // Now it is rolled up.
                }
            }
            store.Dispose();
            if (isOver) return;
        }
    }

    [Fact]
    public void A_full_disk_refuses_points_keeps_what_was_and_goes_on_when_there_is_room()
    {
        using var store = Open();
        Write(store, Gauge(Key(), (0, 1)));
        _disk.IsFull = true;

        var refused = Assert.Throws<StoreUnavailableException>(() => Write(store, Gauge(Key(), (10, 2))));
        Assert.Contains("No space left", refused.Message, StringComparison.Ordinal);
        var failed = Assert.Throws<StoreUnavailableException>(store.Flush);
        Assert.Equal("Metrics cannot be written to /metrics: No space left on device (simulated) They wait in memory and in the log, and nothing is lost. Free some disk space, or check that the folder can be written; then it goes on by itself.", failed.Message);
        Assert.Equal("0=1/1[1..1]1", DrawAll(store));

        _disk.IsFull = false;
        Write(store, Gauge(Key(), (10, 2)));
        Assert.Equal("0=2/3[1..2]2", DrawAll(store));
        store.Flush();
        Assert.Equal("0=2/3[1..2]2", DrawAll(store));
        using var again = Reopen(store);
        Assert.Equal("0=2/3[1..2]2", DrawAll(again));
    }

    [Fact]
    public void A_roll_up_that_failed_is_told_and_done_again_in_an_hour()
    {
        using var store = Open();
        Write(store, Gauge(Key(), (0, 1)));
        store.Flush();
        _disk.IsFull = true;
        _clock.Advance(TimeSpan.FromDays(1));
        store.Tend();
        _disk.IsFull = false;

        Assert.Equal($"{DayName}-0000.raw", Names());
        Assert.Equal("The metrics of 2026-11-25 in /metrics cannot be rolled up: No space left on device (simulated) Its points stay as they are, and it is tried again in an hour. Free some disk space, or check the disk.", Assert.Single(_told));
        Assert.Equal(1, _counters.Read("metric_store_failures", "roll_up"));
        Assert.Equal("0=1/1[1..1]1", DrawAll(store));
        _clock.Advance(TimeSpan.FromHours(1));
        store.Tend();
        Assert.Equal($"{DayName}-0000.h1 {DayName}-0000.m1 {DayName}-0000.raw", Names());
    }

    [Fact]
    public void A_flush_that_failed_is_done_again_and_counts_once()
    {
        using var store = Open();
        Write(store, Distribution(Key("d"), 0, 1), Distribution(Key("d"), -Day, 2));
        _disk.FailsFlushes = true;
        Assert.Throws<StoreUnavailableException>(store.Flush);
        _disk.FailsFlushes = false;
        store.Flush();

        Assert.Equal(2, Read(store, -Day, 60, 60, "d").Sum(series => series.Counts.Sum()));
        using var again = Reopen(store);
        Assert.Equal(2, Read(again, -Day, 60, 60, "d").Sum(series => series.Counts.Sum()));
    }

    [Fact]
    public void Without_memory_points_are_refused_in_words()
    {
        _settings = Small with { MaxWaitingBytes = 100 };
        using var store = Open();
        Write(store, Gauge(Key("first"), (0, 1), (1, 1)));

        var refused = Assert.Throws<StoreUnavailableException>(() => Write(store, Gauge(Key(), (0, 1), (1, 2), (2, 3))));

        Assert.Equal("There is no memory for more metric points until those that wait are written. Nothing of these was kept; send them again in a moment. If this lasts, check that the data folder's disk can be written, or raise memory.max_bytes.", refused.Message);
        Assert.Equal(1, _counters.Read("metric_writes_refused", "memory"));
        Assert.Empty(Read(store, 0, 60, 60));
    }

    [Fact]
    public void A_call_of_more_points_than_a_record_takes_is_kept_whole()
    {
        using var store = Open();

        var result = Write(store, Gauge(Key(), [.. Enumerable.Range(0, 36_000).Select(i => (i - 36_000L, i * 1.0))]));

        Assert.Equal(new MetricWriteResult(36_000, 0), result);
        Assert.Equal(36_000, Read(store, -36_000, 0, 60)[0].Counts.Sum());
        using var again = Reopen(store);
        Assert.Equal(36_000, Read(again, -36_000, 0, 60)[0].Counts.Sum());
    }

    [Fact]
    public void A_damaged_block_whose_points_the_log_no_longer_has_keeps_its_good_series()
    {
        _settings = Small with { MaxLogBytes = 300_000 };
        var store = Open();
        for (var i = 0; i < 40; i++) Write(store, Gauge(Key("fill"), [.. Enumerable.Range(0, 300).Select(at => (at + 300L * i, at * 1.5))]));
        Write(store, Gauge(Key("a"), (0, 1)), Gauge(Key("b"), (0, 2)));
        store.Flush();
        store.Dispose();
        Assert.True(_disk.ListNames("/metrics/log").Count == 1);
        _disk.Flip($"/metrics/{DayName}-0000.raw", 64);

        using var again = Open();

        Assert.Equal("0=1/2[2..2]2", DrawAll(again, 60, "b"));
        Assert.Equal("", DrawAll(again, 60, "a"));
        Assert.Equal($"The metric file /metrics/{DayName}-0000.raw is damaged in part: some series of {DayName} have gaps; nothing else is concerned. Check the disk, or restore the file.", _told[^1]);
    }

    [Theory]
    [InlineData(0)] // In the first block's header.
    [InlineData(70)] // In its chunks.
    public void A_damaged_file_is_told_and_the_rest_of_it_works(int offset)
    {
        var store = Open();
        Write(store, Gauge(Key(), [.. Enumerable.Range(0, 50).Select(i => ((long)i, i * 0.37))]));
        store.Flush();
        Write(store, Gauge(Key("other"), (0, 5)));
        store.Flush();
        Write(store, Gauge(Key(), (-Day, 5)));
        store.Flush();
        store.Dispose();
        _disk.Flip($"/metrics/{DayName}-0000.raw", offset);

        using var again = Open();

        Assert.Equal("0=1/5[5..5]5", DrawAll(again, 60, "other"));
        Assert.Equal("-86400=1/5[5..5]5", Draw(Read(again, -Day, 60, 60), -Day, 60));
        Assert.StartsWith($"The metric file /metrics/{DayName}-0000.raw is damaged", _told[^1], StringComparison.Ordinal);
        Assert.EndsWith(offset == 0 ? "Check the disk." : "Check the disk, or restore the file.", _told[^1], StringComparison.Ordinal);
        Assert.Equal(offset == 0, Names().Contains(".broken", StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_of_a_newer_version_is_left_alone()
    {
        var store = Open();
        Write(store, Gauge(Key(), (0, 1)));
        store.Flush();
        store.Dispose();
        var name = $"/metrics/{DayName}-0000.raw";
        var bytes = _disk.ReadAll(name)!;
        bytes[4] = 2;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(60), Storage.Files.Checksum.Of(bytes.AsSpan(0, 60)));
        _disk.Put(name, bytes);

        var refused = Assert.Throws<StoreUnavailableException>(() => Open());

        Assert.Equal($"The metrics in /metrics cannot be opened: The metric file {name} cannot be used: it has blocks of version 2, and this program reads version 1. Start that version, or give this one a folder of its own with --data DIR. Nothing was changed.", refused.Message);
        Assert.Equal(bytes, _disk.ReadAll(name));
    }

    [Fact]
    public void Random_use_gives_what_the_simple_store_gives()
    {
        for (var seed = 1; seed <= 12; seed++)
        {
            var random = new Random(seed);
            var disk = new SimulatedDisk();
            using var simple = new InMemoryMetricStore();
            var store = Open(disk);
            for (var round = 0; round < 60; round++)
            {
                var key = Key("web.load", $"host:{random.Next(3)}");
                var second = random.Next(-2, 1) * Day + random.Next(300);
                var written = random.Next(3) == 0
                    ? Distribution(Key("d", $"host:{random.Next(2)}"), second, random.Next(10), random.Next(10))
                    : Gauge(key, [.. Enumerable.Range(0, random.Next(1, 40)).Select(i => (second + i * random.Next(1, 3), Math.Round(random.NextDouble() * 50, random.Next(3))))]);
                Write(simple, written);
                Write(store, written);
                switch (random.Next(6))
                {
                    case 0: store.Flush(); break;
                    case 1: store.Tend(); break;
                    case 2 when random.Next(3) == 0:
                        disk = disk.AfterDeath(random);
                        store = Open(disk);
                        break;
                }
                var step = new[] { 1, 10, 60, 3_600, 7 }[random.Next(5)];
                foreach (var metric in (string[])["web.load", "d"])
                    Assert.Equal($"seed {seed}, round {round}: {Draw(Read(simple, -2 * Day, 600, step, metric), -2 * Day, step)}", $"seed {seed}, round {round}: {Draw(Read(store, -2 * Day, 600, step, metric), -2 * Day, step)}");
            }
            Assert.Equal(simple.Metrics(0), store.Metrics(0));
            store.Dispose();
        }
    }
}
