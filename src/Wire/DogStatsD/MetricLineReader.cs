namespace Apm.Wire.DogStatsD;

/// <summary>
/// Reads a metric line (metrics-monitors §2.3):
/// <code>
/// name ":" value *( ":" value ) "|" type *( "|" field )
/// field = "@" rate | "#" tag *( "," tag ) | "T" unix-seconds | "c:" container | "e:" external-data | "card:" level | anything-else
/// </code>
/// Reads bytes only and allocates nothing: a flood of lines, right or wrong, makes no garbage. Any thread.
/// </summary>
public static class MetricLineReader
{
    /// <summary>Smallest sample rate that is taken: one of a thousand million. Beyond it sums of weights would lose their exactness.</summary>
    public const double SmallestRate = 1e-9;

    /// <summary>Reads a line; false when it is none, and then the fault says why.</summary>
    /// <param name="takesTimestamps">Whether a <c>T</c> counts; otherwise it is passed over like an unknown field.</param>
    public static bool TryRead(ReadOnlySpan<byte> line, bool takesTimestamps, out MetricLine metric, out LineFault fault)
    {
        metric = default;
        var bar = line.IndexOf((byte)'|');
        if (bar < 0) return Fault(LineFaultKind.NoType, line.Length, 0, out fault);
        var colon = line[..bar].IndexOf((byte)':');
        if (colon < 0) return Fault(LineFaultKind.NoColon, 0, bar, out fault);
        if (colon == 0) return Fault(LineFaultKind.EmptyName, 0, 0, out fault);
        var values = line[(colon + 1)..bar];
        if (values.Length == 0) return Fault(LineFaultKind.EmptyValue, bar, 0, out fault);

        var typeAt = bar + 1;
        var typeEnd = FieldEnd(line, typeAt);
        if (!TryReadType(line[typeAt..typeEnd], out var type))
            return Fault(typeAt == typeEnd ? LineFaultKind.EmptyType : LineFaultKind.UnknownType, typeAt, typeEnd - typeAt, out fault);

        var first = 0.0;
        var count = 1;
        if (type != StatsdType.Set && !TryCheckValues(values, colon + 1, out first, out count, out fault)) return false;

        var rate = 1.0;
        var time = 0L;
        ReadOnlySpan<byte> tags = [], container = [], externalData = [], cardinality = [];
        for (var at = typeEnd + 1; at < line.Length;)
        {
            var end = FieldEnd(line, at);
            var field = line[at..end];
            if (field.Length > 0)
            {
                if (field[0] == '#') tags = field[1..];
                else if (field[0] == '@')
                {
                    if (!StatsdNumber.TryRead(field[1..], out rate) || !(rate >= SmallestRate) || double.IsInfinity(rate)) return Fault(LineFaultKind.BadRate, at, field.Length, out fault);
                }
                else if (field[0] == 'T' && takesTimestamps)
                {
                    if (!StatsdNumber.TryReadWhole(field[1..], out time) || time < 1) return Fault(LineFaultKind.BadTimestamp, at, field.Length, out fault);
                }
                else if (field.StartsWith("c:"u8)) container = field[2..];
                else if (field.StartsWith("e:"u8)) externalData = field[2..];
                else if (field.StartsWith("card:"u8)) cardinality = field[5..];
            }
            at = end + 1;
        }
        fault = default;
        metric = new MetricLine
        {
            Name = line[..colon], RawValues = values, Type = type, FirstValue = first, ValueCount = count, SampleRate = rate, Tags = tags, UnixSeconds = time,
            Container = container, ExternalData = externalData, Cardinality = cardinality,
        };
        return true;
    }

    static bool TryReadType(ReadOnlySpan<byte> text, out StatsdType type)
    {
        type = text switch
        {
            [(byte)'g'] => StatsdType.Gauge,
            [(byte)'c'] => StatsdType.Counter,
            [(byte)'h'] => StatsdType.Histogram,
            [(byte)'d'] => StatsdType.Distribution,
            [(byte)'s'] => StatsdType.Set,
            [(byte)'m', (byte)'s'] => StatsdType.Timer,
            _ => (StatsdType)(-1),
        };
        return type >= 0;
    }

    static bool TryCheckValues(ReadOnlySpan<byte> values, int offset, out double first, out int count, out LineFault fault)
    {
        first = 0;
        count = 0;
        for (var at = 0; at < values.Length;)
        {
            var colon = values[at..].IndexOf((byte)':');
            var end = colon < 0 ? values.Length : at + colon;
            if (end > at)
            {
                if (!StatsdNumber.TryRead(values[at..end], out var value)) return Fault(LineFaultKind.BadValue, offset + at, end - at, out fault);
                if (count++ == 0) first = value;
            }
            at = end + 1;
        }
        if (count == 0) return Fault(LineFaultKind.EmptyValue, offset, 0, out fault);
        fault = default;
        return true;
    }

    internal static int FieldEnd(ReadOnlySpan<byte> line, int at)
    {
        var bar = line[at..].IndexOf((byte)'|');
        return bar < 0 ? line.Length : at + bar;
    }

    internal static bool Fault(LineFaultKind kind, int offset, int length, out LineFault fault)
    {
        fault = new LineFault(kind, offset, length);
        return false;
    }
}
