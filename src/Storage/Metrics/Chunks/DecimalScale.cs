using System.Numerics;

namespace Apm.Storage.Metrics.Chunks;

/// <summary>
/// What people and programs measure are mostly short decimals: 12.5, 0.8, 4096. Such values are whole numbers times
/// a power of two over a power of ten, and differ little as whole numbers.
/// </summary>
/// <param name="Digits">Decimals behind the point.</param>
/// <param name="Shift">Bits at the end that are zero in all of them.</param>
readonly record struct DecimalScale(int Digits, int Shift)
{
    /// <summary>Most decimals.</summary>
    internal const int MaxDigits = 12;

    /// <summary>Whole numbers up to here are exact as doubles.</summary>
    const double MaxWhole = 1L << 53;

    static readonly double[] Powers = [.. Enumerable.Range(0, MaxDigits + 1).Select(digits => Math.Pow(10, digits))];

    public double Power => Powers[Math.Min(Digits, MaxDigits)];

    /// <summary>The least number of decimals with which all values are exact; null when there is none.</summary>
    public static int? DigitsOf(ReadOnlySpan<double> values, int atLeast = 0)
    {
        var digits = atLeast;
        foreach (var value in values)
        {
            while (!IsExact(value, Powers[digits]))
                if (++digits > MaxDigits) return null;
        }
        return digits;
    }

    /// <summary>Whole numbers for values, shifted by nothing yet.</summary>
    /// <returns>False when one is too large.</returns>
    public static bool TryToWhole(ReadOnlySpan<double> values, int digits, Span<long> whole)
    {
        var power = Powers[digits];
        for (var i = 0; i < values.Length; i++)
        {
            var scaled = values[i] * power;
            if (!(Math.Abs(scaled) < MaxWhole)) return false;
            whole[i] = (long)Math.Round(scaled);
        }
        return true;
    }

    /// <summary>How far all of them can be shifted.</summary>
    public static int ShiftOf(ReadOnlySpan<long> whole)
    {
        var bits = 0L;
        foreach (var value in whole) bits |= value;
        return bits == 0 ? 0 : Math.Min(BitOperations.TrailingZeroCount(bits), 31);
    }

    static bool IsExact(double value, double power)
    {
        var scaled = value * power;
        return Math.Abs(scaled) < MaxWhole && Math.Round(scaled) / power == value;
    }
}
