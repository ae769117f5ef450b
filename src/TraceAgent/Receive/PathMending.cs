namespace Apm.TraceAgent.Receive;

/// <summary>
/// The path that was meant, where an exporter was given an address with a part of the path too many or too few: <c>/v1/traces/v1/traces</c>,
/// <c>//v0.4/traces</c>, <c>/collector/v1/traces</c>, or <c>/</c> with a body of OTLP.
/// </summary>
/// <remarks>Pure. A path that is known is never mended, so nothing that is right can become wrong.</remarks>
static class PathMending
{
    /// <summary>The known path that was meant; null when none is near enough.</summary>
    /// <param name="path">As it came; not a known one.</param>
    /// <param name="contentType">Of the request; "" for none.</param>
    /// <param name="isPost">Bodies come by POST or PUT.</param>
    /// <param name="known">All paths that are answered.</param>
    /// <param name="prefixes">What paths begin with that are answered whatever follows; each ends in a slash.</param>
    public static string? Mend(string path, string contentType, bool isPost, IReadOnlyCollection<string> known, IReadOnlyCollection<string> prefixes)
    {
        if (!isPost) return null;
        var plain = "/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries));
        if (known.Contains(plain)) return plain;
        if (plain is "/" or "/v1" && (contentType.StartsWith("application/x-protobuf", StringComparison.OrdinalIgnoreCase) || contentType.StartsWith("application/protobuf", StringComparison.OrdinalIgnoreCase))) return "/v1/traces";
        // The longest known path at the end: what stands before it is somebody else's prefix, or the path itself once more.
        if (prefixes.Select(prefix => (Prefix: prefix, At: plain.LastIndexOf(prefix, StringComparison.Ordinal))).Where(found => found.At > 0).OrderByDescending(found => found.Prefix.Length).FirstOrDefault() is { At: > 0 } begun) return plain[begun.At..];
        return known.Where(one => one.Count(letter => letter == '/') > 1 && plain.EndsWith(one, StringComparison.Ordinal)).MaxBy(one => one.Length);
    }
}
