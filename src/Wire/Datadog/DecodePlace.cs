using System.Text;
using Apm.Core;
using Apm.Wire.MsgPack;

namespace Apm.Wire.Datadog;

/// <summary>Where a decoder is, kept as numbers while all goes well and told as text when something is wrong.</summary>
struct DecodePlace
{
    /// <summary>Longest piece of a key that is shown.</summary>
    const int MaxShownChars = 80;

    /// <summary>Index of the trace (chunk) in the body, from 0; -1 outside of traces.</summary>
    public int Trace;

    /// <summary>Index of the span in its trace, from 0; -1 outside of spans.</summary>
    public int Span;

    /// <summary>Offset of the current map's key; -1 outside of maps.</summary>
    public int KeyOffset;

    /// <summary>Offset of the key inside the map that stands under the current key; -1 outside.</summary>
    public int InnerKeyOffset;

    /// <summary>Place in a v0.5 span, 0 to 11; -1 outside of such spans.</summary>
    public int Element;

    static readonly string[] Elements = ["service", "name", "resource", "trace_id", "span_id", "parent_id", "start", "duration", "error", "meta", "metrics", "type"];

    public static DecodePlace Start => new() { Trace = -1, Span = -1, KeyOffset = -1, InnerKeyOffset = -1, Element = -1 };

    /// <summary>Protocol, byte, place and problem in one sentence, as <see cref="PayloadException"/> promises.</summary>
    public readonly PayloadException Explain(string protocol, ReadOnlySpan<byte> body, MsgPackException problem)
    {
        var text = new StringBuilder().Append(protocol).Append(" body, byte ").Append(problem.Offset);
        var before = " (";
        if (Trace >= 0) Append("trace ", Trace.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (Span >= 0) Append("span ", Span.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (Element >= 0) Append("", Elements[Element]);
        if (KeyAt(body, KeyOffset) is { } key) Append("key ", key);
        if (KeyAt(body, InnerKeyOffset) is { } inner) Append("in it ", inner);
        if (before != " (") text.Append(')');
        return new PayloadException(text.Append(": ").Append(problem.Message).ToString());

        void Append(string name, string value)
        {
            text.Append(before).Append(name).Append(value);
            before = ", ";
        }
    }

    static string? KeyAt(ReadOnlySpan<byte> body, int offset)
    {
        if (offset < 0 || offset >= body.Length) return null;
        try
        {
            var reader = new MsgPackReader(body).From(offset);
            if (reader.PeekCode() is < 0x80) return reader.ReadUnsigned().ToString(System.Globalization.CultureInfo.InvariantCulture);
            var text = Encoding.UTF8.GetString(reader.ReadString());
            if (text.Length > MaxShownChars) text = string.Concat(text.AsSpan(0, MaxShownChars), "…");
            return $"\"{text}\"";
        }
        catch (MsgPackException)
        {
            return null; // The key itself is what is wrong.
        }
    }
}
