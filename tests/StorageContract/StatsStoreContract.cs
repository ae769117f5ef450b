using Apm.Core.Errors;
using Apm.Core.Ids;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Stats;
using Apm.Core.Time;

namespace Apm.StorageContract;

/// <summary>What every statistics store does.</summary>
public abstract class StatsStoreContract
{
    protected const long Second = UnixTime.NanosPerSecond;
    protected const long Hour = 3_600 * Second;

    /// <summary>2026-11-25T17:00Z.</summary>
    protected const long Start = 1_795_626_000 * Second;

    /// <summary>An empty store.</summary>
    protected abstract IStatsStore OpenEmptyStore();

    /// <summary>The store as a new process would find it; a store in memory gives itself.</summary>
    protected abstract IStatsStore Reopen(IStatsStore store);

    protected static StatsKey Key(string service = "web", string resource = "GET /") => new() { Service = service, Name = "http.request", Resource = resource };

    /// <summary>A bucket of the given second with one cell for each of the keys.</summary>
    protected static StatsBucket Bucket(long second, double hits = 1, params StatsKey[] keys)
    {
        var bucket = new StatsBucket(Start + second * Second, StatsBucket.CountedWidthNanos);
        foreach (var key in keys.Length == 0 ? [Key()] : keys)
        {
            var cell = bucket.CellOf(key);
            cell.HitCount += hits;
            cell.ErrorCount += 1;
            cell.DurationNanos += 1_000 * hits;
            cell.OkNanos.Add(1_000 + second, hits - 1);
            cell.ErrorNanos.Add(5_000);
        }
        return bucket;
    }

    protected static StatsCheckpoint Checkpoint(long oldestOpenSecond, long covered, StatsBucket[] closed, params StatsBucket[] open) =>
        new(closed, open, Start + oldestOpenSecond * Second, new LogPosition(covered));

    protected static string Draw(IEnumerable<StatsRow> rows) => string.Join(' ', rows.Select(row =>
        $"{(row.StartUnixNanos - Start) / Second}+{row.WidthNanos / Second}:{row.Key.Service}={row.Cell.HitCount:0.##}"));

    static string DrawAll(IStatsReader store) => Draw(store.Read(TimeRange.All, StatsFilter.Any, 10 * Second));

    [Fact]
    public void An_empty_store_has_no_checkpoint_and_no_rows()
    {
        using var store = OpenEmptyStore();

        Assert.Null(store.ReadCheckpoint());
        Assert.Empty(store.Read(TimeRange.All, StatsFilter.Any, Hour));
    }

    static string DrawErrors(IIssueCounts store, IssueId? issue = null, long coarsestNanos = 10 * Second) => string.Join(' ', store.ReadIssueCounts(TimeRange.All, issue, coarsestNanos)
        .OrderBy(row => row.StartUnixNanos).ThenBy(row => row.Key.Issue.Value).ThenBy(row => row.Key.Version, StringComparer.Ordinal)
        .Select(row => $"{(row.StartUnixNanos - Start) / Second}:{row.Key.Issue.Value}/{row.Key.Env}/{row.Key.Version}={row.Count}"));

