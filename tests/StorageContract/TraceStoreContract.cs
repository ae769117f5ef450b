using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.StorageContract;

/// <summary>What every trace store keeps to. A store's own tests derive from this and say how to open an empty one.</summary>
public abstract class TraceStoreContract : IDisposable
{
    /// <summary>2026-01-01T00:00Z.</summary>
    public const long T0 = 1_767_225_600L * UnixTime.NanosPerSecond;

    readonly List<ITraceStore> _opened = [];

    /// <summary>An empty store, which the contract disposes of.</summary>
    protected abstract ITraceStore OpenEmptyStore();

    protected ITraceStore Open()
    {
        var store = OpenEmptyStore();
        _opened.Add(store);
        return store;
    }

    public void Dispose()
    {
        foreach (var store in _opened) store.Dispose();
        CleanUp();
        GC.SuppressFinalize(this);
    }

    /// <summary>Removes what the stores left behind.</summary>
    protected virtual void CleanUp() { }

    [Fact]
    public void An_empty_store_gives_nothing_and_says_so()
    {
        var store = Open();

        Assert.Empty(store.Scan(new SpanScan(), CancellationToken.None));
        Assert.Equal(new TraceStoreFacts(null, null, 0, 0, 0), store.Facts() with { ByteCount = 0, MaxByteCount = 0 });
        Assert.Equal(LogPosition.Start, store.StoredUpTo);
        store.Flush(everything: true);
        Assert.Equal(LogPosition.Start, store.StoredUpTo);
    }

    [Fact]
    public void Reading_an_unknown_trace_gives_nothing()
    {
        var store = Open();
        store.Append(SpanBatches.Of(Plain(trace: 1)), new LogPosition(1));

        Assert.Empty(Read(store, new SpanScan { TraceId = new TraceId(0, 2) }));
        store.Flush(everything: true);
        Assert.Empty(Read(store, new SpanScan { TraceId = new TraceId(0, 2) }));
    }

    [Fact]
    public void A_span_is_found_before_the_flush_and_once_after_it()
    {
        var store = Open();
        var span = Plain(trace: 7) with
        {
            ParentId = new SpanId(99),
            Tags = new Dictionary<string, string> { ["http.url"] = "http://shop/7", ["empty"] = "" },
            Numbers = new Dictionary<string, double> { ["process_id"] = 4711, ["rate"] = 0.25 },
        };
        store.Append(SpanBatches.Of(span), new LogPosition(1));
        Assert.Equal([SpanBatches.Describe(span)], Read(store, new SpanScan { TraceId = span.TraceId }));

        store.Flush(everything: true);
        Assert.Equal([SpanBatches.Describe(span)], Read(store, new SpanScan { TraceId = span.TraceId }));
        Assert.Equal([SpanBatches.Describe(span)], Read(store, new SpanScan()));
    }

    [Fact]
    public void A_trace_sent_in_many_chunks_is_found_whole()
    {
        var store = Open();
        var spans = Enumerable.Range(1, 6).Select(i => Plain(trace: 7, id: (ulong)i) with { ParentId = new SpanId((ulong)i - 1) }).ToArray();
        for (var i = 0; i < spans.Length; i++)
        {
            store.Append(SpanBatches.Of(Plain(trace: 1000 + (ulong)i), spans[i]), new LogPosition(i + 1));
            if (i % 2 == 1) store.Flush(everything: true);
        }
        Assert.Equal(SpanBatches.Describe(spans), Read(store, new SpanScan { TraceId = new TraceId(0, 7) }));
    }

    [Fact]
    public void A_64_bit_id_and_a_128_bit_id_meet_in_one_trace()
    {
        var store = Open();
        var low = Plain(trace: 5, id: 1);
        var full = Plain(trace: 5, id: 2) with { TraceId = new TraceId(77, 5) };
        var other = Plain(trace: 5, id: 3) with { TraceId = new TraceId(78, 5) };
        store.Append(SpanBatches.Of(low, full, other), new LogPosition(1));

        for (var flushed = 0; flushed < 2; flushed++)
        {
            Assert.Equal(SpanBatches.Describe([low, full, other]), Read(store, new SpanScan { TraceId = new TraceId(0, 5) }));
            Assert.Equal(SpanBatches.Describe([low, full]), Read(store, new SpanScan { TraceId = new TraceId(77, 5) }));
            Assert.Equal(SpanBatches.Describe([low, other]), Read(store, new SpanScan { TraceId = new TraceId(78, 5) }));
            store.Flush(everything: true);
        }
    }

