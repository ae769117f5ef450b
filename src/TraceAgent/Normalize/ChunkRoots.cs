using Apm.Core.Spans;

namespace Apm.TraceAgent.Normalize;

/// <summary>The root of a chunk and its top-level spans (trace-intake §3.1, §3.2).</summary>
static class ChunkRoots
{
    /// <summary>Chunks up to this size find parents by looking through; larger ones by a table.</summary>
    const int SmallChunk = 24;

    /// <summary>
    /// The last span without parent; else the earliest whose parent is not in the chunk; else the last span.
    /// (Datadog takes any of several orphans; the earliest is one of them, and always the same.)
    /// </summary>
    public static int Find(SpanBatch batch, Chunk chunk)
    {
        var end = chunk.FirstSpan + chunk.SpanCount;
        for (var i = end - 1; i >= chunk.FirstSpan; i--) if (batch.ParentIds[i] == 0) return i;
        var parents = new ParentTable(batch, chunk);
        var earliest = -1;
        for (var i = chunk.FirstSpan; i < end; i++)
            if (parents.IndexOf(batch.ParentIds[i]) < 0 && (earliest < 0 || batch.StartUnixNanos[i] < batch.StartUnixNanos[earliest])) earliest = i;
        return earliest >= 0 ? earliest : end - 1;
    }

    /// <summary>
    /// Flags the top-level spans: no parent, parent elsewhere, or parent of another service. Where spans come apart from their parents that would
    /// count each child as a request; there a parent elsewhere makes only the receiving side of a call top-level, or a span whose exporter says
    /// that its parent is remote, and the calling side is measured (trace-intake §7.5, by span kind). A tracer that did so itself is believed.
    /// </summary>
    public static void MarkTopLevel(SpanBatch batch, Chunk chunk, Payload payload)
    {
        if (payload.ClientComputedTopLevel) return; // The flag was read from the tracer's tag.
        var byKind = payload.IsCutByTime;
        var parents = new ParentTable(batch, chunk);
        var end = chunk.FirstSpan + chunk.SpanCount;
        for (var i = chunk.FirstSpan; i < end; i++)
        {
            var parent = batch.ParentIds[i] == 0 ? -1 : parents.IndexOf(batch.ParentIds[i]);
            var isTopLevel = parent >= 0 && batch.Services[parent] != batch.Services[i];
            if (byKind)
            {
                isTopLevel |= batch.ParentIds[i] == 0 || (batch.Flags[i] & SpanFlags.TopLevel) != 0 || batch.Kinds[i] is SpanKind.Server or SpanKind.Consumer;
                if (batch.Kinds[i] is SpanKind.Client or SpanKind.Producer) batch.Flags[i] |= SpanFlags.Measured;
            }
            else isTopLevel |= parent < 0;
            batch.Flags[i] = isTopLevel ? batch.Flags[i] | SpanFlags.TopLevel : batch.Flags[i] & ~SpanFlags.TopLevel;
        }
    }

    readonly struct ParentTable
    {
        readonly SpanBatch _batch;
        readonly Chunk _chunk;
        readonly Dictionary<ulong, int>? _byId;

        public ParentTable(SpanBatch batch, Chunk chunk)
        {
            _batch = batch;
            _chunk = chunk;
            if (chunk.SpanCount <= SmallChunk) return;
            _byId = new Dictionary<ulong, int>(chunk.SpanCount);
            for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount; i++) _byId.TryAdd(batch.SpanIds[i], i);
        }

        /// <summary>The span's index in the batch; -1 when the chunk does not hold it.</summary>
        public int IndexOf(ulong spanId)
        {
            if (_byId is not null) return _byId.GetValueOrDefault(spanId, -1);
            var at = _batch.SpanIds.AsSpan(_chunk.FirstSpan, _chunk.SpanCount).IndexOf(spanId);
            return at < 0 ? -1 : _chunk.FirstSpan + at;
        }
    }
}
