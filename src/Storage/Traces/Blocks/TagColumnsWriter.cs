using System.Runtime.InteropServices;
using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>
/// Turns the tags of ordered spans into one column per key. Which spans have a key is said by their shapes, so a column
/// holds values only: for texts a dictionary and an index per value, for numbers small distances or bits.
/// </summary>
/// <remarks>One thread; used again for each block.</remarks>
sealed class TagColumnsWriter(SectionWriter sections)
{
    readonly Dictionary<int, int> _textColumnOf = [];
    readonly Dictionary<int, int> _numberColumnOf = [];
    readonly List<int> _textKeys = [];
    readonly List<int> _numberKeys = [];
    readonly ByteWriter _raw = new();
    int[] _texts = [];
    double[] _numbers = [];
    int[] _textEnds = [];   // While filling: where a column's next value goes; then its exclusive end.
    int[] _numberEnds = [];
    int[] _localOf = [];    // Of a string of the block: its index in the current column's dictionary + 1.
    int[] _indexes = [];
    ulong[] _distances = [];
    readonly List<int> _dictionary = [];
    readonly List<ulong> _tagHashes = [];

    /// <summary>Hashes of the distinct text tags, for the filter; complete after <see cref="WriteTexts"/>.</summary>
    public IReadOnlyList<ulong> TagHashes => _tagHashes;

    /// <summary>Lays the columns out: the shapes must know how many spans they have.</summary>
    public void Begin(List<Shape> shapes)
    {
        _textColumnOf.Clear();
        _numberColumnOf.Clear();
        _textKeys.Clear();
        _numberKeys.Clear();
        _tagHashes.Clear();
        foreach (var shape in shapes)
        {
            shape.TextColumns = ColumnsOf(shape.TextKeys, _textColumnOf, _textKeys);
            shape.NumberColumns = ColumnsOf(shape.NumberKeys, _numberColumnOf, _numberKeys);
        }
        _textEnds = new int[_textKeys.Count + 1];
        _numberEnds = new int[_numberKeys.Count + 1];
        foreach (var shape in shapes)
        {
            foreach (var column in shape.TextColumns) _textEnds[column + 1] += shape.SpanCount;
            foreach (var column in shape.NumberColumns) _numberEnds[column + 1] += shape.SpanCount;
        }
        for (var i = 1; i < _textEnds.Length; i++) _textEnds[i] += _textEnds[i - 1];
        for (var i = 1; i < _numberEnds.Length; i++) _numberEnds[i] += _numberEnds[i - 1];
        if (_texts.Length < _textEnds[^1]) _texts = new int[_textEnds[^1] * 5 / 4];
        if (_numbers.Length < _numberEnds[^1]) _numbers = new double[_numberEnds[^1] * 5 / 4];
    }

    static int[] ColumnsOf(int[] keys, Dictionary<int, int> columnOf, List<int> keyOf)
    {
        var columns = new int[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            if (!columnOf.TryGetValue(keys[i], out var column))
            {
                columnOf.Add(keys[i], column = keyOf.Count);
                keyOf.Add(keys[i]);
            }
            columns[i] = column;
        }
        return columns;
    }

    /// <summary>Adds a span's texts; spans come in the block's order.</summary>
    /// <param name="ownText">For each string of the span's batch its index in the block's + 1; 0 when it is not known yet.</param>
    public void AddTexts(Shape shape, ReadOnlySpan<int> values, Span<int> ownText, StringTable from, StringTable own)
    {
        var columns = shape.TextColumns;
        for (var i = 0; i < columns.Length; i++)
        {
            ref var text = ref ownText[values[i]];
            if (text == 0) text = own.Intern(from, values[i]) + 1;
            _texts[_textEnds[columns[i]]++] = text - 1;
        }
    }

    /// <summary>Adds a span's numbers; spans come in the block's order.</summary>
    public void AddNumbers(Shape shape, ReadOnlySpan<double> values)
    {
        var columns = shape.NumberColumns;
        for (var i = 0; i < columns.Length; i++) _numbers[_numberEnds[columns[i]]++] = values[i];
    }

