namespace Apm.Core.Diagnosis;

/// <summary>The doctor, as the screens and the APIs ask it.</summary>
/// <remarks>Thread-safe.</remarks>
public interface IDoctor
{
    /// <summary>The state of things, at most a second old; never null.</summary>
    DoctorReport Report();

    /// <summary>What the rules make of a screen that finds nothing.</summary>
    Judgement Judge(ScreenFacts screen);

    /// <summary>What came in last, the newest first: whatever time it tells, and whatever became of it.</summary>
    IReadOnlyList<Arrival> Arrivals();

    /// <summary>How far clocks are off, by the name of the host as its tracers tell it; hosts whose spans came since Apm started.</summary>
    IReadOnlyDictionary<string, HostClock> ClocksOfHosts();

    /// <summary>Sends a marked trace through the agent's own port.</summary>
    Task<TestTrace> SendTestTrace(CancellationToken cancel);

    /// <summary>A test trace of the last few; null when it is not known (any more).</summary>
    TestTrace? TestOf(string traceId);

    /// <summary>
    /// Sends GET to a route of an app, at the address where the system says that this very process listens; nowhere else, whatever
    /// its telemetry claims.
    /// </summary>
    /// <param name="runtimeId">The process.</param>
    /// <param name="path">One of its known GET routes, as it told it.</param>
    Task<RouteCall> Call(string runtimeId, string path, CancellationToken cancel);
}
