using System.Buffers.Text;
using System.Globalization;

namespace Apm.Wire.DogStatsD;

/// <summary>Numbers as they stand in lines.</summary>
static class StatsdNumber
{
    /// <summary>Digits that fit into the 53 bits of a double's fraction for certain.</summary>
    const int ExactDigits = 15;

    static readonly double[] PowersOfTen = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

    /// <summary>A decimal with or without sign, fraction and exponent; also <c>inf</c>, <c>infinity</c> and <c>nan</c> in any case.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out double value)
    {
        if (TryReadPlain(text, out value)) return true;
        if (text.Length == 0) return false;
        if (double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value)) return true;
        return TryReadWord(text, out value);
    }

    /// <summary>A whole number of at most 18 digits, without a sign.</summary>
    public static bool TryReadWhole(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        return text.Length is > 0 and <= 18 && text[0] is >= (byte)'0' and <= (byte)'9' && Utf8Parser.TryParse(text, out value, out var read) && read == text.Length;
    }

    /// <summary>What nearly every client sends. Both digits and power of ten are exact, so that their quotient is the nearest double.</summary>
    static bool TryReadPlain(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        var at = text.Length > 0 && text[0] == '-' ? 1 : 0;
        if (text.Length - at is 0 or > ExactDigits + 1) return false;
        long digits = 0;
        var digitCount = 0;
        var point = -1;
        for (var i = at; i < text.Length; i++)
        {
            var c = text[i];
            if (c is >= (byte)'0' and <= (byte)'9')
            {
                digits = digits * 10 + (c - '0');
                digitCount++;
            }
            else if (c == '.' && point < 0) point = i;
            else return false;
        }
        if (digitCount is 0 or > ExactDigits) return false;
        value = point < 0 ? digits : digits / PowersOfTen[text.Length - 1 - point];
        if (at == 1) value = -value;
        return true;
    }

    static bool TryReadWord(ReadOnlySpan<byte> text, out double value)
    {
        var isNegative = text[0] == '-';
        var word = text[0] is (byte)'-' or (byte)'+' ? text[1..] : text;
        if (Is(word, "inf"u8) || Is(word, "infinity"u8)) value = isNegative ? double.NegativeInfinity : double.PositiveInfinity;
        else if (Is(word, "nan"u8)) value = double.NaN;
        else
        {
            value = 0;
            return false;
        }
        return true;
    }

    static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lowerCase) => System.Text.Ascii.EqualsIgnoreCase(text, lowerCase);
}