    [Fact]
    public void Errors_of_issues_are_kept_with_their_bucket_and_totals_with_the_checkpoint()
    {
        var store = OpenEmptyStore();
        StatsBucket[] closed = [Bucket(0), Bucket(10)];
        closed[0].AddIssue(new IssueCountKey(new IssueId(7), "prod", "1.0"), 3);
        closed[0].AddIssue(new IssueCountKey(new IssueId(7), "prod", "1.1"), 1);
        closed[1].AddIssue(new IssueCountKey(new IssueId(ulong.MaxValue), "", ""), 2);
        var open = Bucket(20);
        open.AddIssue(new IssueCountKey(new IssueId(7), "test", "1.1"), 5);
        var totals = new IssueTotals().Plus("1.0", Start, null).Plus("", Start + Second, new IssueExample(new TraceId(1, ulong.MaxValue), new SpanId(3), Start));

        store.Write(Checkpoint(20, 9, closed, open) with { Issues = new IssueCheckpoint([KeyValuePair.Create(new IssueId(ulong.MaxValue), totals)]) });
        using var again = Reopen(store);

        Assert.Equal($"0:7/prod/1.0=3 0:7/prod/1.1=1 10:{ulong.MaxValue}//=2", DrawErrors(again));
        Assert.Equal("0:7/prod/1.0=3 0:7/prod/1.1=1", DrawErrors(again, new IssueId(7)));
        var checkpoint = again.ReadCheckpoint()!;
        Assert.Equal(5, checkpoint.Open[0].Issues[new IssueCountKey(new IssueId(7), "test", "1.1")]);
        var (id, kept) = Assert.Single(checkpoint.Issues.Totals);
        Assert.Equal(ulong.MaxValue, id.Value);
        Assert.Equal((totals.Count, totals.FirstSeenUnixNanos, totals.LastSeenUnixNanos, totals.Newest), (kept.Count, kept.FirstSeenUnixNanos, kept.LastSeenUnixNanos, kept.Newest));
        Assert.Equal(totals.Versions, kept.Versions);
    }

    [Fact]
    public void Closed_buckets_are_read_and_open_ones_are_given_back_at_the_next_start()
    {
        var store = OpenEmptyStore();
        store.Write(Checkpoint(10, 41, [Bucket(0, hits: 3)], Bucket(10, hits: 2), Bucket(20, hits: 5)));
        store.Write(Checkpoint(20, 42, [Bucket(10, hits: 4)], Bucket(20, hits: 6)));
        store = Reopen(store);

        using (store)
        {
            Assert.Equal("0+10:web=3 10+10:web=4", DrawAll(store));
            var checkpoint = store.ReadCheckpoint()!;
            Assert.Equal(42, checkpoint.Covered.Number);
            Assert.Equal(Start + 20 * Second, checkpoint.OldestOpenStartUnixNanos);
            var open = checkpoint.Open.Single();
            Assert.Equal((Start + 20 * Second, 6.0), (open.StartUnixNanos, open.Cells[Key()].HitCount));
            open.CellOf(Key()).HitCount += 1; // It is the caller's own.
            Assert.Equal(6, store.ReadCheckpoint()!.Open.Single().Cells[Key()].HitCount);
        }
    }

    [Fact]
    public void A_cell_comes_back_as_it_was()
    {
        var key = new StatsKey
        {
            Service = "wéb", Name = "n", Resource = "r", Type = "t", Env = "e", Version = "v", Hostname = "h", Kind = "server", HttpStatusCode = 503,
            GrpcStatusCode = "14", IsTraceRoot = true, IsSynthetics = true, PeerTags = "a:b\0c:d", HttpMethod = "GET", HttpEndpoint = "/x",
        };
        var bucket = new StatsBucket(Start, StatsBucket.CountedWidthNanos);
        var cell = bucket.CellOf(key);
        (cell.HitCount, cell.TopLevelHitCount, cell.ErrorCount, cell.DurationNanos) = (10.25, 7, 3, 123_456_789_012);
        cell.OkNanos.Add(0, 2);
        foreach (var nanos in new[] { 1.0, 900, 1e6, 1e6, 3.5e9, 1e15 }) cell.OkNanos.Add(nanos, 1.5);
        cell.ErrorNanos.Add(77);
        var store = OpenEmptyStore();
        store.Write(Checkpoint(10, 1, [bucket]));
        store = Reopen(store);

        using (store)
        {
            var row = store.Read(TimeRange.All, StatsFilter.Any, 10 * Second).Single();
            Assert.Equal(key, row.Key);
            Assert.Equal((10.25, 7.0, 3.0, 123_456_789_012.0), (row.Cell.HitCount, row.Cell.TopLevelHitCount, row.Cell.ErrorCount, row.Cell.DurationNanos));
            Assert.Equal((11.0, 2.0), (row.Cell.OkNanos.Count, row.Cell.OkNanos.ZeroCount));
            foreach (var quantile in new[] { 0, 0.1, 0.3, 0.5, 0.7, 0.9, 1 }) Assert.Equal(cell.OkNanos.Quantile(quantile), row.Cell.OkNanos.Quantile(quantile));
            Assert.Equal(cell.ErrorNanos.Quantile(0.5), row.Cell.ErrorNanos.Quantile(0.5));
        }
    }

