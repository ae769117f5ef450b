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
sealed class AgentWitness
{
    const long LedgerReachNanos = 24 * LedgerPage.HourNanos;

    /// <summary>A refusal or a wrong protocol older than this is no longer held against anybody; 15 min.</summary>
    const long RecentNanos = 15 * LedgerPage.MinuteNanos;

    /// <summary>A process of another machine that was silent for so long has ended; tracers give a sign of life each minute. 5 min.</summary>
    const long SilentNanos = 5 * LedgerPage.MinuteNanos;

    /// <summary>How long is good what reads many spans, or a week of points; 30 s.</summary>
    static readonly TimeSpan SlowKept = TimeSpan.FromSeconds(30);

    readonly PipelineParts _parts;
    readonly TracePipeline _pipeline;
    readonly FactBook _book;
    readonly ProcessTable _processes;
    readonly RunningProcesses _running;
    readonly DoctorSources _sources;
    readonly ServiceMapQuery _map;
    readonly SlowFact<IReadOnlyList<BrokenSeam>> _seams;
    readonly SlowFact<IReadOnlyList<UnreachableMonitor>> _monitors;

    public AgentWitness(PipelineParts parts, TracePipeline pipeline, FactBook book, ProcessTable processes, RunningProcesses running, DoctorSources sources)
    {
        (_parts, _pipeline, _book, _processes, _running, _sources) = (parts, pipeline, book, processes, running, sources);
        _map = new ServiceMapQuery(_parts.Traces, _pipeline.Statistics, _parts.Catalogue, _parts.Clock);
        _seams = new SlowFact<IReadOnlyList<BrokenSeam>>(Seams, SlowKept, _parts.Clock, []);
        _monitors = new SlowFact<IReadOnlyList<UnreachableMonitor>>(_sources.Monitors, SlowKept, _parts.Clock, []);
    }

    /// <summary>The installation.</summary>
    public AgentFacts Agent()
    {
        var now = _parts.Clock.NowUnixNanos();
        var stored = _parts.Traces.Facts();
        return new AgentFacts
        {
            Listeners = _sources.Listeners(),
            UiUrl = _sources.UiUrl(),
            MaxBodyBytes = _sources.MaxBodyBytes,
            Paths = _book.Paths(),
            Refusals = [.. _book.Refusals().Where(refusal => now - refusal.LastUnixNanos < RecentNanos)],
            WrongProtocols = [.. _book.WrongProtocols().Where(wrong => now - wrong.LastUnixNanos < RecentNanos)],
            ConfigFaults = _sources.ConfigFaults(),
            Services = Fates(now),
            Store = new StoreFacts
            {
                SpanCount = stored.SpanCount,
                OldestUnixNanos = stored.OldestStartUnixNanos ?? 0,
                NewestUnixNanos = stored.NewestStartUnixNanos ?? 0,
                EvictedSpanCount = _parts.Counters.Read("spans_expired", "bytes"),
                EvictedUnixNanos = _book.EvictedUnixNanos,
                BudgetBytes = _sources.BudgetBytes,
            },
            Seams = _seams.Last(),
            Monitors = _monitors.Last(),
            MutedResources = _sources.MutedResources,
        };
    }

    /// <summary>Processes that run, as far as that can be told; the newest first.</summary>
    public IReadOnlyList<ProcessFacts> Processes()
    {
        var now = _parts.Clock.NowUnixNanos();
        var alive = _parts.Catalogue.Processes().Where(process => !process.HasEnded).Select(process => (Info: process, IsRunning: IsRunning(process)))
            .Where(one => one.IsRunning ?? now - one.Info.LastSeenUnixNanos < SilentNanos).Take(2 * DoctorReport.MaxCases).ToList();
        var ids = alive.Select(one => one.Info.ProcessId).ToHashSet();
        var ports = alive.Where(one => one.IsRunning == true && one.Info.SpanCount == 0).SelectMany(one => PortsOf(one.Info)).ToHashSet();
        var holders = ports.Count == 0 ? null : _processes.HoldersOf(ports);
        return
        [
            .. alive.Select(one => new ProcessFacts
            {
                Info = one.Info,
                IsRunning = one.IsRunning,
                AgeSeconds = Math.Max(0, now - one.Info.FirstSeenUnixNanos) / (double)UnixTime.NanosPerSecond,
                SkewNanos = _book.ClockOf(one.Info.RuntimeId)?.SkewNanos,
                SkewSeenUnixNanos = _book.ClockOf(one.Info.RuntimeId)?.AtUnixNanos ?? 0,
                Ports = holders is null || one.IsRunning != true ? [] : [.. PortsOf(one.Info).Select(port => Port(one.Info, port, holders[port], ids))],
            }),
        ];
    }

