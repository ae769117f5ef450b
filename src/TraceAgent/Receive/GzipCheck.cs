using System.Buffers.Binary;

namespace Apm.TraceAgent.Receive;

/// <summary>
/// Finds gzip data that was cut off: the framework's stream ends quietly there, and the half of a payload would be taken
/// for a whole one. The last four bytes say how long the data was (RFC 1952 §2.3.1).
/// </summary>
static class GzipCheck
{
    const int TrailerBytes = 8;

    /// <summary>True when the data ends too early. Several gzip members one after the other are not judged, but for their last.</summary>
    public static bool IsCut(ReadOnlySpan<byte> compressed, int length, string encoding)
    {
        if (!encoding.EndsWith("gzip", StringComparison.OrdinalIgnoreCase) || compressed.IsEmpty) return false;
        if (compressed.Length < TrailerBytes) return true;
        var said = BinaryPrimitives.ReadUInt32LittleEndian(compressed[^4..]);
        if (said == (uint)length) return false;
        var hasMore = compressed[1..].IndexOf([(byte)0x1f, (byte)0x8b, (byte)8]) >= 0;
        return !hasMore || said > (uint)length;
    }
}