    [Fact]
    public void The_log_position_moves_only_with_a_flush_and_covers_all_that_was_appended()
    {
        var store = Open();
        store.Append(SpanBatches.Of(Plain(trace: 1)), new LogPosition(3));
        store.Append(SpanBatches.Of(Plain(trace: 2)), new LogPosition(8));
        Assert.Equal(LogPosition.Start, store.StoredUpTo);

        store.Flush(everything: true);
        Assert.Equal(new LogPosition(8), store.StoredUpTo);
        store.Flush(everything: true);
        Assert.Equal(new LogPosition(8), store.StoredUpTo);
    }

    [Fact]
    public void An_empty_batch_moves_the_log_position_too()
    {
        var store = Open();
        store.Append(new SpanBatch(), new LogPosition(4));
        Assert.Empty(store.Scan(new SpanScan(), CancellationToken.None));
        store.Flush(everything: true);
        Assert.Equal(new LogPosition(4), store.StoredUpTo);
    }

    [Fact]
    public void A_replayed_batch_may_be_given_twice_but_never_more_often_than_it_came()
    {
        var store = Open();
        var span = Plain(trace: 7);
        store.Append(SpanBatches.Of(span), new LogPosition(1));
        store.Flush(everything: true);
        store.Append(SpanBatches.Of(span), new LogPosition(1));
        store.Flush(everything: true);

        Assert.InRange(Read(store, new SpanScan { TraceId = span.TraceId }).Count, 1, 2);
        Assert.Equal(new LogPosition(1), store.StoredUpTo);
    }

    [Fact]
    public void Newer_batches_come_first()
    {
        var store = Open();
        for (var i = 0; i < 6; i++)
        {
            store.Append(SpanBatches.Of(Plain(trace: (ulong)i + 1) with { StartUnixNanos = T0 + (i * UnixTime.NanosPerSecond) }), new LogPosition(i + 1));
            if (i < 3) store.Flush(everything: true);
        }
        var firsts = store.Scan(new SpanScan(), CancellationToken.None).Select(batch => batch.StartUnixNanos[0]).ToList();
        Assert.Equal(firsts.OrderDescending(), firsts);
    }

    [Fact]
    public void Facts_count_what_waits_and_what_is_stored()
    {
        var store = Open();
        store.Append(SpanBatches.Of(Plain(1) with { StartUnixNanos = T0 }, Plain(2) with { StartUnixNanos = T0 + 50 }), new LogPosition(1));
        store.Flush(everything: true);
        store.Append(SpanBatches.Of(Plain(3) with { StartUnixNanos = T0 - 20 }), new LogPosition(2));

        var facts = store.Facts();
        Assert.Equal(3, facts.SpanCount);
        Assert.Equal(T0 - 20, facts.OldestStartUnixNanos);
        Assert.Equal(T0 + 50, facts.NewestStartUnixNanos);
    }

    [Fact]
    public void A_cancelled_scan_stops()
    {
        var store = Open();
        store.Append(SpanBatches.Of(Plain(1)), new LogPosition(1));
        Assert.Throws<OperationCanceledException>(() => store.Scan(new SpanScan(), new CancellationToken(canceled: true)).ToList());
    }

