using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Monitors.Delivery;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Messages;
using Apm.Monitors.Notify;
using Apm.TraceAgent.Serve.Datadog;

namespace Apm.Cli.Host;

/// <summary>Downtimes, and what is told to whom: the book, the teller, the outbox, and those who carry out of it.</summary>
public sealed class NotificationParts : IAsyncDisposable
{
    readonly Courier[] _couriers;
    readonly IMonitorRules _rules;
    readonly MetricsApiParts _api;

    readonly DeliverySettings _settings;

    NotificationParts(IMonitorRules rules, MetricsApiParts api, AlertLinks links, DeliverySettings settings, Outbox outbox, DowntimeBook downtimes, AlertTeller teller, DowntimeNotices notices, Courier[] couriers) =>
        (_rules, _api, Links, _settings, Outbox, Downtimes, Teller, Notices, _couriers) = (rules, api, links, settings, outbox, downtimes, teller, notices, couriers);

    /// <summary>Addresses of our pages, as others reach them.</summary>
    public AlertLinks Links { get; }

    /// <summary>What is to be delivered, and was.</summary>
    public Outbox Outbox { get; }

    /// <summary>Where notices can be delivered.</summary>
    public DeliverySettings Settings => _settings;

    /// <summary>Implements <see cref="IDowntimeBook"/>.</summary>
    public DowntimeBook Downtimes { get; }

    /// <summary>Implements <see cref="IAlertTeller"/>.</summary>
    public AlertTeller Teller { get; }

    /// <summary>Tells of downtimes.</summary>
    public DowntimeNotices Notices { get; }

    /// <summary>Reads what is kept; nothing goes out before <see cref="Start"/>.</summary>
    /// <param name="rules">The monitors that downtimes name.</param>
    /// <param name="pictures">Draws charts for mails; null when nobody does.</param>
    /// <exception cref="StoreUnavailableException">What is kept cannot be read.</exception>
    public static NotificationParts Open(
        HostSettings settings, IMonitorRules rules, IDocumentStore documents, MetricsApiParts api, MemoryBudget memory, Counters counters, RecentProblems problems, TimeProvider clock, IChartPictures? pictures = null)
    {
        var delivery = settings.Delivery;
        var links = new AlertLinks(delivery.SiteUrl.Length > 0 ? delivery.SiteUrl : $"http://localhost:{settings.UiPort}");
        var outbox = new Outbox(documents, memory, counters, problems, clock);
        var downtimes = new DowntimeBook(documents, api.Hosts.Find, counters, clock, Guid.NewGuid);
        var teller = new AlertTeller(outbox, documents, api.Events, links, api.Hosts.Find, counters, problems, clock);
        var notices = new DowntimeNotices(downtimes, rules, outbox, links, documents, counters, problems, clock);
        var backOff = new BackOff(new Random());
        Courier[] couriers =
        [
            new Courier(outbox, new SmtpMessenger(delivery, pictures ?? new NoPictures()), backOff, problems, clock),
            new Courier(outbox, new WebhookMessenger(delivery), backOff, problems, clock),
        ];
        return new NotificationParts(rules, api, links, delivery, outbox, downtimes, teller, notices, couriers);
    }

    /// <summary>Delivers from now on.</summary>
    public void Start()
    {
        foreach (var courier in _couriers) courier.Start();
        Notices.Start();
    }

    /// <summary>What pages and other parts may ask for.</summary>
    public void AddTo(IServiceCollection services)
    {
        services.AddSingleton(Outbox);
        services.AddSingleton(Links);
        services.AddSingleton(Downtimes);
        services.AddSingleton<IDowntimeBook>(Downtimes);
        services.AddSingleton<IAlertTeller>(Teller);
        services.AddSingleton(Notices);
        services.AddSingleton(_rules);
        services.AddSingleton(Links);
        services.AddSingleton(_settings);
    }

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes, MonitorParts monitors)
    {
        new DowntimesApi(Downtimes, Notices, _rules, monitors.MuteAll, _api.Hosts, _api.Gate).Map(routes);
        new DowntimesV2Api(Downtimes, Notices, _rules, monitors.States.Find, _api.Gate).Map(routes);
    }

    /// <summary>Lets what is under way finish; the rest waits in the outbox for the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        Notices.Dispose();
        foreach (var courier in _couriers) await courier.DisposeAsync();
    }

    /// <summary>Mails go without a chart.</summary>
    sealed class NoPictures : IChartPictures
    {
        public byte[]? DrawPng(AlertChart chart, CancellationToken cancel) => null;

        public byte[]? KeptPng(string snapshotId) => null;
    }
}
