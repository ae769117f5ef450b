using System.Diagnostics;
using Apm.Tracer.Propagation;

namespace Apm.StartupHook.Encode;

/// <summary>Who a span is: its ids, its place in this process, and the decision about its trace.</summary>
internal readonly struct SpanIdentity
{
    [ThreadStatic] static TraceFacts? s_lastFacts;

    SpanIdentity(Activity activity, Activity? parent, bool isLocalRoot)
    {
        TraceIdHex = activity.TraceId.ToHexString(); // The text is what an activity holds; nothing is made anew.
        TraceIdHigh = Hex.Read16(TraceIdHex);
        TraceIdLow = Hex.Read16(TraceIdHex.AsSpan(16));
        SpanId = Read(activity.SpanId);
        ParentId = parent is not null ? Read(parent.SpanId) : Read(activity.ParentSpanId);
        IsLocalRoot = isLocalRoot;
        IsRecorded = activity.Recorded;
        Facts = FactsOf(activity.TraceStateString, IsRecorded);
    }

    /// <summary>Upper half of the trace id.</summary>
    public ulong TraceIdHigh { get; }

    /// <summary>Lower half of the trace id.</summary>
    public ulong TraceIdLow { get; }

    /// <summary>The whole trace id as 32 hex digits.</summary>
    public string TraceIdHex { get; }

    /// <summary>The span's own id.</summary>
    public ulong SpanId { get; }

    /// <summary>The parent's id; 0 for the first span of a trace.</summary>
    public ulong ParentId { get; private init; }

    /// <summary>True for the first span of the trace in this process.</summary>
    public bool IsLocalRoot { get; }

    /// <summary>The sampled flag.</summary>
    public bool IsRecorded { get; }

    /// <summary>What came with the trace from elsewhere; null when it began here.</summary>
    public TraceFacts? Facts { get; }

    /// <summary>Sampling priority; never undecided.</summary>
    public int Priority => Facts?.Priority ?? (IsRecorded ? 1 : 0);

    /// <summary>The same span as the first of its trace.</summary>
    public SpanIdentity WithoutParent() => this with { ParentId = 0 };

    /// <summary>Reads an activity.</summary>
    /// <param name="activity">Must have the W3C id format.</param>
    /// <param name="isCaptured">Tells whether an activity becomes a span; ancestors that do not are skipped.</param>
    public static SpanIdentity Of(Activity activity, Func<Activity, bool> isCaptured)
    {
        var parent = activity.Parent;
        if (parent is null || isCaptured(parent)) return new SpanIdentity(activity, parent, parent is null);

        var oldest = parent;
        while (parent is not null && !isCaptured(parent))
        {
            oldest = parent;
            parent = parent.Parent;
        }
        return new SpanIdentity(parent is null ? oldest : activity, parent, parent is null, activity);
    }

    // Nobody above is a span: the parent is whatever called the oldest of them, the rest is the activity's own.
    SpanIdentity(Activity oldest, Activity? parent, bool isLocalRoot, Activity activity) : this(activity, parent, isLocalRoot)
    {
        if (parent is null) ParentId = Read(oldest.ParentSpanId);
    }

    static ulong Read(ActivitySpanId id) => Hex.Read16(id.ToHexString());

    // All spans of a request carry the same string object: parsed once per trace and thread, not once per span.
    static TraceFacts? FactsOf(string? traceState, bool isRecorded)
    {
        if (string.IsNullOrEmpty(traceState)) return null;
        if (s_lastFacts is { } last && ReferenceEquals(last.Source, traceState) && last.IsRecorded == isRecorded) return last;
        return s_lastFacts = TraceFacts.Read(traceState, isRecorded);
    }
}

/// <summary>What a <c>tracestate</c> tells about the trace.</summary>
internal sealed class TraceFacts
{
    /// <summary>The text this was read from.</summary>
    public required string Source { get; init; }

    /// <summary>The sampled flag this was joined with.</summary>
    public required bool IsRecorded { get; init; }

    /// <summary>The joined context: priority, origin, tags, last parent.</summary>
    public required TraceContext Context { get; init; }

    /// <summary>Sampling priority; null when undecided.</summary>
    public int? Priority => Context.Priority;

    /// <summary>Reads a <c>tracestate</c>.</summary>
    public static TraceFacts Read(string traceState, bool isRecorded)
    {
        var state = TraceState.Parse(traceState);
        var context = new TraceContext { Origin = state.Origin, Tags = state.Tags, LastParentId = state.LastParentId };
        SamplingPriority.Decide(context, isRecorded, state.Priority);
        return new TraceFacts { Source = traceState, IsRecorded = isRecorded, Context = context };
    }
}
