namespace Apm.Core.Services;

/// <summary>What is known of a service beyond its numbers. Stored as a document; texts are "" when unknown.</summary>
public sealed record ServiceInfo
{
    public required string Name { get; init; }

    /// <summary>Type of its entry spans: <c>web</c>, <c>worker</c>, <c>sql</c>, <c>cache</c> …</summary>
    public string Type { get; init; } = "";

    /// <summary>As the tracer names it, lower case: <c>python</c>, <c>dotnet</c>, <c>nodejs</c>.</summary>
    public string Language { get; init; } = "";

    /// <summary>The version deployed last, in whatever environment.</summary>
    public string Version { get; init; } = "";

    /// <summary>Environments seen, sorted.</summary>
    public IReadOnlyList<string> Envs { get; init; } = [];

    /// <summary>Index into the 12 series colours (ui.md §3); given when first seen and kept.</summary>
    public int ColorIndex { get; init; }
    public long FirstSeenUnixNanos { get; init; }
    public long LastSeenUnixNanos { get; init; }

    /// <summary>When <see cref="Version"/> was first seen.</summary>
    public long VersionSinceUnixNanos { get; init; }

    /// <summary>The versions that ran, in the order in which they began (<see cref="DeploymentHistory"/>).</summary>
    public IReadOnlyList<Deployment> Deployments { get; init; } = [];
}

/// <summary>What came in about a service with one batch.</summary>
public readonly record struct ServiceSighting(string Name, string Type, string Language, string Env, string Version, long SeenUnixNanos);
