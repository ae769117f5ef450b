using System.Globalization;

namespace Apm.Core.Ids;

/// <summary>A 64-bit span id. Zero means "no span", as the parent of a root.</summary>
public readonly record struct SpanId(ulong Value)
{
    /// <summary>No span: the parent of a root.</summary>
    public static SpanId None => default;

    /// <summary>True for zero.</summary>
    public bool IsNone => Value == 0;

    /// <summary>Reads 1–16 hex digits. False for anything else and for zero.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out SpanId id)
    {
        id = default;
        if (text.Length is 0 or > 16) return false;
        if (!ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)) return false;
        id = new SpanId(value);
        return value != 0;
    }

    /// <summary>The spans that a text may name, as <see cref="TraceId.Readings"/>.</summary>
    /// <returns>The hex reading first; empty when the text is no id. 0 is <see cref="None"/>.</returns>
    public static IReadOnlyList<SpanId> Readings(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        var isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (isHex) text = text[2..];
        var readings = new List<SpanId>(2);
        if (text.Length <= 16 && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex)) readings.Add(new SpanId(hex));
        if (!isHex && TryDecimal(text, out var number) && !readings.Contains(new SpanId(number))) readings.Add(new SpanId(number));
        return readings;
    }

    /// <summary>Decimal digits that do not begin with 0: what could be the number of a 64-bit id.</summary>
    internal static bool TryDecimal(ReadOnlySpan<char> text, out ulong number)
    {
        number = 0;
        return text.Length is > 0 and <= 20 && text[0] != '0' && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>16 lower-case hex digits.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
