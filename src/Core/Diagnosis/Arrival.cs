namespace Apm.Core.Diagnosis;

/// <summary>A part of a trace as it came in, whatever time it tells. Texts are "" when unknown.</summary>
/// <param name="TraceId">32 hex digits.</param>
/// <param name="Host">The machine that its tracer names.</param>
/// <param name="ProcessId">0 when unknown.</param>
/// <param name="StartUnixNanos">Start of its first span, by its sender's clock.</param>
/// <param name="ReceivedUnixNanos">When it came, by ours.</param>
public sealed record Arrival(string TraceId, string Service, string Resource, string Host, int ProcessId, long StartUnixNanos, long ReceivedUnixNanos)
{
    /// <summary>How much it tells to have started after it came; what is right is a little below zero.</summary>
    public long SkewNanos => unchecked(StartUnixNanos - ReceivedUnixNanos);

    /// <summary>It lies so far from now that nobody sees it.</summary>
    public bool IsOutOfTime => Facts.IsOutOfTimeBy(SkewNanos);
}

/// <summary>How far the clock of a host is off, by the newest spans of the process that sent last.</summary>
/// <param name="SkewNanos">Start of the newest span minus the time of receipt: a little below zero when both clocks agree.</param>
/// <param name="SeenUnixNanos">When it was received.</param>
public sealed record HostClock(long SkewNanos, long SeenUnixNanos)
{
    /// <summary>As <see cref="Arrival.IsOutOfTime"/>.</summary>
    public bool IsOff => Facts.IsOutOfTimeBy(SkewNanos);
}
