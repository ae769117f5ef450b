using Apm.Query.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve;

/// <summary>
/// What nothing answers below <c>/api</c>, <c>/jaeger</c>, <c>/tempo</c> and <c>/zipkin</c>: 404 with the paths that there are, or 405 with the methods of
/// a path that is there, in the API's own shape of an error. Elsewhere an unknown path is a page.
/// </summary>
public static class UnknownPaths
{
    /// <summary>Characters of an unknown path that are repeated in the answer.</summary>
    const int MaxToldChars = 200;

    /// <summary>Maps the endpoints; whatever else is mapped comes before them.</summary>
    public static IEndpointRouteBuilder MapUnknownPaths(this IEndpointRouteBuilder routes)
    {
        foreach (var root in ApiShape.Roots) routes.Map(root + "/{**rest}", http => Answer(http, root));
        return routes;
    }

    static Task Answer(HttpContext http, string prefix)
    {
        var refuse = ApiShape.Of(http.Request.Path)!;
        var path = http.Request.Path.Value ?? "";
        var known = http.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint => (Path: "/" + endpoint.RoutePattern.RawText?.TrimStart('/'), Methods: endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []))
            .Where(endpoint => endpoint.Path.StartsWith(prefix + "/", StringComparison.Ordinal) && !endpoint.Path.Contains("{**", StringComparison.Ordinal)).ToList();
        var methods = known.Where(endpoint => new TemplateMatcher(TemplateParser.Parse(endpoint.Path[1..]), []).TryMatch(path, [])).SelectMany(endpoint => endpoint.Methods).Distinct().Order(StringComparer.Ordinal).ToList();
        var told = path.Length > MaxToldChars ? path[..MaxToldChars] + "…" : path;
        if (methods.Count > 0)
        {
            http.Response.Headers.Allow = string.Join(", ", methods);
            return refuse(http, StatusCodes.Status405MethodNotAllowed, $"{told} answers {string.Join(" and ", methods)}, not {http.Request.Method}.");
        }
        var paths = known.Select(endpoint => endpoint.Path).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var hint = path.Contains("//", StringComparison.Ordinal) ? " It has two slashes in a row; the address that a client is given ends without a slash."
            : NearestWord.Find(path, paths) is { } nearest ? $" Did you mean {nearest}?"
            : "";
        return refuse(http, StatusCodes.Status404NotFound, $"Nothing answers {told} here.{hint} Paths: {string.Join(", ", paths)}.");
    }
}