    [Fact]
    public void A_reader_gets_the_keys_and_the_time_it_asks_for()
    {
        using var store = OpenEmptyStore();
        store.Write(Checkpoint(40, 1, [Bucket(0, 1, Key("web"), Key("db")), Bucket(10, 2, Key("web")), Bucket(20, 3, Key("db")), Bucket(30, 4, Key("web", "POST /"))]));

        Assert.Equal("0+10:db=1 20+10:db=3", Draw(store.Read(TimeRange.All, new StatsFilter { Service = "db" }, 10 * Second)));
        Assert.Equal("30+10:web=4", Draw(store.Read(TimeRange.All, new StatsFilter { Resource = "POST /" }, 10 * Second)));
        Assert.Equal("10+10:web=2 20+10:db=3", Draw(store.Read(new TimeRange(Start + 10 * Second, Start + 30 * Second), StatsFilter.Any, 10 * Second)));
        Assert.Equal("10+10:web=2 20+10:db=3", Draw(store.Read(new TimeRange(Start + 15 * Second, Start + 21 * Second), StatsFilter.Any, 10 * Second))); // Widened.
        Assert.Empty(store.Read(new TimeRange(Start + 40 * Second, Start + 50 * Second), StatsFilter.Any, 10 * Second));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(60)]
    [InlineData(3_600)]
    [InlineData(86_400)]
    public void However_coarse_each_hit_is_given_once(long coarsestSeconds)
    {
        var store = OpenEmptyStore();
        for (var second = 0L; second < 3 * 3_600; second += 10) store.Write(Checkpoint(second + 10, second, [Bucket(second, hits: 2, Key("web"), Key("db"))]));

        for (var round = 0; round < 2; round++)
        {
            var rows = store.Read(TimeRange.All, StatsFilter.Any, coarsestSeconds * Second).ToList();
            Assert.Equal(3 * 360 * 2 * 2, rows.Sum(row => row.Cell.HitCount));
            Assert.Equal(3 * 360 * 2, rows.Sum(row => row.Cell.OkNanos.Count));
            Assert.Equal(3 * 360 * 2, rows.Sum(row => row.Cell.ErrorNanos.Count));
            Assert.All(rows, row => Assert.True(row.WidthNanos <= coarsestSeconds * Second));
            Assert.Equal(rows.Select(row => row.StartUnixNanos).Order(), rows.Select(row => row.StartUnixNanos));
            store = Reopen(store);
        }
        store.Dispose();
    }

    static LedgerPage Page(long minute, long spans, string service = "web", SpanOutcome outcome = SpanOutcome.Stored, string reason = "all")
    {
        var page = new LedgerPage(Start + minute * 60 * Second, LedgerPage.MinuteNanos);
        page.Add(new LedgerKey(service, outcome, reason), new LedgerCount(spans, 0));
        return page;
    }

    static StatsCheckpoint Ledger(long number, LedgerPage[] closed, params LedgerPage[] open) =>
        Checkpoint(number * 3_600, number, []) with { Ledger = new LedgerCheckpoint(number, closed, open) };

