using System.Text.RegularExpressions;

namespace Apm.Core.Services;

/// <summary>Commands that call the routes of an app, ready to paste.</summary>
public static partial class CurlLines
{
    /// <summary>Most routes turned into lines; default 6.</summary>
    public const int MaxLines = 6;

    /// <summary>One line per route that needs no body first; none when the app did not tell where it listens.</summary>
    public static IReadOnlyList<string> Of(ProcessInfo process)
    {
        if (process.ListenUrls.Count == 0) return [];
        if (process.Routes.Count == 0) return [$"curl {Trusting(process.ListenUrls[0])}{Reachable(process.ListenUrls[0])}/"];
        return [.. RoutesOf(process).Select(route => Of(process.ListenUrls[0], route))];
    }

    /// <summary>The routes of these lines in their order: those that need no body first, then the plain ones.</summary>
    public static IReadOnlyList<RouteInfo> RoutesOf(ProcessInfo process) =>
        [.. process.Routes.OrderBy(route => route.Method is "GET" or "*" ? 0 : 1).ThenBy(route => route.Path.Count(c => c is '{' or '<')).ThenBy(route => route.Path, StringComparer.Ordinal).Take(MaxLines)];

    /// <summary>The line for one route: its parameters filled with 1.</summary>
    public static string Of(string url, RouteInfo route)
    {
        var method = route.Method is "GET" or "*" or "" ? "" : $"-X {route.Method} ";
        return $"curl {Trusting(url)}{method}{Quoted(Reachable(url) + PathOf(route))}";
    }

    /// <summary>The route's path, its parameters filled with 1.</summary>
    public static string PathOf(RouteInfo route) => Parameter().Replace(route.Path.StartsWith('/') ? route.Path : "/" + route.Path, "1");

    /// <summary>An app of one's own machine rarely has a certificate that curl knows.</summary>
    static string Trusting(string url) => url.StartsWith("https:", StringComparison.OrdinalIgnoreCase) ? "-k " : "";

    /// <summary>An address that listens everywhere is reached as localhost.</summary>
    static string Reachable(string url) => url.TrimEnd('/')
        .Replace("://0.0.0.0", "://localhost", StringComparison.Ordinal).Replace("://[::]", "://localhost", StringComparison.Ordinal)
        .Replace("://*", "://localhost", StringComparison.Ordinal).Replace("://+", "://localhost", StringComparison.Ordinal);

    static string Quoted(string text) => Plain().IsMatch(text) ? text : "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    [GeneratedRegex(@"\{[^}]*\}|<[^>]*>|(?<=/):[A-Za-z_]\w*")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"^[A-Za-z0-9:/._~%-]+$")]
    private static partial Regex Plain();
}
