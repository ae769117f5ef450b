namespace Apm.TraceAgent.Receive;

/// <summary>Where the agent listens and what it takes.</summary>
public sealed record AgentSettings
{
    /// <summary>The trace agent's fixed port; default 8126. 0 lets the system choose.</summary>
    public int AgentPort { get; init; } = 8126;

    /// <summary>Path of a Unix socket on which the agent's port answers as well; default "", none. Datadog: <c>receiver_socket</c>.</summary>
    public string SocketPath { get; init; } = "";

    /// <summary>OTLP/gRPC; default 4317. 0 lets the system choose, null turns it off.</summary>
    public int? OtlpGrpcPort { get; init; } = 4317;

    /// <summary>OTLP/HTTP; default 4318. 0 lets the system choose, null turns it off.</summary>
    public int? OtlpHttpPort { get; init; } = 4318;

    /// <summary>Zipkin; default 9411. 0 lets the system choose, null turns it off.</summary>
    public int? ZipkinPort { get; init; } = 9411;

    /// <summary>
    /// Largest request body in bytes, after decompression; default 25 MiB (Datadog <c>max_payload_size</c>).
    /// A larger one is answered 413 and counted in <c>payloads_rejected{too_large}</c>.
    /// </summary>
    public int MaxBodyBytes { get; init; } = 26_214_400;

    /// <summary>
    /// Most bytes of bodies being read at once; default 256 MiB. Beyond it requests are answered 429 and counted in
    /// <c>payloads_rejected{overloaded}</c>.
    /// </summary>
    public long MaxBytesInFlight { get; init; } = 268_435_456;

    /// <summary>
    /// Most connections open at once, on all ports of the agent together; default 1000. One more is closed at once, without an
    /// answer, and counted in <c>connections_refused</c> by the name of its port.
    /// </summary>
    public int MaxConnections { get; init; } = 1_000;

    /// <summary>How long a request may take to come whole; default 30 s (Datadog <c>receiver_timeout</c>). A slower one is answered 408 and counted in <c>payloads_rejected{timeout}</c>.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Bytes a second that a body must bring on average, once <see cref="SlowGrace"/> is over; default 240. A slower one is
    /// answered 408 and counted in <c>payloads_rejected{timeout}</c>.
    /// </summary>
    public int MinBodyBytesPerSecond { get; init; } = 240;

    /// <summary>How long a body may be slower than <see cref="MinBodyBytesPerSecond"/>; default 5 s.</summary>
    public TimeSpan SlowGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the headers of a request may take; default 10 s. Then the connection is closed.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection may stay open without a request; default 2 min. Tracers keep theirs for a few seconds to a minute.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Agent version told to tracers. At least 7.26 lets .NET flush partially; 7.79 is needed with v1.0 (trace-intake §12).</summary>
    public string AgentVersion { get; init; } = "7.80.0";

    /// <summary>DogStatsD port told to tracers; default 8125.</summary>
    public int StatsdPort { get; init; } = 8125;

    /// <summary>Port of the screens, told to the launcher; 0 when there are none.</summary>
    public int UiPort { get; init; }

    /// <summary>Environment of spans that name none.</summary>
    public string DefaultEnv { get; init; } = "none";
}
