namespace Apm.Core.Ledger;

/// <summary>What became of a received span. Each has exactly one outcome; together they are what was received. The numbers are stored (docs/formats/ledger.md).</summary>
#pragma warning disable CA1028 // One byte in the file.
public enum SpanOutcome : byte
#pragma warning restore CA1028
{
    /// <summary>In the trace store, on disk or on its way there and safe in the log. The reason is the sampling verdict that kept it.</summary>
    Stored = 0,

    /// <summary>Counted in the statistics and not stored, because a sampling rule said so. The reason is the verdict.</summary>
    SampledOut = 1,

    /// <summary>Refused in the answer: whoever sent it knows.</summary>
    Rejected = 2,

    /// <summary>Acknowledged and lost all the same, through a fault of ours.</summary>
    Dropped = 3,
}
