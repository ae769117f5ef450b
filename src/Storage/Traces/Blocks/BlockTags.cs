using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>Reads the tags of spans [from, to) of a block. Damaged ones are told of, and the spans have none.</summary>
/// <param name="onLoaded">Told how many bytes of memory stay with the batch.</param>
sealed class BlockTags(BlockReader block, ReadShapes shapes, int[] shapeOf, int from, int to, StringTable strings, Action<long>? onLoaded, Action<Exception>? onDamaged) : IStoredTags
{
    int _areStringsCounted;

    /// <inheritdoc/>
    public StoredTags ReadSpan(int span) => new BlockTags(block, shapes, shapeOf, from + span, from + span + 1, strings, null, onDamaged).ReadAll();

    /// <inheritdoc/>
    public StoredTags ReadAll()
    {
        try
        {
            var texts = ReadColumns(SectionKind.TextTag, shape => shape.TextKeys, ReadTexts);
            var numbers = ReadColumns(SectionKind.NumberTag, shape => shape.NumberKeys, ReadNumbers);
            CountStrings();
            onLoaded?.Invoke((texts.PoolCount * 8L) + (numbers.PoolCount * 12L) + ((to - from) * 16L));
            return new StoredTags(texts, numbers);
        }
        catch (BlockDamagedException damage)
        {
            onDamaged?.Invoke(damage);
            return new StoredTags(None<int>(), None<double>());
        }
    }

    /// <inheritdoc/>
    public TagValues ReadKey(int key)
    {
        try
        {
            var texts = new int[to - from];
            texts.AsSpan().Fill(-1);
            var hasText = ReadColumn(SectionKind.TextTag, shape => shape.TextKeys, key, ReadTexts, texts);
            if (hasText is not null) CountStrings();
            var numbers = new double[to - from];
            var hasNumber = ReadColumn(SectionKind.NumberTag, shape => shape.NumberKeys, key, ReadNumbers, numbers);
            return hasNumber is null ? new TagValues(texts, [], []) : new TagValues(texts, numbers, hasNumber);
        }
        catch (BlockDamagedException damage)
        {
            onDamaged?.Invoke(damage);
            var none = new int[to - from];
            none.AsSpan().Fill(-1);
            return new TagValues(none, [], []);
        }
    }

    /// <summary>The texts of values stay with the batch once somebody looked at one.</summary>
    void CountStrings()
    {
        if (Interlocked.Exchange(ref _areStringsCounted, 1) == 0) onLoaded?.Invoke(strings.ByteCount + (strings.Count * 16L));
    }

    /// <summary>Reads the column of a key into the places of the spans that have it.</summary>
    /// <returns>Which spans have it; null when none has.</returns>
    bool[]? ReadColumn<T>(SectionKind kind, Func<Shape, int[]> keysOf, int key, ReadValues<T> read, T[] values)
    {
        var hasKey = new bool[shapes.Count];
        for (var shape = 0; shape < hasKey.Length; shape++) hasKey[shape] = keysOf(shapes[shape]).AsSpan().Contains(key);
        var (skip, take) = (0, 0);
        for (var i = 0; i < from; i++) if (hasKey[shapeOf[i]]) skip++;
        for (var i = from; i < to; i++) if (hasKey[shapeOf[i]]) take++;
        if (take == 0) return null;
        foreach (var section in block.Header.Sections)
        {
            if (section.Kind != kind || section.Key != key) continue;
            if (skip + take > section.ValueCount) throw new BlockDamagedException("A column of a block is shorter than the spans that have its tag.");
            var column = read(section, skip, take);
            var has = new bool[to - from];
            var next = 0;
            for (var i = 0; i < has.Length; i++)
            {
                if (!hasKey[shapeOf[from + i]]) continue;
                has[i] = true;
                values[i] = column[next++];
            }
            return has;
        }
        throw new BlockDamagedException("A block has spans with a tag, and no column of it.");
    }

    TagColumn<T> None<T>() => new(new int[to - from], new int[to - from], [], [], 0);

    delegate T[] ReadValues<T>(Section section, int skip, int take);

