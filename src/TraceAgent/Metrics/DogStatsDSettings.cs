namespace Apm.TraceAgent.Metrics;

/// <summary>Where DogStatsD listens and how it sums up (metrics-monitors §2.1).</summary>
public sealed record DogStatsDSettings
{
    /// <summary>Switches everything on or off; default on (Datadog <c>use_dogstatsd</c>).</summary>
    public bool IsOn { get; init; } = true;

    /// <summary>The UDP port; default 8125. 0 lets the system choose, null opens none.</summary>
    public int? Port { get; init; } = 8125;

    /// <summary>Listens on every address of the machine, not on loopback only; default false.</summary>
    public bool IsOpenToOthers { get; init; }

    /// <summary>Path of a Unix datagram socket; "" for none.</summary>
    public string SocketPath { get; init; } = "";

    /// <summary>Path of a Unix stream socket; "" for none.</summary>
    public string StreamSocketPath { get; init; } = "";

    /// <summary>
    /// Largest packet in bytes; default 8192 (Datadog <c>dogstatsd_buffer_size</c>). Of a larger one the line that is cut and all behind it
    /// are lost, counted in <c>dogstatsd_packets_cut</c>.
    /// </summary>
    public int MaxPacketBytes { get; init; } = 8_192;

    /// <summary>
    /// What is asked of the system for packets that wait to be read, in bytes; default 4 MiB, of which Linux gives as much as <c>net.core.rmem_max</c>
    /// allows. 0 takes what it gives unasked: some 270 small packets, which a burst or a pause of the collector fills in a millisecond.
    /// </summary>
    public int ReceiveBufferBytes { get; init; } = 4_194_304;

    /// <summary>Added to every metric, event and service check that comes in here.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>How long a counter that stopped keeps sending 0; default 5 minutes.</summary>
    public TimeSpan Expiry { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>When a context without samples is forgotten; default 20 s.</summary>
    public TimeSpan ContextExpiry { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Gauges and counters that say their time are taken as they are, without summing up; default true.</summary>
    public bool TakesTimestamps { get; init; } = true;

    /// <summary>Put before every name, with a dot between; "" for none.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Names that begin so get no <see cref="Namespace"/>.</summary>
    public IReadOnlyList<string> NamespaceExceptions { get; init; } = [];

    /// <summary>Make of dotted names names with tags; the first that fits counts (Datadog <c>dogstatsd_mapper_profiles</c>).</summary>
    public IReadOnlyList<MetricMapping> Mappings { get; init; } = [];

    /// <summary>
    /// Most contexts (metric, host and tags) at once; default 100,000, some 60 MB. Samples of a further one are dropped, counted in
    /// <c>dogstatsd_samples_dropped{contexts}</c>.
    /// </summary>
    public int MaxContexts { get; init; } = 100_000;

    /// <summary>Most connections to the stream socket at once; default 100. One more is closed at once, counted in <c>dogstatsd_connections_refused</c>.</summary>
    public int MaxStreamConnections { get; init; } = 100;
}
