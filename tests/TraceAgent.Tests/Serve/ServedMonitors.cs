using Apm.Core.Counting;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Apm.Monitors.Slos;
using Apm.Query.Evaluate;
using Apm.Query.Metrics;
using Apm.TestKit;
using Apm.Storage.InMemory;
using Apm.TraceAgent.Serve.Datadog;
using Apm.TraceAgent.Serve.Datadog.Monitors;
using Apm.TraceAgent.Serve.Datadog.Slos;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Tests.Serve;

/// <summary>Monitors behind the API of a test, evaluated when it says so.</summary>
sealed class ServedMonitors(MonitorRules rules, MonitorStates states, IMuteAll muteAll, MonitorEvaluator evaluator, UptimeBook uptime, TimeProvider clock)
{
    public MonitorStates States => states;

    public IMuteAll MuteAll => muteAll;

    public static ServedMonitors Map(IEndpointRouteBuilder routes, IDocumentStore documents, IMetricReader metrics, IEventStore events, IServiceCheckStore checks, IHostTags hosts, DowntimeBook downtimes, DatadogGate gate, Counters counters, TimeProvider clock)
    {
        var rules = new MonitorRules(documents, clock);
        var states = new MonitorStates(documents, rules);
        var muteAll = new MuteAllSwitch(documents, clock, rules.Mutes);
        var queries = new MetricQueries(metrics, hosts, new TraceMetricUnits(), counters, clock);
        var (uptime, history) = (new UptimeBook(documents), new MonitorHistory(documents));
        var slos = new SloBook(documents, rules, new SloGroups(uptime, new MonitorGroups(states, history)), clock, Guid.NewGuid);
        var reader = new SloReader(queries, uptime, slos);
        var readings = new MonitorReadings(new MetricReadings(queries), new ServiceCheckReadings(checks, hosts, 0), new EventReadings(events), new SpanReadings(new InMemoryTraceStore(), clock), new SloReadings(slos, reader, uptime));
        var evaluator = new MonitorEvaluator(readings, states, history, downtimes, muteAll, new Silence(), hosts, new MissingReasons(metrics, checks), counters, uptime);
        new MonitorApi(rules, states, downtimes, gate, clock).Map(routes);
        new MonitorMuteApi(rules, states, muteAll, gate, clock).Map(routes);
        new MonitorPreviewApi(rules, new MonitorReplay(new ReplaySources(metrics, new TraceMetricUnits(), checks, events, new InMemoryTraceStore(), hosts), downtimes, rules, counters, clock, new ReplayedObjectives(slos, uptime)), gate, clock).Map(routes);
        new MonitorSearchApi(rules, states, downtimes, muteAll, gate, clock).Map(routes);
        new SloApi(slos, reader, rules, gate, clock).Map(routes);
        new SloCorrectionsApi(slos, gate).Map(routes);
        new SloSearchApi(slos, new SloReports(reader, clock), gate).Map(routes);
        return new ServedMonitors(rules, states, muteAll, evaluator, uptime, clock);
    }

    /// <summary>Evaluates all once, now.</summary>
    public void Evaluate()
    {
        var now = clock.NowUnixNanos() / UnixTime.NanosPerSecond;
        foreach (var known in rules.All()) evaluator.Evaluate(known, now, now);
        uptime.RoundDone(now);
    }

    sealed class Silence : IAlertTeller
    {
        public void Tell(AlertTransition transition)
        {
        }
    }
}
