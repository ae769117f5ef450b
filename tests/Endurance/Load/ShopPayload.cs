using System.Buffers.Binary;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.TestKit;

namespace Apm.Endurance.Load;

/// <summary>A v0.4 body of a shop's traces that is sent again and again, each time with other ids and the times of now.</summary>
public sealed class ShopPayload
{
    readonly byte[] _bytes;
    readonly List<int> _starts, _ids;

    ShopPayload(byte[] bytes, int spanCount)
    {
        _bytes = bytes;
        SpanCount = spanCount;
        _starts = [.. PlacesOf([0xa5, .. "start"u8])];
        _ids = [.. PlacesOf([0xa8, .. "trace_id"u8]), .. PlacesOf([0xa7, .. "span_id"u8]), .. PlacesOf([0xa9, .. "parent_id"u8])];
        if (spanCount == 0 || _starts.Count != spanCount) throw new InvalidOperationException($"{_starts.Count} start times found in {spanCount} spans.");
    }

    public int SpanCount { get; }
    public int ByteCount => _bytes.Length;

    /// <summary>Payloads of about a thousand spans, about eight per trace, twelve tags each.</summary>
    public static IReadOnlyList<ShopPayload> Make(int count, long nowUnixNanos)
    {
        var traffic = new WebTraffic(7, nowUnixNanos);
        return [.. Enumerable.Range(0, count).Select(_ => Of(traffic.Next(120)))];
    }

    /// <summary>A copy to send.</summary>
    /// <param name="chance">Makes the ids new.</param>
    public byte[] Stamped(long nowUnixNanos, Random chance)
    {
        var bytes = (byte[])_bytes.Clone();
        var other = (ulong)chance.NextInt64() >> 1;
        foreach (var at in _starts) BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(at), nowUnixNanos - 500_000_000 + (at * 7L % 1_000_000));
        foreach (var at in _ids) BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(at), BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(at)) ^ other);
        return bytes;
    }

    /// <summary>The id of the first trace of a copy.</summary>
    public TraceId FirstTraceIdOf(byte[] stamped) => new(0, BinaryPrimitives.ReadUInt64BigEndian(stamped.AsSpan(_ids[0])));

    static ShopPayload Of(SpanBatch batch)
    {
        var traces = Enumerable.Range(0, batch.SpanCount).Select(i => Known(batch.SpanAt(i))).GroupBy(span => span.TraceId).Select(trace => (IReadOnlyList<Span>)[.. trace]).ToList();
        return new ShopPayload(DatadogV04Encoder.Encode(traces), traces.Sum(trace => trace.Count));
    }

    /// <summary>Numbers so large that they take nine bytes, so that each has a place of the same size.</summary>
    static Span Known(Span span) => span with
    {
        TraceId = new TraceId(0, span.TraceId.Low | (1UL << 62)),
        Id = new SpanId(span.Id.Value | (1UL << 62)),
        ParentId = span.ParentId.IsNone ? span.ParentId : new SpanId(span.ParentId.Value | (1UL << 62)),
    };

    IEnumerable<int> PlacesOf(byte[] key)
    {
        for (var at = 0; _bytes.AsSpan(at).IndexOf(key) is var found and >= 0; at += found + key.Length)
        {
            var value = at + found + key.Length;
            if (_bytes[value] is 0xcf or 0xd3) yield return value + 1; // Nine bytes; a root's parent takes one and stays.
        }
    }
}
