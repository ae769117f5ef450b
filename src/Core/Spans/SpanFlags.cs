namespace Apm.Core.Spans;

/// <summary>
/// Yes/no facts of a span in the lower four bits, and in the upper four why it is stored (<see cref="SpanFlagsVerdict"/>).
/// The numeric values are stored (docs/formats); never renumber.
/// </summary>
[Flags]
#pragma warning disable CA1028 // One byte per span is the point.
public enum SpanFlags : byte
#pragma warning restore CA1028
{
    None = 0,

    /// <summary>The span failed: Datadog <c>error</c> ≠ 0, OTLP status ERROR.</summary>
    Error = 1,

    /// <summary>First span of its service within the trace (trace-intake §3.2).</summary>
    TopLevel = 2,

    /// <summary>The integration asked for statistics on it: metric <c>_dd.measured</c> = 1.</summary>
    Measured = 4,

    /// <summary>A snapshot of a span that still runs: metric <c>_dd.partial_version</c>; never counted.</summary>
    Partial = 8,
}

/// <summary>Why a stored span was kept, in the upper half of its flags: it costs no tag, and a search by it no look at tags.</summary>
public static class SpanFlagsVerdict
{
    const int Shift = 4;
    const byte FactsMask = 0x0F;

    /// <summary>Why the span is stored.</summary>
    public static SampleVerdict Verdict(this SpanFlags flags) => (SampleVerdict)((byte)flags >> Shift);

    /// <summary>The same facts with another reason.</summary>
    /// <param name="flags">Facts to keep.</param>
    /// <param name="verdict">A verdict that keeps.</param>
    public static SpanFlags With(this SpanFlags flags, SampleVerdict verdict)
    {
        Invariant.Holds(verdict.IsKept());
        return (SpanFlags)(((byte)flags & FactsMask) | (byte)((byte)verdict << Shift));
    }
}

/// <summary>What side of a call a span is (OTLP numbering). Stored as a number; never renumber.</summary>
#pragma warning disable CA1028
public enum SpanKind : byte
#pragma warning restore CA1028
{
    Unspecified = 0,
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}
