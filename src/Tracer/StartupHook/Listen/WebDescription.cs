using Apm.StartupHook.Report;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;

namespace Apm.StartupHook.Listen;

/// <summary>Reads a started web app's routes and addresses.</summary>
internal static class WebDescription
{
    /// <summary>The addresses the server listens on, joined by commas; empty when it does not tell.</summary>
    public static string ListenUrls(IServiceProvider services) =>
        services.GetService(typeof(IServer)) is IServer server && server.Features.Get<IServerAddressesFeature>() is { } feature
            ? string.Join(',', feature.Addresses)
            : "";

    /// <summary>The routes, each once per method, in the order of the app.</summary>
    public static IReadOnlyList<AppEndpoint> Endpoints(IServiceProvider services)
    {
        var found = new List<AppEndpoint>();
        if (services.GetService(typeof(EndpointDataSource)) is not EndpointDataSource source) return found;
        var seen = new HashSet<AppEndpoint>();
        foreach (var endpoint in source.Endpoints)
        {
            if (RouteNames.Of(endpoint) is not { } path) continue;
            var methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods;
            foreach (var method in methods is { Count: > 0 } ? methods : ["*"])
            {
                var route = new AppEndpoint(method.ToUpperInvariant(), path);
                if (seen.Add(route)) found.Add(route);
            }
        }
        return found;
    }
}
