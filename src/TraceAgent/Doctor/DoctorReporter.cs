using Apm.Core.Diagnosis;
using Apm.Core.Time;
using Apm.Doctor;
using Apm.TraceAgent.Doctor.Witness;
using Apm.TraceAgent.Intake;

namespace Apm.TraceAgent.Doctor;

/// <summary>Puts the witnesses' facts together, app by app, and has the rules judge them.</summary>
/// <remarks>Thread-safe. A report is made at most once a second.</remarks>
public sealed class DoctorReporter : IDoctor, IDisposable
{
    static readonly TimeSpan ReportKept = TimeSpan.FromSeconds(1);

    readonly PipelineParts _parts;
    readonly FactBook _book;
    readonly ProcessTable _processes;
    readonly RunningProcesses _running;
    readonly DoctorSources _sources;
    readonly AgentWitness _witness;
    readonly DoctorErrands _errands;
    readonly Lock _lock = new();
    DoctorReport? _report;
    long _reported;

    /// <param name="book">What the receivers saw; the same that the pipeline's parts have.</param>
    public DoctorReporter(PipelineParts parts, TracePipeline pipeline, FactBook book, ProcessTable processes, DoctorSources sources)
    {
        (_parts, _book, _processes, _sources) = (parts, book, processes, sources);
        _running = new RunningProcesses(processes, parts.Clock.NowUnixNanos());
        _witness = new AgentWitness(parts, pipeline, book, processes, _running, sources);
        _errands = new DoctorErrands(parts.Catalogue, processes, _running, sources, parts.Clock);
    }

    /// <inheritdoc/>
    public DoctorReport Report()
    {
        lock (_lock)
        {
            if (_report is null || _parts.Clock.GetElapsedTime(_reported) >= ReportKept)
            {
                _report = MakeReport();
                _reported = _parts.Clock.GetTimestamp();
            }
            return _report;
        }
    }

    /// <inheritdoc/>
    public Judgement Judge(ScreenFacts screen) => FaultTable.Judge(new Facts { NowUnixNanos = _parts.Clock.NowUnixNanos(), Screen = screen });

    /// <inheritdoc/>
    public IReadOnlyList<Arrival> Arrivals()
    {
        // Spans rarely name their host; the tracer told it once.
        var hosts = _parts.Catalogue.Processes().Where(process => process is { Hostname.Length: > 0, ProcessId: > 0 }).GroupBy(process => (process.ProcessId, process.Service)).ToDictionary(group => group.Key, group => group.MaxBy(process => process.LastSeenUnixNanos)!.Hostname);
        return [.. _book.Arrivals().Select(arrival => arrival.Host.Length > 0 ? arrival : arrival with { Host = hosts.GetValueOrDefault((arrival.ProcessId, arrival.Service), "") })];
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, HostClock> ClocksOfHosts() =>
        _parts.Catalogue.Processes().Where(process => process.Hostname.Length > 0).Select(process => (process.Hostname, Clock: _book.ClockOf(process.RuntimeId))).Where(one => one.Clock is not null)
            .GroupBy(one => one.Hostname, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.MaxBy(one => one.Clock!.Value.AtUnixNanos).Clock is { } newest ? new HostClock(newest.SkewNanos, newest.AtUnixNanos) : null!, StringComparer.Ordinal);

    /// <summary>Takes in what a launcher sees, and gives what both make of it.</summary>
    public DoctorCase Told(LauncherFacts launcher)
    {
        _book.Told(launcher, IsOfThisMachine(launcher) ? _processes.StartTicksOf(launcher.ProcessId) : null);
        return CaseOf(launcher.Bounded(), _witness.Processes(), _witness.Agent());
    }

    /// <inheritdoc/>
    public Task<TestTrace> SendTestTrace(CancellationToken cancel) => _errands.SendTestTrace(cancel);

    /// <inheritdoc/>
    public TestTrace? TestOf(string traceId) => _errands.TestOf(traceId);

    /// <inheritdoc/>
    public Task<RouteCall> Call(string runtimeId, string path, CancellationToken cancel) => _errands.Call(runtimeId, path, cancel);

    /// <inheritdoc/>
    public void Dispose() => _errands.Dispose();

    DoctorReport MakeReport()
    {
        var agent = _witness.Agent();
        var announced = _witness.Processes();
        var launched = _book.Launchers().Where(told => !IsOfThisMachine(told.Facts) || _running.IsRunning(told) != false).Select(told => CaseOf(told.Facts, announced, agent)).ToList();
        var told = launched.SelectMany(one => one.Facts.Announced).Select(process => process.Info.RuntimeId).ToHashSet(StringComparer.Ordinal);
        var alone = announced.Where(process => !told.Contains(process.Info.RuntimeId)).Select(process => Judged(new Facts { NowUnixNanos = _parts.Clock.NowUnixNanos(), Agent = agent, Process = process, Announced = [process] }));
        var cases = launched.Concat(alone).OrderBy(one => one.Judgement.First is null).ToList();
        var overall = Judged(new Facts { NowUnixNanos = _parts.Clock.NowUnixNanos(), Agent = agent, Announced = announced });
        // Where traces flow, an app that nobody has called yet is no fault: its row says so.
        var worst = cases.Append(overall).Where(one => one.Judgement.First is not null && !(overall.Facts.TracesFlow && one.Judgement.First.Code == "TD01")).MinBy(one => FaultTable.RankOf(one.Judgement.First!));
        return new DoctorReport
        {
            NowUnixNanos = _parts.Clock.NowUnixNanos(),
            Headline = worst?.Judgement.First,
            HeadlineCase = ReferenceEquals(worst, overall) ? null : worst,
            Overall = overall,
            Cases = [.. cases.Take(DoctorReport.MaxCases)],
            LeftOutCount = Math.Max(0, cases.Count - DoctorReport.MaxCases),
        };
    }

    DoctorCase CaseOf(LauncherFacts launcher, IReadOnlyList<ProcessFacts> announced, AgentFacts agent)
    {
        if (IsOfThisMachine(launcher) && _processes.Family(launcher.ProcessId) is { Count: > 0 } family) launcher = launcher with { Processes = family };
        var ids = launcher.Processes.Select(member => member.ProcessId).Append(launcher.ProcessId).ToHashSet();
        var own = announced.Where(process => process.Info.Hostname == launcher.Host && ids.Contains(process.Info.ProcessId)).ToList();
        return Judged(new Facts { NowUnixNanos = _parts.Clock.NowUnixNanos(), Agent = agent, Launcher = launcher, Announced = own, Process = own.Find(process => process.HasSpans) ?? own.FirstOrDefault() });
    }

    bool IsOfThisMachine(LauncherFacts launcher) => string.Equals(launcher.Host, _sources.Host, StringComparison.OrdinalIgnoreCase);

    static DoctorCase Judged(Facts facts)
    {
        var judgement = FaultTable.Judge(facts);
        return new DoctorCase(facts, judgement, WayBoard.Of(facts, judgement));
    }
}