    TagColumn<T> ReadColumns<T>(SectionKind kind, Func<Shape, int[]> keysOf, ReadValues<T> read)
    {
        // A column holds values of the spans that have its key, in order: so many belong to spans before ours, so many to ours.
        var skips = new int[shapes.Count];
        var takes = new int[shapes.Count];
        for (var i = 0; i < from; i++) skips[shapeOf[i]]++;
        for (var i = from; i < to; i++) takes[shapeOf[i]]++;
        var columnOf = new Dictionary<int, int>();
        var sections = new List<Section>();
        foreach (var section in block.Header.Sections)
        {
            if (section.Kind != kind) continue;
            columnOf[section.Key] = sections.Count;
            sections.Add(section);
        }
        var (columnSkips, columnTakes) = (new int[sections.Count], new int[sections.Count]);
        var columnsOf = new int[shapes.Count][];
        var pool = 0;
        for (var shape = 0; shape < columnsOf.Length; shape++)
        {
            var keys = keysOf(shapes[shape]);
            columnsOf[shape] = new int[keys.Length];
            for (var k = 0; k < keys.Length; k++)
            {
                if (!columnOf.TryGetValue(keys[k], out var column)) throw new BlockDamagedException("A block has spans with a tag, and no column of it.");
                columnsOf[shape][k] = column;
                columnSkips[column] += skips[shape];
                columnTakes[column] += takes[shape];
            }
            pool += keys.Length * takes[shape];
        }
        var columns = new T[sections.Count][];
        for (var column = 0; column < columns.Length; column++)
        {
            if (columnSkips[column] + columnTakes[column] > sections[column].ValueCount) throw new BlockDamagedException("A column of a block is shorter than the spans that have its tag.");
            columns[column] = columnTakes[column] == 0 ? [] : read(sections[column], columnSkips[column], columnTakes[column]);
        }
        return Fill(columns, columnsOf, keysOf, pool);
    }

    TagColumn<T> Fill<T>(T[][] columns, int[][] columnsOf, Func<Shape, int[]> keysOf, int pool)
    {
        var next = new int[columns.Length];
        var (starts, counts) = (new int[to - from], new int[to - from]);
        var (keys, values) = (new int[pool], new T[pool]);
        var at = 0;
        for (var i = 0; i < starts.Length; i++)
        {
            var shape = shapeOf[from + i];
            var ownColumns = columnsOf[shape];
            starts[i] = at;
            counts[i] = ownColumns.Length;
            keysOf(shapes[shape]).CopyTo(keys, at);
            foreach (var column in ownColumns) values[at++] = columns[column][next[column]++];
        }
        return new TagColumn<T>(starts, counts, keys, values, pool);
    }

    int[] ReadTexts(Section section, int skip, int take)
    {
        var stringCount = strings.Count;
        var bytes = block.Read(section);
        var reader = new ByteReader(bytes);
        var coding = (ValueCoding)reader.Byte();
        var dictionary = new int[coding == ValueCoding.Constant ? 1 : reader.VarintInt(section.ValueCount)];
        var fresh = reader.VarintInt(stringCount);
        for (var i = 0; i < dictionary.Length; i++)
        {
            var number = reader.VarintInt(stringCount);
            dictionary[i] = number == 0 ? fresh++ : number - 1;
            if (dictionary[i] >= stringCount) throw new BlockDamagedException($"A tag of a block names string {dictionary[i]} of {stringCount}.");
        }
        var values = new int[take];
        switch (coding)
        {
            case ValueCoding.Constant:
                values.AsSpan().Fill(dictionary[0]);
                break;
            case ValueCoding.Distinct when dictionary.Length == section.ValueCount:
                dictionary.AsSpan(skip, take).CopyTo(values);
                break;
            case ValueCoding.Indexed when dictionary.Length > 0:
                Planes.Read(reader.Bytes(reader.Left), section.ValueCount, Planes.WidthFor((ulong)dictionary.Length - 1), skip, values, dictionary.Length);
                for (var i = 0; i < values.Length; i++) values[i] = dictionary[values[i]];
                break;
            default:
                throw new BlockDamagedException($"A tag of a block is written in an unknown way ({coding}).");
        }
        return values;
    }

    double[] ReadNumbers(Section section, int skip, int take)
    {
        var reader = new ByteReader(block.Read(section));
        var coding = (ValueCoding)reader.Byte();
        var values = new double[take];
        if (coding == ValueCoding.Constant)
        {
            values.AsSpan().Fill(BitConverter.UInt64BitsToDouble(reader.UInt64()));
            return values;
        }
        var bits = new ulong[take];
        if (coding == ValueCoding.Raw)
        {
            Planes.Read(reader.Bytes(reader.Left), section.ValueCount, sizeof(ulong), skip, bits);
            for (var i = 0; i < take; i++) values[i] = BitConverter.UInt64BitsToDouble(bits[i]);
            return values;
        }
        if (coding != ValueCoding.Indexed) throw new BlockDamagedException($"A number of a block is written in an unknown way ({coding}).");
        var min = reader.Int64();
        var width = reader.Byte();
        Planes.Read(reader.Bytes(reader.Left), section.ValueCount, width, skip, bits);
        for (var i = 0; i < take; i++) values[i] = unchecked(min + (long)bits[i]);
        return values;
    }
}
