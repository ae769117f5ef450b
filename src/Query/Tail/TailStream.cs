using System.Runtime.InteropServices;
using Apm.Core.Counting;
using Apm.Core.Ids;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Query.Filters;
using Apm.Query.Matching;
using Apm.Query.Traces;

namespace Apm.Query.Tail;

/// <summary>What one viewer looks on at: the traces with a newly stored span that matches.</summary>
/// <remarks>Any thread may offer; one at a time takes.</remarks>
public sealed class TailStream : IDisposable
{
    /// <summary>How long a trace may gather its spans before it is shown; default 300 ms.</summary>
    public static readonly TimeSpan SettleFor = TimeSpan.FromMilliseconds(300);

    /// <summary>Traces shown whose further spans are followed; default 200, the newest.</summary>
    public const int MaxFollowed = 200;

    readonly ITraceReader _reader;
    readonly TimeProvider _clock;
    readonly Counters _counters;
    readonly MemoryAccount _memory;
    readonly TraceFilter _filter;
    readonly Action<TailStream> _close;
    readonly Lock _lock = new();
    readonly Queue<Heard> _waiting = [];
    long _skippedSpans;
    bool _isClosed;

    // By the lower half of the id: parts of a trace may come under a 64-bit id and a 128-bit one.
    readonly Dictionary<ulong, Gathering> _gathering = [];
    readonly Dictionary<ulong, Gathering> _followed = [];
    readonly Queue<ulong> _followedInOrder = [];

    internal TailStream(ITraceReader reader, TimeProvider clock, Counters counters, MemoryAccount memory, TraceFilter filter, Action<TailStream> close) =>
        (_reader, _clock, _counters, _memory, _filter, _close) = (reader, clock, counters, memory, filter, close);

    internal void Hear(SpanBatch batch)
    {
        if (batch.SpanCount == 0) return;
        lock (_lock)
        {
            if (_isClosed) return;
            var heard = new Heard(batch, batch.MemoryBytes);
            bool hasRoom;
            while (!(hasRoom = _memory.TryReserve(heard.Bytes)) && _waiting.TryDequeue(out var oldest))
            {
                _memory.Release(oldest.Bytes);
                Skip_NeedsLock(oldest.Batch);
            }
            if (hasRoom) _waiting.Enqueue(heard);
            else Skip_NeedsLock(batch);
        }
    }

    void Skip_NeedsLock(SpanBatch batch)
    {
        _skippedSpans += batch.SpanCount;
        _counters.Add("tail_spans_skipped", count: batch.SpanCount);
    }

    /// <summary>
    /// Looks at what was heard since the last time, and gives the traces that have settled, and those shown before that have grown.
    /// </summary>
    /// <param name="most">Most traces given; the newest. The rest is only counted, and not given later.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read; what was to be given is lost.</exception>
    public TailTake Take(int most, CancellationToken cancel = default)
    {
        Heard[] heard;
        long skipped;
        lock (_lock)
        {
            heard = [.. _waiting];
            _waiting.Clear();
            (skipped, _skippedSpans) = (_skippedSpans, 0);
        }
        try
        {
            foreach (var (batch, _) in heard) LookAt(batch);
        }
        finally
        {
            foreach (var (_, bytes) in heard) _memory.Release(bytes);
        }
        var settled = _gathering.Where(pair => _clock.GetElapsedTime(pair.Value.HeardAt) >= SettleFor).OrderByDescending(pair => pair.Value.EndUnixNanos).ToList();
        foreach (var (low, _) in settled) _gathering.Remove(low);
        var given = settled.Take(most).ToList();
        foreach (var (low, trace) in given) Follow(low, trace);
        var grown = _followed.Where(pair => pair.Value.HasGrown && _clock.GetElapsedTime(pair.Value.HeardAt) >= SettleFor)
            .OrderByDescending(pair => pair.Value.EndUnixNanos).Take(most).Select(pair => pair.Key).ToList();
        foreach (var low in grown) CollectionsMarshal.GetValueRefOrNullRef(_followed, low).HasGrown = false;
        return new TailTake(
            Read([.. given.Select(pair => pair.Value)], cancel),
            Read([.. grown.Select(low => _followed[low])], cancel),
            settled.Count - given.Count,
            skipped);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _close(this);
        lock (_lock)
        {
            _isClosed = true;
            while (_waiting.TryDequeue(out var heard)) _memory.Release(heard.Bytes);
        }
    }

    void LookAt(SpanBatch batch)
    {
        var test = FilterCompiler.Compile(_filter.Root, batch);
        for (var span = 0; span < batch.SpanCount; span++)
        {
            var low = batch.TraceIdLow[span];
            ref var followed = ref CollectionsMarshal.GetValueRefOrNullRef(_followed, low);
            if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref followed))
            {
                if (!followed.HasGrown) followed.HeardAt = _clock.GetTimestamp();
                followed.HasGrown = true;
                followed.Include(batch, span);
                continue;
            }
            if (!test.Test(span)) continue;
            ref var gathering = ref CollectionsMarshal.GetValueRefOrAddDefault(_gathering, low, out var isKnown);
            if (!isKnown) gathering = new Gathering { Low = low, HeardAt = _clock.GetTimestamp(), StartUnixNanos = long.MaxValue, EndUnixNanos = long.MinValue };
            gathering.Include(batch, span);
            gathering.MatchedSpanCount++;
        }
    }

    void Follow(ulong low, Gathering trace)
    {
        _followed[low] = trace with { HasGrown = false };
        _followedInOrder.Enqueue(low);
        if (_followedInOrder.Count > MaxFollowed) _followed.Remove(_followedInOrder.Dequeue());
    }

    IReadOnlyList<TraceSummary> Read(IReadOnlyList<Gathering> traces, CancellationToken cancel)
    {
        var table = new TraceTable();
        var page = new List<int>();
        foreach (var trace in traces)
        {
            var at = table.FindOrAdd(trace.High, trace.Low);
            ref var entry = ref table[at];
            (entry.StartUnixNanos, entry.EndUnixNanos, entry.MatchedSpanCount) = (trace.StartUnixNanos, trace.EndUnixNanos, trace.MatchedSpanCount);
            page.Add(at);
        }
        return TraceSummaries.Read(_reader, table, page, cancel);
    }

    /// <summary>A batch that waits, with what was reserved for it.</summary>
    readonly record struct Heard(SpanBatch Batch, long Bytes);

    /// <summary>A trace of which spans came lately.</summary>
    record struct Gathering
    {
        public ulong High;
        public ulong Low;
        public long HeardAt;
        public long StartUnixNanos;
        public long EndUnixNanos;
        public int MatchedSpanCount;
        public bool HasGrown;

        public void Include(SpanBatch batch, int span)
        {
            High |= batch.TraceIdHigh[span];
            StartUnixNanos = Math.Min(StartUnixNanos, batch.StartUnixNanos[span]);
            EndUnixNanos = Math.Max(EndUnixNanos, batch.EndUnixNanosOf(span));
        }
    }
}

/// <summary>What a stream gives at one time.</summary>
/// <param name="New">Traces not shown before, the latest first.</param>
/// <param name="Grown">Traces shown before of which more spans were stored.</param>
/// <param name="MoreCount">Further new traces that matched and are not given.</param>
/// <param name="SkippedSpanCount">Spans that came too fast to be looked at.</param>
public sealed record TailTake(IReadOnlyList<TraceSummary> New, IReadOnlyList<TraceSummary> Grown, int MoreCount, long SkippedSpanCount);
