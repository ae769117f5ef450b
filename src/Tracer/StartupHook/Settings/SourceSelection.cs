namespace Apm.StartupHook.Settings;

/// <summary>
/// Which activity sources become spans. All of them, unless <c>APM_ALL_SOURCES=false</c>; except a few of the framework
/// that tell of connections and circuits rather than of work, and would bury the request they belong to.
/// </summary>
internal sealed class SourceSelection(HookSettings settings)
{
    /// <summary>The source of server spans.</summary>
    public const string AspNetCore = "Microsoft.AspNetCore";

    /// <summary>The source of client spans.</summary>
    public const string HttpClient = "System.Net.Http";

    // Kestrel: one activity as long as a connection. Experimental.*: DNS, connect, TLS. Components: each event of a Blazor circuit.
    static readonly string[] s_noisy =
        ["Microsoft.AspNetCore.Server.Kestrel", "Experimental.*", "Microsoft.AspNetCore.Components*", "Microsoft.AspNetCore.MemoryPool*", "System.Net.*"];

    /// <summary>True when activities of this source become spans.</summary>
    public bool Takes(string name)
    {
        if (name.Length == 0) return false; // Activities made without a source: nobody meant them to be exported.
        if (Matches(settings.ExcludedSources, name)) return false;
        if (name is AspNetCore or HttpClient || Matches(settings.IncludedSources, name)) return true;
        return settings.UsesAllSources && !Matches(s_noisy, name);
    }

    static bool Matches(IReadOnlyList<string> patterns, string name)
    {
        foreach (var pattern in patterns)
        {
            var isMatch = pattern.EndsWith('*')
                ? name.AsSpan().StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.OrdinalIgnoreCase)
                : string.Equals(pattern, name, StringComparison.OrdinalIgnoreCase);
            if (isMatch) return true;
        }
        return false;
    }
}
