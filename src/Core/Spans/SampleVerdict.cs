namespace Apm.Core.Spans;

/// <summary>
/// What sampling decided for a chunk, and why. Decided once, before the payload is logged, and logged with it, so that a replay
/// comes to the same. The numbers stand in the log and, those of kept spans, in blocks (docs/formats); never renumber.
/// </summary>
#pragma warning disable CA1028 // One byte in the log, half of one per stored span.
public enum SampleVerdict : byte
#pragma warning restore CA1028
{
    /// <summary>The storage budget allows to keep everything.</summary>
    KeepAll = 0,

    /// <summary>Priority 1: the tracer kept it, by the rates that it was told.</summary>
    KeepPriority = 1,

    /// <summary>Priority 2: somebody, or a rule of the tracer, asked to keep it.</summary>
    KeepManual = 2,

    /// <summary>A span failed.</summary>
    KeepError = 3,

    /// <summary>The first of its kind for a while.</summary>
    KeepRare = 4,

    /// <summary>The share of trace ids that the probabilistic sampler keeps.</summary>
    KeepProbabilistic = 5,

    /// <summary>No priority came; kept by the rate of its signature.</summary>
    KeepNoPriority = 6,

    /// <summary>Only the spans that a single-span rule of the tracer marked.</summary>
    KeepSpanRule = 7,

    /// <summary>Only the spans that are analytics events.</summary>
    KeepAnalyzed = 8,

    /// <summary>The trace is too large to keep whole: its shape is kept (root, errors, critical path, counts per folded branch).</summary>
    KeepShape = 9,

    /// <summary>The tracer dropped the trace and sent it for statistics only (v0.7 <c>dropped_trace</c>).</summary>
    DropByTracer = 16,

    /// <summary>Priority −1: somebody, or a rule of the tracer, asked to drop it.</summary>
    DropManual = 17,

    /// <summary>Priority 0: the tracer dropped it, by the rates that it was told.</summary>
    DropPriority = 18,

    /// <summary>Outside of the share that the probabilistic sampler keeps.</summary>
    DropProbabilistic = 19,

    /// <summary>No priority came; outside of the rate of its signature.</summary>
    DropNoPriority = 20,

    /// <summary>An earlier part of the same trace was dropped.</summary>
    DropWithTrace = 21,

    /// <summary>Its tracer kept it at a higher rate than the storage budget allows its service.</summary>
    DropBudget = 22,

    /// <summary>Only traces with an error are kept, and no span of it failed.</summary>
    DropNoError = 23,
}

/// <summary>What follows from a <see cref="SampleVerdict"/>.</summary>
public static class SampleVerdicts
{
    /// <summary>Spans of the chunk are stored, all or some.</summary>
    public static bool IsKept(this SampleVerdict verdict) => verdict < SampleVerdict.DropByTracer;

    /// <summary>The word for it in the ledger, in searches (<c>kept:error</c>) and on the screens.</summary>
    public static string Word(this SampleVerdict verdict) => verdict switch
    {
        SampleVerdict.KeepAll => "all",
        SampleVerdict.KeepPriority => "priority",
        SampleVerdict.KeepManual => "manual",
        SampleVerdict.KeepError => "error",
        SampleVerdict.KeepRare => "rare",
        SampleVerdict.KeepProbabilistic => "probabilistic",
        SampleVerdict.KeepNoPriority => "no_priority",
        SampleVerdict.KeepSpanRule => "span_rule",
        SampleVerdict.KeepAnalyzed => "analyzed",
        SampleVerdict.KeepShape => "shape",
        SampleVerdict.DropByTracer => "dropped_by_tracer",
        SampleVerdict.DropManual => "manual_drop",
        SampleVerdict.DropPriority => "priority_drop",
        SampleVerdict.DropProbabilistic => "probabilistic_drop",
        SampleVerdict.DropNoPriority => "no_priority_drop",
        SampleVerdict.DropWithTrace => "trace_dropped",
        SampleVerdict.DropBudget => "budget_drop",
        SampleVerdict.DropNoError => "no_error_drop",
        _ => "unknown",
    };
}
