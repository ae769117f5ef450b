namespace Apm.Core.Spans;

/// <summary>Which tags are of the process that sent a span, not of the span, and what OpenTelemetry calls them.</summary>
public static class ProcessTags
{
    /// <summary>What Datadog's tracers call by another name.</summary>
    static readonly (string Tag, string Key)[] Renamed =
    [
        (TagNames.Version, "service.version"),
        (TagNames.Hostname, "host.name"),
        (TagNames.RuntimeId, "service.instance.id"),
        (TagNames.Language, "telemetry.sdk.language"),
        (TagNames.ProcessId, "process.pid"),
    ];

    static readonly string[] Prefixes =
        ["service.", "telemetry.sdk.", "telemetry.distro.", "process.", "host.", "os.", "container.", "k8s.", "cloud.", "deployment.", "faas.name", "faas.id"];

    /// <summary>Whether a tag is of the process.</summary>
    public static bool Contains(string tag)
    {
        foreach (var (known, _) in Renamed) if (known == tag) return true;
        foreach (var prefix in Prefixes) if (tag.StartsWith(prefix, StringComparison.Ordinal)) return true;
        return false;
    }

    /// <summary>OpenTelemetry's name of a tag of the process; the tag itself when it has no other.</summary>
    public static string OtelNameOf(string tag)
    {
        foreach (var (known, key) in Renamed) if (known == tag) return key;
        return tag;
    }

    /// <summary>The tags that may hold what OpenTelemetry calls by this name, ours first.</summary>
    public static IReadOnlyList<string> TagsOf(string otelName)
    {
        foreach (var (tag, known) in Renamed) if (known == otelName) return [tag, otelName];
        return [otelName];
    }
}
