namespace Apm.StartupHook.Send;

/// <summary>Why a span did not reach the agent.</summary>
internal enum DropReason
{
    /// <summary>The queue was full: the agent is away, slow, or the app is faster than the sender.</summary>
    QueueFull,

    /// <summary>The encoded span was larger than the limit.</summary>
    SpanTooLarge,

    /// <summary>The agent could not be reached, several times.</summary>
    AgentUnreachable,

    /// <summary>The agent refused the payload.</summary>
    AgentRefused,
}

/// <summary>Counts what was dropped, per reason. Thread-safe.</summary>
internal sealed class DropCounter
{
    readonly long[] _counts = new long[4];

    /// <summary>Adds to a reason.</summary>
    public void Add(DropReason reason, long spans) => Interlocked.Add(ref _counts[(int)reason], spans);

    /// <summary>Spans dropped so far for a reason.</summary>
    public long Of(DropReason reason) => Interlocked.Read(ref _counts[(int)reason]);

    /// <summary>The reason as a tag value: <c>queue_full</c>, …</summary>
    public static string NameOf(DropReason reason) => reason switch
    {
        DropReason.QueueFull => "queue_full",
        DropReason.SpanTooLarge => "span_too_large",
        DropReason.AgentUnreachable => "agent_unreachable",
        _ => "agent_refused",
    };
}
