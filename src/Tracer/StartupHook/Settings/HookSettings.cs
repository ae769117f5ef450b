using System.Globalization;
using System.Reflection;
using Apm.Tracer.Propagation;

namespace Apm.StartupHook.Settings;

/// <summary>How much of a query string is kept in <c>http.url</c>.</summary>
internal enum QueryStringMode
{
    /// <summary>Keys only, values are replaced; the default.</summary>
    Keys,

    /// <summary>Everything. Tokens and names of people end up in the store.</summary>
    Full,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>
/// The hook's settings, all from the environment. A value that makes no sense counts as not set: an app must not
/// fail because of its tracer.
/// </summary>
internal sealed class HookSettings
{
    /// <summary><c>DD_TRACE_ENABLED</c>; default true. False: nothing is installed.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary><c>DD_SERVICE</c>, else <c>OTEL_SERVICE_NAME</c>, else <c>service:</c> in <c>DD_TAGS</c>, else the name of the entry assembly.</summary>
    public string Service { get; init; } = "dotnet";

    /// <summary>True when the service name was guessed and not given.</summary>
    public bool IsServiceGuessed { get; init; }

    /// <summary><c>DD_ENV</c>; empty when not set.</summary>
    public string Env { get; init; } = "";

    /// <summary><c>DD_VERSION</c>; empty when not set.</summary>
    public string Version { get; init; } = "";

    /// <summary><c>DD_TAGS</c> without service, env and version: put on every span.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary><c>DD_TRACE_AGENT_URL</c>, else host and port, else <c>http://localhost:8126</c>. Schemes http and unix.</summary>
    public Uri AgentUrl { get; init; } = new("http://localhost:8126");

    /// <summary><c>APM_ALL_SOURCES</c>; default true: activities of every source become spans, except noisy ones.</summary>
    public bool UsesAllSources { get; init; } = true;

    /// <summary><c>APM_SOURCES</c>: sources that are taken even when the above is false; a trailing * matches the rest.</summary>
    public IReadOnlyList<string> IncludedSources { get; init; } = [];

    /// <summary><c>APM_EXCLUDED_SOURCES</c>: sources that are never taken; a trailing * matches the rest.</summary>
    public IReadOnlyList<string> ExcludedSources { get; init; } = [];

    /// <summary><c>APM_YIELD_TO_OTEL</c>; default true: an app that exports OpenTelemetry traces itself is left to do so.</summary>
    public bool YieldsToOpenTelemetry { get; init; } = true;

    /// <summary><c>APM_QUERY_STRING</c> = keys, full or none; <c>DD_HTTP_SERVER_TAG_QUERY_STRING=false</c> means none.</summary>
    public QueryStringMode QueryString { get; init; }

    /// <summary><c>DD_INSTRUMENTATION_TELEMETRY_ENABLED</c>; default true.</summary>
    public bool SendsTelemetry { get; init; } = true;

    /// <summary><c>DD_TELEMETRY_HEARTBEAT_INTERVAL</c> in seconds, 1–3600; default 60.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>DD_TRACE_BATCH_INTERVAL</c> in milliseconds, 10–60 000; default 200.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary><c>DD_TRACE_AGENT_TIMEOUT_SECONDS</c>, 1–60; default 2.</summary>
    public TimeSpan AgentTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// <c>APM_MAX_QUEUE_BYTES</c>, 65 536–1 073 741 824; default 4 MiB. Encoded spans beyond it are dropped and counted
    /// as <c>spans_dropped{reason:queue_full}</c>.
    /// </summary>
    public int MaxQueueBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary><c>DD_TRACE_DEBUG</c>; default false. True: the hook tells on stderr what it does.</summary>
    public bool IsDebug { get; init; }

    /// <summary>Which headers are read and written.</summary>
    public PropagationSettings Propagation { get; init; } = new();

