namespace Apm.Core.Services;

/// <summary>
/// A process that a tracer lives in, told by its telemetry (trace-intake §1.21) or by its spans' <c>runtime-id</c>.
/// It is known before its first request. Texts are "" when unknown.
/// </summary>
public sealed record ProcessInfo
{
    /// <summary>The tracer's runtime id; one per process, new after a fork.</summary>
    public required string RuntimeId { get; init; }
    public required string Service { get; init; }
    public string Env { get; init; } = "";
    public string Version { get; init; } = "";
    public string Language { get; init; } = "";
    public string LanguageVersion { get; init; } = "";
    public string TracerVersion { get; init; } = "";
    public string Hostname { get; init; } = "";

    /// <summary>0 when unknown.</summary>
    public int ProcessId { get; init; }

    /// <summary>Addresses the app itself listens on, such as <c>http://localhost:5050</c>.</summary>
    public IReadOnlyList<string> ListenUrls { get; init; } = [];

    public IReadOnlyList<RouteInfo> Routes { get; init; } = [];

    /// <summary>Tracer settings it reported, name → value; secrets masked by whoever stores it.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
    public long FirstSeenUnixNanos { get; init; }

    /// <summary>Last telemetry or span.</summary>
    public long LastSeenUnixNanos { get; init; }

    /// <summary>Spans received from it; 0 while it waits for its first request.</summary>
    public long SpanCount { get; init; }

    /// <summary>It said good-bye (<c>app-closing</c>).</summary>
    public bool HasEnded { get; init; }
}

/// <summary>A route that an app serves.</summary>
/// <param name="Method"><c>GET</c> …; <c>*</c> for any.</param>
/// <param name="Path">In the framework's own form: <c>/user/{id}</c>, <c>/user/&lt;id&gt;</c>.</param>
/// <param name="Resource">The resource its spans will have: <c>GET /user/{id}</c>.</param>
public sealed record RouteInfo(string Method, string Path, string Resource);
