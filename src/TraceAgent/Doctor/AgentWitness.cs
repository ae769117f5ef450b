using Apm.Core.Counting;
using Apm.Core.Diagnosis;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.Query.ServiceMap;
using Apm.TraceAgent.Doctor.Witness;
using Apm.TraceAgent.Intake;

namespace Apm.TraceAgent.Doctor;

/// <summary>Gathers what the agent knows into facts: of the installation, and of each process that told of itself.</summary>
/// <remarks>Thread-safe; makes the facts anew each time it is asked.</remarks>
sealed class AgentWitness(PipelineParts parts, TracePipeline pipeline, FactBook book, ProcessTable processes, DoctorSources sources)
{
    const long LedgerReachNanos = 24 * LedgerPage.HourNanos;

    /// <summary>A refusal or a wrong protocol older than this is no longer held against anybody; 15 min.</summary>
    const long RecentNanos = 15 * LedgerPage.MinuteNanos;

    /// <summary>A process of another machine that was silent for so long has ended; tracers give a sign of life each minute. 5 min.</summary>
    const long SilentNanos = 5 * LedgerPage.MinuteNanos;

    /// <summary>How long the search for broken traces is good for; it reads many spans. 30 s.</summary>
    static readonly TimeSpan SeamsKept = TimeSpan.FromSeconds(30);

    readonly ServiceMapQuery _map = new(parts.Traces, pipeline.Statistics, parts.Catalogue, parts.Clock);
    readonly Lock _lock = new();
    IReadOnlyList<BrokenSeam> _seams = [];
    long _seamsRead = long.MinValue;

    /// <summary>The installation.</summary>
    /// <param name="withSeams">Also looks for traces that break, which reads many spans.</param>
    public AgentFacts Agent(bool withSeams)
    {
        var now = parts.Clock.NowUnixNanos();
        var stored = parts.Traces.Facts();
        return new AgentFacts
        {
            Listeners = sources.Listeners(),
            UiUrl = sources.UiUrl(),
            Paths = book.Paths(),
            Refusals = [.. book.Refusals().Where(refusal => now - refusal.LastUnixNanos < RecentNanos)],
            WrongProtocols = [.. book.WrongProtocols().Where(wrong => now - wrong.LastUnixNanos < RecentNanos)],
            ConfigFaults = sources.ConfigFaults(),
            Services = Fates(now),
            Store = new StoreFacts
            {
                SpanCount = stored.SpanCount,
                OldestUnixNanos = stored.OldestStartUnixNanos ?? 0,
                NewestUnixNanos = stored.NewestStartUnixNanos ?? 0,
                EvictedSpanCount = parts.Counters.Read("spans_expired", "bytes"),
                EvictedUnixNanos = book.EvictedUnixNanos,
                BudgetBytes = sources.BudgetBytes,
            },
            Seams = withSeams ? Seams(now) : [],
            Monitors = withSeams ? sources.Monitors() : [],
            MutedResources = sources.MutedResources,
        };
    }

    /// <summary>Processes that run, as far as that can be told; the newest first.</summary>
    public IReadOnlyList<ProcessFacts> Processes()
    {
        var now = parts.Clock.NowUnixNanos();
        var alive = parts.Catalogue.Processes().Where(process => !process.HasEnded).Select(process => (Info: process, IsRunning: IsRunning(process)))
            .Where(one => one.IsRunning ?? now - one.Info.LastSeenUnixNanos < SilentNanos).Take(2 * DoctorReport.MaxCases).ToList();
        var ids = alive.Select(one => one.Info.ProcessId).ToHashSet();
        var ports = alive.Where(one => one.IsRunning == true && one.Info.SpanCount == 0).SelectMany(one => PortsOf(one.Info)).ToHashSet();
        var holders = ports.Count == 0 ? null : processes.HoldersOf(ports);
        return
        [
            .. alive.Select(one => new ProcessFacts
            {
                Info = one.Info,
                IsRunning = one.IsRunning,
                AgeSeconds = Math.Max(0, now - one.Info.FirstSeenUnixNanos) / (double)UnixTime.NanosPerSecond,
                SkewNanos = book.ClockOf(one.Info.RuntimeId),
                Ports = holders is null || one.IsRunning != true ? [] : [.. PortsOf(one.Info).Select(port => Port(one.Info, port, holders[port], ids))],
            }),
        ];
    }

