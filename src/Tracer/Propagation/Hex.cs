using System.Globalization;
using System.Runtime.InteropServices;

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

    /// <summary>Reads 16 hex digits that are known to be such, as the framework's ids are: several times per span.</summary>
    public static ulong Read16(ReadOnlySpan<char> digits)
    {
        if (!BitConverter.IsLittleEndian) return ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        var value = 0UL;
        foreach (var four in MemoryMarshal.Cast<char, ulong>(digits[..16]))
        {
            // A digit's value is its low four bits, and nine more for a letter. The product moves all four side by side into the top 16 bits.
            var values = (four & 0x000f_000f_000f_000f) + ((four >> 6 & 0x0001_0001_0001_0001) * 9);
            value = value << 16 | unchecked(values * 0x1000_0100_0010_0001) >> 48;
        }
        return value;
    }

    /// <summary>True when every character is one of <c>0-9a-f</c>.</summary>
    public static bool IsLowerHex(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
            if (c is not ((>= '0' and <= '9') or (>= 'a' and <= 'f'))) return false;
        return true;
    }
}
