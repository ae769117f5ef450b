using Apm.ApmUi.Charts;
using Apm.ApmUi.Frame;
using Apm.ApmUi.Links;
using Apm.ApmUi.Pages.Board;
using Apm.ApmUi.Pages.Deliveries;
using Apm.ApmUi.Pages.Doctor;
using Apm.ApmUi.Pages.Downtimes;
using Apm.ApmUi.Pages.Endpoint;
using Apm.ApmUi.Pages.Errors;
using Apm.ApmUi.Pages.Home;
using Apm.ApmUi.Pages.Map;
using Apm.ApmUi.Pages.Metrics;
using Apm.ApmUi.Pages.Monitors;
using Apm.ApmUi.Pages.Service;
using Apm.ApmUi.Pages.Snapshots;
using Apm.ApmUi.Pages.Slos;
using Apm.ApmUi.Pages.Trace;
using Apm.ApmUi.Pages.Traces;
using Apm.ApmUi.Search;
using Apm.ApmUi.Shared;
using Apm.ApmUi.Snapshots;
using Apm.Core.Ports;
using Apm.Core.Views;
using Apm.Query.Compare;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Apm.ApmUi;

/// <summary>
/// Puts the screens into a host. The host brings the rest: <c>ITraceReader</c>, <c>IStatsReader</c>, <c>ServiceCatalogue</c>,
/// <c>ILedgerReader</c>, <c>IErrorIssues</c>, <c>IDocumentStore</c>, <c>DashboardBook</c>, <c>DashboardLists</c>, <c>TraceTail</c>, and the classes of Query (<c>TraceSearch</c>, <c>TraceLookup</c>, <c>ServiceQueries</c>, <c>ServiceMapQuery</c>,
/// <c>IssueQueries</c>, <c>DeploymentQueries</c>, <c>EndpointComparison</c>).
/// </summary>
/// <remarks>
/// A host that runs from its build output also calls <c>builder.WebHost.UseStaticWebAssets()</c>: outside of Development
/// nobody else does, and the scripts would not be found.
/// </remarks>
public static class ApmUiHost
{
    /// <summary>Adds what the pages need.</summary>
    public static IServiceCollection AddApmUi(this IServiceCollection services, UiSettings settings)
    {
        services.AddRazorComponents();
        services.AddHttpContextAccessor();
        services.AddSingleton(settings);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ServiceLook>();
        services.AddSingleton<MapMemory>();
        services.AddSingleton<Pulse>();
        services.AddSingleton<SavedViews>();
        services.AddSingleton<JumpSearch>();
        services.AddSingleton<CompareQuery>();
        services.AddSingleton<ImportedTraces>();
        services.AddSingleton<TraceSource>();
        services.AddSingleton<MonitorEditor>();
        services.AddSingleton<GivenBoards>();
        services.AddSingleton<ShownBoards>();
        services.AddSingleton<InsideData>();
        services.AddSingleton<TutorialBook>();
        services.AddSingleton<SnapshotDesk>();
        services.AddScoped(provider => PageState.Of(
            provider.GetRequiredService<IHttpContextAccessor>().HttpContext!.Request,
            provider.GetRequiredService<TimeProvider>().GetUtcNow(),
            provider.GetRequiredService<ITraceReader>().Facts().NewestStartUnixNanos));
        return services;
    }

    /// <summary>Maps the pages, their data and their files.</summary>
    /// <param name="app">The host's application.</param>
    /// <param name="host">Where they answer, such as <c>*:8127</c>; null for every address that the host listens on.</param>
    /// <param name="assetManifest">List of the files; null for the entry assembly's own.</param>
    public static WebApplication MapApmUi(this WebApplication app, string? host = null, string? assetManifest = null)
    {
        app.UseAntiforgery();
        var routes = app.MapGroup("");
        if (host is not null) routes.RequireHost(host);
        // On by default for what was built and not published: each file is then read and packed anew for each request, with no compression at all.
        app.Configuration["ReloadStaticAssetsAtRuntime"] = "false";
        var assets = app.MapStaticAssets(assetManifest);
        if (host is not null) assets.RequireHost(host);
        FrameEndpoints.Map(routes);
        HomeData.Map(routes);
        TutorialData.Map(routes);
        ServiceData.Map(routes);
        IngestData.Map(routes);
        TracesData.Map(routes);
        MetricData.Map(routes);
        TailData.Map(routes);
        SavedViewData.Map(routes);
        TraceData.Map(routes);
        TraceFiles.Map(routes);
        EndpointDecisions.Map(routes);
        IssueDecisions.Map(routes);
        IssueData.Map(routes);
        MonitorForms.Map(routes);
        MonitorActions.Map(routes);
        DowntimeForms.Map(routes);
        OutboxForms.Map(routes);
        SloForms.Map(routes);
        SloData.Map(routes);
        DoctorForms.Map(routes);
        WidgetData.Map(routes);
        BoardData.Map(routes);
        SnapshotForms.Map(routes);
        var pages = app.MapRazorComponents<App>();
        if (host is not null) pages.RequireHost(host);
        return app;
    }
}
