using Apm.Core.Spans;

namespace Apm.TestKit.Shop;

/// <summary>What one request left: a chunk for each process that took part. A lost header makes two trace ids of it.</summary>
public sealed record ShopTrace(IReadOnlyList<ShopChunk> Chunks)
{
    public IEnumerable<Span> Spans => Chunks.SelectMany(chunk => chunk.Spans);
}

/// <summary>The spans of one trace that one process sends, in the order of their starts.</summary>
public sealed record ShopChunk(ShopProcess Process, IReadOnlyList<Span> Spans);