    static string DrawLedger(IStatsStore store, long coarsestNanos = 60 * Second, string? service = null) => string.Join(' ', store.ReadLedger(TimeRange.All, service, coarsestNanos).Rows
        .GroupBy(row => (row.StartUnixNanos, row.Key.Service)).OrderBy(group => group.Key)
        .Select(group => $"{(group.Key.StartUnixNanos - Start) / Second}:{group.Key.Service}={group.Sum(row => row.Count.SpanCount)}"));

    [Fact]
    public void Closed_pages_of_the_ledger_are_read_and_open_ones_are_given_back_at_the_next_start()
    {
        var store = OpenEmptyStore();
        Assert.Equal((0, 0), (store.ReadLedger(TimeRange.All, null, Hour).Number, store.ReadLedger(TimeRange.All, null, Hour).Rows.Count));
        var unread = new LedgerPage(Start, LedgerPage.MinuteNanos);
        unread.Add(new LedgerKey("", SpanOutcome.Rejected, "undecodable"), new LedgerCount(0, 2));
        store.Write(Ledger(1, [Page(0, 3), Page(0, 4, "db"), unread], Page(1, 2)));
        store.Write(Ledger(2, [Page(1, 5)], Page(2, 6)));

        for (var round = 0; round < 2; round++)
        {
            Assert.Equal("0:=0 0:db=4 0:web=3 60:web=5", DrawLedger(store));
            Assert.Equal("0:web=3 60:web=5", DrawLedger(store, service: "web"));
            var rows = store.ReadLedger(new TimeRange(Start + 30 * Second, Start + 40 * Second), "", Hour);
            Assert.Equal((2, new LedgerRow(Start, LedgerPage.MinuteNanos, new LedgerKey("", SpanOutcome.Rejected, "undecodable"), new LedgerCount(0, 2))), (rows.Number, Assert.Single(rows.Rows)));
            var ledger = store.ReadCheckpoint()!.Ledger;
            Assert.Equal((2, 6), (ledger.Number, Assert.Single(ledger.Open).Rows("web").Single().Count.SpanCount));
            ledger.Open[0].Add(new LedgerKey("web", SpanOutcome.Stored, "all"), new LedgerCount(1, 0)); // It is the caller's own.
            Assert.Equal(6, store.ReadCheckpoint()!.Ledger.Open[0].Rows("web").Single().Count.SpanCount);
            store = Reopen(store);
        }
        store.Dispose();
    }

    [Fact]
    public void A_page_that_comes_late_adds_to_its_minute_and_to_its_hour()
    {
        var store = OpenEmptyStore();
        store.Write(Ledger(1, [Page(0, 3), Page(59, 4)]));
        store.Write(Ledger(2, [Page(60, 5)]));
        store.Write(Ledger(3, [Page(59, 6)]));
        store.Write(Ledger(4, [Page(120, 1)]));
        store = Reopen(store);

        using (store)
        {
            Assert.Equal("0:web=3 3540:web=10 3600:web=5 7200:web=1", DrawLedger(store));
            Assert.Equal(19, store.ReadLedger(TimeRange.All, null, Hour).Rows.Sum(row => row.Count.SpanCount));
        }
    }

    [Fact]
    public async Task Reading_while_writing_never_fails_nor_gives_half_a_bucket()
    {
        using var store = OpenEmptyStore();
        var writing = Task.Run(() =>
        {
            for (var second = 0L; second < 2 * 3_600; second += 10) store.Write(Checkpoint(second + 10, second, [Bucket(second, hits: 2, Key("web"), Key("db"))]));
        });

        var seen = 0.0;
        do
        {
            var hits = store.Read(TimeRange.All, StatsFilter.Any, 60 * Second).GroupBy(row => row.Key.Service).Select(group => group.Sum(row => row.Cell.HitCount)).ToList();
            if (hits.Count == 0) continue;
            Assert.Equal(2, hits.Count);
            Assert.Equal(hits[0], hits[1]);
            Assert.True(hits[0] >= seen);
            seen = hits[0];
        }
        while (!writing.IsCompleted);
        await writing;
    }
}
