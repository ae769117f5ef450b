using Apm.Core.Ids;

namespace Apm.Query.ServiceMap;

/// <summary>Why a call has a span on one side only.</summary>
public enum UnpairedReason
{
    /// <summary>The callee's span is there, but began a trace of its own.</summary>
    HeaderLost,

    /// <summary>The callee sends spans, but none for this call is stored.</summary>
    CalleeNotStored,

    /// <summary>A called span names a parent that is not stored.</summary>
    CallerNotStored,

    /// <summary>What was called sends no spans at all, and is no database, cache or queue.</summary>
    NotTraced,
}

/// <summary>Calls of one kind that have a span on one side only.</summary>
/// <param name="From">Id of the calling node; "" when the caller is what is missing.</param>
/// <param name="To">Id of the called node.</param>
/// <param name="Count">How many.</param>
/// <param name="CallerResource">What the calling span of the example is for; "" when unknown.</param>
/// <param name="CalleeResource">Of a lost header, the resource of the trace that the callee began; of a missing caller, the called span's. Else "".</param>
/// <param name="TraceId">An example.</param>
/// <param name="CalleeTraceId">Of a lost header, the trace that the callee began; else null.</param>
public sealed record UnpairedCalls(string From, string To, UnpairedReason Reason, long Count, string CallerResource, string CalleeResource, TraceId TraceId, TraceId? CalleeTraceId)
{
    /// <summary>What happened, and what to do about it.</summary>
    public string Sentence => Reason switch
    {
        UnpairedReason.HeaderLost =>
            $"{To} began a trace of its own{For(CalleeResource)} while {From} waited for it{For(CallerResource)}: the header that carries the trace was lost on the way. " +
            "Let proxies between them pass traceparent and x-datadog-* on, and give both sides a propagation style in common.",
        UnpairedReason.CalleeNotStored =>
            $"{From} called {To}{For(CallerResource)}, which sends spans, but none answers this call: sampled out, dropped, not sent yet, or another host of that name answered.",
        UnpairedReason.CallerNotStored =>
            $"{To} was called{For(CalleeResource)} by a span that is not stored: it is from a service without a tracer, was dropped, or began before the time shown.",
        _ => $"{Name(To)} sends no spans: somebody else's, or a service without a tracer. What is known of it is what {From} saw.",
    };

    static string For(string resource) => resource.Length == 0 ? "" : $" ({resource})";

    static string Name(string id) => id.StartsWith("external:", StringComparison.Ordinal) ? id["external:".Length..] : id;
}

/// <summary>Gathers them by ends and reason, the most first.</summary>
sealed class UnpairedSpans
{
    /// <summary>Most different ones kept; default 500. More are only counted.</summary>
    public const int MaxKinds = 500;

    readonly Dictionary<Key, UnpairedCalls> _found = [];

    /// <summary>Spans beyond <see cref="MaxKinds"/>.</summary>
    public long LeftOutCount { get; private set; }

    public IReadOnlyList<UnpairedCalls> All =>
        [.. _found.Values.OrderBy(calls => calls.Reason).ThenByDescending(calls => calls.Count).ThenBy(calls => calls.From, StringComparer.Ordinal).ThenBy(calls => calls.To, StringComparer.Ordinal)];

    public void Add(Key key, TraceId traceId, string callerResource, string calleeResource, TraceId? calleeTraceId = null)
    {
        if (_found.TryGetValue(key, out var known)) _found[key] = known with { Count = known.Count + 1 };
        else if (_found.Count < MaxKinds) _found.Add(key, new UnpairedCalls(key.From, key.To, key.Reason, 1, callerResource, calleeResource, traceId, calleeTraceId));
        else LeftOutCount++;
    }

    internal readonly record struct Key(string From, string To, UnpairedReason Reason);
}
