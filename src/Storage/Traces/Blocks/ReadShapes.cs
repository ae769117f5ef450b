using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>The shapes of a block that is read; their numbers are indexes into its strings. Neighbours with the same keys share their arrays of keys.</summary>
sealed class ReadShapes
{
    readonly Shape[] _shapes;

    /// <exception cref="BlockDamagedException">The bytes are not what was written.</exception>
    public ReadShapes(ReadOnlySpan<byte> bytes, int baseStringCount)
    {
        var reader = new ByteReader(bytes);
        var max = baseStringCount - 1;
        BaseStringCount = baseStringCount;
        _shapes = new Shape[reader.VarintInt(bytes.Length)];
        ReadOnlySpan<byte> writtenKeys = [];
        int[] textKeys = [], numberKeys = [];
        for (var i = 0; i < _shapes.Length; i++)
        {
            var (service, name, resource, type, env) = (reader.VarintInt(max), reader.VarintInt(max), reader.VarintInt(max), reader.VarintInt(max), reader.VarintInt(max));
            var (kind, flags) = ((SpanKind)reader.Byte(), (SpanFlags)reader.Byte());
            if (writtenKeys.Length == 0 || !reader.Pass(writtenKeys))
            {
                var begin = reader.Offset;
                (textKeys, numberKeys) = (ReadKeys(ref reader, max), ReadKeys(ref reader, max));
                writtenKeys = bytes[begin..reader.Offset];
            }
            _shapes[i] = new Shape(service, name, resource, type, env, kind, flags, textKeys, numberKeys);
        }
        if (_shapes.Length == 0) throw new BlockDamagedException("A block has no shapes.");
    }

    public int Count => _shapes.Length;

    /// <summary>Strings that shapes and keys can name: numbers below this.</summary>
    public int BaseStringCount { get; }

    public Shape this[int index] => _shapes[index];

    /// <summary>The shape of each span of the block.</summary>
    public int[] ReadOf(BlockReader block)
    {
        var shapeOf = new int[block.Header.Info.SpanCount];
        if (Count == 1) return shapeOf;
        using var part = block.Read(SectionKind.ShapeIndexes);
        Planes.Read(part.Bytes, shapeOf.Length, Planes.WidthFor((ulong)Count - 1), 0, shapeOf, Count);
        return shapeOf;
    }

    static int[] ReadKeys(ref ByteReader reader, int max)
    {
        var keys = new int[reader.VarintInt(reader.Left)];
        for (var i = 0; i < keys.Length; i++) keys[i] = reader.VarintInt(max);
        return keys;
    }
}
