using System.Collections.Concurrent;

namespace Apm.StartupHook.Listen;

/// <summary>Makes names of few values out of paths of many: statistics are kept per name.</summary>
internal static class ResourceNames
{
    /// <summary>Most different paths that become names in one process; further ones share <c>/*</c>.</summary>
    public const int MaxPaths = 300;

    const int MaxSegments = 4;
    const int MaxChars = 120;

    static readonly ConcurrentDictionary<string, bool> s_paths = new();

    /// <summary>A known method in capitals, else <c>OTHER</c>: anybody can send any word.</summary>
    public static string Method(string method)
    {
        if (IsKnown(method)) return method; // As nearly everybody writes it.
        var capitals = method.ToUpperInvariant();
        return IsKnown(capitals) ? capitals : "OTHER";
    }

    static bool IsKnown(string method) => method is "GET" or "POST" or "PUT" or "DELETE" or "PATCH" or "HEAD" or "OPTIONS" or "CONNECT" or "TRACE";

    /// <summary>A path whose segments with digits are replaced by <c>?</c> and whose tail is cut: <c>/user/42/orders</c> → <c>/user/?/orders</c>.</summary>
    public static string Quantize(string path)
    {
        var name = HasNothingToReplace(path) ? path : Replace(path);
        if (s_paths.ContainsKey(name)) return name;
        if (s_paths.Count >= MaxPaths) return "/*";
        s_paths.TryAdd(name, true);
        return name;
    }

    static bool HasNothingToReplace(string path) =>
        path.Length is > 0 and <= MaxChars && !path.AsSpan().ContainsAnyInRange('0', '9') && path.AsSpan().Count('/') <= MaxSegments;

    static string Replace(string path)
    {
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var kept = segments.Take(MaxSegments).Select(segment => segment.AsSpan().ContainsAnyInRange('0', '9') || segment.Length > 40 ? "?" : segment);
        return "/" + string.Join('/', kept) + (segments.Length > MaxSegments ? "/*" : "");
    }
}
