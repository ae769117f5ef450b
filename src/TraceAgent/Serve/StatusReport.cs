using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Ledger;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.TraceAgent.Checks;
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

    /// <summary>The spans of <see cref="Services"/> came in from here on: a day ago.</summary>
    public required long LedgerFromUnixNanos { get; init; }

    /// <summary>Processes that told of themselves and have not ended, the newest first.</summary>
    public required IReadOnlyList<ProcessInfo> Processes { get; init; }
    public required TraceStoreFacts Traces { get; init; }

    /// <summary>Which traces are kept at present, and what tracers are told.</summary>
    public required SamplingStatus Sampling { get; init; }
    public required long LogByteCount { get; init; }

    /// <summary>How full what is limited is; empty where nobody keeps a book of it.</summary>
    public IReadOnlyList<LimitStatus> Limits { get; init; } = [];

    /// <summary>Checks with their last runs, and what is wrong with the files; null where none are run.</summary>
    public CheckAgentStatus? Checks { get; init; }
    public required IReadOnlyList<CounterValue> Counters { get; init; }
    public required IReadOnlyList<Problem> Problems { get; init; }
}

/// <summary>A port that is open.</summary>
public sealed record ListenerStatus(string Name, int Port);

/// <summary>A service, when it was last heard of, and what came in for it in the time of <see cref="StatusReport.LedgerFromUnixNanos"/>.</summary>
/// <param name="Name">"" for what could not be read, so that nobody knows whose it was.</param>
/// <param name="WaitingSpanCount">Spans that were taken in and not worked off yet; they are received by nobody's count until they are.</param>
/// <param name="LastSeenUnixNanos">0 when the service is known to the ledger only.</param>
public sealed record ServiceStatus(string Name, string Language, string Version, LedgerSums Spans, long WaitingSpanCount, long LastSeenUnixNanos);

/// <summary>Puts the report together.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class StatusReporter(PipelineParts parts, TracePipeline pipeline, StatusFacts facts)
{
    const long LedgerReachNanos = 24 * LedgerPage.HourNanos;

    /// <summary>The state of things now.</summary>
    public StatusReport Report()
    {
        var now = parts.Clock.NowUnixNanos();
        return new StatusReport
        {
            Version = facts.Version,
            UiUrl = facts.UiUrl(),
            DataFolder = facts.DataFolder,
            StartedUnixNanos = facts.StartedUnixNanos,
            NowUnixNanos = now,
            LedgerFromUnixNanos = now - LedgerReachNanos,
            Listeners = facts.Listeners(),
            Services = ServicesOf(new TimeRange(now - LedgerReachNanos, long.MaxValue)),
            Processes = [.. parts.Catalogue.Processes().Where(process => !process.HasEnded)],
            Traces = parts.Traces.Facts(),
            Sampling = pipeline.Sampling(),
            LogByteCount = parts.Log.ByteCount,
            Limits = facts.Limits?.Invoke() ?? [],
            Checks = facts.Checks?.Invoke(),
            Counters = parts.Counters.ReadAll(),
            Problems = parts.Problems.ReadAll(),
        };
    }

    IReadOnlyList<ServiceStatus> ServicesOf(TimeRange range)
    {
        var rows = pipeline.Ledger.ReadLedger(range, null, LedgerPage.HourNanos).ToLookup(row => row.Key.Service, StringComparer.Ordinal);
        var waiting = pipeline.Books.Waiting();
        var known = parts.Catalogue.Services().ToDictionary(service => service.Name, StringComparer.Ordinal);
        var names = rows.Select(group => group.Key).Concat(known.Keys).Concat(waiting.Keys).Distinct(StringComparer.Ordinal);
        return
        [
            .. names.Select(name => new ServiceStatus(name, known.GetValueOrDefault(name)?.Language ?? "", known.GetValueOrDefault(name)?.Version ?? "",
                    LedgerSums.Of(rows[name]), waiting.GetValueOrDefault(name), known.GetValueOrDefault(name)?.LastSeenUnixNanos ?? 0))
                .OrderByDescending(service => service.LastSeenUnixNanos).ThenBy(service => service.Name, StringComparer.Ordinal),
        ];
    }
}

/// <summary>What does not change while the process runs.</summary>
public sealed record StatusFacts(string Version, Func<string> UiUrl, string DataFolder, long StartedUnixNanos, Func<IReadOnlyList<ListenerStatus>> Listeners)
{
    /// <summary>Gives the limits as they stand; null for none.</summary>
    public Func<IReadOnlyList<LimitStatus>>? Limits { get; init; }

    /// <summary>Gives the checks as they stand; null where none are run.</summary>
    public Func<CheckAgentStatus?>? Checks { get; init; }
}
