using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Query.Filters;

namespace Apm.Query.Tail;

/// <summary>
/// Where those who look on hear of what is stored, as it is stored. The writer offers each batch once; a stream keeps what it has not
/// looked at yet and drops the oldest of it when it is too slow, so that looking on never holds up what comes in.
/// </summary>
/// <remarks>Thread-safe. Without a stream an offer costs one read.</remarks>
public sealed class TraceTail(ITraceReader reader, TimeProvider clock, Counters counters, MemoryBudget memory)
{
    /// <summary>Most streams at once; default 20. A further one is refused and counted in <c>tail_streams_refused</c>.</summary>
    public const int MaxStreams = 20;

    /// <summary>
    /// Memory for what waits to be looked at, of all streams together; default 16 MiB, out of the budget. A batch counts once for each stream that
    /// keeps it. Beyond it a stream lets its oldest batches go, tells how many spans, and counts them in <c>tail_spans_skipped</c>.
    /// </summary>
    public const long MaxWaitingBytes = 16_777_216;

    readonly MemoryAccount _memory = memory.OpenWork("tail", MaxWaitingBytes);
    readonly Lock _lock = new();
    volatile TailStream[] _streams = [];

    /// <summary>Streams that are open now.</summary>
    public int StreamCount => _streams.Length;

    /// <summary>Begins to listen: what is stored from now on is heard.</summary>
    /// <param name="filter">What is looked for.</param>
    /// <returns>The stream, which the caller disposes; null when there are <see cref="MaxStreams"/> already.</returns>
    /// <exception cref="ArgumentException"><see cref="RefusalOf"/> says why.</exception>
    public TailStream? Open(TraceFilter filter)
    {
        if (RefusalOf(filter) is { } refusal) throw new ArgumentException(refusal, nameof(filter));
        lock (_lock)
        {
            if (_streams.Length >= MaxStreams)
            {
                counters.Add("tail_streams_refused");
                return null;
            }
            var stream = new TailStream(reader, clock, counters, _memory, filter, Close);
            _streams = [.. _streams, stream];
            return stream;
        }
    }

    /// <summary>Why nobody can look on at a filter, as a sentence; null when one can.</summary>
    public static string? RefusalOf(TraceFilter filter) => TailJudge.RefusalOf(filter);

    /// <summary>Tells of spans that can be found from now on. The batch is read later and must not change any more.</summary>
    public void Offer(SpanBatch batch)
    {
        foreach (var stream in _streams) stream.Hear(batch);
    }

    void Close(TailStream stream)
    {
        lock (_lock) _streams = [.. _streams.Where(other => other != stream)];
    }
}
