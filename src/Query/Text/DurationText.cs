using System.Globalization;

namespace Apm.Query.Text;

/// <summary>Durations as people type them: <c>100ms</c>, <c>1.5s</c>, <c>250us</c>, <c>2m</c>.</summary>
public static class DurationText
{
    /// <summary>Longest unit first, so that printing finds the shortest text.</summary>
    static readonly (string Name, long Nanos)[] Units =
    [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000), ("us", 1_000), ("µs", 1_000), ("μs", 1_000), ("ns", 1),
    ];

    /// <summary>Reads a number with a unit, or several of them (<c>1m30s</c>). A number alone is not a duration.</summary>
    /// <returns>False when the text is something else or longer than 292 years.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out long nanos)
    {
        nanos = 0;
        text = text.Trim();
        if (text.IsEmpty) return false;
        var sum = 0m;
        while (!text.IsEmpty)
        {
            var digits = 0;
            while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.')) digits++;
            if (digits == 0 || digits > 20) return false;
            if (!decimal.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
            text = text[digits..];
            var letters = 0;
            while (letters < text.Length && !char.IsAsciiDigit(text[letters])) letters++;
            var unit = 0L;
            foreach (var (name, size) in Units) if (text[..letters].Equals(name, StringComparison.OrdinalIgnoreCase)) unit = size;
            if (unit == 0 || number > long.MaxValue / unit) return false;
            sum += number * unit;
            text = text[letters..];
        }
        if (sum > long.MaxValue) return false;
        nanos = (long)sum;
        return true;
    }

    /// <summary>The shortest text of one unit that says exactly this: <c>100ms</c>, <c>1500ms</c>, <c>1ns</c>.</summary>
    public static string Print(long nanos)
    {
        if (nanos == 0) return "0s";
        foreach (var (name, size) in Units)
            if (nanos % size == 0) return (nanos / size).ToString(CultureInfo.InvariantCulture) + name;
        return nanos.ToString(CultureInfo.InvariantCulture) + "ns";
    }
}
