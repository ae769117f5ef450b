namespace Apm.Tracer.Propagation;

/// <summary>What one process tells the next about a trace: ids, the decision to keep it, and what travels along.</summary>
internal sealed class TraceContext
{
    /// <summary>Upper 64 bits of the trace id; 0 for the 64-bit ids of older tracers.</summary>
    public ulong TraceIdHigh { get; set; }

    /// <summary>Lower 64 bits of the trace id; 0 only when nothing is continued and <see cref="Terminated"/> says what came.</summary>
    public ulong TraceIdLow { get; init; }

    /// <summary>Span id of the caller; 0 when it told none.</summary>
    public ulong ParentId { get; set; }

    /// <summary>Sampling priority (≤ 0 drop, ≥ 1 keep); null when the caller left it open.</summary>
    public int? Priority { get; set; }

    /// <summary>Where the trace began, such as <c>synthetics</c> or <c>rum</c>; null when not told.</summary>
    public string? Origin { get; set; }

    /// <summary>Tags that travel with the trace, keys with their prefix <c>_dd.p.</c>; <c>_dd.p.tid</c> is never among them.</summary>
    public List<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>The members of <c>tracestate</c> that belong to others, in order, joined by commas; null when there are none.</summary>
    public string? ForeignState { get; set; }

    /// <summary>Span id of the last span of this format on the way here, 16 hex digits; null when not known.</summary>
    public string? LastParentId { get; set; }

    /// <summary>What went wrong while reading, for the tag <c>_dd.propagation_error</c>; null when nothing did.</summary>
    public string? Error { get; set; }

    /// <summary>Contexts that named another trace: they become links of the local root.</summary>
    public List<TerminatedContext> Terminated { get; } = [];

    /// <summary>Sets one travelling tag, replacing an earlier value.</summary>
    public void SetTag(string key, string value)
    {
        RemoveTag(key);
        Tags.Add(new(key, value));
    }

    /// <summary>Removes one travelling tag, if it is there.</summary>
    public void RemoveTag(string key) => Tags.RemoveAll(tag => tag.Key == key);
}

/// <summary>A context that came and is not continued; kept as a link.</summary>
/// <param name="Context">What came.</param>
/// <param name="Style">The format it came in: <c>datadog</c> or <c>tracecontext</c>.</param>
/// <param name="Reason">Why it is not continued, as the link's attribute <c>reason</c> says it.</param>
internal sealed record TerminatedContext(TraceContext Context, string Style, string Reason);
