using System.Text;
using Apm.Core.Metrics;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Metrics;

/// <summary>A series' name in bytes: metric, number of tags, tags; each text with its length before it.</summary>
static class SeriesKeyBytes
{
    /// <summary>Most tags that are believed of what is read.</summary>
    const int TagCeiling = 65_536;

    public static byte[] Encode(SeriesKey key)
    {
        var bytes = new ByteWriter(128);
        WriteText(bytes, key.Metric);
        bytes.Varint(key.Tags.Count);
        foreach (var tag in key.Tags) WriteText(bytes, tag);
        return bytes.Written.ToArray();
    }

    /// <exception cref="BlockDamagedException">The bytes are no name.</exception>
    public static SeriesKey Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        var metric = ReadText(ref reader);
        var tags = new string[reader.VarintInt(TagCeiling)];
        for (var i = 0; i < tags.Length; i++) tags[i] = ReadText(ref reader);
        return new SeriesKey(metric, MetricTags.Of(tags));
    }

    static void WriteText(ByteWriter into, string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        into.Varint(length);
        Encoding.UTF8.GetBytes(text, into.Free(length));
        into.Advance(length);
    }

    static string ReadText(ref ByteReader reader) => Encoding.UTF8.GetString(reader.Bytes(reader.VarintInt(reader.Left)));
}
