namespace Apm.Core.Ports;

/// <summary>A place in the payload log: the number of a record, counted from 1. Zero is before the first.</summary>
public readonly record struct LogPosition(long Number) : IComparable<LogPosition>
{
    /// <summary>Before the first record.</summary>
    public static LogPosition Start => default;

    public int CompareTo(LogPosition other) => Number.CompareTo(other.Number);

    public static bool operator <(LogPosition left, LogPosition right) => left.Number < right.Number;
    public static bool operator >(LogPosition left, LogPosition right) => left.Number > right.Number;
    public static bool operator <=(LogPosition left, LogPosition right) => left.Number <= right.Number;
    public static bool operator >=(LogPosition left, LogPosition right) => left.Number >= right.Number;

    public static LogPosition Min(LogPosition left, LogPosition right) => left < right ? left : right;
}

/// <summary>A record read back. <see cref="Bytes"/> is valid until the next record is read.</summary>
public readonly record struct LogRecord(LogPosition Position, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// The write-ahead log of received payloads: what is appended survives the death of the process at any instant.
/// </summary>
/// <remarks>Any thread may append; one reads, before the first append.</remarks>
public interface IPayloadLog : IDisposable
{
    /// <summary>Appends one record (the two parts one after the other) and completes when it is on disk.</summary>
    /// <param name="head">First part; the caller may reuse it when the task is complete.</param>
    /// <param name="body">Second part; the same.</param>
    /// <param name="whenDurable">
    /// Called once the record is on disk, before the task completes, in the order of positions, one call at a time,
    /// on the log's own thread: it must be quick and must not throw. Not called when the append fails.
    /// </param>
    /// <exception cref="StoreUnavailableException">The disk is full or fails; nothing was kept. Retry later.</exception>
    Task<LogPosition> Append(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, Action<LogPosition> whenDurable);

    /// <summary>Reads the records after a position in order, ending at a torn or damaged tail, which is cut off and counted.</summary>
    IEnumerable<LogRecord> ReadAfter(LogPosition after);

    /// <summary>Says that everything up to and including a position is stored elsewhere; whole segments before it are deleted.</summary>
    void Release(LogPosition upTo);

    /// <summary>The newest record on disk.</summary>
    LogPosition Last { get; }

    /// <summary>Bytes of the segments that exist now.</summary>
    long ByteCount { get; }

    /// <summary>Bytes at which appends are refused; max value when there is no such limit.</summary>
    long MaxByteCount => long.MaxValue;
}

/// <summary>A store cannot be reached or written: disk full, file damaged, closed. Safe to retry later; the message says what to do.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The reason under which a refusal is counted unless it has one of its own.</summary>
    public const string StoreUnavailable = "store_unavailable";

    /// <summary>The reason of a refusal because the disk is nearly full.</summary>
    public const string DiskNearlyFull = "disk_nearly_full";

    /// <summary>Under which reason payloads that it refuses are counted.</summary>
    public string Reason { get; init; } = StoreUnavailable;
}
