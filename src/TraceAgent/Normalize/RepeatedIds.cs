using System.Buffers;
using Apm.Core.Spans;

namespace Apm.TraceAgent.Normalize;

/// <summary>Span ids that a chunk holds more than once (trace-intake §2.2): such spans are kept, readers keep one per trace, id and service.</summary>
static class RepeatedIds
{
    /// <summary>Chunks up to this size are looked through; of larger ones the ids are sorted.</summary>
    const int SmallChunk = 24;

    /// <summary>How many spans have an id that an earlier span of the chunk has.</summary>
    public static int Count(SpanBatch batch, in Chunk chunk)
    {
        var ids = batch.SpanIds.AsSpan(chunk.FirstSpan, chunk.SpanCount);
        var count = 0;
        if (ids.Length <= SmallChunk)
        {
            for (var i = 1; i < ids.Length; i++) if (ids[..i].Contains(ids[i])) count++;
            return count;
        }
        var rented = ArrayPool<ulong>.Shared.Rent(ids.Length);
        var sorted = rented.AsSpan(0, ids.Length);
        ids.CopyTo(sorted);
        sorted.Sort();
        for (var i = 1; i < sorted.Length; i++) if (sorted[i] == sorted[i - 1]) count++;
        ArrayPool<ulong>.Shared.Return(rented);
        return count;
    }
}
