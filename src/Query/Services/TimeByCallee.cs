namespace Apm.Query.Services;

/// <summary>
/// Where the time of a service's requests goes, over time: what each callee took, told by the service's own spans of the calls,
/// and what is left. All lists are as long as <see cref="StartUnixNanos"/>.
/// </summary>
public sealed record TimeByCallee
{
    /// <summary>Width of a bucket.</summary>
    public required long StepNanos { get; init; }

    /// <summary>Start of each bucket; multiples of the step.</summary>
    public required IReadOnlyList<long> StartUnixNanos { get; init; }

    /// <summary>Requests that entered the service.</summary>
    public required IReadOnlyList<double> RequestCounts { get; init; }

    /// <summary>
    /// What the requests took beyond the calls, in sum. Calls side by side, or outside of any request, can take longer than the
    /// requests did: then it is 0.
    /// </summary>
    public required IReadOnlyList<double> OwnNanos { get; init; }

    /// <summary>Most time first.</summary>
    public required IReadOnlyList<CalleeTime> Callees { get; init; }
}

/// <summary>Time spent in calls to one callee.</summary>
/// <param name="Peer">Its name, as in <see cref="DownstreamSummary.Peer"/>.</param>
/// <param name="Nanos">In sum, per bucket.</param>
/// <param name="TotalNanos">Of all buckets.</param>
public sealed record CalleeTime(string Peer, ServiceKind Kind, IReadOnlyList<double> Nanos, double TotalNanos);
