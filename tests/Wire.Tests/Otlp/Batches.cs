using Apm.Core.Spans;

namespace Apm.Wire.Tests.Otlp;

internal static class Batches
{
    /// <summary>Chunks cover the spans in order, each is one trace of one payload, and no trace of a payload has two.</summary>
    public static void CheckChunks(SpanBatch batch)
    {
        var next = 0;
        var seen = new HashSet<(int, ulong, ulong)>();
        foreach (var chunk in batch.Chunks)
        {
            Assert.Equal(next, chunk.FirstSpan);
            Assert.InRange(chunk.SpanCount, 1, int.MaxValue);
            Assert.InRange(chunk.Payload, 0, batch.Payloads.Count - 1);
            var (high, low) = (batch.TraceIdHigh[next], batch.TraceIdLow[next]);
            for (var i = next; i < next + chunk.SpanCount; i++) Assert.Equal((high, low), (batch.TraceIdHigh[i], batch.TraceIdLow[i]));
            Assert.True(seen.Add((chunk.Payload, high, low)));
            next += chunk.SpanCount;
        }
        Assert.Equal(batch.SpanCount, next);
    }
}
