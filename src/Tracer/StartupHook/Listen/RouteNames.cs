using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.StartupHook.Listen;

/// <summary>The route template of an endpoint, with its leading slash.</summary>
internal static partial class RouteNames
{
    static readonly ConditionalWeakTable<RouteEndpoint, string> s_names = [];

    /// <summary>The template; null when the endpoint has none.</summary>
    public static string? Of(Endpoint? endpoint)
    {
        if (endpoint is not RouteEndpoint route || route.RoutePattern.RawText is not { } text) return null;
        // Minimal APIs: already what we want, without a look-up.
        return text.Length > 0 && text[0] == '/' && route.RoutePattern.RequiredValues.Count == 0 ? text : s_names.GetValue(route, Make);
    }

    // MVC shares one template between actions: {controller=Home}/{action=Index}/{id?}. The values that the endpoint demands make it theirs.
    static string Make(RouteEndpoint route)
    {
        var required = route.RoutePattern.RequiredValues;
        var text = Parameter().Replace(route.RoutePattern.RawText ?? "", match =>
            required.TryGetValue(match.Groups[1].Value, out var value) && value?.ToString() is { Length: > 0 } name ? name : match.Value);
        return text.StartsWith('/') ? text : "/" + text;
    }

    [GeneratedRegex(@"\{(controller|action|area|page)[^}]*\}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Parameter();
}
