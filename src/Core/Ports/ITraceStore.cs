using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;

namespace Apm.Core.Ports;

/// <summary>Takes spans in. One thread, the writer's, calls it.</summary>
public interface ITraceWriter
{
    /// <summary>
    /// Makes a batch searchable at once. It is stored with the next <see cref="Flush"/> that finds it due.
    /// The batch belongs to the store from here on; nobody changes it any more.
    /// </summary>
    /// <param name="batch">Normalised spans; chunks and payloads in it are ignored.</param>
    /// <param name="position">The log record that the batch came from. Positions never go down.</param>
    void Append(SpanBatch batch, LogPosition position);

    /// <summary>Writes what is due (a full block, or one whose oldest span has waited long enough) to disk.</summary>
    /// <param name="everything">Writes all that waits, due or not, as at shutdown.</param>
    /// <exception cref="StoreUnavailableException">Nothing was lost: what could not be written still waits in memory. Retry later.</exception>
    void Flush(bool everything);

    /// <summary>Everything up to and including this log position is on disk in blocks.</summary>
    LogPosition StoredUpTo { get; }
}

/// <summary>Which batches a reader wants. A store may give more than asked; the reader checks each span itself.</summary>
public sealed record SpanScan
{
    /// <summary>Spans whose start lies in the range.</summary>
    public TimeRange Range { get; init; } = TimeRange.All;

    /// <summary>Only batches that may hold this trace (matched by <see cref="TraceId.Matches"/>); null for all.</summary>
    public TraceId? TraceId { get; init; }

    /// <summary>Only batches that may hold one of these traces; null for all.</summary>
    public IReadOnlyList<TraceId>? TraceIds
    {
        get;
        init
        {
            field = value;
            TraceLows = value?.Select(id => id.Low).ToHashSet();
        }
    }

    /// <summary>The lower halves of <see cref="TraceIds"/>: what a store compares by.</summary>
    public IReadOnlySet<ulong>? TraceLows { get; private init; }

    /// <summary>Only batches that may hold spans of this service; null for all.</summary>
    public string? Service { get; init; }

    /// <summary>Only batches that may hold spans with all these text tags.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>Only batches that may hold spans at least so long.</summary>
    public long MinDurationNanos { get; init; } = long.MinValue;

    /// <summary>Only batches that may hold spans at most so long.</summary>
    public long MaxDurationNanos { get; init; } = long.MaxValue;

    /// <summary>Only batches that may hold spans that failed.</summary>
    public bool ErrorsOnly { get; init; }

    /// <summary>Only batches that may hold spans without a parent.</summary>
    public bool RootsOnly { get; init; }
}

/// <summary>How much a store holds.</summary>
/// <param name="OldestStartUnixNanos">Earliest start of a stored span; null when empty.</param>
/// <param name="NewestStartUnixNanos">Latest start of a stored span; null when empty.</param>
/// <param name="SpanCount">Stored and waiting spans.</param>
/// <param name="ByteCount">Bytes on disk; 0 for a store in memory.</param>
/// <param name="BlockCount">Blocks on disk.</param>
public sealed record TraceStoreFacts(long? OldestStartUnixNanos, long? NewestStartUnixNanos, long SpanCount, long ByteCount, int BlockCount)
{
    /// <summary>Bytes on disk beyond which the oldest traces go; 0 when nothing limits them.</summary>
    public long MaxByteCount { get; init; }

    /// <summary>
    /// When the oldest of what is on disk was written there, by the clock of this machine; null when nothing is. What goes to make room
    /// goes by this, so it says how far back the store reaches, whatever starts its spans claim.
    /// </summary>
    public long? OldestWrittenUnixNanos { get; init; }
}

/// <summary>Gives spans out. Any thread may call it, also while spans come in.</summary>
public interface ITraceReader
{
    /// <summary>
    /// The batches that may hold what is asked for, newest first as far as the store knows. A span that was sent twice
    /// may be given twice; readers keep one per (trace, span id, service).
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    IEnumerable<SpanBatch> Scan(SpanScan scan, CancellationToken cancel);

    /// <summary>
    /// The same as <see cref="Scan"/>, but in parts that the caller reads when it wants them, several at once if it likes,
    /// and may leave out: those of the latest starts first.
    /// </summary>
    IReadOnlyList<SpanPart> Parts(SpanScan scan) => [new WholeScanPart(this, scan)];

    /// <summary>How much is held now. Cheap: it looks at slices and what waits in memory, never at each block.</summary>
    TraceStoreFacts Facts();
}

/// <summary>Keeps traces: memory for what is new, blocks on disk for the rest.</summary>
public interface ITraceStore : ITraceWriter, ITraceReader, IDisposable;
