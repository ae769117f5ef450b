using Apm.Core.Dashboards;
using Apm.Core.Ports;
using Apm.TraceAgent.Serve.Datadog;
using Apm.TraceAgent.Serve.Datadog.Dashboards;

namespace Apm.Cli.Host;

/// <summary>Dashboards: kept as documents, told by Datadog's API, shown by the screens.</summary>
static class DashboardParts
{
    /// <summary>Adds what pages and endpoints ask for. Needs <see cref="IDocumentStore"/> and <see cref="TimeProvider"/>.</summary>
    public static IServiceCollection AddDashboards(this IServiceCollection services)
    {
        services.AddSingleton(provider => new DashboardBook(provider.GetRequiredService<IDocumentStore>(), provider.GetRequiredService<TimeProvider>(), new Random()));
        return services.AddSingleton<DashboardLists>();
    }

    /// <summary>Maps the endpoints.</summary>
    public static void MapDashboardApi(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var (book, lists, gate) = (services.GetRequiredService<DashboardBook>(), services.GetRequiredService<DashboardLists>(), services.GetRequiredService<DatadogGate>());
        new TimeboardApi(book, gate).Map(routes);
        new ScreenboardApi(book, gate).Map(routes);
        new DashboardApi(book, gate).Map(routes);
        new DashboardListApi(lists, book, gate).Map(routes);
    }
}