    /// <summary>Writes the text columns, numbering strings as they are first met: those of one key stand together.</summary>
    public void WriteTexts(StringNumbers numbers)
    {
        if (_localOf.Length < numbers.Strings.Count) _localOf = new int[numbers.Strings.Count * 2];
        for (var column = 0; column < _textKeys.Count; column++)
        {
            var begin = column == 0 ? 0 : _textEnds[column - 1];
            var values = _texts.AsSpan(begin, _textEnds[column] - begin);
            WriteText(values, numbers);
            HashTags(_textKeys[column], numbers.Strings);
            sections.Add(SectionKind.TextTag, _raw.Written, numbers.NumberOf(_textKeys[column]), values.Length);
        }
    }

    void WriteText(ReadOnlySpan<int> values, StringNumbers numbers)
    {
        _raw.Clear();
        _dictionary.Clear();
        if (values.IndexOfAnyExcept(values[0]) < 0)
        {
            _dictionary.Add(values[0]);
            _raw.Byte((byte)ValueCoding.Constant);
            WriteDictionary(numbers);
            return;
        }
        if (_indexes.Length < values.Length) _indexes = new int[values.Length * 2];
        for (var i = 0; i < values.Length; i++)
        {
            ref var local = ref _localOf[values[i]];
            if (local == 0)
            {
                _dictionary.Add(values[i]);
                local = _dictionary.Count;
            }
            _indexes[i] = local - 1;
        }
        foreach (var text in _dictionary) _localOf[text] = 0;

        var isDistinct = _dictionary.Count == values.Length;
        _raw.Byte((byte)(isDistinct ? ValueCoding.Distinct : ValueCoding.Indexed));
        _raw.Varint(_dictionary.Count);
        WriteDictionary(numbers);
        if (!isDistinct) Planes.Write(_raw, _indexes.AsSpan(0, values.Length), Planes.WidthFor((ulong)_dictionary.Count - 1));
    }

    /// <summary>0 is "the next string nobody used before", so a column of its own strings packs to nothing.</summary>
    void WriteDictionary(StringNumbers numbers)
    {
        _raw.Varint(numbers.Count); // So that a column can be read without those before it.
        foreach (var text in _dictionary) _raw.Varint(numbers.IsNumbered(text) ? numbers.NumberOf(text) + 1 : numbers.Enter(text));
    }

    void HashTags(int key, StringTable strings)
    {
        var keyHash = StableHash.OfText(strings.Utf8(key));
        foreach (var text in _dictionary) _tagHashes.Add(StableHash.OfTag(keyHash, StableHash.OfText(strings.Utf8(text))));
    }

    public void WriteNumbers(StringNumbers numbers)
    {
        for (var column = 0; column < _numberKeys.Count; column++)
        {
            var begin = column == 0 ? 0 : _numberEnds[column - 1];
            var values = _numbers.AsSpan(begin, _numberEnds[column] - begin);
            WriteNumber(values);
            sections.Add(SectionKind.NumberTag, _raw.Written, numbers.NumberOf(_numberKeys[column]), values.Length);
        }
    }

    void WriteNumber(ReadOnlySpan<double> values)
    {
        _raw.Clear();
        var bits = MemoryMarshal.Cast<double, ulong>(values); // Bits, so that every NaN and -0 comes back as it was.
        if (bits.IndexOfAnyExcept(bits[0]) < 0)
        {
            _raw.Byte((byte)ValueCoding.Constant);
            _raw.UInt64(bits[0]);
            return;
        }
        if (!AreWhole(values, out var min, out var max))
        {
            _raw.Byte((byte)ValueCoding.Raw);
            Planes.Write(_raw, bits, sizeof(ulong));
            return;
        }
        if (_distances.Length < values.Length) _distances = new ulong[values.Length * 2];
        for (var i = 0; i < values.Length; i++) _distances[i] = (ulong)((long)values[i] - min);
        var width = Planes.WidthFor((ulong)(max - min));
        _raw.Byte((byte)ValueCoding.Indexed);
        _raw.Int64(min);
        _raw.Byte((byte)width);
        Planes.Write(_raw, _distances.AsSpan(0, values.Length), width);
    }

    static bool AreWhole(ReadOnlySpan<double> values, out long min, out long max)
    {
        const double Exact = 1L << 53;
        (min, max) = (long.MaxValue, long.MinValue);
        foreach (var value in values)
        {
            if (!(Math.Abs(value) <= Exact) || Math.Floor(value) != value || (value == 0 && double.IsNegative(value))) return false;
            min = Math.Min(min, (long)value);
            max = Math.Max(max, (long)value);
        }
        return true;
    }
}
