using Apm.ApmUi.Snapshots;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Endpoints;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.Monitors.Delivery;
using Apm.Monitors.Rules;
using Apm.Query.Evaluate;
using Apm.Query.Tail;
using Apm.TraceAgent;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Metrics;
using Apm.TraceAgent.Receive;
using Apm.TraceAgent.Serve;

namespace Apm.Cli.Host;

/// <summary>Everything in one process: the stores, the pipeline, the agent's listeners, the screens.</summary>
/// <remarks>Starts from the inside out, so that nothing is taken before it can be kept, and stops from the outside in.</remarks>
public sealed class ApmHost : IAsyncDisposable
{
    /// <summary>How often ports are chosen anew when one was taken before it was opened.</summary>
    const int PortTries = 5;

    readonly Stack<Func<ValueTask>> _stops = new();
    AgentServer? _agent;
    TracePipeline? _pipeline;
    CheckAgent? _checks;
    MetricParts? _metrics;
    MonitorParts? _monitors;
    Outbox? _outbox;

    ApmHost(HostSettings settings) => Settings = settings;

    public HostSettings Settings { get; }

    /// <summary>The agent's port as it was really opened.</summary>
    public int AgentPort => _agent!.Listeners[0].Port;

    /// <summary>Address of the screens.</summary>
    public string UiUrl { get; private set; } = "";

    /// <summary>All that listens but the screens.</summary>
    public IReadOnlyList<ListenerStatus> Listeners => [.. _agent!.Listeners.Concat(_metrics?.Listeners ?? []).Select(listener => new ListenerStatus(listener.Name, listener.Port))];

    /// <summary>The port of a listener; null when it is off or could not be opened.</summary>
    public int? PortOf(string name) => Listeners.FirstOrDefault(listener => listener.Name == name)?.Port;

    /// <summary>Opens the data, replays the log, opens the ports.</summary>
    /// <param name="warn">Told in a sentence what does not work while the rest does.</param>
    /// <exception cref="PortTakenException">8126 or 8127 is taken.</exception>
    /// <exception cref="StoreUnavailableException">The data folder cannot be used; the message says why.</exception>
    public static async Task<ApmHost> Start(HostSettings settings, TimeProvider clock, Action<string> warn)
    {
        if (PortCheck.WhyTaken("agent", settings.Agent.AgentPort) is { } agentTaken) throw agentTaken;
        if (PortCheck.WhyTaken("ui", settings.UiPort) is { } uiTaken) throw uiTaken;
        for (var tries = 1; ; tries++)
        {
            var host = new ApmHost(WithChosenPorts(settings));
            try
            {
                await host.Open(clock, warn);
                return host;
            }
            catch (PortTakenException) when (LetsTheSystemChoose(settings) && tries < PortTries)
            {
                await host.DisposeAsync(); // Between choosing and opening somebody else took it.
            }
            catch
            {
                await host.DisposeAsync();
                throw;
            }
        }
    }

    /// <summary>The last minute whose monitors are all evaluated, Unix seconds; null before the first.</summary>
    public long? MonitorsEvaluatedUnixSeconds => _monitors?.EvaluatedUnixSeconds;

    /// <summary>Whether every mail and webhook that is due has been handed over.</summary>
    public bool HasDelivered => _outbox!.IsIdle;

    /// <summary>The agent's checks with their last runs.</summary>
    public IReadOnlyList<CheckInstanceStatus> Checks => _checks?.Status().Instances ?? [];

