using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Apm.ApmUi;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Checks;
using Apm.Core.Ports;
using Apm.Query.Endpoints;
using Apm.Query.Deployments;
using Apm.Query.Errors;
using Apm.Query.Fates;
using Apm.Query.ServiceMap;
using Apm.Query.Services;
using Apm.Query.Tail;
using Apm.Query.Traces;
using Apm.TraceAgent;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Serve;
using Apm.TraceAgent.Serve.Datadog;
using Apm.TraceAgent.Serve.Jaeger;
using Apm.TraceAgent.Serve.Tempo;
using Apm.TraceAgent.Serve.Zipkin;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Apm.Cli.Host;

/// <summary>The screens and the read APIs on 8127; loopback only.</summary>
public sealed class UiServer : IAsyncDisposable
{
    readonly WebApplication _app;

    UiServer(WebApplication app, int port)
    {
        _app = app;
        Port = port;
    }

    public int Port { get; }

    public string Url => $"http://localhost:{Port}";

    /// <summary>Opens the port and answers from now on.</summary>
    public static async Task<UiServer> Start(HostSettings settings, PipelineParts parts, TracePipeline pipeline, IDocumentStore documents, MetricsApiParts metrics, NotificationParts notifications, MonitorParts monitors, SnapshotParts snapshots, IAgentChecks checks, DoctorParts doctor, StatusFacts facts, LimitBook limits)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = "apm", ContentRootPath = AppContext.BaseDirectory, EnvironmentName = "Production" });
        builder.WebHost.UseStaticWebAssets();
        builder.Logging.ClearProviders().AddConsole(options => options.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Error);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, settings.UiPort);
            if (settings.UiPort != 0 && Socket.OSSupportsIPv6) kestrel.Listen(IPAddress.IPv6Loopback, settings.UiPort);
        });
        AddServices(builder.Services, settings, parts, pipeline, documents, facts, limits);
        metrics.AddTo(builder.Services);
        notifications.AddTo(builder.Services);
        monitors.AddTo(builder.Services);
        snapshots.AddTo(builder.Services);
        builder.Services.AddSingleton(checks);
        doctor.AddTo(builder.Services);
        builder.Services.AddMetricQueries(metrics.Reader);
        builder.Services.AddDashboards();
        var app = builder.Build();
        app.Use(new HostGuard(settings.UiHosts, parts.Counters).Answer);
        metrics.StandBefore(app, parts.Counters, limits, facts.StartedUnixNanos);
        Map(app);
        metrics.Map(app);
        notifications.Map(app, monitors);
        monitors.Map(app);
        snapshots.Map(app);
        app.MapDashboardApi();
        app.MapUnknownPaths();
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new UiServer(app, new Uri(address).Port);
    }

    /// <summary>Lets requests under way finish, closes the port.</summary>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2)); // A live page may hold a request open.
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
    }

    static void AddServices(IServiceCollection services, HostSettings settings, PipelineParts parts, TracePipeline pipeline, IDocumentStore documents, StatusFacts facts, LimitBook limits)
    {
        services.AddResponseCompression(); // Loopback needs none; a browser over a network does.
        services.AddSingleton<IResponseCompressionProvider, StreamedPageCompression>();
        services.AddSingleton(parts.Clock);
        services.AddSingleton(parts.Counters);
        services.AddSingleton(parts.Problems);
        services.AddSingleton(parts.Catalogue);
        if (parts.Endpoints is { } endpoints) services.AddSingleton(endpoints);
        services.AddSingleton<ITraceReader>(parts.Traces);
        if (parts.Tail is { } tail) services.AddSingleton(tail);
        services.AddSingleton(pipeline.Statistics);
        services.AddSingleton(pipeline.Ledger);
        services.AddSingleton(pipeline.Issues);
        services.AddSingleton<ISamplingReader>(pipeline);
        services.AddSingleton(pipeline.Books);
        services.AddSingleton(documents);
        services.AddSingleton(limits);
        services.AddSingleton(new StatusReporter(parts, pipeline, facts));
        services.AddSingleton<SearchGate>();
        services.AddSingleton<TraceSearch>();
        services.AddSingleton<TraceLookup>();
        services.AddSingleton(provider => new TraceFates(provider.GetRequiredService<TraceLookup>(), parts.Fates));
        services.AddSingleton<ServiceQueries>();
        services.AddSingleton<ServiceMapQuery>();
        services.AddSingleton<IssueQueries>();
        services.AddSingleton<EndpointComparison>();
        services.AddSingleton<DeploymentQueries>();
        services.AddApmUi(new UiSettings
        {
            AgentPort = settings.Agent.AgentPort,
            OtlpHttpPort = settings.Agent.OtlpHttpPort ?? 0,
            OtlpGrpcPort = settings.Agent.OtlpGrpcPort ?? 0,
            ZipkinPort = settings.Agent.ZipkinPort ?? 0,
            DogStatsDPort = settings.DogStatsD.Port ?? 0,
            Version = Product.Version,
        });
    }

    /// <summary>A question that would take more memory than the ceiling leaves is answered in words; what comes in is not touched by it.</summary>
    static async Task AnswerWhenMemoryIsShort(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
        }
        catch (OutOfMemoryException)
        {
            http.RequestServices.GetRequiredService<Counters>().Add("queries_refused", OverloadedException.NoMemory);
            if (http.Response.HasStarted)
            {
                http.Abort();
                return;
            }
            http.Response.Clear();
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            http.Response.Headers.RetryAfter = "5";
            await http.Response.WriteAsync("This answer needs more memory than the ceiling leaves just now (memory.max_bytes). Ask for less at once, or again in a few seconds.\n");
        }
    }

    static void Map(WebApplication app)
    {
        app.UseResponseCompression();
        app.Use(AnswerWhenMemoryIsShort);
        app.Use(app.Services.GetRequiredService<SearchGate>().Answer);
        app.MapGet("/healthz", () => Results.Text("ok"));
        app.MapGet("/api/status", (StatusReporter reporter) => Results.Json(reporter.Report(), JsonSerializerOptions.Web));
        app.MapJaegerApi();
        app.MapZipkinApi();
        app.MapTempoApi();
        app.MapMetricQueryApi();
        app.MapEndpointTemplatesApi();
        app.MapDatadogSpansApi();
        app.MapDatadogDependenciesApi();
        app.MapLedgerApi();
        app.MapFateApi();
        app.MapErrorsApi();
        app.MapDoctorApi();
        app.MapApmUi();
    }
}
