namespace Apm.Wire.Datadog;

/// <summary>One telemetry message of a tracer (trace-intake §1.21). Texts are "" and lists empty when it does not say.</summary>
public sealed record TelemetryMessage
{
    /// <summary><c>app-started</c>, <c>app-heartbeat</c> …; never <c>message-batch</c>, whose parts are messages of their own.</summary>
    public string RequestType { get; init; } = "";

    /// <summary>The sender's clock, Unix seconds; 0 when not said.</summary>
    public long TracerTimeUnixSeconds { get; init; }
    public string RuntimeId { get; init; } = "";
    public TelemetryApplication Application { get; init; } = new();
    public TelemetryHost Host { get; init; } = new();

    /// <summary>Settings of <c>app-started</c>, <c>app-client-configuration-change</c> and <c>app-extended-heartbeat</c>.</summary>
    public IReadOnlyList<TelemetrySetting> Configuration { get; init; } = [];

    /// <summary>Routes the application serves, from <c>app-endpoints</c>.</summary>
    public IReadOnlyList<TelemetryRoute> Routes { get; init; } = [];

    /// <summary>Packages it loaded, by <c>app-dependencies-loaded</c> and <c>app-extended-heartbeat</c>.</summary>
    public int DependencyCount { get; init; }
}

/// <summary>Who sends.</summary>
public sealed record TelemetryApplication
{
    public string ServiceName { get; init; } = "";
    public string Env { get; init; } = "";
    public string ServiceVersion { get; init; } = "";
    public string TracerVersion { get; init; } = "";
    public string LanguageName { get; init; } = "";
    public string LanguageVersion { get; init; } = "";
    public string RuntimeName { get; init; } = "";
    public string RuntimeVersion { get; init; } = "";

    /// <summary>Entries <c>k:v</c> joined by commas.</summary>
    public string ProcessTags { get; init; } = "";
}

/// <summary>Where it runs.</summary>
public sealed record TelemetryHost
{
    public string Hostname { get; init; } = "";
    public string Os { get; init; } = "";
    public string OsVersion { get; init; } = "";
    public string Architecture { get; init; } = "";
    public string KernelName { get; init; } = "";
    public string KernelRelease { get; init; } = "";
    public string KernelVersion { get; init; } = "";
    public string ContainerId { get; init; } = "";
}

/// <summary>One setting of the tracer. Our own tracers also report <c>process_id</c> and <c>listen_urls</c> this way.</summary>
/// <param name="Value">As text; numbers, bools and nested values as their JSON, null as "".</param>
/// <param name="Origin"><c>default</c>, <c>env_var</c>, <c>code</c>, <c>remote_config</c> …</param>
public sealed record TelemetrySetting(string Name, string Value, string Origin);

/// <summary>A route that the application serves.</summary>
/// <param name="Method">Such as <c>GET</c>; <c>*</c> for any.</param>
/// <param name="Path">With its parameters' names, such as <c>/user/{id}</c>.</param>
/// <param name="ResourceName">What its spans' resource will be.</param>
public sealed record TelemetryRoute(string Method, string Path, string ResourceName);
