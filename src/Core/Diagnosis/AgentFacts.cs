using System.Text.Json.Serialization;

namespace Apm.Core.Diagnosis;

/// <summary>The agent's witness: sockets, answers, refusals, sampling, drops, configuration. Immutable; counts are since Apm started unless they say otherwise.</summary>
public sealed record AgentFacts
{
    /// <summary>Where it listens, by name.</summary>
    public required IReadOnlyDictionary<string, int> Listeners { get; init; }
    public required string UiUrl { get; init; }

    /// <summary>Largest body of spans that is taken, in bytes (<c>limits.max_body_bytes</c>); 0 when unknown.</summary>
    public long MaxBodyBytes { get; init; }

    /// <summary>Paths of spans, with what was answered.</summary>
    public IReadOnlyList<PathFacts> Paths { get; init; } = [];

    /// <summary>Bodies that were refused, the last first.</summary>
    public IReadOnlyList<RefusalFacts> Refusals { get; init; } = [];

    /// <summary>Connections that spoke something else than their port, the last first.</summary>
    public IReadOnlyList<WrongProtocol> WrongProtocols { get; init; } = [];

    /// <summary>What is wrong in configuration files.</summary>
    public IReadOnlyList<ConfigFault> ConfigFaults { get; init; } = [];

    /// <summary>What became of the spans of the past 24 h, by service; a service that is "" could not be read.</summary>
    public IReadOnlyList<ServiceFate> Services { get; init; } = [];

    public StoreFacts Store { get; init; } = new();

    /// <summary>Places where a trace breaks between two services.</summary>
    public IReadOnlyList<BrokenSeam> Seams { get; init; } = [];

    /// <summary>Monitors whose threshold is out of reach.</summary>
    public IReadOnlyList<UnreachableMonitor> Monitors { get; init; } = [];

    /// <summary>Patterns of <c>ignore_resources</c>.</summary>
    public IReadOnlyList<string> MutedResources { get; init; } = [];
}

/// <summary>What was answered on a path of spans.</summary>
/// <param name="Path">One of ours.</param>
/// <param name="Ok">Requests that were taken.</param>
/// <param name="Empty">Those of them without a span inside.</param>
/// <param name="Refused">Requests that were refused.</param>
/// <param name="Bytes">Of the bodies taken.</param>
public sealed record PathFacts(string Path, long Ok, long Empty, long Refused, long Bytes);

/// <summary>A refusal, as the sender was told.</summary>
/// <param name="Path">Cut; it may be anything.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Reason">Such as <c>unknown_path</c>, <c>undecodable</c>, <c>too_large</c>.</param>
/// <param name="Sentence">As the sender was told.</param>
/// <param name="Client">Such as <c>python tracer 0.16</c>; "" when it did not say.</param>
/// <param name="Count">How often.</param>
/// <param name="LastUnixNanos">When last.</param>
public sealed record RefusalFacts(string Path, int Status, string Reason, string Sentence, string Client, long Count, long LastUnixNanos)
{
    /// <summary>Who sent it; null when the system does not tell, or the process was gone.</summary>
    public PortHolder? Sender { get; init; }

    /// <summary>Bytes of the body, as its header says; 0 when unknown.</summary>
    public long Bytes { get; init; }
}

/// <summary>What a connection spoke that its port does not.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SpokenProtocol>))]
public enum SpokenProtocol
{
    /// <summary>TLS on a plain port.</summary>
    Tls,

    /// <summary>HTTP/2 with prior knowledge, as gRPC does, on a port of HTTP/1.</summary>
    Http2,

    /// <summary>HTTP/1 on the port of gRPC.</summary>
    Http1,
}

/// <summary>Connections that spoke something else than their port.</summary>
/// <param name="Listener">Name of the port.</param>
/// <param name="Port">Its number.</param>
/// <param name="Spoken">What they spoke.</param>
/// <param name="Sender">Who; null when the system does not tell, or the process was gone.</param>
public sealed record WrongProtocol(string Listener, int Port, SpokenProtocol Spoken, PortHolder? Sender, long Count, long LastUnixNanos);

/// <summary>What kind of fault a configuration file has.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ConfigFaultKind>))]
public enum ConfigFaultKind
{
    /// <summary>A key stands beside the group it belongs into.</summary>
    Misplaced,

    /// <summary>A tab indents a line.</summary>
    Tab,
    Other,
}

/// <summary>A fault in a configuration file.</summary>
/// <param name="File">As the user named it.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="Sentence">What is wrong.</param>
/// <param name="Written">The line as it stands, masked.</param>
/// <param name="Corrected">The lines as they should be.</param>
public sealed record ConfigFault(ConfigFaultKind Kind, string File, int Line, int Column, string Sentence, string Written, IReadOnlyList<string> Corrected)
{
    /// <summary>For <see cref="ConfigFaultKind.Misplaced"/>: the key, and the group it belongs into.</summary>
    public string Key { get; init; } = "";

    /// <inheritdoc cref="Key"/>
    public string Group { get; init; } = "";
}

/// <summary>What became of a service's spans: received = kept + sampled out + lost.</summary>
/// <param name="SamplingReason">The verdict's word that took most out; "" when none was.</param>
/// <param name="MutedSpanCount">Of the lost ones, those that <c>ignore_resources</c> leaves out.</param>
public sealed record ServiceFate(string Service, long ReceivedSpanCount, long KeptSpanCount, long SampledOutSpanCount, string SamplingReason, long MutedSpanCount);

/// <summary>The store, and its budget.</summary>
public sealed record StoreFacts
{
    public long SpanCount { get; init; }

    /// <summary>0 when nothing is stored.</summary>
    public long OldestUnixNanos { get; init; }

    /// <inheritdoc cref="OldestUnixNanos"/>
    public long NewestUnixNanos { get; init; }

    /// <summary>Spans that the disk budget has driven out.</summary>
    public long EvictedSpanCount { get; init; }

    /// <summary>When it did last; 0 when never.</summary>
    public long EvictedUnixNanos { get; init; }
    public long BudgetBytes { get; init; }
}

/// <summary>Calls of which both sides are stored, in two traces.</summary>
/// <param name="Writes">The propagation styles the caller sends; "" when it did not say.</param>
/// <param name="Reads">Those the callee reads; "" when it did not say.</param>
public sealed record BrokenSeam(string Caller, string Callee, long Count, string Writes, string Reads);

/// <summary>A monitor that the history of its metric cannot set off.</summary>
/// <param name="Name">The monitor's.</param>
/// <param name="Metric">What it watches.</param>
/// <param name="Furthest">The value that came nearest to the threshold.</param>
/// <param name="Days">How far back was looked.</param>
/// <param name="IsAbove">It alerts above its threshold; else below.</param>
public sealed record UnreachableMonitor(string Name, string Metric, double Furthest, double Threshold, double Days, bool IsAbove = true);
