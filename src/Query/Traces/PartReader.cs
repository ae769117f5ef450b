using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Matching;

namespace Apm.Query.Traces;

/// <summary>A batch whose spans were tested.</summary>
/// <param name="InRange">Indexes of its spans within the range; null when only matching ones are wanted.</param>
/// <param name="InRangeCount">Spans within the range.</param>
/// <param name="Matching">Indexes of those that match; the first <paramref name="MatchCount"/> count.</param>
readonly record struct TestedBatch(SpanBatch Batch, int[]? InRange, int InRangeCount, int[] Matching, int MatchCount);

/// <summary>
/// Reads parts and tests their spans on all processors, and gives the results in the parts' order. Small parts are read together.
/// </summary>
/// <param name="wantsAll">Spans that do not match are wanted as well.</param>
sealed class PartReader(TimeRange range, Func<SpanBatch, BatchTest> compile, bool wantsAll)
{
    long _minNanos = long.MinValue, _maxNanos = long.MaxValue;

    /// <summary>Spans that are worth a thread's while; default 16,384.</summary>
    const int SpansPerTask = 16_384;

    /// <summary>From now on only spans of these durations are wanted; each time fewer. One thread; what is being read may still bring others.</summary>
    public void Narrow(DurationBounds wanted)
    {
        Volatile.Write(ref _minNanos, wanted.MinNanos);
        Volatile.Write(ref _maxNanos, wanted.MaxNanos);
    }

    /// <summary>Reads ahead of who enumerates. Ending early waits for what is being read.</summary>
    /// <returns>The first part that was not given yet (null at the end), and the batches before it.</returns>
    public IEnumerable<(SpanPart? Next, IReadOnlyList<TestedBatch> Batches)> Read(IEnumerable<SpanPart> parts, CancellationToken cancel)
    {
        foreach (var (next, batches) in Workers.Run(Groups(parts), group => Test(group, cancel))) yield return (next?[0], batches);
    }

    static IEnumerable<List<SpanPart>> Groups(IEnumerable<SpanPart> parts)
    {
        var group = new List<SpanPart>();
        var spans = 0L;
        foreach (var part in parts)
        {
            group.Add(part);
            spans += part.SpanCount;
            if (spans < SpansPerTask) continue;
            yield return group;
            (group, spans) = ([], 0);
        }
        if (group.Count > 0) yield return group;
    }

    List<TestedBatch> Test(List<SpanPart> parts, CancellationToken cancel)
    {
        var tested = new List<TestedBatch>(parts.Count);
        foreach (var part in parts)
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var batch in part.Read(new DurationBounds(Volatile.Read(ref _minNanos), Volatile.Read(ref _maxNanos)), cancel)) if (Test(batch) is { InRangeCount: > 0 } result) tested.Add(result);
        }
        return tested;
    }

    TestedBatch Test(SpanBatch batch)
    {
        var matching = new int[batch.SpanCount];
        var inRange = 0;
        var (from, to) = (range.FromUnixNanos, range.ToUnixNanos);
        var starts = batch.StartUnixNanos;
        for (var i = 0; i < batch.SpanCount; i++)
        {
            matching[inRange] = i;
            if (starts[i] >= from && starts[i] < to) inRange++;
        }
        if (inRange == 0) return default;
        var all = wantsAll ? matching.AsSpan(0, inRange).ToArray() : null;
        return new TestedBatch(batch, all, inRange, matching, compile(batch).Keep(matching.AsSpan(0, inRange)));
    }
}
