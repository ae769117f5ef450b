namespace Apm.Core.Spans;

/// <summary>Numeric tags of a span that stands for many of a trace too large to keep whole. Its start is that of the first, its end that of the last.</summary>
public static class FoldedTags
{
    /// <summary>How many spans it stands for, itself included; at least 2.</summary>
    public const string Count = "_apm.folded.count";

    /// <summary>Their durations together.</summary>
    public const string DurationNanos = "_apm.folded.duration_nanos";

    /// <summary>Duration of the shortest.</summary>
    public const string ShortestNanos = "_apm.folded.min_nanos";

    /// <summary>Duration of the longest.</summary>
    public const string LongestNanos = "_apm.folded.max_nanos";

    /// <summary>How many of them failed; absent when none did.</summary>
    public const string ErrorCount = "_apm.folded.errors";

    /// <summary>Text tag on the first kept part of a trace of which earlier spans were sampled out.</summary>
    public const string Incomplete = "_apm.trace.incomplete";
}
