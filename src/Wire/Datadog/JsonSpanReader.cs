using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Apm.Core;
using Apm.Core.Spans;

namespace Apm.Wire.Datadog;

/// <summary>Reads spans written as JSON objects straight into a batch's columns, with the agent's leniency (trace-intake §1.17).</summary>
ref struct JsonSpanReader
{
    const int LongestName = 16;

    readonly ReadOnlySpan<byte> _body;
    readonly SpanBatch _batch;
    Utf8JsonReader _json;
    string _key = "";
    string _innerKey = "";

    /// <summary>For messages: index of the trace and of the span in it; -1 outside.</summary>
    public int TraceIndex = -1;
    public int SpanIndex = -1;

    public JsonSpanReader(ReadOnlySpan<byte> body, SpanBatch batch)
    {
        _body = body;
        _batch = batch;
        _json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = DatadogLimits.MaxJsonDepth });
    }

    /// <summary>The same place in the same body, filling another batch.</summary>
    public readonly JsonSpanReader Into(SpanBatch batch) => new(_body, batch) { _json = _json };

    public readonly bool IsNull => _json.TokenType == JsonTokenType.Null;

    /// <summary>Where the current token begins.</summary>
    public readonly int TokenOffset => (int)_json.TokenStartIndex;

    /// <summary>Moves to the next token.</summary>
    public void Read()
    {
        if (!_json.Read()) throw new JsonException("the body ends early.");
    }

    /// <summary>Moves to the next element; false at the array's end.</summary>
    public bool ReadUnlessArrayEnds()
    {
        Read();
        return _json.TokenType != JsonTokenType.EndArray;
    }

    public readonly void ExpectArray(string what)
    {
        if (_json.TokenType != JsonTokenType.StartArray) throw Expected(what);
    }

    /// <summary>Reads the object that begins at the current token.</summary>
    public void ReadSpan()
    {
        if (_json.TokenType != JsonTokenType.StartObject) throw Expected("a span object");
        if (_batch.SpanCount >= DatadogLimits.MaxSpans) throw new JsonException($"more than {DatadogLimits.MaxSpans} spans in one request. Send fewer spans per request.");
        var span = _batch.AddSpan();
        while (ReadUnlessObjectEnds())
        {
            var field = ReadFieldName();
            Read();
            if (!IsNull) ReadValue(span, field);
        }
        _key = "";
    }

    /// <summary>What to answer: protocol, byte, place, problem.</summary>
    public readonly PayloadException Explain(JsonException problem)
    {
        var text = new StringBuilder("Datadog JSON body, byte ").Append(_json.TokenStartIndex);
        var parts = new List<string>();
        if (TraceIndex >= 0) parts.Add("trace " + TraceIndex.ToString(CultureInfo.InvariantCulture));
        if (SpanIndex >= 0) parts.Add("span " + SpanIndex.ToString(CultureInfo.InvariantCulture));
        if (_key.Length > 0) parts.Add($"key \"{_key}\"");
        if (_innerKey.Length > 0) parts.Add($"in it \"{_innerKey}\"");
        if (parts.Count > 0) text.Append(" (").AppendJoin(", ", parts).Append(')');
        var message = problem.LineNumber is null ? problem.Message : "not valid JSON, or cut off: " + Json.JsonProblem.Sentence(problem) + " Send one complete JSON array.";
        return new PayloadException(text.Append(": ").Append(message).ToString());
    }

    void ReadValue(int span, SpanField field)
    {
        switch (field)
        {
            case SpanField.Service: _batch.Services[span] = ReadText(); break;
            case SpanField.Name: _batch.Names[span] = ReadText(); break;
            case SpanField.Resource: _batch.Resources[span] = ReadText(); break;
            case SpanField.Type: _batch.Types[span] = ReadText(); break;
            case SpanField.TraceId: _batch.TraceIdLow[span] = ReadId(); break;
            case SpanField.SpanId: _batch.SpanIds[span] = ReadId(); break;
            case SpanField.ParentId: _batch.ParentIds[span] = ReadId(); break;
            case SpanField.Start: _batch.StartUnixNanos[span] = ReadInt64(); break;
            case SpanField.Duration: _batch.DurationNanos[span] = ReadInt64(); break;
            case SpanField.Error: _batch.Flags[span] = ReadInt32() != 0 ? SpanFlags.Error : SpanFlags.None; break;
            case SpanField.Meta: ReadMeta(span); break;
            case SpanField.Metrics: ReadMetrics(span); break;
            case SpanField.MetaStruct: ReadStructs(span); break;
            case SpanField.SpanLinks: SetExtra(span, TagNames.SpanLinks, JsonSpanExtras.Links(ParseValue())); break;
            case SpanField.SpanEvents: SetExtra(span, TagNames.SpanEvents, JsonSpanExtras.Events(ParseValue())); break;
            default: _json.Skip(); break;
        }
    }

    void ReadMeta(int span)
    {
        ExpectObject();
        while (ReadUnlessObjectEnds())
        {
            var key = ReadTagName();
            Read();
            _batch.Tags.Set(span, key, IsNull ? 0 : ReadText());
        }
        _innerKey = "";
    }

    void ReadMetrics(int span)
    {
        ExpectObject();
        while (ReadUnlessObjectEnds())
        {
            var key = ReadTagName();
            Read();
            _batch.Numbers.Set(span, key, IsNull ? 0 : ReadDouble());
        }
        _innerKey = "";
    }

    void ReadStructs(int span)
    {
        ExpectObject();
        while (ReadUnlessObjectEnds())
        {
            var key = ReadTagName();
            Read();
            if (IsNull) continue;
            byte[]? bytes = null;
            if (_json.TokenType != JsonTokenType.String || !_json.TryGetBytesFromBase64(out bytes)) throw Expected("base64 text");
            SpanExtras.SetStruct(_batch, span, _batch.Strings.Utf8(key), bytes);
        }
        _innerKey = "";
    }

    readonly void SetExtra(int span, string tag, byte[]? json)
    {
        if (json is not null) _batch.Tags.Set(span, _batch.Strings.Intern(tag), _batch.Strings.InternLenient(json));
    }

    JsonElement ParseValue()
    {
        if (_json.TokenType != JsonTokenType.StartArray) throw Expected("an array");
        using var document = JsonDocument.ParseValue(ref _json);
        return document.RootElement.Clone();
    }

    bool ReadUnlessObjectEnds()
    {
        Read();
        return _json.TokenType != JsonTokenType.EndObject;
    }

    /// <summary>The field of the current member's name; case does not matter.</summary>
    SpanField ReadFieldName()
    {
        _key = "";
        if (_json.HasValueSequence || _json.ValueIsEscaped || _json.ValueSpan.Length > LongestName) return SpanField.Unknown;
        Span<byte> lower = stackalloc byte[LongestName];
        var length = Ascii(_json.ValueSpan, lower);
        var field = SpanFields.Find(lower[..length]);
        if (field != SpanField.Unknown) _key = Encoding.ASCII.GetString(lower[..length]);
        return field;

        static int Ascii(ReadOnlySpan<byte> name, Span<byte> lower)
        {
            for (var i = 0; i < name.Length; i++) lower[i] = name[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(name[i] | 0x20) : name[i];
            return name.Length;
        }
    }

    int ReadTagName()
    {
        var key = Intern();
        _innerKey = key == 0 ? "" : Encoding.UTF8.GetString(_batch.Strings.Utf8(key)[..Math.Min(80, _batch.Strings.Utf8(key).Length)]);
        return key;
    }

    int ReadText() => _json.TokenType == JsonTokenType.String ? Intern() : throw Expected("a string");

    readonly int Intern()
    {
        var raw = _json.ValueSpan;
        if (!_json.ValueIsEscaped) return _batch.Strings.InternLenient(raw);
        var buffer = ArrayPool<byte>.Shared.Rent(raw.Length);
        var index = _batch.Strings.InternLenient(buffer.AsSpan(0, JsonText.Unescape(raw, buffer)));
        ArrayPool<byte>.Shared.Return(buffer);
        return index;
    }

    readonly ulong ReadId() =>
        _json.TokenType == JsonTokenType.Number && _json.TryGetUInt64(out var value) ? value : throw Expected("an integer from 0 to 2^64 − 1");

    readonly long ReadInt64() =>
        _json.TokenType == JsonTokenType.Number && _json.TryGetInt64(out var value) ? value : throw Expected("a signed 64-bit integer");

    readonly int ReadInt32() =>
        _json.TokenType == JsonTokenType.Number && _json.TryGetInt32(out var value) ? value : throw Expected("a signed 32-bit integer");

    readonly double ReadDouble() =>
        _json.TokenType == JsonTokenType.Number && _json.TryGetDouble(out var value) && double.IsFinite(value) ? value : throw Expected("a number");

    readonly void ExpectObject()
    {
        if (_json.TokenType != JsonTokenType.StartObject) throw Expected("an object");
    }

    readonly JsonException Expected(string what)
    {
        var found = _json.TokenType switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "an array",
            JsonTokenType.String => "a string",
            JsonTokenType.Number => "the number " + Encoding.ASCII.GetString(_json.ValueSpan[..Math.Min(40, _json.ValueSpan.Length)]),
            JsonTokenType.True or JsonTokenType.False => "a bool",
            _ => "null",
        };
        return new JsonException($"expected {what}, found {found}. Send {what} here or leave the member out.");
    }
}
