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

/// <summary>
/// What one viewer looks on at: the traces with a newly stored span that matches. Conditions on whole traces are judged by what is stored
/// of a trace once nothing more of it came for a while, and again whenever it grows, until they hold. A trace that was given stays given.
/// </summary>
/// <remarks>Any thread may offer; one at a time takes.</remarks>
public sealed class TailStream : IDisposable
{
    /// <summary>How long a trace may gather its spans before it is shown; default 300 ms.</summary>
    public static readonly TimeSpan SettleFor = TimeSpan.FromMilliseconds(300);

    /// <summary>With conditions on whole traces: how long nothing more of a trace must have come before it is judged; default 1 s.</summary>
    public static readonly TimeSpan JudgeAfter = TimeSpan.FromSeconds(1);

    /// <summary>A trace that never stops to grow is judged so long after its first span; default 5 s.</summary>
    public static readonly TimeSpan JudgeAtLatest = TimeSpan.FromSeconds(5);

    /// <summary>Most traces judged at one time; default 100. The others wait for the next.</summary>
    public const int MaxJudged = 100;

    /// <summary>Most traces that wait to be judged; default 2,000. The longest waiting go; their spans are told and counted in <c>tail_spans_skipped</c>.</summary>
    public const int MaxToBeJudged = 2_000;

    /// <summary>
    /// Traces for which the conditions do not hold yet and that are judged again when they grow; default 10,000. The oldest half is then
    /// forgotten, and counted in <c>tail_traces_forgotten</c>: of those only what comes from then on decides whether they are judged again.
    /// </summary>
    public const int MaxUndecided = 10_000;

    /// <summary>Traces shown whose further spans are followed; default 200, the newest.</summary>
    public const int MaxFollowed = 200;

    readonly ITraceReader _reader;
    readonly TimeProvider _clock;
    readonly Counters _counters;
    readonly MemoryAccount _memory;
    readonly TraceFilter _filter;
    readonly TailJudge? _judge;
    readonly Action<TailStream> _close;
    readonly Lock _lock = new();
    readonly Queue<Heard> _waiting = [];
    long _skippedSpans;
    bool _isClosed;

    // By the lower half of the id: parts of a trace may come under a 64-bit id and a 128-bit one.
    readonly Dictionary<ulong, Gathering> _gathering = [];
    readonly Dictionary<ulong, Gathering> _followed = [];
    readonly Queue<ulong> _followedInOrder = [];

    // In two generations: when the younger is full, the older is forgotten.
    Dictionary<ulong, Gathering> _undecided = [];
    Dictionary<ulong, Gathering> _undecidedBefore = [];

