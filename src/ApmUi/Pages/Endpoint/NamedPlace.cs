namespace Apm.ApmUi.Pages.Endpoint;

/// <summary>Whether a decision about a place in paths speaks of an endpoint.</summary>
public static class NamedPlace
{
    /// <summary>True when the resource's path goes through the place: each segment equal, or a placeholder in either.</summary>
    /// <param name="path">Of a decision: <c>/users/{id}</c>, <c>//host/users/{id}</c>.</param>
    /// <param name="resource">With or without method and scheme.</param>
    public static bool Concerns(string path, string resource)
    {
        var start = resource.IndexOf('/', StringComparison.Ordinal);
        if (start < 0) return false;
        var wanted = path.Split('/');
        var seen = resource[start..].Split('/');
        if (seen.Length < wanted.Length) return false;
        for (var i = 0; i < wanted.Length; i++)
            if (wanted[i] != seen[i] && !wanted[i].Contains('{', StringComparison.Ordinal)) return false;
        return true;
    }
}
