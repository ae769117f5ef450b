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

    /// <summary>16 lower-case hex digits.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
