using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>Reads what <see cref="TagColumnsWriter"/> wrote, of some spans.</summary>
/// <remarks>One thread. All methods throw <see cref="BlockDamagedException"/> for what is not as it was written.</remarks>
/// <param name="stringCount">Strings of the block: texts are numbers below it. Asked when a text is read, since it costs reading all strings.</param>
sealed class TagColumnsReader(BlockReader block, ReadShapes shapes, int[] shapeOf, SpanPlaces places, Func<int> stringCount)
{
    delegate T[] ReadValues<T>(Section section, ColumnRuns runs);

    /// <summary>All text tags, as numbers of strings.</summary>
    public TagColumn<int> ReadTexts() => ReadColumns(SectionKind.TextTag, keys => keys.Texts, ReadTexts);

    /// <summary>All numeric tags.</summary>
    public TagColumn<double> ReadNumbers() => ReadColumns(SectionKind.NumberTag, keys => keys.Numbers, ReadNumbers);

    /// <summary>Puts the text of one key into the places of the spans that have it; false when none has.</summary>
    public bool ReadText(int key, int[] values) => ReadColumn(SectionKind.TextTag, keys => keys.Texts, key, ReadTexts, values) is not null;

    /// <summary>The same for a number; says which spans have it, null when none has.</summary>
    public bool[]? ReadNumber(int key, double[] values) => ReadColumn(SectionKind.NumberTag, keys => keys.Numbers, key, ReadNumbers, values);

    bool[]? ReadColumn<T>(SectionKind kind, Func<(int[] Texts, int[] Numbers), int[]> keysOf, int key, ReadValues<T> read, T[] values)
    {
        int[] only = [0];
        int[][] columnsOf = [.. shapes.Keys.Select(keys => keysOf(keys).AsSpan().Contains(key) ? only : [])];
        var runs = ColumnRuns.Of(places, shapeOf, shapes, columnsOf, 1)[0];
        if (runs.Count == 0) return null;
        foreach (var section in block.Header.Sections)
        {
            if (section.Kind != kind || section.Key != key) continue;
            var column = Read(section, runs, read);
            var has = new bool[places.Count];
            var (span, next) = (0, 0);
            foreach (var (from, to) in places.Runs)
            {
                for (var place = from; place < to; place++, span++)
                {
                    if (columnsOf[shapes.KeysOf[shapeOf[place]]].Length == 0) continue;
                    has[span] = true;
                    values[span] = column[next++];
                }
            }
            return has;
        }
        throw new BlockDamagedException("A block has spans with a tag, and no column of it.");
    }

    TagColumn<T> ReadColumns<T>(SectionKind kind, Func<(int[] Texts, int[] Numbers), int[]> keysOf, ReadValues<T> read)
    {
        var columnOf = new int[shapes.BaseStringCount]; // Of a key: its column + 1.
        var sections = new List<Section>();
        foreach (var section in block.Header.Sections)
        {
            if (section.Kind != kind || section.Key >= columnOf.Length) continue;
            sections.Add(section);
            columnOf[section.Key] = sections.Count;
        }
        int[][] keysOfList = [.. shapes.Keys.Select(keysOf)];
        int[][] columnsOf = [.. keysOfList.Select(keys => ColumnsOf(keys, columnOf))];
        var runs = ColumnRuns.Of(places, shapeOf, shapes, columnsOf, sections.Count);
        return Fill([.. sections.Select((section, column) => Read(section, runs[column], read))], columnsOf, keysOfList, runs.Sum(column => column.Count));
    }

    static int[] ColumnsOf(int[] keys, int[] columnOf)
    {
        var columns = new int[keys.Length];
        for (var k = 0; k < keys.Length; k++)
            if ((columns[k] = columnOf[keys[k]] - 1) < 0) throw new BlockDamagedException("A block has spans with a tag, and no column of it.");
        return columns;
    }

    static T[] Read<T>(Section section, ColumnRuns runs, ReadValues<T> read)
    {
        if (runs.Count == 0) return [];
        if (runs.End > section.ValueCount) throw new BlockDamagedException("A column of a block is shorter than the spans that have its tag.");
        return read(section, runs);
    }

