using System.Globalization;

namespace Apm.Tracer.Propagation;

/// <summary>Ids as text and back. Only lower-case digits are valid on the wire.</summary>
internal static class Hex
{
    /// <summary>16 lower-case hex digits.</summary>
    public static string Of(ulong value) => value.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Reads exactly 16 lower-case hex digits.</summary>
    public static bool TryRead16(ReadOnlySpan<char> text, out ulong value)
    {
        value = 0;
        if (text.Length != 16 || !IsLowerHex(text)) return false;
        return ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>True when every character is one of <c>0-9a-f</c>.</summary>
    public static bool IsLowerHex(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
            if (c is not ((>= '0' and <= '9') or (>= 'a' and <= 'f'))) return false;
        return true;
    }
}
