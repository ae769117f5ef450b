using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Apm.Core.Ids;

/// <summary>
/// A 128-bit trace id. Old tracers know only the lower 64 bits; their <see cref="High"/> is zero.
/// </summary>
/// <param name="High">Upper 64 bits; zero when the tracer sent 64-bit ids.</param>
/// <param name="Low">Lower 64 bits, what Datadog calls <c>trace_id</c>.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct TraceId(ulong High, ulong Low) : IComparable<TraceId>
{
    /// <summary>No trace; never stored.</summary>
    public static TraceId None => default;

    /// <summary>True for the all-zero id, which no span may carry.</summary>
    public bool IsNone => (High | Low) == 0;

    /// <summary>
    /// Whether both name the same trace. When either has no upper half, the lower halves decide:
    /// a 64-bit tracer and a 128-bit tracer meet in one trace (Datadog <c>_dd.p.tid</c>, W3C).
    /// </summary>
    public bool Matches(TraceId other) => Low == other.Low && (High == other.High || High == 0 || other.High == 0);

    /// <summary>Reads 16 hex digits (64-bit), 32 hex digits (128-bit), shorter hex, or with <paramref name="allowDecimal"/> a decimal 64-bit id.</summary>
    /// <returns>False for anything else and for the zero id.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out TraceId id, bool allowDecimal = false)
    {
        id = default;
        text = text.Trim();
        if (allowDecimal && text.Length is > 16 and <= 20 && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            id = new TraceId(0, number);
            return number != 0;
        }
        if (text.Length is 0 or > 32) return false;
        var highDigits = Math.Max(0, text.Length - 16);
        ulong high = 0;
        if (highDigits > 0 && !ulong.TryParse(text[..highDigits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out high)) return false;
        if (!ulong.TryParse(text[highDigits..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low)) return false;
        id = new TraceId(high, low);
        return !id.IsNone;
    }

    /// <summary>
    /// The traces that a text may name: hex digits (with or without <c>0x</c>), and digits that could be either also as the decimal number of a 64-bit id,
    /// as Datadog's API prints it. A decimal number never begins with 0.
    /// </summary>
    /// <returns>The hex reading first; empty when the text is no id.</returns>
    public static IReadOnlyList<TraceId> Readings(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        var isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (isHex) text = text[2..];
        var readings = new List<TraceId>(2);
        if (TryParse(text, out var hex)) readings.Add(hex);
        if (!isHex && SpanId.TryDecimal(text, out var number) && (readings.Count == 0 || hex != new TraceId(0, number))) readings.Add(new TraceId(0, number));
        return readings;
    }

    /// <summary>Reads 16 bytes, big-endian, as OTLP and W3C write them.</summary>
    public static TraceId FromBytes(ReadOnlySpan<byte> sixteen) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(sixteen), BinaryPrimitives.ReadUInt64BigEndian(sixteen[8..]));

    /// <inheritdoc/>
    public int CompareTo(TraceId other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    /// <summary>32 lower-case hex digits; 16 when there is no upper half.</summary>
    public override string ToString() => High == 0
        ? Low.ToString("x16", CultureInfo.InvariantCulture)
        : High.ToString("x16", CultureInfo.InvariantCulture) + Low.ToString("x16", CultureInfo.InvariantCulture);

    public static bool operator <(TraceId left, TraceId right) => left.CompareTo(right) < 0;
    public static bool operator >(TraceId left, TraceId right) => left.CompareTo(right) > 0;
    public static bool operator <=(TraceId left, TraceId right) => left.CompareTo(right) <= 0;
    public static bool operator >=(TraceId left, TraceId right) => left.CompareTo(right) >= 0;
}
