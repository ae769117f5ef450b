using Apm.Core.Counting;
using Apm.Core.Descriptions;
using Apm.Core.Hosts;
using Apm.Core.Keys;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.TraceAgent.Hosts;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.OtlpMetrics;
using Apm.TraceAgent.Serve.Datadog;
using Apm.TraceAgent.Serve.Prometheus;

namespace Apm.Cli.Host;

/// <summary>
/// What Datadog's API on 8127 stands on: hosts, descriptions, keys, events, answers of checks; and the writing of what was merely seen,
/// every few seconds.
/// </summary>
public sealed class MetricsApiParts : IDisposable
{
    /// <summary>How often what was merely seen is written.</summary>
    static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(10);

    readonly RecentProblems _problems;
    readonly TimeProvider _clock;
    readonly SubmissionApi _submissions;
    readonly EventsApi _events;
    readonly ITimer _saving;
    int _isSaving;

    /// <param name="documents">Keeps hosts, descriptions and keys.</param>
    /// <param name="intake">Where everything goes that is sent; hosts are noted on the way.</param>
    /// <param name="reader">What is listed.</param>
    public MetricsApiParts(
        IDocumentStore documents, IMetricIntake intake, IMetricReader reader, IEventStore events, IServiceCheckStore checks, MemoryBudget memory, Counters counters, RecentProblems problems, TimeProvider clock)
    {
        (_problems, _clock) = (problems, clock);
        (Reader, Events, Checks) = (reader, events, checks);
        Hosts = new HostCatalogue(documents, counters);
        Descriptions = new MetricDescriptions(documents, counters);
        Keys = new ApiKeys(documents, clock);
        Intake = new HostNotingIntake(intake, Hosts, Descriptions, clock);
        Gate = new DatadogGate(Keys, counters, problems, clock);
        OtlpMetrics = new OtlpMetricReceiver(Intake, memory, counters, problems, clock);
        _submissions = new SubmissionApi(Intake, Hosts, memory, Gate, counters, problems, clock);
        _events = new EventsApi(Intake, events, memory, Gate, clock);
        _saving = clock.CreateTimer(_ => Save(), null, SaveEvery, SaveEvery);
    }

    /// <summary>Implements <see cref="IHostTags"/>.</summary>
    public HostCatalogue Hosts { get; }

    public MetricDescriptions Descriptions { get; }

    public ApiKeys Keys { get; }

    /// <summary>The intake for everybody who takes something in, so that hosts are noted whoever brought them.</summary>
    public IMetricIntake Intake { get; }

    /// <summary>Takes what comes over OTLP.</summary>
    public IOtlpMetricIntake OtlpMetrics { get; }

    public IMetricReader Reader { get; }

    public IEventStore Events { get; }

    public IServiceCheckStore Checks { get; }

    /// <summary>Stands before calls of Datadog's API.</summary>
    public DatadogGate Gate { get; }

    /// <summary>What pages and other endpoints may ask for.</summary>
    public void AddTo(IServiceCollection services)
    {
        services.AddSingleton(Hosts);
        services.AddSingleton<IHostTags>(Hosts);
        services.AddSingleton(Descriptions);
        services.AddSingleton(Keys);
        services.AddSingleton(Events);
        services.AddSingleton(Checks);
        services.AddSingleton(Gate);
        services.AddSingleton(Intake);
    }

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        _submissions.Map(routes);
        _events.Map(routes);
        new HostsApi(Hosts, Reader, Gate, _clock).Map(routes);
        new HostTagsApi(Hosts, Gate).Map(routes);
        // Those of traces are metrics like the others.
        new MetricCatalogueApi(routes.ServiceProvider.GetRequiredService<IMetricReader>(), Descriptions, Hosts, Gate).Map(routes);
        new KeysApi(Keys, Gate).Map(routes);
    }

    /// <summary>Answers <c>/metrics</c> about this process.</summary>
    public static void UsePrometheus(IApplicationBuilder app, Counters counters, LimitBook limits, long startedUnixNanos)
    {
        var prometheus = new PrometheusApi(counters, limits, Product.Version, startedUnixNanos);
        app.Use(next => http => prometheus.Answer(http, next));
    }

    /// <summary>Writes what is left.</summary>
    public void Dispose()
    {
        _saving.Dispose();
        Save();
    }

    /// <summary>Never throws: what could not be written is tried again.</summary>
    void Save()
    {
        if (Interlocked.Exchange(ref _isSaving, 1) == 1) return; // The disk is slow; the call before is still at it.
        try
        {
            Hosts.Save();
            Descriptions.Save();
            Checks.Save();
        }
        catch (StoreUnavailableException unavailable)
        {
            _problems.Add("hosts and service checks", unavailable.Message, _clock.NowUnixNanos());
        }
        finally
        {
            Interlocked.Exchange(ref _isSaving, 0);
        }
    }
}
