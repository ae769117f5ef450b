using Apm.Core.Limits;
using Apm.Core.Spans;

namespace Apm.TraceAgent.Sample;

/// <summary>
/// Remembers what became of a trace, so that spans which come later follow. Eight bytes for each trace; the oldest of a set of
/// four makes room.
/// </summary>
/// <remarks>
/// Any thread, without a lock: an entry is one word. Two threads that enter into one set at once may lose one entry, and its
/// trace is then decided anew, as after <see cref="MaxTraces"/> others.
/// </remarks>
sealed class DecisionMemory(MemoryAccount? account = null)
{
    /// <summary>Traces remembered at most; default 1,048,576, which takes 8 MiB, once the first is entered.</summary>
    public const int MaxTraces = 1 << 20;
    const int Ways = 4;
    const int SetBits = 18;
    const ulong TagMask = (1UL << 56) - 1;

    ulong[]? _entries;

    /// <summary>Bytes taken.</summary>
    public long ByteCount => _entries is null ? 0 : MaxTraces * 8L;

    /// <summary>Whether nothing was ever entered.</summary>
    public bool IsEmpty => Volatile.Read(ref _entries) is null;

    /// <summary>What was entered for a trace last; null when it is not remembered.</summary>
    public SampleVerdict? Find(ulong traceIdLow)
    {
        if (Volatile.Read(ref _entries) is not { } entries) return null;
        var (set, tag) = PlaceOf(traceIdLow);
        for (var way = 0; way < Ways; way++)
            if (Volatile.Read(ref entries[set + way]) is var entry and not 0 && (entry & TagMask) == tag) return (SampleVerdict)((entry >> 56) - 1);
        return null;
    }

    /// <summary>Enters or changes the verdict of a trace.</summary>
    public void Set(ulong traceIdLow, SampleVerdict verdict)
    {
        var entries = Volatile.Read(ref _entries) ?? Begin();
        var (set, tag) = PlaceOf(traceIdLow);
        var entry = tag | ((ulong)verdict + 1) << 56;
        for (var way = 0; way < Ways; way++)
        {
            var before = Volatile.Read(ref entries[set + way]);
            if (before != 0 && (before & TagMask) != tag) continue;
            Volatile.Write(ref entries[set + way], entry);
            return;
        }
        for (var way = Ways - 1; way > 0; way--) Volatile.Write(ref entries[set + way], Volatile.Read(ref entries[set + way - 1]));
        Volatile.Write(ref entries[set], entry);
    }

    ulong[] Begin()
    {
        var entries = new ulong[MaxTraces];
        if (Interlocked.CompareExchange(ref _entries, entries, null) is { } theirs) return theirs;
        account?.Reserve(ByteCount);
        return entries;
    }

    /// <summary>Set and tag together hold all 64 bits of the mixed id: no two ids are taken for one.</summary>
    static (int Set, ulong Tag) PlaceOf(ulong traceIdLow)
    {
        var mixed = Mixed.Of(traceIdLow);
        return ((int)(mixed >> (64 - SetBits)) * Ways, mixed & TagMask);
    }
}

/// <summary>Spreads ids that count upwards over all bits, reversibly.</summary>
static class Mixed
{
    public static ulong Of(ulong id)
    {
        unchecked
        {
            id = (id ^ (id >> 33)) * 0xFF51_AFD7_ED55_8CCD;
            id = (id ^ (id >> 33)) * 0xC4CE_B9FE_1A85_EC53;
            return id ^ (id >> 33);
        }
    }
}
