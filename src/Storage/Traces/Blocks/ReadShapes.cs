using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>The shapes of a block that is read; their numbers are indexes into its strings.</summary>
sealed class ReadShapes
{
    readonly Shape[] _shapes;

    /// <exception cref="BlockDamagedException">The bytes are not what was written.</exception>
    public ReadShapes(byte[] bytes, int baseStringCount)
    {
        var reader = new ByteReader(bytes);
        var max = baseStringCount - 1;
        _shapes = new Shape[reader.VarintInt(bytes.Length)];
        for (var i = 0; i < _shapes.Length; i++)
            _shapes[i] = new Shape(
                reader.VarintInt(max), reader.VarintInt(max), reader.VarintInt(max), reader.VarintInt(max), reader.VarintInt(max),
                (SpanKind)reader.Byte(), (SpanFlags)reader.Byte(), ReadKeys(ref reader, max), ReadKeys(ref reader, max));
        if (_shapes.Length == 0) throw new BlockDamagedException("A block has no shapes.");
    }

    public int Count => _shapes.Length;

    public Shape this[int index] => _shapes[index];

    /// <summary>The shape of each span of the block.</summary>
    public int[] ReadOf(BlockReader block)
    {
        var shapeOf = new int[block.Header.Info.SpanCount];
        if (Count > 1) Planes.Read(block.Read(SectionKind.ShapeIndexes), shapeOf.Length, Planes.WidthFor((ulong)Count - 1), 0, shapeOf, Count);
        return shapeOf;
    }

    static int[] ReadKeys(ref ByteReader reader, int max)
    {
        var keys = new int[reader.VarintInt(reader.Left)];
        for (var i = 0; i < keys.Length; i++) keys[i] = reader.VarintInt(max);
        return keys;
    }
}