    internal TailStream(ITraceReader reader, TimeProvider clock, Counters counters, MemoryAccount memory, TraceFilter filter, Action<TailStream> close)
    {
        (_reader, _clock, _counters, _memory, _filter, _close) = (reader, clock, counters, memory, filter, close);
        if (filter.IsOfTrace) _judge = new TailJudge(reader, clock, filter);
    }

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
        var (settled, passedOver) = _judge is null ? (Settled(), 0) : Judged(_judge, cancel);
        var given = settled.Take(most).ToList();
        foreach (var (low, trace) in given) Follow(low, trace);
        var grown = _followed.Where(pair => pair.Value.HasGrown && _clock.GetElapsedTime(pair.Value.HeardAt) >= SettleFor)
            .OrderByDescending(pair => pair.Value.EndUnixNanos).Take(most).Select(pair => pair.Key).ToList();
        foreach (var low in grown) CollectionsMarshal.GetValueRefOrNullRef(_followed, low).HasGrown = false;
        return new TailTake(
            Read([.. given.Select(pair => pair.Value)], cancel),
            Read([.. grown.Select(low => _followed[low])], cancel),
            settled.Count - given.Count,
            skipped + passedOver);
    }

    /// <summary>Traces that had time to gather their spans, the latest first. They gather no more.</summary>
    List<KeyValuePair<ulong, Gathering>> Settled()
    {
        var settled = _gathering.Where(pair => _clock.GetElapsedTime(pair.Value.HeardAt) >= SettleFor).OrderByDescending(pair => pair.Value.EndUnixNanos).ToList();
        foreach (var (low, _) in settled) _gathering.Remove(low);
        return settled;
    }

    /// <summary>Of the traces that are due, those for which the conditions hold, the latest first; and how many spans of others are passed over.</summary>
    (List<KeyValuePair<ulong, Gathering>> Holding, int PassedOverSpanCount) Judged(TailJudge judge, CancellationToken cancel)
    {
        var due = _gathering.Where(pair => _clock.GetElapsedTime(pair.Value.LastHeardAt) >= JudgeAfter || _clock.GetElapsedTime(pair.Value.HeardAt) >= JudgeAtLatest)
            .OrderBy(pair => pair.Value.HeardAt).ToList();
        var passedOver = due.Take(Math.Max(0, due.Count - MaxToBeJudged)).ToList();
        var passedOverSpanCount = passedOver.Sum(pair => pair.Value.HeardSpanCount);
        if (passedOverSpanCount > 0) _counters.Add("tail_spans_skipped", count: passedOverSpanCount);
        var judged = due.Skip(passedOver.Count).Take(MaxJudged).ToList();
        foreach (var (low, _) in passedOver.Concat(judged)) _gathering.Remove(low);
        if (judged.Count == 0) return ([], passedOverSpanCount);

        var table = TableOf(judged.Select(pair => pair.Value), out var places);
        var holding = judge.Matching(table, cancel);
        var settled = new List<KeyValuePair<ulong, Gathering>>();
        for (var i = 0; i < judged.Count; i++)
        {
            if (holding.Contains(places[i])) settled.Add(judged[i]);
            else Postpone(judged[i].Key, judged[i].Value);
        }
        settled.Sort((left, right) => right.Value.EndUnixNanos.CompareTo(left.Value.EndUnixNanos));
        return (settled, passedOverSpanCount);
    }

    void Postpone(ulong low, Gathering trace)
    {
        if (_undecided.Count >= MaxUndecided / 2)
        {
            if (_undecidedBefore.Count > 0) _counters.Add("tail_traces_forgotten", count: _undecidedBefore.Count);
            (_undecidedBefore, _undecided) = (_undecided, []);
        }
        _undecided[low] = trace;
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
        var test = _judge?.TestOf(batch) ?? FilterCompiler.Compile(_filter.Root, batch);
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
            var isMatch = test.Test(span);
            // With conditions on whole traces, each span of a trace that may match counts; else those that match.
            if (!isMatch && (_judge is null || !IsKnown(low))) continue;
            ref var gathering = ref CollectionsMarshal.GetValueRefOrAddDefault(_gathering, low, out var isGathering);
            if (!isGathering)
            {
                gathering = _undecided.Remove(low, out var before) || _undecidedBefore.Remove(low, out before) ? before
                    : new Gathering { Low = low, StartUnixNanos = long.MaxValue, EndUnixNanos = long.MinValue };
                (gathering.HeardAt, gathering.HeardSpanCount) = (_clock.GetTimestamp(), 0);
            }
            gathering.Include(batch, span);
            gathering.LastHeardAt = _clock.GetTimestamp();
            gathering.HeardSpanCount++;
            if (isMatch) gathering.MatchedSpanCount++;
        }
    }

    bool IsKnown(ulong low) => _gathering.ContainsKey(low) || _undecided.ContainsKey(low) || _undecidedBefore.ContainsKey(low);

    void Follow(ulong low, Gathering trace)
    {
        _followed[low] = trace with { HasGrown = false };
        _followedInOrder.Enqueue(low);
        if (_followedInOrder.Count > MaxFollowed) _followed.Remove(_followedInOrder.Dequeue());
    }

    IReadOnlyList<TraceSummary> Read(IReadOnlyList<Gathering> traces, CancellationToken cancel)
    {
        var table = TableOf(traces, out var page);
        return TraceSummaries.Read(_reader, table, page, cancel);
    }

    /// <param name="traces">What is known of each.</param>
    /// <param name="places">The place of each in the table.</param>
    static TraceTable TableOf(IEnumerable<Gathering> traces, out List<int> places)
    {
        var table = new TraceTable();
        places = [];
        foreach (var trace in traces)
        {
            var at = table.FindOrAdd(trace.High, trace.Low);
            ref var entry = ref table[at];
            (entry.StartUnixNanos, entry.EndUnixNanos, entry.MatchedSpanCount) = (trace.StartUnixNanos, trace.EndUnixNanos, trace.MatchedSpanCount);
            places.Add(at);
        }
        return table;
    }

    /// <summary>A batch that waits, with what was reserved for it.</summary>
    readonly record struct Heard(SpanBatch Batch, long Bytes);

    /// <summary>A trace of which spans came lately.</summary>
    record struct Gathering
    {
        public ulong High;
        public ulong Low;

        /// <summary>When the first of its spans was heard that is not answered for yet.</summary>
        public long HeardAt;

        /// <summary>When the last of them was heard.</summary>
        public long LastHeardAt;

        /// <summary>How many of them there are.</summary>
        public int HeardSpanCount;
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
