using System.Text;
using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>The strings of a block: those of shapes and keys at once, the values of tags when somebody needs one.</summary>
static class BlockStrings
{
    /// <summary>The table, and how many of its strings are there at once: only those can be named by shapes.</summary>
    public static (StringTable Strings, int BaseCount) Read(BlockReader block)
    {
        using var part = block.Read(SectionKind.BaseStrings);
        var (utf8, ends) = Parse(part.Bytes, isBase: true);
        return (StringTable.Stored(utf8, ends, () => ReadValues(block)), ends.Length);
    }

    /// <summary>Some of the values of tags, without making the table of all.</summary>
    /// <param name="numbers">Their numbers in the block, ascending.</param>
    /// <param name="baseCount">Strings that are not values of tags and come before them.</param>
    public static string[] ReadSomeValues(BlockReader block, IReadOnlyList<int> numbers, int baseCount)
    {
        var texts = new string[numbers.Count];
        if (texts.Length == 0) return texts;
        using var part = block.Read(SectionKind.ValueStrings);
        if (part.Bytes.Length == 0) throw NotThere(numbers[0]);
        var reader = new ByteReader(part.Bytes);
        var count = reader.VarintInt(part.Bytes.Length);
        var places = new (int Begin, int Length)[texts.Length];
        var (end, next) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            var length = reader.VarintInt(part.Bytes.Length - end);
            if (next < places.Length && numbers[next] == baseCount + i) places[next++] = (end, length);
            end += length;
        }
        if (next < places.Length) throw NotThere(numbers[next]);
        var utf8 = reader.Bytes(end);
        for (var i = 0; i < texts.Length; i++) texts[i] = Encoding.UTF8.GetString(utf8.Slice(places[i].Begin, places[i].Length));
        return texts;
    }

    static BlockDamagedException NotThere(int number) => new($"A tag of a block names string {number}, which is not there.");

    /// <summary>When they are damaged, none: the tags that name them are then found damaged too, and that is told there.</summary>
    static StringTable ReadValues(BlockReader block)
    {
        try
        {
            using var part = block.Read(SectionKind.ValueStrings);
            var (utf8, ends) = Parse(part.Bytes, isBase: false);
            return StringTable.Stored(utf8, ends);
        }
        catch (BlockDamagedException)
        {
            return StringTable.Stored([], [0]);
        }
    }

    static (byte[] Utf8, int[] Ends) Parse(ReadOnlySpan<byte> bytes, bool isBase)
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
