namespace Apm.Storage.Metrics.Chunks;

/// <summary>Ascending seconds of one day: the first, and the gaps, which are nearly always the same.</summary>
static class TimeColumn
{
    /// <summary>A second of a day.</summary>
    const int SecondBits = 17;

    /// <param name="seconds">Of the day, strictly ascending, at least one.</param>
    public static void Write(BitWriter into, ReadOnlySpan<int> seconds)
    {
        into.Write((ulong)seconds[0], SecondBits);
        if (seconds.Length == 1) return;
        var gap = seconds[1] - seconds[0];
        into.Write((ulong)gap, SecondBits);
        Span<ulong> changes = stackalloc ulong[seconds.Length - 2];
        var last = gap;
        for (var i = 2; i < seconds.Length; i++)
        {
            var next = seconds[i] - seconds[i - 1];
            changes[i - 2] = RiceColumn.ZigZag(next - last);
            last = next;
        }
        RiceColumn.Write(into, changes);
    }

    public static void Read(ref BitReader from, scoped Span<int> seconds)
    {
        unchecked
        {
            seconds[0] = (int)from.Read(SecondBits);
            if (seconds.Length == 1) return;
            var gap = (long)from.Read(SecondBits);
            seconds[1] = seconds[0] + (int)gap;
            Span<ulong> changes = stackalloc ulong[seconds.Length - 2];
            RiceColumn.Read(ref from, changes);
            for (var i = 2; i < seconds.Length; i++)
            {
                gap += RiceColumn.UnZigZag(changes[i - 2]);
                seconds[i] = seconds[i - 1] + (int)gap;
            }
        }
    }
}
