using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Sample;

namespace Apm.TraceAgent.Serve;

/// <summary>What <c>GET /api/status</c> answers and <c>apm status</c> prints: what listens, what has arrived, per service.</summary>
public sealed record StatusReport
{
    public required string Version { get; init; }

    /// <summary>Address of the screens.</summary>
    public required string UiUrl { get; init; }
    public required string DataFolder { get; init; }
    public required long StartedUnixNanos { get; init; }
    public required long NowUnixNanos { get; init; }
    public required IReadOnlyList<ListenerStatus> Listeners { get; init; }
    public required IReadOnlyList<ServiceStatus> Services { get; init; }

    /// <summary>Processes that told of themselves and have not ended, the newest first.</summary>
    public required IReadOnlyList<ProcessInfo> Processes { get; init; }
    public required TraceStoreFacts Traces { get; init; }

    /// <summary>Which traces are kept at present, and what tracers are told.</summary>
    public required SamplingStatus Sampling { get; init; }
    public required long LogByteCount { get; init; }

    /// <summary>How full what is limited is; empty where nobody keeps a book of it.</summary>
    public IReadOnlyList<LimitStatus> Limits { get; init; } = [];
    public required IReadOnlyList<CounterValue> Counters { get; init; }
    public required IReadOnlyList<Problem> Problems { get; init; }
}

/// <summary>A port that is open.</summary>
public sealed record ListenerStatus(string Name, int Port);

/// <summary>What arrived for a service since the process started, and when it was last heard of at all.</summary>
public sealed record ServiceStatus(string Name, string Language, string Version, long ReceivedSpanCount, long StoredSpanCount, long RejectedSpanCount, long LastSeenUnixNanos);

/// <summary>Puts the report together.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class StatusReporter(PipelineParts parts, StatusFacts facts, Func<SamplingStatus> sampling)
{
    /// <summary>The state of things now.</summary>
    public StatusReport Report()
    {
        var counters = parts.Counters.ReadAll();
        return new StatusReport
        {
            Version = facts.Version,
            UiUrl = facts.UiUrl(),
            DataFolder = facts.DataFolder,
            StartedUnixNanos = facts.StartedUnixNanos,
            NowUnixNanos = parts.Clock.NowUnixNanos(),
            Listeners = facts.Listeners(),
            Services = [.. parts.Catalogue.Services().Select(service => StatusOf(service, counters)).OrderByDescending(service => service.LastSeenUnixNanos)],
            Processes = [.. parts.Catalogue.Processes().Where(process => !process.HasEnded)],
            Traces = parts.Traces.Facts(),
            Sampling = sampling(),
            LogByteCount = parts.Log.ByteCount,
            Limits = facts.Limits?.Invoke() ?? [],
            Counters = counters,
            Problems = parts.Problems.ReadAll(),
        };
    }

    static ServiceStatus StatusOf(ServiceInfo service, IReadOnlyList<CounterValue> counters)
    {
        long Sum(string name) => counters.Where(counter => counter.Name == name && counter.Service == service.Name).Sum(counter => counter.Value);
        return new ServiceStatus(service.Name, service.Language, service.Version, Sum("spans_received"), Sum("spans_stored"), Sum("spans_rejected"), service.LastSeenUnixNanos);
    }
}

/// <summary>What does not change while the process runs.</summary>
public sealed record StatusFacts(string Version, Func<string> UiUrl, string DataFolder, long StartedUnixNanos, Func<IReadOnlyList<ListenerStatus>> Listeners)
{
    /// <summary>Gives the limits as they stand; null for none.</summary>
    public Func<IReadOnlyList<LimitStatus>>? Limits { get; init; }
}