    /// <summary>Completes when everything answered before the call is counted and searchable.</summary>
    public Task Settled() => _pipeline!.Settled();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_stops.TryPop(out var stop)) await stop();
    }

    static bool LetsTheSystemChoose(HostSettings settings) => settings.Agent.AgentPort == 0 || settings.UiPort == 0;

    /// <summary>Ports that the system shall choose are chosen first, because each part tells of the others'.</summary>
    static HostSettings WithChosenPorts(HostSettings settings)
    {
        var agent = settings.Agent;
        var taken = new HashSet<int>(new[] { agent.AgentPort, agent.OtlpGrpcPort ?? 0, agent.OtlpHttpPort ?? 0, agent.ZipkinPort ?? 0, settings.UiPort });
        return settings with
        {
            Agent = agent with
            {
                AgentPort = Chosen(agent.AgentPort),
                OtlpGrpcPort = agent.OtlpGrpcPort is { } grpc ? Chosen(grpc) : null,
                OtlpHttpPort = agent.OtlpHttpPort is { } http ? Chosen(http) : null,
                ZipkinPort = agent.ZipkinPort is { } zipkin ? Chosen(zipkin) : null,
            },
            UiPort = Chosen(settings.UiPort),
        };

        int Chosen(int port)
        {
            if (port != 0) return port;
            int chosen;
            do chosen = PortCheck.Choose(0); while (!taken.Add(chosen)); // Each its own: none is opened yet.
            return chosen;
        }
    }

    async Task Open(TimeProvider clock, Action<string> warn)
    {
        var counters = new Counters();
        var problems = new RecentProblems();
        foreach (var warning in Settings.Warnings) problems.Add("settings", warning, clock.NowUnixNanos());
        var memory = new MemoryBudget(Settings.MaxMemoryBytes);
        var doctor = new DoctorParts(clock);
        StopWith(doctor.Dispose);
        var stores = Stores.Open(Settings, memory, clock, counters, problems, doctor.Book.Evicted);
        StopWith(stores.Dispose);
        var intake = MetricParts.MakeIntake(Settings, new MetricSinks(stores.Metrics, stores.Events.Add, stores.ServiceChecks.Add), counters, problems, clock, stores.Disk);
        var api = new MetricsApiParts(stores.Documents, intake, stores.Metrics, stores.Events, stores.ServiceChecks, memory, counters, problems, clock);
        StopWith(api.Dispose);
        var rules = new MonitorRules(stores.Documents, clock);
        MetricQueries? queries = null; // Mails are drawn after all is there.
        var notifications = NotificationParts.Open(Settings, rules, stores.Documents, api, memory, counters, problems, clock, new AlertPictures(() => queries!, stores.Pictures, counters));
        _stops.Push(notifications.DisposeAsync);
        _outbox = notifications.Outbox;
        var metrics = _metrics = MetricParts.Start(Settings, api.Intake, Settings.Checks.Host, memory, counters, problems, clock, warn, Path.Combine(Settings.DataFolder, "dogstatsd.open"));
        _stops.Push(metrics.DisposeAsync);
        var parts = new PipelineParts
        {
            Log = stores.Log,
            Traces = stores.Traces,
            Stats = stores.Stats,
            Catalogue = new ServiceCatalogue(stores.Documents),
            Endpoints = new EndpointNames(stores.Documents, counters),
            Counters = counters,
            Problems = problems,
            Clock = clock,
            Memory = memory,
            Disk = stores.Disk,
            Fates = stores.Fates,
            Documents = stores.Documents,
            Tail = new TraceTail(stores.Traces, clock, counters, memory),
            OtlpMetrics = api.OtlpMetrics,
            DogStatsD = metrics.Lines,
            Facts = doctor.Book,
        };
        var watch = new MemoryWatch(memory, counters, problems, clock);
        StopWith(watch.Dispose);
        var pipeline = _pipeline = new TracePipeline(parts, Settings.Pipeline);
        pipeline.Start();
        _stops.Push(pipeline.DisposeAsync);

        var monitors = _monitors = MonitorParts.Make(parts, stores.Documents, pipeline.Statistics, api, rules, notifications);
        queries = monitors.Queries;
        var snapshots = new SnapshotParts(monitors.Queries, stores.Documents, stores.Pictures, api, counters, clock);
        var checks = _checks = CheckParts.Make(Settings, parts, api);
        var limits = HostLimits.Make(Settings, parts, watch.Guard, stores.Budget.MaxBytes, () => _agent?.OpenConnections ?? 0, () => pipeline.Issues.Issues().Count);
        metrics.AddLimits(limits, counters, Settings, stores.MetricSeriesCount);
        watch.LookAt(limits);
        var facts = new StatusFacts(Product.Version, () => UiUrl, Settings.DataFolder, clock.NowUnixNanos(), () => _agent is null ? [] : Listeners) { Limits = limits.Read, Checks = () => _checks?.Status() };
        doctor.Open(Settings, parts, pipeline, stores.Budget.MaxBytes, () => UiUrl, facts.Listeners, facts.Checks, new ReachOfMonitors(rules, () => monitors.Queries, clock));
        var screens = await UiServer.Start(Settings, parts, pipeline, stores.Documents, api, notifications, monitors, snapshots, new AgentChecks(checks), doctor, facts, limits);
        _stops.Push(screens.DisposeAsync);
        UiUrl = screens.Url;

        var logs = LoggerFactory.Create(logging => logging.AddConsole(options => options.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Error));
        StopWith(logs.Dispose); // After the server that writes to it.
        _agent = await AgentServer.Start(Settings.Agent with { UiPort = screens.Port, StatsdPort = metrics.DogStatsD?.Port ?? Settings.Agent.StatsdPort, MaxBodyBytes = Math.Min(Settings.Agent.MaxBodyBytes, stores.Budget.BodyBytes) }, parts, pipeline, logs, warn);
        _stops.Push(_agent.DisposeAsync);
        _stops.Push(checks.DisposeAsync);
        notifications.Start();
        monitors.Start();
        StopWith(monitors.Dispose);
        checks.Start(warn); // Last: what they find has its way in by now.
    }

    void StopWith(Action dispose) => _stops.Push(() =>
    {
        dispose();
        return ValueTask.CompletedTask;
    });
}

/// <summary>Name and version of this build.</summary>
public static class Product
{
    public static string Version { get; } = typeof(Product).Assembly.GetName().Version?.ToString(3) ?? "0";
}
