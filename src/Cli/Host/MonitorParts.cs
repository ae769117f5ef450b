using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Delivery;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Apm.Monitors.Search;
using Apm.Monitors.Slos;
using Apm.Query.Evaluate;
using Apm.Query.Metrics;
using Apm.TraceAgent;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Serve.Datadog.Monitors;
using Apm.TraceAgent.Serve.Datadog.Slos;

namespace Apm.Cli.Host;

/// <summary>Monitors: their rules and states, the schedule that evaluates them, and their API.</summary>
public sealed class MonitorParts : IDisposable
{
    readonly MonitorSchedule _schedule;
    readonly ServiceProvider _metrics;
    readonly DowntimeBook _downtimes;
    readonly MuteAllSwitch _muteAll;
    readonly SloReader _sloReader;
    readonly SloReports _sloReports;
    readonly MetricsApiParts _api;
    readonly MissingReasons _reasons;
    readonly TimeProvider _clock;
    readonly DeliverySettings _delivery;

    MonitorParts(PipelineParts parts, IDocumentStore documents, IStatsReader statistics, MetricsApiParts api, MonitorRules rules, NotificationParts notifications)
    {
        var (downtimes, teller) = (notifications.Downtimes, notifications.Teller);
        (_api, _downtimes, _clock, _delivery) = (api, downtimes, parts.Clock, notifications.Settings);
        Rules = rules;
        States = new MonitorStates(documents, Rules);
        History = new MonitorHistory(documents);
        _muteAll = new MuteAllSwitch(documents, parts.Clock, rules.Mutes);
        _metrics = MetricsOver(statistics, api, parts);
        Queries = _metrics.GetRequiredService<MetricQueries>();
        var uptime = new UptimeBook(documents);
        Slos = new SloBook(documents, Rules, new SloGroups(uptime, new MonitorGroups(States, History)), parts.Clock, Guid.NewGuid);
        _sloReader = new SloReader(Queries, uptime, Slos);
        _sloReports = new SloReports(_sloReader, parts.Clock);
        var readings = new MonitorReadings(
            new MetricReadings(Queries), new ServiceCheckReadings(api.Checks, api.Hosts, parts.Clock.NowUnixNanos() / UnixTime.NanosPerSecond),
            new EventReadings(api.Events), new SpanReadings(parts.Traces, parts.Clock), new SloReadings(Slos, _sloReader, uptime));
        _reasons = new MissingReasons(_metrics.GetRequiredService<IMetricReader>(), api.Checks);
        var evaluator = new MonitorEvaluator(readings, States, History, downtimes, _muteAll, teller, api.Hosts, _reasons, parts.Counters, uptime);
        Replay = new MonitorReplay(new ReplaySources(_metrics.GetRequiredService<IMetricReader>(), _metrics.GetRequiredService<IMetricUnits>(), api.Checks, api.Events, parts.Traces, api.Hosts), downtimes, Rules, parts.Counters, parts.Clock, new ReplayedObjectives(Slos, uptime));
        _schedule = new MonitorSchedule(Rules, States, evaluator, History, documents, parts.Counters, parts.Problems, parts.Clock, new MonitorSettings(), uptime);
    }

    public MonitorRules Rules { get; }

    public MonitorStates States { get; }

    /// <summary>The service level objectives.</summary>
    public SloBook Slos { get; }

    /// <summary>The metrics that monitors see, and pictures show.</summary>
    public MetricQueries Queries { get; }

    public MonitorHistory History { get; }

    /// <summary>The switch that mutes all.</summary>
    public IMuteAll MuteAll => _muteAll;

    /// <summary>What monitors would have done.</summary>
    public MonitorReplay Replay { get; }

    /// <summary>Reads what is kept. Nothing is evaluated before <see cref="Start"/>.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read.</exception>
    public static MonitorParts Make(PipelineParts parts, IDocumentStore documents, IStatsReader statistics, MetricsApiParts api, MonitorRules rules, NotificationParts notifications) =>
        new(parts, documents, statistics, api, rules, notifications);

    /// <summary>The last minute whose monitors are all evaluated, Unix seconds; null before the first.</summary>
    public long? EvaluatedUnixSeconds => _schedule.LastMinuteUnixSeconds;

    /// <summary>Begins to evaluate.</summary>
    public void Start() => _schedule.Start();

    /// <summary>What pages and other endpoints may ask for.</summary>
    public void AddTo(IServiceCollection services)
    {
        services.AddSingleton(Rules);
        services.AddSingleton(States);
        services.AddSingleton(History);
        services.AddSingleton(Slos);
        services.AddSingleton(_sloReader);
        services.AddSingleton(_sloReports);
        services.AddSingleton(Replay);
        services.AddSingleton(_reasons);
        services.AddSingleton<IMonitorStates>(new MonitorLines(Rules, States, _downtimes, _muteAll, _clock));
        services.AddSingleton<IDowntimeBook>(_downtimes);
        services.AddSingleton<IMuteAll>(_muteAll);
    }

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        new MonitorApi(Rules, States, _downtimes, _api.Gate, _clock).Map(routes);
        new MonitorMuteApi(Rules, States, _muteAll, _api.Gate, _clock).Map(routes);
        new SloApi(Slos, _sloReader, Rules, _api.Gate, _clock).Map(routes);
        new SloCorrectionsApi(Slos, _api.Gate).Map(routes);
        new SloSearchApi(Slos, _sloReports, _api.Gate).Map(routes);
        new MonitorPreviewApi(Rules, Replay, _api.Gate, _clock, _delivery).Map(routes);
        new MonitorSearchApi(Rules, States, _downtimes, _muteAll, _api.Gate, _clock).Map(routes);
    }

    /// <summary>Lets the evaluations under way finish.</summary>
    public void Dispose()
    {
        _schedule.Dispose();
        _metrics.Dispose();
    }

    /// <summary>The same metrics that charts see.</summary>
    static ServiceProvider MetricsOver(IStatsReader statistics, MetricsApiParts api, PipelineParts parts) =>
        new ServiceCollection().AddSingleton(statistics).AddSingleton(parts.Counters).AddSingleton(parts.Clock).AddSingleton<IHostTags>(api.Hosts).AddSingleton(api.Descriptions).AddMetricQueries(api.Reader).BuildServiceProvider();
}
