using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>The strings of a block: those of shapes and keys at once, the values of tags when somebody needs one.</summary>
static class BlockStrings
{
    /// <summary>The table, and how many of its strings are there at once: only those can be named by shapes.</summary>
    public static (StringTable Strings, int BaseCount) Read(BlockReader block)
    {
        var (utf8, ends) = Parse(block.Read(SectionKind.BaseStrings), isBase: true);
        return (StringTable.Stored(utf8, ends, () => ReadValues(block)), ends.Length);
    }

    /// <summary>When they are damaged, none: the tags that name them are then found damaged too, and that is told there.</summary>
    static StringTable ReadValues(BlockReader block)
    {
        try
        {
            var (utf8, ends) = Parse(block.Read(SectionKind.ValueStrings), isBase: false);
            return StringTable.Stored(utf8, ends);
        }
        catch (BlockDamagedException)
        {
            return StringTable.Stored([], [0]);
        }
    }

    static (byte[] Utf8, int[] Ends) Parse(byte[] bytes, bool isBase)
    {
        if (bytes.Length == 0) return ([], [0]);
        var reader = new ByteReader(bytes);
        var count = reader.VarintInt(bytes.Length);
        var skip = isBase ? 0 : 1; // Base strings bring "" with them.
        var ends = new int[count + skip];
        var end = 0;
        for (var i = 0; i < count; i++) ends[i + skip] = end += reader.VarintInt(bytes.Length - end);
        var utf8 = reader.Bytes(end).ToArray();
        return ends.Length > 0 && ends[0] == 0 ? (utf8, ends) : throw new BlockDamagedException("The strings of a block do not begin with the empty one.");
    }
}
