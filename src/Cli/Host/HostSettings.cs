using Apm.Core.Limits;
using Apm.Monitors.Delivery;
using Apm.Storage;
using Apm.Storage.Events;
using Apm.Storage.Metrics;
using Apm.Storage.Stats;
using Apm.Storage.Traces;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Metrics;
using Apm.TraceAgent.Normalize;
using Apm.TraceAgent.Obfuscate;
using Apm.TraceAgent.Receive;

namespace Apm.Cli.Host;

/// <summary>What <c>apm up</c> runs with: options first, then the environment, then the settings file, then defaults (docs/settings.md).</summary>
public sealed record HostSettings
{
    /// <summary>Everything as it is when nobody says anything.</summary>
    public static HostSettings Default => new() { DataFolder = Path.GetFullPath("data"), Agent = new AgentSettings() };

    /// <summary>Where the data lives; default <c>./data</c>.</summary>
    public required string DataFolder { get; init; }
    public required AgentSettings Agent { get; init; }

    /// <summary>The screens and the API; default 8127. 0 lets the system choose.</summary>
    public int UiPort { get; init; } = 8127;

    /// <summary>Names besides localhost under which the screens and read APIs may be asked for; default none. Others are answered 421, counted in <c>requests_refused{foreign_host}</c>.</summary>
    public IReadOnlyList<string> UiHosts { get; init; } = [];

    /// <summary>Most memory of the whole process in bytes; default 512 MiB. Near it payloads are answered 429, counted in <c>payloads_rejected{memory}</c>.</summary>
    public long MaxMemoryBytes { get; init; } = MemoryBudget.DefaultCeilingBytes;

    /// <summary>Most bytes of the data folder; default 10 GB, at least 64 MiB. Older data goes in time.</summary>
    public long MaxDiskBytes { get; init; } = StorageBudget.DefaultMaxBytes;

    /// <summary>Nothing is taken in while the disk has less free; default null: 1 GiB, or 5 % of the disk when that is less.</summary>
    public long? StopBelowFreeBytes { get; init; }

    public PipelineSettings Pipeline { get; init; } = new();

    /// <summary>The host adds what the stores need of it.</summary>
    public TraceStoreSettings Traces { get; init; } = new();

    /// <inheritdoc cref="Traces"/>
    public StatsStoreSettings Stats { get; init; } = new();

    public DogStatsDSettings DogStatsD { get; init; } = new();

    /// <summary>Of DogStatsD and of checks.</summary>
    public HistogramSettings Histograms { get; init; } = new();

    /// <summary>Which points are taken in, whoever sends them.</summary>
    public MetricIntakeSettings MetricIntake { get; init; } = new();

    /// <inheritdoc cref="Traces"/>
    public MetricStoreSettings Metrics { get; init; } = new();

    /// <summary>This host and its checks.</summary>
    public CheckHostSettings Checks { get; init; } = new();

    /// <summary>How much is kept of events and service checks. The host adds what the store needs of it.</summary>
    public EventStoreSettings Events { get; init; } = new();

    /// <summary>Where notices of monitors and downtimes go.</summary>
    public DeliverySettings Delivery { get; init; } = new();

    /// <summary>Of a <c>datadog.yaml</c>; "" when there is none. Nothing is sent with it.</summary>
    public string ApiKey { get; init; } = "";

    /// <summary>What was passed over in the settings, in words; shown by <c>apm status</c>.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    internal NormalizeSettings Normalize => Pipeline.Normalize;

    internal ObfuscationSettings Hidden => Normalize.Obfuscation;

    /// <summary>The names that <c>--port NAME=N</c> takes.</summary>
    public static IReadOnlyList<string> PortNames { get; } = ["agent", "ui", "otlp-grpc", "otlp-http", "zipkin", "dogstatsd"];

    /// <summary>The command line's words as settings.</summary>
    /// <exception cref="SettingsException">A port is not NAME=N.</exception>
    public static Dictionary<string, string> OptionsOf(string? dataFolder, IEnumerable<string> ports)
    {
        var options = new Dictionary<string, string>();
        if (dataFolder is not null) options["data"] = dataFolder;
        foreach (var text in ports)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? text : text[..equals];
            if (equals < 0 || !PortNames.Contains(name))
                throw new SettingsException($"--port {text}: expected NAME=N, where NAME is one of {string.Join(", ", PortNames)}. For example --port agent=8126.");
            options[$"ports.{name}"] = text[(equals + 1)..];
        }
        return options;
    }

    /// <exception cref="SettingsException">Two listeners have one port.</exception>
    public void RefuseSharedPorts()
    {
        var taken = new Dictionary<int, string>();
        foreach (var (name, port) in new (string, int?)[] { ("agent", Agent.AgentPort), ("ui", UiPort), ("otlp-grpc", Agent.OtlpGrpcPort), ("otlp-http", Agent.OtlpHttpPort), ("zipkin", Agent.ZipkinPort) })
            if (port is { } wanted and not 0 && !taken.TryAdd(wanted, name))
                throw new SettingsException($"Port {wanted} is given to {taken[wanted]} and to {name}. Give each its own, or turn one off with --port {name}=off.");
    }

    internal HostSettings WithEnv(string env) => this with
    {
        Agent = Agent with { DefaultEnv = env },
        Pipeline = Pipeline with { Normalize = Normalize with { DefaultEnv = env }, Sampler = Pipeline.Sampler with { DefaultEnv = env } },
    };

    internal HostSettings WithNormalize(Func<NormalizeSettings, NormalizeSettings> change) => this with { Pipeline = Pipeline with { Normalize = change(Normalize) } };

    internal HostSettings WithHidden(Func<ObfuscationSettings, ObfuscationSettings> change) => WithNormalize(normalize => normalize with { Obfuscation = change(normalize.Obfuscation) });
}

/// <summary>An option or variable cannot be used; the message says what to write instead.</summary>
public sealed class SettingsException(string message) : Exception(message);
