using System.Runtime.CompilerServices;
using Apm.Core.Spans;
using Apm.Wire.MsgPack;

namespace Apm.Wire.Datadog;

/// <summary>
/// Reads spans as v0.4 and v0.7 write them, maps with text keys, straight into a batch's columns.
/// Meta and metrics are read against a row of guesses chosen by the span's name, as spans of one name carry the same keys.
/// </summary>
ref struct SpanMapReader
{
    /// <summary>Guesses kept per map of tags; entries further back are read the plain way.</summary>
    const int TagsPerRow = 24;

    /// <summary>Names told apart when guessing tags.</summary>
    const int NameRows = 8;

    const int FieldGuesses = 16;

    /// <summary>Rows of tag keys: one of meta and one of metrics per name.</summary>
    public const int RowCount = 2 * NameRows;

    /// <summary>Guesses to hand to the constructor, all zero.</summary>
    public const int GuessCount = (FieldGuesses * 2) + (NameRows * TagsPerRow * 3);

    readonly SpanBatch _batch;
    readonly StringTable _strings;
    readonly Span<Guess> _fields;       // by place in the span's map: which field
    readonly Span<Guess> _texts;        // by field: its last text
    readonly Span<Guess> _tags;         // per name: key and value of each entry
    readonly Span<Guess> _numbers;      // per name: key of each entry
    readonly Span<int> _distinct;       // per row: how many of its first keys are known to differ from each other
    int _linksKeyOffset;
    int _eventsKeyOffset;
    int _structsKeyOffset;

    /// <summary>Where it is, for messages. The caller sets the trace.</summary>
    public DecodePlace Place;

    public SpanMapReader(SpanBatch batch, Span<Guess> guesses, Span<int> distinct)
    {
        _batch = batch;
        _strings = batch.Strings;
        _fields = guesses[..FieldGuesses];
        _texts = guesses.Slice(FieldGuesses, FieldGuesses);
        _tags = guesses.Slice(FieldGuesses * 2, NameRows * TagsPerRow * 2);
        _numbers = guesses[((FieldGuesses * 2) + (NameRows * TagsPerRow * 2))..];
        _distinct = distinct;
        Place = DecodePlace.Start;
    }

    /// <summary>Reads an array of spans. Nil elements, holes that some tracers leave, become no span.</summary>
    public void ReadSpans(ref MsgPackReader reader)
    {
        var count = reader.ReadArrayLength();
        for (var i = 0; i < count; i++)
        {
            Place.Span = i;
            if (!reader.TryReadNil()) ReadSpan(ref reader);
        }
        Place.Span = -1;
    }

    void ReadSpan(ref MsgPackReader reader)
    {
        if (_batch.SpanCount >= DatadogLimits.MaxSpans)
            throw new MsgPackException(reader.Offset, $"more than {DatadogLimits.MaxSpans} spans in one request. Send fewer spans per request.");
        var span = _batch.AddSpan();
        _linksKeyOffset = _eventsKeyOffset = _structsKeyOffset = -1;
        var keys = reader.ReadMapLength();
        for (var i = 0; i < keys; i++)
        {
            Place.KeyOffset = reader.Offset;
            ReadValue(ref reader, span, ReadKey(ref reader, i));
        }
        Place.KeyOffset = -1;
        if ((_linksKeyOffset & _eventsKeyOffset & _structsKeyOffset) != -1) ReadExtras(reader, span);
    }

    void ReadValue(ref MsgPackReader reader, int span, SpanField field)
    {
        switch (field)
        {
            case SpanField.Service: _batch.Services[span] = ReadText(ref reader, field); break;
            case SpanField.Name: _batch.Names[span] = ReadText(ref reader, field); break;
            case SpanField.Resource: _batch.Resources[span] = ReadText(ref reader, field); break;
            case SpanField.Type: _batch.Types[span] = ReadText(ref reader, field); break;
            case SpanField.TraceId: _batch.TraceIdLow[span] = reader.ReadId(); break;
            case SpanField.SpanId: _batch.SpanIds[span] = reader.ReadId(); break;
            case SpanField.ParentId: _batch.ParentIds[span] = reader.ReadId(); break;
            case SpanField.Start: _batch.StartUnixNanos[span] = reader.ReadInt64(); break;
            case SpanField.Duration: _batch.DurationNanos[span] = reader.ReadInt64(); break;
            case SpanField.Error: _batch.Flags[span] = reader.ReadInt32() != 0 ? SpanFlags.Error : SpanFlags.None; break;
            case SpanField.Meta: ReadMeta(ref reader, span); break;
            case SpanField.Metrics: ReadMetrics(ref reader, span); break;

            // These end up as tags. A "meta" that comes later replaces all tags, so they wait until the span is complete.
            case SpanField.MetaStruct: PassMap(ref reader); _structsKeyOffset = Place.KeyOffset; break;
            case SpanField.SpanLinks: PassArray(ref reader); _linksKeyOffset = Place.KeyOffset; break;
            case SpanField.SpanEvents: PassArray(ref reader); _eventsKeyOffset = Place.KeyOffset; break;
            default: reader.Skip(); break;
        }
    }

    SpanField ReadKey(ref MsgPackReader reader, int place)
    {
        if (place >= FieldGuesses) return SpanFields.Find(reader.ReadString());
        ref var guess = ref _fields[place];
        if (guess.TryRead(ref reader, out var meaning)) return (SpanField)meaning;
        var offset = reader.Offset;
        var field = SpanFields.Find(reader.ReadString());
        guess.Learn(reader, offset, (int)field);
        return field;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    int ReadText(ref MsgPackReader reader, SpanField field) => _texts[(int)field].ReadText(ref reader, _strings);

    void ReadMeta(ref MsgPackReader reader, int span)
    {
        var tags = _batch.Tags;
        if (tags.CountOf(span) != 0) tags.Clear(span); // A second "meta" replaces the first.
        var row = _batch.Names[span] & (NameRows - 1);
        var guesses = _tags.Slice(row * TagsPerRow * 2, TagsPerRow * 2);
        ref var distinct = ref _distinct[row];
        var count = reader.ReadMapLength();
        for (var i = 0; i < count; i++)
        {
            Place.InnerKeyOffset = reader.Offset;
            if (i >= TagsPerRow)
            {
                var plainKey = _strings.InternLenient(reader.ReadString());
                tags.Set(span, plainKey, _strings.InternLenient(reader.ReadString()));
                continue;
            }
            var key = ReadTagKey(ref reader, ref guesses[2 * i], ref distinct, i);
            var value = guesses[(2 * i) + 1].ReadText(ref reader, _strings);
            if (i < distinct) tags.Append(span, key, value);
            else if (tags.Set(span, key, value) && i == distinct) distinct = i + 1;
        }
        Place.InnerKeyOffset = -1;
    }

    void ReadMetrics(ref MsgPackReader reader, int span)
    {
        var numbers = _batch.Numbers;
        if (numbers.CountOf(span) != 0) numbers.Clear(span);
        var row = _batch.Names[span] & (NameRows - 1);
        var guesses = _numbers.Slice(row * TagsPerRow, TagsPerRow);
        ref var distinct = ref _distinct[NameRows + row];
        var count = reader.ReadMapLength();
        for (var i = 0; i < count; i++)
        {
            Place.InnerKeyOffset = reader.Offset;
            if (i >= TagsPerRow)
            {
                var plainKey = _strings.InternLenient(reader.ReadString());
                numbers.Set(span, plainKey, reader.ReadDouble());
                continue;
            }
            var key = ReadTagKey(ref reader, ref guesses[i], ref distinct, i);
            var value = reader.ReadDouble();
            if (i < distinct) numbers.Append(span, key, value);
            else if (numbers.Set(span, key, value) && i == distinct) distinct = i + 1;
        }
        Place.InnerKeyOffset = -1;
    }

    /// <summary>
    /// Reads the key of entry <paramref name="i"/>. The span's keys before it are those of its row by now, so as long as
    /// <paramref name="distinct"/> covers them, no search for a repeated key is needed.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    readonly int ReadTagKey(ref MsgPackReader reader, ref Guess guess, ref int distinct, int i)
    {
        if (guess.TryRead(ref reader, out var key)) return key;
        distinct = Math.Min(distinct, i);
        return guess.ReadText(ref reader, _strings);
    }

    static void PassMap(ref MsgPackReader reader)
    {
        if (reader.PeekCode() == MsgPackCode.Nil) throw MsgPackReader.Expected("a map", reader.Offset, MsgPackCode.Nil);
        for (var left = reader.ReadMapLength() * 2L; left > 0; left--) reader.Skip();
    }

    static void PassArray(ref MsgPackReader reader)
    {
        for (var left = reader.ReadArrayLength(); left > 0; left--) reader.Skip();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void ReadExtras(in MsgPackReader reader, int span)
    {
        if (_linksKeyOffset >= 0) SpanExtras.ReadLinks(ValueAt(reader, _linksKeyOffset), _batch, span);
        if (_eventsKeyOffset >= 0) SpanExtras.ReadEvents(ValueAt(reader, _eventsKeyOffset), _batch, span);
        if (_structsKeyOffset >= 0) SpanExtras.ReadStructs(ValueAt(reader, _structsKeyOffset), _batch, span);
        Place.KeyOffset = -1;
    }

    MsgPackReader ValueAt(in MsgPackReader reader, int keyOffset)
    {
        Place.KeyOffset = keyOffset;
        var value = reader.From(keyOffset);
        value.Skip();
        return value;
    }
}
