using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;

namespace Apm.Query.Traces;

/// <summary>Reads one trace whole. Any thread may call it.</summary>
public sealed class TraceLookup(ITraceReader reader)
{
    /// <summary>Most spans of one trace that are read; default 500,000. More are left out, and the tree's first part is shown.</summary>
    public const int MaxSpans = 500_000;

    /// <summary>The trace as a tree; null when nothing is stored under that id.</summary>
    /// <param name="traceId">With 64 bits it finds the trace of any upper half, as <see cref="TraceId.Matches"/> says.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public TraceTree? Read(TraceId traceId, CancellationToken cancel = default) => Read(reader.Scan(new SpanScan { TraceId = traceId }, cancel), traceId, cancel);

    /// <summary>One trace out of batches, wherever they come from; null when they hold none of it.</summary>
    public static TraceTree? Read(IEnumerable<SpanBatch> batches, TraceId traceId, CancellationToken cancel = default)
    {
        var nodes = new Dictionary<(ulong SpanId, string Service), TraceNode>();
        foreach (var batch in batches)
        {
            cancel.ThrowIfCancellationRequested();
            var low = batch.TraceIdLow.AsSpan(0, batch.SpanCount);
            for (var at = 0; at < low.Length; at++)
            {
                var next = low[at..].IndexOf(traceId.Low);
                if (next < 0) break;
                at += next;
                var id = batch.TraceIdOf(at);
                if (!id.Matches(traceId)) continue;
                if (traceId.High == 0) traceId = id; // The whole id is told by any span that knows it.
                var key = (batch.SpanIds[at], batch.Strings.Text(batch.Services[at]));
                if (nodes.TryGetValue(key, out var known))
                {
                    if (IsBetter(batch, at, known)) Fill(known, batch, at);
                }
                else if (nodes.Count < MaxSpans) nodes.Add(key, Fill(new TraceNode(), batch, at));
            }
        }
        return nodes.Count == 0 ? null : new TraceTree(traceId, TraceTreeBuilder.Build([.. nodes.Values]));
    }

    /// <summary>A finished span before a snapshot of the running one, then the longer.</summary>
    static bool IsBetter(SpanBatch batch, int span, TraceNode than)
    {
        var (partial, thanPartial) = ((batch.Flags[span] & SpanFlags.Partial) != 0, (than.Flags & SpanFlags.Partial) != 0);
        return partial != thanPartial ? thanPartial : batch.DurationNanos[span] > than.DurationNanos;
    }

    static TraceNode Fill(TraceNode node, SpanBatch batch, int span)
    {
        node.Batch = batch;
        node.BatchSpan = span;
        node.SpanId = new SpanId(batch.SpanIds[span]);
        node.ParentId = new SpanId(batch.ParentIds[span]);
        node.StartUnixNanos = Math.Max(0, batch.StartUnixNanos[span]); // Normalised spans have neither below 0; sums must not overflow on others.
        node.DurationNanos = Math.Max(0, batch.DurationNanos[span]);
        node.Service = batch.Strings.Text(batch.Services[span]);
        node.Name = batch.Strings.Text(batch.Names[span]);
        node.Resource = batch.Strings.Text(batch.Resources[span]);
        node.Type = batch.Strings.Text(batch.Types[span]);
        node.Kind = batch.Kinds[span];
        node.Flags = batch.Flags[span];
        node.FoldedCount = node.Flags.Verdict() == SampleVerdict.KeepShape ? (long)Math.Clamp(batch.NumberOf(span, FoldedTags.Count) ?? 0, 0, int.MaxValue) : 0;
        return node;
    }
}
