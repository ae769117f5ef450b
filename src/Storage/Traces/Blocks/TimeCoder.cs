namespace Apm.Storage.Traces.Blocks;

/// <summary>
/// Writes starts as distances to the span before, and durations as they are, both as varints in the coarsest unit that
/// loses nothing: many tracers know microseconds only.
/// </summary>
static class TimeCoder
{
    const long Micro = 1_000, Milli = 1_000_000;

    /// <summary>
    /// The unit, then per span the distance to the one before in its trace; of a trace's first span, to the first of the
    /// trace before; of the very first, to zero. Distances wrap at 64 bits.
    /// </summary>
    public static void WriteStarts(ByteWriter to, ReadOnlySpan<long> starts, ReadOnlySpan<int> traceBegins)
    {
        to.Clear();
        var unit = UnitOf(starts);
        to.Varint(unit);
        long traceBefore = 0;
        for (var trace = 0; trace + 1 < traceBegins.Length; trace++)
        {
            var before = traceBefore;
            traceBefore = starts[traceBegins[trace]];
            for (var i = traceBegins[trace]; i < traceBegins[trace + 1]; i++)
            {
                var distance = unchecked(starts[i] - before);
                to.Varint(unchecked((ulong)(unit == 1 ? distance : distance / (long)unit)));
                before = starts[i];
            }
        }
    }

    /// <summary>Reads the starts of the first spans, as many as there is room for.</summary>
    public static void ReadStarts(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> traceBegins, Span<long> starts)
    {
        var reader = new ByteReader(bytes);
        var unit = reader.Varint();
        long traceBefore = 0;
        unchecked
        {
            for (var trace = 0; trace + 1 < traceBegins.Length && traceBegins[trace] < starts.Length; trace++)
            {
                var before = traceBefore;
                var traceEnd = Math.Min(starts.Length, traceBegins[trace + 1]);
                for (var i = traceBegins[trace]; i < traceEnd; i++)
                {
                    before += (long)(reader.Varint() * unit);
                    if (i == traceBegins[trace]) traceBefore = before;
                    starts[i] = before;
                }
            }
        }
    }

    public static void WriteDurations(ByteWriter to, ReadOnlySpan<long> durations)
    {
        to.Clear();
        var unit = UnitOf(durations);
        to.Varint(unit);
        foreach (var duration in durations) to.Varint(unit == 1 ? unchecked((ulong)duration) : (ulong)duration / unit);
    }

    /// <summary>Reads the durations of the first spans, as many as there is room for.</summary>
    public static void ReadDurations(ReadOnlySpan<byte> bytes, Span<long> durations)
    {
        var reader = new ByteReader(bytes);
        var unit = reader.Varint();
        for (var i = 0; i < durations.Length; i++) durations[i] = unchecked((long)(reader.Varint() * unit));
    }

    static ulong UnitOf(ReadOnlySpan<long> times)
    {
        if (!AreMultiples(times, Micro)) return 1;
        return AreMultiples(times, Milli) ? (ulong)Milli : (ulong)Micro;
    }

    /// <summary>Negative times are left alone: the distance to one may wrap, and is no multiple then.</summary>
    static bool AreMultiples(ReadOnlySpan<long> times, long unit)
    {
        foreach (var time in times)
            if (time < 0 || time % unit != 0) return false;
        return true;
    }
}
