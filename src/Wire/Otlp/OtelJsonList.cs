using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Apm.Core.Spans;

namespace Apm.Wire.Otlp;

/// <summary>A JSON array that grows object by object up to <see cref="OtlpLimits.MaxJsonTagBytes"/>; used for events and for links.</summary>
#pragma warning disable CA1001 // The writer owns nothing: it writes to memory.
internal sealed class OtelJsonList(StringTable strings)
#pragma warning restore CA1001
{
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    readonly ArrayBufferWriter<byte> _one = new(512);
    readonly Utf8JsonWriter _writer = new(Stream.Null, Options);
    byte[] _all = new byte[1024];
    int _used;

    /// <summary>Objects that did not fit, and those that the sender dropped.</summary>
    public uint Dropped { get; private set; }

    /// <summary>Counts what the sender dropped itself.</summary>
    public void AddDropped(uint count) => Dropped = (uint)Math.Min((ulong)Dropped + count, uint.MaxValue);

    public bool IsEmpty => _used == 0;

    public void Clear()
    {
        _used = 0;
        Dropped = 0;
    }

    /// <summary>Starts an object; its members are written to what this gives, and it ends with <see cref="EndObject"/>.</summary>
    public Utf8JsonWriter BeginObject()
    {
        _one.ResetWrittenCount();
        _writer.Reset(_one);
        _writer.WriteStartObject();
        return _writer;
    }

    public void EndObject()
    {
        _writer.WriteEndObject();
        _writer.Flush();
        var bytes = _one.WrittenSpan;
        if (_used + bytes.Length + 2 > OtlpLimits.MaxJsonTagBytes)
        {
            AddDropped(1);
            return;
        }
        while (_used + bytes.Length + 2 > _all.Length) Array.Resize(ref _all, _all.Length * 2);
        _all[_used] = _used == 0 ? (byte)'[' : (byte)',';
        bytes.CopyTo(_all.AsSpan(_used + 1));
        _used += bytes.Length + 1;
    }

    /// <summary>Index of the whole array's text.</summary>
    public int Intern()
    {
        _all[_used] = (byte)']';
        return strings.InternLenient(_all.AsSpan(0, _used + 1));
    }

    /// <summary>Writes <c>"attributes": {…}</c> when there are any, and <c>"dropped_attributes_count"</c> when some are missing.</summary>
    /// <param name="asTexts">Links hold texts only; events hold plain JSON values (trace-intake §1.15).</param>
    public void WriteAttributes(OtelAttributes attributes, OtelTexts texts, bool asTexts)
    {
        if (attributes.Count > 0)
        {
            _writer.WriteStartObject("attributes"u8);
            foreach (var attribute in attributes.Items)
            {
                _writer.WritePropertyName(strings.Utf8(attribute.Key));
                if (asTexts) WriteText(strings.Utf8(texts.Of(attribute)));
                else WriteValue(attribute, texts);
            }
            _writer.WriteEndObject();
        }
    }

    public void WriteDropped(uint dropped)
    {
        if (dropped > 0) _writer.WriteNumber("dropped_attributes_count"u8, dropped);
    }

    void WriteValue(OtelAttribute value, OtelTexts texts)
    {
        switch (value.Kind)
        {
            case OtelValueKind.Bool: _writer.WriteBooleanValue(value.Bits != 0); break;
            case OtelValueKind.Int: _writer.WriteNumberValue(value.Bits); break;
            case OtelValueKind.Double when double.IsFinite(value.Double): _writer.WriteNumberValue(value.Double); break;
            case OtelValueKind.Json when strings.Utf8((int)value.Bits).Length <= OtlpLimits.MaxEventTextBytes:
                _writer.WriteRawValue(strings.Utf8((int)value.Bits), skipInputValidation: true);
                break;
            default: WriteText(strings.Utf8(texts.Of(value))); break;
        }
    }

    void WriteText(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length <= OtlpLimits.MaxEventTextBytes)
        {
            _writer.WriteStringValue(utf8);
            return;
        }
        var end = OtlpLimits.MaxEventTextBytes;
        while ((utf8[end] & 0xC0) == 0x80) end--; // not inside a character
        _writer.WriteStringValue(Encoding.UTF8.GetString(utf8[..end]) + "...");
    }
}
