using System.Buffers.Text;
using System.Text.Json;

namespace Apm.Wire.Json;

/// <summary>
/// Walks a JSON body member by member, in the way protobuf's JSON mapping reads values (trace-intake §7.4): null is the default value,
/// whole numbers come as numbers or as texts.
/// <code>
/// if (json.BeginObject())
///     while (json.NextMember())
///         if (json.Is("name"u8)) … json.ReadText() …
///         else json.Skip();
/// </code>
/// Copying it keeps a place to come back to.
/// </summary>
/// <remarks>Besides <see cref="DecodeFault"/> its methods may throw <see cref="JsonException"/>; <see cref="Fault"/> turns that into one.</remarks>
internal ref struct JsonWalker
{
    Utf8JsonReader _reader;
    byte[] _scratch;

    public JsonWalker(ReadOnlySpan<byte> body, int maxDepth)
    {
        if (body.StartsWith("\uFEFF"u8)) body = body[3..]; // A byte order mark is not JSON, but some send it.
        _reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = maxDepth });
        _scratch = [];
    }

    /// <summary>Where the token that was read last begins in the body.</summary>
    public readonly int Offset => (int)_reader.TokenStartIndex;

    public readonly JsonTokenType Token => _reader.TokenType;

    /// <summary>Moves to a value that should be an object; false, and nothing to read, when it is null.</summary>
    public bool BeginObject() => Begin(JsonTokenType.StartObject, "an object");

    /// <summary>Moves to a value that should be an array; false, and nothing to read, when it is null.</summary>
    public bool BeginArray() => Begin(JsonTokenType.StartArray, "an array");

    /// <summary>Moves to the next member's name; false at the object's end.</summary>
    public bool NextMember()
    {
        _reader.Read();
        return _reader.TokenType == JsonTokenType.PropertyName;
    }

    /// <summary>Whether the member has this name.</summary>
    public readonly bool Is(ReadOnlySpan<byte> name) => _reader.ValueTextEquals(name);

    /// <summary>The member's name; valid until the next text is read.</summary>
    public ReadOnlySpan<byte> Name() => JsonText.Utf8(_reader.ValueSpan, _reader.ValueIsEscaped, ref _scratch);

    /// <summary>Moves into the next object of an array that was begun; false at the array's end. Nulls between them are passed over.</summary>
    public bool NextObject()
    {
        do _reader.Read();
        while (_reader.TokenType == JsonTokenType.Null);
        return _reader.TokenType switch
        {
            JsonTokenType.StartObject => true,
            JsonTokenType.EndArray => false,
            _ => throw Unexpected("an object"),
        };
    }

    /// <summary>Passes over the next value.</summary>
    public void Skip()
    {
        _reader.Read();
        _reader.Skip();
    }

    /// <summary>Passes over the rest of the object or array that the walker stands on.</summary>
    public void SkipCurrent() => _reader.Skip();

    /// <summary>Where the token that was read last ends in the body.</summary>
    public readonly int Consumed => (int)_reader.BytesConsumed;

    /// <summary>Moves to the next value, whatever it is.</summary>
    public JsonTokenType Next()
    {
        _reader.Read();
        return _reader.TokenType;
    }

    /// <summary>Reads the end of the body: nothing but white space may follow.</summary>
    public void End()
    {
        if (_reader.Read()) throw new DecodeFault(Offset, "something follows the end of the JSON value");
    }

    /// <summary>Reads a text; null is "". Valid until the next text is read.</summary>
    public ReadOnlySpan<byte> ReadText()
    {
        _reader.Read();
        return _reader.TokenType switch
        {
            JsonTokenType.String => JsonText.Utf8(_reader.ValueSpan, _reader.ValueIsEscaped, ref _scratch),
            JsonTokenType.Null => default,
            _ => throw Unexpected("a text"),
        };
    }

    /// <summary>Reads a whole number, as number or text; null is 0.</summary>
    public long ReadInt64()
    {
        var text = ReadNumberText("a whole number");
        if (text.IsEmpty) return 0;
        if (Utf8Parser.TryParse(text, out long value, out var read) && read == text.Length) return value;
        if (Utf8Parser.TryParse(text, out double real, out read) && read == text.Length && real == Math.Floor(real) && Math.Abs(real) < 9.2e18) return (long)real;
        throw new DecodeFault(Offset, "a whole number of 64 bits is expected");
    }

    /// <summary>Reads a whole number from 0, as number or text; null is 0.</summary>
    public ulong ReadUInt64()
    {
        var text = ReadNumberText("a whole number");
        if (text.IsEmpty) return 0;
        if (Utf8Parser.TryParse(text, out ulong value, out var read) && read == text.Length) return value;
        if (Utf8Parser.TryParse(text, out double real, out read) && read == text.Length && real == Math.Floor(real) && real is >= 0 and < 1.8e19) return (ulong)real;
        throw new DecodeFault(Offset, "a whole number from 0 to 2^64 − 1 is expected");
    }

    /// <summary>As <see cref="ReadUInt64"/>; larger than 32 bits becomes the largest of 32 bits.</summary>
    public uint ReadUInt32() => (uint)Math.Min(ReadUInt64(), uint.MaxValue);

    /// <summary>Reads a number, as number or text, with <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c>; null is 0.</summary>
    public double ReadDouble()
    {
        var text = ReadNumberText("a number");
        if (text.IsEmpty) return 0;
        if (Utf8Parser.TryParse(text, out double value, out var read) && read == text.Length) return value;
        throw new DecodeFault(Offset, "a number, \"NaN\", \"Infinity\" or \"-Infinity\" is expected");
    }

    /// <summary>Reads true or false; null is false.</summary>
    public bool ReadBool()
    {
        _reader.Read();
        return _reader.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False or JsonTokenType.Null => false,
            _ => throw Unexpected("true or false"),
        };
    }

    /// <summary>Reads an enum, given as its number or by its name; null is 0.</summary>
    /// <param name="names">Names in the order of their numbers. Others are 0, as are unknown numbers.</param>
    public int ReadEnum(ReadOnlySpan<string> names)
    {
        _reader.Read();
        if (_reader.TokenType == JsonTokenType.Number) return _reader.TryGetInt32(out var number) && number >= 0 && number < names.Length ? number : 0;
        if (_reader.TokenType == JsonTokenType.Null) return 0;
        if (_reader.TokenType != JsonTokenType.String) throw Unexpected("an enum's number or name");
        for (var i = 0; i < names.Length; i++)
            if (_reader.ValueTextEquals(names[i])) return i;
        return 0;
    }

    /// <summary>The raw bytes of the number, true, false or null that the reader stands on.</summary>
    public readonly ReadOnlySpan<byte> RawScalar => _reader.ValueSpan;

    /// <summary>The text that the reader stands on. Valid until the next text is read.</summary>
    public ReadOnlySpan<byte> CurrentText() => JsonText.Utf8(_reader.ValueSpan, _reader.ValueIsEscaped, ref _scratch);

    public readonly DecodeFault Fault(JsonException error) => new((int)_reader.BytesConsumed, "this is not JSON: " + JsonProblem.Sentence(error).TrimEnd('.'));

    ReadOnlySpan<byte> ReadNumberText(string what)
    {
        _reader.Read();
        return _reader.TokenType switch
        {
            JsonTokenType.Number => _reader.ValueSpan,
            JsonTokenType.String => CurrentText(),
            JsonTokenType.Null => default,
            _ => throw Unexpected(what),
        };
    }

    bool Begin(JsonTokenType begin, string what)
    {
        _reader.Read();
        if (_reader.TokenType == begin) return true;
        return _reader.TokenType == JsonTokenType.Null ? false : throw Unexpected(what);
    }

    public readonly DecodeFault Unexpected(string what) => new(Offset, $"{what} is expected, not " + _reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a text",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "true or false",
        JsonTokenType.Null => "null",
        _ => "the end",
    });
}
