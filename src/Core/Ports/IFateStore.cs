using Apm.Core.Ids;

namespace Apm.Core.Ports;

/// <summary>Why a trace that came in is not stored, or not any more. The numbers are stored (docs/formats/fates.md).</summary>
#pragma warning disable CA1028 // One byte in the file.
public enum FateKind : byte
#pragma warning restore CA1028
{
    /// <summary>A sampling rule left it out; the reason is the verdict's word.</summary>
    SampledOut = 1,

    /// <summary>It was refused in the answer; the reason is one of the ledger's.</summary>
    Rejected = 2,

    /// <summary>It was acknowledged and lost through a fault of ours.</summary>
    Dropped = 3,

    /// <summary>It was stored, and retention dropped its slice; the reason is <c>age</c> or <c>bytes</c>.</summary>
    Evicted = 4,
}

/// <summary>What is remembered of a trace, very probably: filters say "no" for certain and "yes" nearly so.</summary>
/// <param name="FromUnixNanos">It happened in the hour that begins here; of evictions, the exact time.</param>
/// <param name="WrongOdds">How probable it is that some filter of this kind and time says yes to an id it never saw; 0 to 1.</param>
public sealed record Fate(FateKind Kind, string Reason, long FromUnixNanos, double WrongOdds);

/// <summary>Remembers what became of traces that are not stored, within a budget of bytes; the oldest are forgotten first.</summary>
/// <remarks>Any thread may call anything.</remarks>
public interface IFateStore : IDisposable
{
    /// <summary>Remembers a trace that is not kept. Twice is the same as once.</summary>
    void Note(TraceId traceId, FateKind kind, string reason, long unixNanos);

    /// <summary>Remembers the traces of a slice that retention drops.</summary>
    void Evicted(EvictedSlice slice);

    /// <summary>Brings what is new to disk.</summary>
    /// <exception cref="StoreUnavailableException">It stays in memory and is written with a later call.</exception>
    void Flush();

    /// <summary>What is remembered of a trace, the newest first; empty when nothing is. Ids are told apart by their lower halves.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    IReadOnlyList<Fate> Find(TraceId traceId);

    /// <summary>Since when it remembers.</summary>
    long SinceUnixNanos { get; }
}
