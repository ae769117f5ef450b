using Apm.Core.Services;

namespace Apm.Core.Diagnosis;

/// <summary>What the agent knows of one process: what its tracer told, what came of it, who holds its ports.</summary>
public sealed record ProcessFacts
{
    /// <summary>As its telemetry and spans told; secrets masked by whoever took them in.</summary>
    public required ProcessInfo Info { get; init; }

    /// <summary>Since its first sign of life.</summary>
    public double AgeSeconds { get; init; }

    /// <summary>Whether it runs on this machine now; null when that cannot be said (another machine, no <c>/proc</c>).</summary>
    public bool? IsRunning { get; init; }

    /// <summary>The ports that it says it listens on, and who does.</summary>
    public IReadOnlyList<ListeningPort> Ports { get; init; } = [];

    /// <summary>Start of its newest span minus the time of receipt, nanoseconds; null when none came since the agent started.</summary>
    public long? SkewNanos { get; init; }

    /// <summary>When that was received, by this machine's clock; 0 when none came.</summary>
    public long SkewSeenUnixNanos { get; init; }

    public bool HasSpans => Info.SpanCount > 0;
}

/// <summary>A port that a process says it listens on.</summary>
/// <param name="Port">Its number.</param>
/// <param name="IsHeld">The process itself, its parent or a child holds it.</param>
/// <param name="Others">Who else holds it: a process that has nothing to do with it.</param>
public sealed record ListeningPort(int Port, bool IsHeld, IReadOnlyList<PortHolder> Others);
