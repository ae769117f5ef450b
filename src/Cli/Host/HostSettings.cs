using System.Globalization;
using Apm.Core.Limits;
using Apm.Storage;
using Apm.TraceAgent.Receive;

namespace Apm.Cli.Host;

/// <summary>What <c>apm up</c> was told: options first, then <c>APM_*</c> in the environment, then defaults.</summary>
public sealed record HostSettings
{
    /// <summary>Where the data lives; default <c>./data</c>.</summary>
    public required string DataFolder { get; init; }
    public required AgentSettings Agent { get; init; }

    /// <summary>The screens and the API; default 8127. 0 lets the system choose.</summary>
    public int UiPort { get; init; } = 8127;

    /// <summary>Most memory of the whole process in bytes; default 512 MiB. Near it payloads are answered 429, counted in <c>payloads_rejected{memory}</c>.</summary>
    public long MaxMemoryBytes { get; init; } = MemoryBudget.DefaultCeilingBytes;

    /// <summary>Most bytes of the data folder; default 10 GB, at least 64 MiB. Older data goes in time.</summary>
    public long MaxDiskBytes { get; init; } = StorageBudget.DefaultMaxBytes;

    /// <summary>Nothing is taken in while the disk has less free; default null: 1 GiB, or 5 % of the disk when that is less.</summary>
    public long? StopBelowFreeBytes { get; init; }

    /// <summary>The names that <c>--port NAME=N</c> takes.</summary>
    public static IReadOnlyList<string> PortNames { get; } = ["agent", "ui", "otlp-grpc", "otlp-http", "zipkin"];

    /// <summary>Reads options and environment.</summary>
    /// <param name="dataFolder">From <c>--data</c>; null when not given.</param>
    /// <param name="ports">From <c>--port</c>, each <c>NAME=N</c> or <c>NAME=off</c>.</param>
    /// <param name="environment">Looks up a variable; null when it is not set.</param>
    /// <exception cref="SettingsException">Something is not as it should be; the message says what to write instead.</exception>
    public static HostSettings Read(string? dataFolder, IEnumerable<string> ports, Func<string, string?> environment)
    {
        var chosen = new Dictionary<string, int?>();
        foreach (var name in PortNames)
            if (environment($"APM_PORT_{name.Replace('-', '_').ToUpperInvariant()}") is { Length: > 0 } value) chosen[name] = PortOf(name, value);
        foreach (var text in ports)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? text : text[..equals];
            if (equals < 0 || !PortNames.Contains(name))
                throw new SettingsException($"--port {text}: expected NAME=N, where NAME is one of {string.Join(", ", PortNames)}. For example --port agent=8126.");
            chosen[name] = PortOf(name, text[(equals + 1)..]);
        }
        var defaults = new AgentSettings();
        var settings = new HostSettings
        {
            DataFolder = Path.GetFullPath(dataFolder ?? environment("APM_DATA") ?? "data"),
            UiPort = Needed("ui", chosen.GetValueOrDefault("ui", 8127)),
            Agent = defaults with
            {
                AgentPort = Needed("agent", chosen.GetValueOrDefault("agent", defaults.AgentPort)),
                OtlpGrpcPort = chosen.GetValueOrDefault("otlp-grpc", defaults.OtlpGrpcPort),
                OtlpHttpPort = chosen.GetValueOrDefault("otlp-http", defaults.OtlpHttpPort),
                ZipkinPort = chosen.GetValueOrDefault("zipkin", defaults.ZipkinPort),
                DefaultEnv = environment("DD_ENV") is { Length: > 0 } env ? env : defaults.DefaultEnv,
            },
        };
        settings.RefuseSharedPorts();
        return settings;
    }

    void RefuseSharedPorts()
    {
        var taken = new Dictionary<int, string>();
        foreach (var (name, port) in new (string, int?)[] { ("agent", Agent.AgentPort), ("ui", UiPort), ("otlp-grpc", Agent.OtlpGrpcPort), ("otlp-http", Agent.OtlpHttpPort), ("zipkin", Agent.ZipkinPort) })
            if (port is { } wanted and not 0 && !taken.TryAdd(wanted, name))
                throw new SettingsException($"Port {wanted} is given to {taken[wanted]} and to {name}. Give each its own, or turn one off with --port {name}=off.");
    }

    static int? PortOf(string name, string value) =>
        value == "off" ? null
        : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65_535 ? port
        : throw new SettingsException($"Port {name}={value}: expected a number from 0 to 65535 (0 lets the system choose), or off.");

    static int Needed(string name, int? port) => port ?? throw new SettingsException($"Port {name} cannot be off: without it there is nothing to run.");
}

/// <summary>An option or variable cannot be used; the message says what to write instead.</summary>
public sealed class SettingsException(string message) : Exception(message);