    bool? IsRunning(ProcessInfo process) =>
        process.ProcessId > 0 && string.Equals(process.Hostname, sources.Host, StringComparison.OrdinalIgnoreCase) ? processes.IsRunning(process.ProcessId, process.FirstSeenUnixNanos / UnixTime.NanosPerSecond) : null;

    static IEnumerable<int> PortsOf(ProcessInfo process) => process.ListenUrls.Select(url => Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? parsed.Port : 0).Where(port => port > 0).Distinct();

    /// <summary>Who else holds the port: nobody of the family, and nobody who is traced as well.</summary>
    ListeningPort Port(ProcessInfo process, int port, IEnumerable<PortHolder> holders, HashSet<int> traced)
    {
        var held = holders.ToList();
        var isHeld = held.Exists(holder => holder.ProcessId == process.ProcessId);
        var others = held.Where(holder => holder.ProcessId != process.ProcessId && !traced.Contains(holder.ProcessId)).ToList();
        if (others.Count == 0) return new ListeningPort(port, isHeld, []);
        var relatives = processes.RelativesOf(process.ProcessId);
        return new ListeningPort(port, isHeld || held.Exists(holder => relatives.Contains(holder.ProcessId)), [.. others.Where(holder => !relatives.Contains(holder.ProcessId))]);
    }

    List<ServiceFate> Fates(long now)
    {
        var rows = pipeline.Ledger.ReadLedger(new TimeRange(now - LedgerReachNanos, long.MaxValue), null, LedgerPage.HourNanos).ToLookup(row => row.Key.Service, StringComparer.Ordinal);
        return [.. rows.Where(group => group.Key is not ("" or TestTrace.Service)).Select(group => Fate(group.Key, LedgerSums.Of(group))).OrderByDescending(fate => fate.ReceivedSpanCount)];
    }

    static ServiceFate Fate(string service, LedgerSums sums) => new(
        service, sums.ReceivedSpanCount, sums.StoredSpanCount, sums.SampledOutSpanCount,
        sums.Reasons.FirstOrDefault(reason => reason.Outcome == SpanOutcome.SampledOut)?.Reason ?? "",
        sums.Reasons.Where(reason => reason.Reason == "ignored_resource").Sum(reason => reason.SpanCount));

    IReadOnlyList<BrokenSeam> Seams(long now)
    {
        lock (_lock)
        {
            if (_seamsRead != long.MinValue && parts.Clock.GetElapsedTime(_seamsRead) < SeamsKept) return _seams;
            try
            {
                var graph = _map.ReadRecent(new TimeRange(now - RecentNanos, now));
                _seams = [.. graph.Unpaired.Where(call => call.Reason == UnpairedReason.HeaderLost).GroupBy(call => (call.From, call.To)).Select(group => new BrokenSeam(group.Key.From, group.Key.To, group.Sum(call => call.Count), Style(group.Key.From, "propagation_inject"), Style(group.Key.To, "propagation_extract")))];
            }
            catch (StoreUnavailableException)
            {
                // The store's own trouble is told elsewhere; what was found before stands.
            }
            _seamsRead = parts.Clock.GetTimestamp();
            return _seams;
        }
    }

    string Style(string service, string setting) => parts.Catalogue.Processes().Where(process => process.Service == service).Select(process => process.Settings.GetValueOrDefault(setting, "")).FirstOrDefault(style => style.Length > 0) ?? "";
}