    [Fact]
    public void Parts_come_newest_first_and_say_what_they_hold()
    {
        var store = Open();
        foreach (var (minute, length) in new[] { (3, 70L), (1, 90L), (2, 80L) })
        {
            store.Append(SpanBatches.Of(Plain((ulong)minute) with { StartUnixNanos = T0 + (minute * 60 * UnixTime.NanosPerSecond), DurationNanos = length }), new LogPosition(length));
            if (minute != 2) store.Flush(everything: true);
        }
        var parts = store.Parts(new SpanScan());
        Assert.Equal([3, 2, 1], parts.Select(part => (part.StartUnixNanosMax - T0) / (60 * UnixTime.NanosPerSecond)));
        Assert.Equal([70, 80, 90], parts.Select(part => part.DurationNanosMax));
        Assert.All(parts, part => Assert.Equal((part.StartUnixNanosMax, 1L), (part.StartUnixNanosMin, part.SpanCount)));
        Assert.Equal(3UL, SpanBatches.Spans(parts[0].Read(CancellationToken.None).Single()).Single().TraceId.Low);
        Assert.Equal(2, store.Parts(new SpanScan { MaxDurationNanos = 80 }).Count);
        Assert.Empty(store.Parts(new SpanScan { ErrorsOnly = true }));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Skipping_never_loses_a_match(int seed)
    {
        var chance = new Random(seed);
        var store = Open();
        var all = new List<Span>();
        for (var i = 0; i < 30; i++)
        {
            var batch = SpanBatches.Random(chance, chance.Next(1, 40), T0 + (i * 60 * UnixTime.NanosPerSecond));
            all.AddRange(SpanBatches.Spans(batch));
            store.Append(batch, new LogPosition(i + 1));
            if (chance.Next(3) == 0) store.Flush(everything: chance.Next(2) == 0);
        }

        for (var i = 0; i < 200; i++)
        {
            var scan = RandomScan(chance, all);
            var expected = SpanBatches.Describe(all.Where(span => Matches(span, scan)));
            Assert.Equal(expected, Read(store, scan));
            Assert.Equal(expected, SpanBatches.Describe(store.Parts(scan).SelectMany(part => part.Read(CancellationToken.None)).SelectMany(SpanBatches.Spans).Where(span => Matches(span, scan))));
        }
    }

    [Fact]
    public async Task Readers_see_each_span_exactly_once_while_it_moves_from_memory_to_disk()
    {
        var store = Open();
        const int Batches = 150, SpansEach = 20;
        var appended = 0;
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            var rounds = 0;
            while (!stop.IsCancellationRequested || rounds == 0)
            {
                rounds++;
                var atLeast = Volatile.Read(ref appended);
                var ids = store.Scan(new SpanScan(), CancellationToken.None).SelectMany(SpanBatches.Spans).Select(span => span.Id.Value).ToList();
                Assert.Equal(ids.Count, ids.Distinct().Count());
                Assert.True(ids.Count >= atLeast, $"{ids.Count} spans seen, {atLeast} were appended before the scan");
                if (atLeast == 0) continue;
                var one = (ulong)atLeast;
                Assert.Single(Read(store, new SpanScan { TraceId = new TraceId(0, one) }));
            }
        })).ToArray();

        var next = 0UL;
        for (var i = 0; i < Batches; i++)
        {
            var batch = SpanBatches.Of([.. Enumerable.Range(0, SpansEach).Select(_ => Plain(trace: ++next, id: next))]);
            store.Append(batch, new LogPosition(i + 1));
            Volatile.Write(ref appended, (i + 1) * SpansEach);
            if (i % 7 == 0) store.Flush(everything: true);
        }
        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Equal(Batches * SpansEach, store.Facts().SpanCount);
    }

    /// <summary>A span about which nothing is special.</summary>
    public static Span Plain(ulong trace, ulong id = 1) => new()
    {
        TraceId = new TraceId(0, trace),
        Id = new SpanId(id),
        StartUnixNanos = T0,
        DurationNanos = 1_000,
        Service = "web",
        Name = "http.request",
        Resource = "GET /",
    };

    /// <summary>What a reader keeps of a scan, one line per span.</summary>
    protected static IReadOnlyList<string> Read(ITraceReader store, SpanScan scan) =>
        SpanBatches.Describe(store.Scan(scan, CancellationToken.None).SelectMany(SpanBatches.Spans).Where(span => Matches(span, scan)));

    static bool Matches(Span span, SpanScan scan) =>
        scan.Range.Contains(span.StartUnixNanos)
        && (scan.TraceId is not { } id || id.Matches(span.TraceId))
        && (scan.TraceIds is not { } ids || ids.Any(id => id.Matches(span.TraceId)))
        && (scan.Service is null || span.Service == scan.Service)
        && span.DurationNanos >= scan.MinDurationNanos && span.DurationNanos <= scan.MaxDurationNanos
        && (!scan.ErrorsOnly || span.IsError)
        && (!scan.RootsOnly || span.ParentId == default)
        && scan.Tags.All(tag => span.Tags.TryGetValue(tag.Key, out var value) && value == tag.Value);

    static SpanScan RandomScan(Random chance, List<Span> all)
    {
        var like = all[chance.Next(all.Count)];
        var scan = new SpanScan();
        if (chance.Next(2) == 0)
        {
            var from = like.StartUnixNanos < 0 ? 0 : like.StartUnixNanos;
            scan = scan with { Range = new TimeRange(from, from > long.MaxValue - 1_000_000_000_000 ? long.MaxValue : from + chance.NextInt64(1_000_000_000_000)) };
        }
        if (chance.Next(3) == 0) scan = scan with { TraceId = chance.Next(2) == 0 ? like.TraceId : new TraceId(0, like.TraceId.Low) };
        if (chance.Next(4) == 0) scan = scan with { TraceIds = [.. Enumerable.Range(0, 3).Select(_ => all[chance.Next(all.Count)].TraceId)] };
        if (chance.Next(3) == 0) scan = scan with { Service = chance.Next(8) == 0 ? "nobody" : like.Service };
        if (chance.Next(3) == 0) scan = scan with { Tags = [.. like.Tags.Take(chance.Next(3))] };
        if (chance.Next(4) == 0) scan = scan with { MinDurationNanos = like.DurationNanos };
        if (chance.Next(4) == 0) scan = scan with { MaxDurationNanos = like.DurationNanos };
        return scan with { ErrorsOnly = chance.Next(6) == 0, RootsOnly = chance.Next(6) == 0 };
    }
}
