using Apm.Storage.Events;
using Apm.Core.Hosts;
using Apm.ApmUi.Snapshots;
using Apm.Core.Checks;
using Apm.Core.Counting;
using Apm.Core.Dashboards;
using Apm.Core.Diagnosis;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Monitors.Delivery;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Messages;
using Apm.Monitors.Notify;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Apm.Monitors.Search;
using Apm.Monitors.Slos;
using Apm.Query.Endpoints;
using Apm.Query.Deployments;
using Apm.Query.Errors;
using Apm.Query.Fates;
using Apm.Query.ServiceMap;
using Apm.Query.Evaluate;
using Apm.Query.Metrics;
using Apm.Query.Services;
using Apm.Query.Tail;
using Apm.Query.Traces;
using Apm.Storage.InMemory;
using Apm.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Apm.ApmUi.Tests.Hosting;

/// <summary>The screens on a free port, over stores in memory that the test fills.</summary>
public sealed class UiHost : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly Lock _lock = new();

    UiHost(WebApplication app, InMemoryTraceStore traces, SimpleStats stats, ServiceCatalogue catalogue, SimpleIssues issues)
    {
        (_app, Traces, Stats, Catalogue, Issues) = (app, traces, stats, catalogue, issues);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(address) };
    }

    public InMemoryTraceStore Traces { get; }

    /// <summary>The hosts that are known.</summary>
    public HostCatalogue Hosts => _app.Services.GetRequiredService<HostCatalogue>();

    /// <summary>Monitors that are known.</summary>
    public ListedRules Rules => _app.Services.GetRequiredService<ListedRules>();

    /// <summary>What pages ask for.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>What service checks answered.</summary>
    public IServiceCheckStore ServiceChecks => _app.Services.GetRequiredService<IServiceCheckStore>();

    /// <summary>Stored metrics.</summary>
    public IMetricStore Metrics => _app.Services.GetRequiredService<IMetricStore>();

    /// <summary>The dashboards that are kept.</summary>
    public DashboardBook Boards => _app.Services.GetRequiredService<DashboardBook>();

    /// <summary>Stored events.</summary>
    public IEventStore Events => _app.Services.GetRequiredService<IEventStore>();
    public SimpleStats Stats { get; }
    public ServiceCatalogue Catalogue { get; }
    public SimpleIssues Issues { get; }

    /// <summary>Does not follow redirects.</summary>
    public HttpClient Client { get; }

    /// <summary>Starts a host.</summary>
    /// <param name="url">Where it listens.</param>
    /// <param name="assets">Name of the assembly whose list of static files is served.</param>
    /// <param name="ledger">What the pages read of it; null for an empty one.</param>
    /// <param name="checks">Null when this process runs none.</param>
    /// <param name="reader">What the pages read of traces, given the store; null for the store itself.</param>
    /// <param name="counters">Null for new ones.</param>
    /// <param name="monitors">What the pages read of the states of monitors; null for those of the host's own rules.</param>
    /// <param name="doctor">Null when none runs.</param>
    /// <param name="metrics">What the pages read of metrics, given those of the stores; null for these.</param>
    /// <param name="fates">What became of traces that are not stored; null when nothing is remembered.</param>
    public static async Task<UiHost> Start(string url = "http://127.0.0.1:0", string assets = "Apm.ApmUi.Tests", ILedgerReader? ledger = null, IFateStore? fates = null, IAgentChecks? checks = null,
        Func<ITraceReader, ITraceReader>? reader = null, Counters? counters = null, IMonitorStates? monitors = null, IDoctor? doctor = null, Func<IMetricReader, IMetricReader>? metrics = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = assets, ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().UseUrls(url).UseStaticWebAssets();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var traces = new InMemoryTraceStore();
        var stats = new SimpleStats();
        var documents = new MemoryDocuments();
        var catalogue = new ServiceCatalogue(documents);
        var issues = new SimpleIssues();
        builder.Services.AddSingleton(reader?.Invoke(traces) ?? traces);
        builder.Services.AddSingleton<IStatsReader>(stats);
        builder.Services.AddSingleton(catalogue);
        builder.Services.AddSingleton(ledger ?? new LedgerList());
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<TraceSearch>();
        builder.Services.AddSingleton<TraceLookup>();
        builder.Services.AddSingleton(counters ?? new Counters());
        builder.Services.AddSingleton(MemoryBudget.None());
        builder.Services.AddSingleton<TraceTail>();
        builder.Services.AddSingleton<IDocumentStore>(documents);
        builder.Services.AddSingleton(provider => new TraceFates(provider.GetRequiredService<TraceLookup>(), fates));
        builder.Services.AddSingleton<IMetricStore>(new InMemoryMetricStore());
        builder.Services.AddSingleton(provider => new CombinedMetricReader(provider.GetRequiredService<IMetricStore>(), new TraceMetricReader(stats)) is var combined && metrics is not null ? metrics(combined) : combined);
        builder.Services.AddSingleton(provider => new MetricQueries(provider.GetRequiredService<IMetricReader>(), NoHostTags.Instance, new TraceMetricUnits(), provider.GetRequiredService<Counters>(), TimeProvider.System));
        builder.Services.AddSingleton(provider => new HostCatalogue(documents, provider.GetRequiredService<Counters>()));
        builder.Services.AddSingleton<IServiceCheckStore>(provider => new InMemoryServiceCheckStore(new EventStoreSettings(), provider.GetRequiredService<Counters>()));
        if (doctor is not null) builder.Services.AddSingleton(doctor);
        if (checks is not null) builder.Services.AddSingleton(checks);
        builder.Services.AddSingleton(new DashboardBook(documents, TimeProvider.System, new Random(1)));
        builder.Services.AddSingleton(new DashboardLists(documents, TimeProvider.System));
        builder.Services.AddSingleton<IEventStore>(provider => new InMemoryEventStore(new EventStoreSettings(), TimeProvider.System, provider.GetRequiredService<Counters>()));
        builder.Services.AddSingleton<RecentProblems>();
        builder.Services.AddSingleton<IMetricUnits>(new TraceMetricUnits());
        builder.Services.AddSingleton(new MonitorRules(documents, TimeProvider.System));
        builder.Services.AddSingleton(provider => new MonitorStates(documents, provider.GetRequiredService<MonitorRules>()));
        builder.Services.AddSingleton(new MonitorHistory(documents));
        builder.Services.AddSingleton<IMuteAll>(new MuteAllSwitch(documents, TimeProvider.System));
        builder.Services.AddSingleton<IDowntimeBook>(provider => provider.GetRequiredService<DowntimeBook>());
        builder.Services.AddSingleton<MissingReasons>();
        builder.Services.AddSingleton(provider => new MonitorReplay(
            new ReplaySources(provider.GetRequiredService<IMetricReader>(), provider.GetRequiredService<IMetricUnits>(), provider.GetRequiredService<IServiceCheckStore>(), provider.GetRequiredService<IEventStore>(), provider.GetRequiredService<ITraceReader>(), NoHostTags.Instance),
            provider.GetRequiredService<DowntimeBook>(), provider.GetRequiredService<MonitorRules>(), provider.GetRequiredService<Counters>(), TimeProvider.System, new ReplayedObjectives(provider.GetRequiredService<SloBook>(), provider.GetRequiredService<UptimeBook>())));
        builder.Services.AddSingleton<IAlertTeller>(provider => new AlertTeller(
            provider.GetRequiredService<Outbox>(), documents, provider.GetRequiredService<IEventStore>(), provider.GetRequiredService<AlertLinks>(), _ => null, provider.GetRequiredService<Counters>(), provider.GetRequiredService<RecentProblems>(), TimeProvider.System));
        if (monitors is null) builder.Services.AddSingleton<IMonitorStates, MonitorLines>();
        else builder.Services.AddSingleton(monitors);
        builder.Services.AddSingleton<ListedRules>();
        builder.Services.AddSingleton<IMonitorRules>(provider => provider.GetRequiredService<ListedRules>());
        builder.Services.AddSingleton(new UptimeBook(documents));
        builder.Services.AddSingleton(provider => new SloBook(documents, provider.GetRequiredService<MonitorRules>(), new SloGroups(provider.GetRequiredService<UptimeBook>(), new MonitorGroups(provider.GetRequiredService<MonitorStates>(), provider.GetRequiredService<MonitorHistory>())), TimeProvider.System, Guid.NewGuid));
        builder.Services.AddSingleton<SloReader>();
        builder.Services.AddSingleton<SloReports>();
        builder.Services.AddSingleton<Outbox>();
        builder.Services.AddSingleton(new AlertLinks("http://localhost:8127"));
        builder.Services.AddSingleton(provider => new DowntimeBook(documents, _ => null, provider.GetRequiredService<Counters>(), TimeProvider.System, Guid.NewGuid));
        builder.Services.AddSingleton<DowntimeNotices>();
        builder.Services.AddSingleton<ISnapshots>(provider => new SnapshotBook(provider.GetRequiredService<MetricQueries>(), provider.GetRequiredService<IEventStore>(), documents, new InMemoryPictures(), provider.GetRequiredService<Counters>(), TimeProvider.System));
        builder.Services.AddSingleton<ServiceQueries>();
        builder.Services.AddSingleton<ServiceMapQuery>();
        builder.Services.AddSingleton<IErrorIssues>(issues);
        builder.Services.AddSingleton<IssueQueries>();
        builder.Services.AddSingleton<EndpointComparison>();
        builder.Services.AddSingleton<DeploymentQueries>();
        builder.Services.AddApmUi(new UiSettings { Version = "test" });
        var app = builder.Build();
        app.MapApmUi(assetManifest: Path.Combine(AppContext.BaseDirectory, assets + ".staticwebassets.endpoints.json"));
        await app.StartAsync();
        return new UiHost(app, traces, stats, catalogue, issues);
    }

    /// <summary>Stores spans and counts them, as the pipeline would.</summary>
    public void Add(IReadOnlyList<Span> spans)
    {
        lock (_lock)
        {
            var batch = SpanBatches.Of(spans);
            Traces.Append(batch, default);
            _app.Services.GetRequiredService<TraceTail>().Offer(batch);
            foreach (var span in spans)
            {
                Stats.Add(span);
                Issues.Add(span);
                if (span.IsTopLevel) Catalogue.Saw(new ServiceSighting(span.Service, span.Type, "", span.Env, span.Tag("version") ?? "", span.EndUnixNanos));
            }
        }
    }

    /// <summary>Stops as a server does that is told to end.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Traces.Dispose();
    }
}
