using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>The shapes of a block that is read, as columns: it has some thousands. Texts and keys are indexes into its strings.</summary>
sealed class ReadShapes
{
    /// <summary>Keys are compared with those of so many lists before them: shapes in a row mostly differ in their names alone.</summary>
    const int ListsCompared = 4;

    /// <exception cref="BlockDamagedException">The bytes are not what was written.</exception>
    public ReadShapes(ReadOnlySpan<byte> bytes, int baseStringCount)
    {
        var reader = new ByteReader(bytes);
        var max = baseStringCount - 1;
        BaseStringCount = baseStringCount;
        Count = reader.VarintInt(bytes.Length);
        if (Count == 0) throw new BlockDamagedException("A block has no shapes.");
        (Services, Names, Resources, Types, Envs) = (new int[Count], new int[Count], new int[Count], new int[Count], new int[Count]);
        (Kinds, Flags, KeysOf) = (new SpanKind[Count], new SpanFlags[Count], new int[Count]);
        var written = new List<(int From, int To)>(); // Where the lists of keys stand.
        for (var i = 0; i < Count; i++)
        {
            Services[i] = reader.VarintInt(max);
            Names[i] = reader.VarintInt(max);
            Resources[i] = reader.VarintInt(max);
            Types[i] = reader.VarintInt(max);
            Envs[i] = reader.VarintInt(max);
            Kinds[i] = (SpanKind)reader.Byte();
            Flags[i] = (SpanFlags)reader.Byte();
            var known = written.Count - 1;
            while (known >= 0 && known >= written.Count - ListsCompared && !reader.Pass(bytes[written[known].From..written[known].To])) known--;
            if (known < 0 || known < written.Count - ListsCompared)
            {
                known = written.Count;
                var begin = reader.Offset;
                Keys.Add((ReadKeys(ref reader, max), ReadKeys(ref reader, max)));
                written.Add((begin, reader.Offset));
            }
            KeysOf[i] = known;
        }
    }

    public int Count { get; }

    /// <summary>Strings that shapes and keys can name: numbers below this.</summary>
    public int BaseStringCount { get; }

    public int[] Services { get; }
    public int[] Names { get; }
    public int[] Resources { get; }
    public int[] Types { get; }
    public int[] Envs { get; }
    public SpanKind[] Kinds { get; }
    public SpanFlags[] Flags { get; }

    /// <summary>Which of the lists of keys a shape has.</summary>
    public int[] KeysOf { get; }

    /// <summary>Lists of keys, in the order in which the spans have them. Some may be alike.</summary>
    public List<(int[] Texts, int[] Numbers)> Keys { get; } = [];

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