    /// <summary>Reads the settings.</summary>
    /// <param name="read">Gives the value of an environment variable; null when not set.</param>
    /// <param name="entryName">The service name when none is set.</param>
    public static HookSettings FromEnvironment(Func<string, string?> read, string? entryName)
    {
        var tags = ParsePairs(read("DD_TAGS") ?? read("DD_TRACE_GLOBAL_TAGS"), ':');
        var resource = ParsePairs(read("OTEL_RESOURCE_ATTRIBUTES"), '=');
        var service = Text(read("DD_SERVICE")) ?? Text(read("DD_SERVICE_NAME")) ?? Text(read("OTEL_SERVICE_NAME"))
            ?? Find(tags, "service") ?? Find(resource, "service.name");
        return new HookSettings
        {
            IsEnabled = Flag(read("DD_TRACE_ENABLED"), true),
            Service = service ?? Text(entryName) ?? "dotnet",
            IsServiceGuessed = service is null,
            Env = Text(read("DD_ENV")) ?? Find(tags, "env")
                ?? Find(resource, "deployment.environment.name") ?? Find(resource, "deployment.environment") ?? "",
            Version = Text(read("DD_VERSION")) ?? Find(tags, "version") ?? Find(resource, "service.version") ?? "",
            Tags = tags.FindAll(tag => tag.Key is not ("service" or "env" or "version")),
            AgentUrl = ReadAgentUrl(read),
            UsesAllSources = Flag(read("APM_ALL_SOURCES"), true),
            IncludedSources = Words(read("APM_SOURCES")),
            ExcludedSources = Words(read("APM_EXCLUDED_SOURCES")),
            YieldsToOpenTelemetry = Flag(read("APM_YIELD_TO_OTEL"), true),
            QueryString = Text(read("APM_QUERY_STRING"))?.ToLowerInvariant() switch
            {
                "full" => QueryStringMode.Full,
                "none" => QueryStringMode.None,
                _ => Flag(read("DD_HTTP_SERVER_TAG_QUERY_STRING"), true) ? QueryStringMode.Keys : QueryStringMode.None,
            },
            SendsTelemetry = Flag(read("DD_INSTRUMENTATION_TELEMETRY_ENABLED"), true),
            HeartbeatInterval = TimeSpan.FromSeconds(Number(read("DD_TELEMETRY_HEARTBEAT_INTERVAL"), 60, 1, 3600)),
            FlushInterval = TimeSpan.FromMilliseconds(Number(read("DD_TRACE_BATCH_INTERVAL"), 200, 10, 60_000)),
            AgentTimeout = TimeSpan.FromSeconds(Number(read("DD_TRACE_AGENT_TIMEOUT_SECONDS"), 2, 1, 60)),
            MaxQueueBytes = Number(read("APM_MAX_QUEUE_BYTES"), 4 * 1024 * 1024, 65_536, 1_073_741_824),
            IsDebug = Flag(read("DD_TRACE_DEBUG"), false),
            Propagation = PropagationSettings.FromEnvironment(read),
        };
    }

    /// <summary>The version of this assembly as it is told to the agent.</summary>
    public static string TracerVersion { get; } =
        typeof(HookSettings).Assembly.GetName().Version is { } version ? version.ToString(3) : "0.0.0";

    /// <summary>The name the running program is known by; null when the runtime does not tell.</summary>
    public static string? EntryName() => Assembly.GetEntryAssembly()?.GetName().Name;

    static Uri ReadAgentUrl(Func<string, string?> read)
    {
        if (Uri.TryCreate(Text(read("DD_TRACE_AGENT_URL")), UriKind.Absolute, out var url) && url.Scheme is "http" or "unix") return url;
        var host = Text(read("DD_AGENT_HOST")) ?? Text(read("DD_TRACE_AGENT_HOSTNAME")) ?? "localhost";
        var port = Number(read("DD_TRACE_AGENT_PORT"), 8126, 1, 65_535);
        if (host.Contains(':') && !host.StartsWith('[')) host = $"[{host}]"; // An IPv6 address.
        return Uri.TryCreate(string.Create(CultureInfo.InvariantCulture, $"http://{host}:{port}"), UriKind.Absolute, out var made)
            ? made : new Uri("http://localhost:8126");
    }

    static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();

    static bool Flag(string? value, bool otherwise) => Text(value)?.ToLowerInvariant() switch
    {
        "1" or "true" or "yes" or "on" => true,
        "0" or "false" or "no" or "off" => false,
        _ => otherwise,
    };

    static int Number(string? value, int otherwise, int min, int max) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max ? number : otherwise;

    static string[] Words(string? value) =>
        value?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    // "k:v,k:v", or separated by spaces when there is no comma; only the first colon splits.
    static List<KeyValuePair<string, string>> ParsePairs(string? text, char divider)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        if (string.IsNullOrWhiteSpace(text)) return pairs;
        foreach (var word in text.Split(text.Contains(',') ? ',' : ' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var at = word.IndexOf(divider);
            var key = (at < 0 ? word : word[..at]).Trim();
            if (key.Length > 0) pairs.Add(new(key, at < 0 ? "" : word[(at + 1)..].Trim()));
        }
        return pairs;
    }

    static string? Find(List<KeyValuePair<string, string>> pairs, string key) => Text(pairs.Find(pair => pair.Key == key).Value);
}