    TagColumn<T> Fill<T>(T[][] columns, int[][] columnsOf, int[][] keysOf, int pool)
    {
        var next = new int[columns.Length];
        var (starts, counts) = (new int[places.Count], new int[places.Count]);
        var (keys, values) = (new int[pool], new T[pool]);
        var (at, span) = (0, 0);
        foreach (var (from, to) in places.Runs)
        {
            for (var place = from; place < to; place++, span++)
            {
                var list = shapes.KeysOf[shapeOf[place]];
                var ownColumns = columnsOf[list];
                starts[span] = at;
                counts[span] = ownColumns.Length;
                keysOf[list].CopyTo(keys, at);
                foreach (var column in ownColumns) values[at++] = columns[column][next[column]++];
            }
        }
        return new TagColumn<T>(starts, counts, keys, values, pool);
    }

    int[] ReadTexts(Section section, ColumnRuns runs)
    {
        using var part = block.Read(section);
        var reader = new ByteReader(part.Bytes);
        var coding = (ValueCoding)reader.Byte();
        var count = coding == ValueCoding.Constant ? 1 : reader.VarintInt(section.ValueCount);
        var dictionary = ReadDictionary(ref reader, count);
        var values = new int[runs.Count];
        switch (coding)
        {
            case ValueCoding.Constant:
                break;
            case ValueCoding.Distinct when count == section.ValueCount:
                foreach (var (at, first, taken) in runs) for (var i = 0; i < taken; i++) values[at + i] = first + i;
                break;
            case ValueCoding.Indexed when count > 0:
                var bytes = reader.Bytes(reader.Left);
                var width = Planes.WidthFor((ulong)count - 1);
                foreach (var (at, first, taken) in runs) Planes.Read(bytes, section.ValueCount, width, first, values.AsSpan(at, taken), count);
                break;
            default:
                throw new BlockDamagedException($"A tag of a block is written in an unknown way ({coding}).");
        }
        foreach (ref var value in values.AsSpan()) value = dictionary.StringAt(value);
        return values;
    }

    Dictionary ReadDictionary(ref ByteReader reader, int count)
    {
        var max = stringCount();
        var fresh = reader.VarintInt(max);
        if (count <= max - fresh && reader.PassZeros(count)) return new Dictionary(fresh, null); // Most columns have strings of their own.
        var strings = new int[count];
        for (var i = 0; i < strings.Length; i++)
        {
            var number = reader.VarintInt(max);
            strings[i] = number == 0 ? fresh++ : number - 1;
            if (strings[i] >= max) throw new BlockDamagedException($"A tag of a block names string {strings[i]} of {max}.");
        }
        return new Dictionary(fresh, strings);
    }

    /// <summary>Numbers of strings; null when they follow on each other from the first.</summary>
    readonly record struct Dictionary(int First, int[]? Strings)
    {
        public int StringAt(int entry) => Strings is null ? First + entry : Strings[entry];
    }

    double[] ReadNumbers(Section section, ColumnRuns runs)
    {
        using var part = block.Read(section);
        var reader = new ByteReader(part.Bytes);
        var coding = (ValueCoding)reader.Byte();
        var values = new double[runs.Count];
        if (coding == ValueCoding.Constant)
        {
            values.AsSpan().Fill(BitConverter.UInt64BitsToDouble(reader.UInt64()));
            return values;
        }
        if (coding is not (ValueCoding.Raw or ValueCoding.Indexed)) throw new BlockDamagedException($"A number of a block is written in an unknown way ({coding}).");
        var min = coding == ValueCoding.Indexed ? reader.Int64() : 0;
        var width = coding == ValueCoding.Indexed ? reader.Byte() : sizeof(ulong);
        var bytes = reader.Bytes(reader.Left);
        var bits = new ulong[runs.Count];
        foreach (var (at, first, count) in runs) Planes.Read(bytes, section.ValueCount, width, first, bits.AsSpan(at, count));
        for (var i = 0; i < bits.Length; i++) values[i] = coding == ValueCoding.Raw ? BitConverter.UInt64BitsToDouble(bits[i]) : unchecked(min + (long)bits[i]);
        return values;
    }
}
