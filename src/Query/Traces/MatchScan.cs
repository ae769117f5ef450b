using System.Buffers;
using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Core.Ids;

namespace Apm.Query.Traces;

/// <summary>
/// Goes once over the batches of a range and gives the spans that match, each once however often it was sent.
/// Shared by the trace list, the strip and the facets, so that they cannot disagree.
/// </summary>
sealed class MatchScan(ITraceReader reader, TimeProvider clock, TimeRange range, TraceFilter filter)
{
    /// <summary>Takes the new spans of one batch: all of them, and those among them that match. Both are in order; both may be reused after the call.</summary>
    public delegate void Take(SpanBatch batch, ReadOnlySpan<int> spans, ReadOnlySpan<int> matching);

    /// <summary>Default 5 s.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>All spans of the range are wanted as well, not only those that match. Then no batch is skipped.</summary>
    public bool WantsAllSpans { get; init; }

    /// <summary>Spans looked at, repeated ones included.</summary>
    public long ScannedSpanCount { get; private set; }

    /// <summary>Different spans that match.</summary>
    public long MatchedSpanCount { get; private set; }

    /// <summary>Why the scan ended early; null when it saw everything.</summary>
    public string? IncompleteReason { get; private set; }

    readonly SpanSet _seen = new();
    readonly SpanSet _seenMatching = new(); // Apart: of a span and its earlier snapshot only one may match.

    /// <summary>Ends the scan after the batch at hand.</summary>
    public void Stop(string reason) => IncompleteReason ??= reason;

    /// <summary>What the scan looked at.</summary>
    /// <param name="startedTimestamp">Of the clock, when the search began.</param>
    public SearchReport Report(long startedTimestamp) => new()
    {
        ScannedSpanCount = ScannedSpanCount,
        IsComplete = IncompleteReason is null,
        IncompleteReason = IncompleteReason,
        ElapsedMilliseconds = clock.GetElapsedTime(startedTimestamp).TotalMilliseconds,
    };

    public void Run(Take take, CancellationToken cancel)
    {
        if (filter.IsOfTrace)
        {
            Stop("Conditions on whole traces cannot be searched by yet. Leave them out.");
            return;
        }
        var started = clock.GetTimestamp();
        var matching = ArrayPool<int>.Shared.Rent(1 << 16);
        var all = ArrayPool<int>.Shared.Rent(1 << 16);
        try
        {
            foreach (var batch in reader.Scan(Pushdown(), cancel))
            {
                cancel.ThrowIfCancellationRequested();
                Reach(ref matching, batch.SpanCount);
                if (WantsAllSpans) Reach(ref all, batch.SpanCount);
                RunBatch(batch, matching, all, take);
                if (IncompleteReason is null && clock.GetElapsedTime(started) > Deadline)
                    Stop(string.Create(CultureInfo.InvariantCulture, $"The search stopped after {Deadline.TotalSeconds:0.#} s; what is shown is from the newest part of the range. Narrow the range or the filter."));
                if (IncompleteReason is not null) return;
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(matching);
            ArrayPool<int>.Shared.Return(all);
        }
    }

    void RunBatch(SpanBatch batch, int[] matching, int[] all, Take take)
    {
        var inRange = 0;
        var (from, to) = (range.FromUnixNanos, range.ToUnixNanos);
        var starts = batch.StartUnixNanos;
        for (var i = 0; i < batch.SpanCount; i++)
        {
            matching[inRange] = i;
            if (starts[i] >= from && starts[i] < to) inRange++;
        }
        ScannedSpanCount += inRange;
        if (inRange == 0) return;

        var inRangeSpans = matching.AsSpan(0, inRange);
        var fresh = 0;
        if (WantsAllSpans)
        {
            inRangeSpans.CopyTo(all);
            fresh = KeepNew(_seen, batch, all.AsSpan(0, inRange));
        }
        var test = FilterCompiler.Compile(filter.Root, batch);
        var matched = KeepNew(_seenMatching, batch, inRangeSpans[..test.Keep(inRangeSpans)]);
        MatchedSpanCount += matched;
        ReadOnlySpan<int> matchedSpans = matching.AsSpan(0, matched);
        if (WantsAllSpans ? fresh > 0 || matched > 0 : matched > 0) take(batch, WantsAllSpans ? all.AsSpan(0, fresh) : matchedSpans, matchedSpans);
    }

    static int KeepNew(SpanSet seen, SpanBatch batch, Span<int> spans)
    {
        var kept = 0;
        foreach (var span in spans) if (seen.Add(batch, span)) spans[kept++] = span;
        return kept;
    }

    static void Reach(ref int[] buffer, int count)
    {
        if (buffer.Length >= count) return;
        ArrayPool<int>.Shared.Return(buffer);
        buffer = ArrayPool<int>.Shared.Rent(count);
    }

    /// <summary>What the store may use to skip batches: only what every matching span must have.</summary>
    SpanScan Pushdown()
    {
        if (WantsAllSpans) return new SpanScan { Range = range };
        var tags = new List<KeyValuePair<string, string>>();
        TraceId? trace = null;
        foreach (var condition in filter.Conditions.OfType<TextCondition>())
        {
            if (condition.Pattern.ExactText is not { } exact) continue;
            // A number looks like a text in the filter, but stands in another column: only what cannot be one is asked of the store.
            if (condition.Field == FilterField.Tag && !double.TryParse(exact, CultureInfo.InvariantCulture, out _)) tags.Add(new(condition.Key, exact));
            if (condition.Field == FilterField.TraceId && TraceId.TryParse(exact, out var id)) trace = id;
        }
        return new SpanScan { Range = range, Service = filter.Service, Tags = tags, TraceId = trace };
    }
}
