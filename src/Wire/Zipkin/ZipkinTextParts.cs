using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using Apm.Wire.Json;
using Apm.Wire.Otlp;

namespace Apm.Wire.Zipkin;

/// <summary>
/// What OpenTelemetry's collector packs into Zipkin's texts (trace-intake §8.3):
/// <code>
/// annotation  name | attributes as JSON | dropped count
/// link        trace id | span id | trace state | attributes as JSON | dropped count
/// </code>
/// A text that is not of that form is just a text.
/// </summary>
internal static class ZipkinTextParts
{
    /// <summary>Takes an annotation as an event of the draft.</summary>
    public static void AddEvent(ulong timeUnixNanos, ReadOnlySpan<byte> value, OtelSpanMapper mapper)
    {
        var inner = mapper.Span.Inner;
        inner.Clear();
        var name = value;
        var first = value.IndexOf((byte)'|');
        var last = value.LastIndexOf((byte)'|');
        if (first >= 0 && last > first && TryDropped(value[(last + 1)..], out var dropped) && TryAttributes(value[(first + 1)..last], mapper))
        {
            inner.AddDropped(dropped);
            name = value[..first];
        }
        else inner.Clear();
        mapper.Span.AddEvent(timeUnixNanos, mapper.Texts.Strings.InternLenient(name));
    }

    /// <summary>Takes the value of an <c>otlp.link.N</c> tag as a link of the draft; false when it is none.</summary>
    public static bool TryAddLink(ReadOnlySpan<byte> value, OtelSpanMapper mapper)
    {
        var inner = mapper.Span.Inner;
        inner.Clear();
        if (!TryPart(ref value, out var trace) || !TryPart(ref value, out var span) || !TryPart(ref value, out var state)) return false;
        var last = value.LastIndexOf((byte)'|');
        if (last < 0 || !TryDropped(value[(last + 1)..], out var dropped) || !TryAttributes(value[..last], mapper)) return false;
        if (!TryTraceId(trace, out var high, out var low) || !TryId(span, out var id)) return false;
        inner.AddDropped(dropped);
        mapper.Span.AddLink(high, low, id, mapper.Texts.Strings.InternLenient(state), flags: 0);
        return true;
    }

    /// <summary>Reads 1–32 hex digits that are not all zero; fewer than 32 stand for leading zeros.</summary>
    public static bool TryTraceId(ReadOnlySpan<byte> hex, out ulong high, out ulong low)
    {
        high = low = 0;
        if (hex.Length is 0 or > 32) return false;
        var highDigits = Math.Max(0, hex.Length - 16);
        return (highDigits == 0 || TryHex(hex[..highDigits], out high)) && TryHex(hex[highDigits..], out low) && (high | low) != 0;
    }

    /// <summary>Reads 1–16 hex digits that are not all zero.</summary>
    public static bool TryId(ReadOnlySpan<byte> hex, out ulong id) => TryHex(hex, out id) && id != 0;

    /// <summary>Reads 1–16 hex digits.</summary>
    public static bool TryHex(ReadOnlySpan<byte> hex, out ulong value)
    {
        value = 0;
        return hex.Length is > 0 and <= 16 && ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    static bool TryPart(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> part)
    {
        var end = rest.IndexOf((byte)'|');
        part = end < 0 ? default : rest[..end];
        if (end >= 0) rest = rest[(end + 1)..];
        return end >= 0;
    }

    static bool TryDropped(ReadOnlySpan<byte> text, out uint dropped) => Utf8Parser.TryParse(text, out dropped, out var read) && read == text.Length;

    /// <summary>Reads a JSON object's members as attributes of the event or link.</summary>
    static bool TryAttributes(ReadOnlySpan<byte> text, OtelSpanMapper mapper)
    {
        try
        {
            var json = new JsonWalker(text, OtlpLimits.MaxValueDepth);
            if (json.Next() != JsonTokenType.StartObject) return false;
            while (json.NextMember())
            {
                var key = mapper.Keys.Key(json.Name());
                var (kind, bits) = ReadValue(ref json, key, text, mapper);
                mapper.Span.Inner.Add(key, mapper.Keys.KnownOf(key), kind, bits);
            }
            json.End();
            return true;
        }
        catch (Exception error) when (error is JsonException or DecodeFault)
        {
            return false;
        }
    }

    static (OtelValueKind Kind, long Bits) ReadValue(ref JsonWalker json, int key, ReadOnlySpan<byte> text, OtelSpanMapper mapper)
    {
        switch (json.Next())
        {
            case JsonTokenType.String: return (OtelValueKind.Text, mapper.Keys.Value(key, json.CurrentText()));
            case JsonTokenType.True: return (OtelValueKind.Bool, 1);
            case JsonTokenType.False: return (OtelValueKind.Bool, 0);
            case JsonTokenType.Number:
                var number = json.RawScalar;
                if (Utf8Parser.TryParse(number, out long whole, out var read) && read == number.Length) return (OtelValueKind.Int, whole);
                return Utf8Parser.TryParse(number, out double real, out _) ? (OtelValueKind.Double, BitConverter.DoubleToInt64Bits(real)) : (OtelValueKind.Empty, 0);
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                var from = json.Offset;
                json.SkipCurrent();
                return (OtelValueKind.Json, mapper.Texts.Strings.InternLenient(text[from..json.Consumed]));
            default: return (OtelValueKind.Empty, 0);
        }
    }
}