    bool? IsRunning(ProcessInfo process) =>
        process.ProcessId > 0 && string.Equals(process.Hostname, _sources.Host, StringComparison.OrdinalIgnoreCase) ? _running.IsRunning(process) : null;

    static IEnumerable<int> PortsOf(ProcessInfo process) => process.ListenUrls.Select(url => Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? parsed.Port : 0).Where(port => port > 0).Distinct();

    /// <summary>Who else holds the port: nobody of the family, and nobody who is traced as well.</summary>
    ListeningPort Port(ProcessInfo process, int port, IEnumerable<PortHolder> holders, HashSet<int> traced)
    {
        var held = holders.ToList();
        var isHeld = held.Exists(holder => holder.ProcessId == process.ProcessId);
        var others = held.Where(holder => holder.ProcessId != process.ProcessId && !traced.Contains(holder.ProcessId)).ToList();
        if (others.Count == 0) return new ListeningPort(port, isHeld, []);
        var relatives = _processes.RelativesOf(process.ProcessId);
        return new ListeningPort(port, isHeld || held.Exists(holder => relatives.Contains(holder.ProcessId)), [.. others.Where(holder => !relatives.Contains(holder.ProcessId))]);
    }

    List<ServiceFate> Fates(long now)
    {
        try
        {
            return ReadFates(now);
        }
        catch (StoreUnavailableException)
        {
            return []; // The store's own trouble is told elsewhere; the doctor says what else is known.
        }
    }

    List<ServiceFate> ReadFates(long now)
    {
        var rows = _pipeline.Ledger.ReadLedger(new TimeRange(now - LedgerReachNanos, long.MaxValue), null, LedgerPage.HourNanos).ToLookup(row => row.Key.Service, StringComparer.Ordinal);
        return [.. rows.Where(group => group.Key is not ("" or TestTrace.Service)).Select(group => Fate(group.Key, LedgerSums.Of(group))).OrderByDescending(fate => fate.ReceivedSpanCount)];
    }

    static ServiceFate Fate(string service, LedgerSums sums) => new(
        service, sums.ReceivedSpanCount, sums.StoredSpanCount, sums.SampledOutSpanCount,
        sums.Reasons.FirstOrDefault(reason => reason.Outcome == SpanOutcome.SampledOut)?.Reason ?? "",
        sums.Reasons.Where(reason => reason.Reason == "ignored_resource").Sum(reason => reason.SpanCount));

    IReadOnlyList<BrokenSeam> Seams()
    {
        var now = _parts.Clock.NowUnixNanos();
        var graph = _map.ReadRecent(new TimeRange(now - RecentNanos, now));
        return [.. graph.Unpaired.Where(call => call.Reason == UnpairedReason.HeaderLost).GroupBy(call => (call.From, call.To)).Select(group => new BrokenSeam(group.Key.From, group.Key.To, group.Sum(call => call.Count), Style(group.Key.From, "propagation_inject"), Style(group.Key.To, "propagation_extract")))];
    }

    string Style(string service, string setting) => _parts.Catalogue.Processes().Where(process => process.Service == service).Select(process => process.Settings.GetValueOrDefault(setting, "")).FirstOrDefault(style => style.Length > 0) ?? "";
}
