using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Apm.Query.Spans;

/// <summary>A place in the order of spans: that of the last span of a page.</summary>
/// <param name="Sort">The order.</param>
/// <param name="SortNanos">The span's start or duration.</param>
/// <param name="TraceIdLow">Lower half of its trace id.</param>
/// <param name="SpanId">Its id.</param>
/// <param name="ServiceHash">Of its service: two spans may share an id.</param>
public readonly record struct SpanCursor(SpanSort Sort, long SortNanos, ulong TraceIdLow, ulong SpanId, uint ServiceHash)
{
    const int Bytes = 29;

    /// <summary>Text for URLs (base64url) that <see cref="TryParse"/> reads.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        bytes[0] = (byte)Sort;
        BinaryPrimitives.WriteInt64BigEndian(bytes[1..], SortNanos);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[9..], TraceIdLow);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[17..], SpanId);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[25..], ServiceHash);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>False when the text is not such a cursor.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SpanCursor cursor)
    {
        cursor = default;
        Span<byte> bytes = stackalloc byte[Bytes];
        if (text is null || text.Length > 2 * Bytes || !Base64Url.IsValid(text, out var length) || length != Bytes || !Base64Url.TryDecodeFromChars(text, bytes, out _)) return false;
        if (bytes[0] > (byte)SpanSort.Fastest) return false;
        cursor = new SpanCursor((SpanSort)bytes[0], BinaryPrimitives.ReadInt64BigEndian(bytes[1..]), BinaryPrimitives.ReadUInt64BigEndian(bytes[9..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[17..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[25..]));
        return true;
    }
}
