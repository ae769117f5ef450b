namespace Apm.Core.Spans;

/// <summary>What a request said once for all its spans. Texts are "" when the client did not say.</summary>
public sealed record Payload
{
    /// <summary>The protocol that brought it, such as <c>datadog v0.4</c>, <c>otlp/grpc</c>, <c>zipkin v2</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>When the last byte was received, Unix nanoseconds.</summary>
    public required long ReceivedUnixNanos { get; init; }

    /// <summary>Language as the tracer names it: <c>python</c>, <c>.NET</c>, <c>nodejs</c>.</summary>
    public string Language { get; init; } = "";

    /// <summary>Version of the language's runtime.</summary>
    public string LanguageVersion { get; init; } = "";

    /// <summary>Version of the tracing library; OTLP: <c>otlp-</c> and the SDK's version.</summary>
    public string TracerVersion { get; init; } = "";

    public string Env { get; init; } = "";
    public string Hostname { get; init; } = "";
    public string AppVersion { get; init; } = "";
    public string ContainerId { get; init; } = "";
    public string RuntimeId { get; init; } = "";

    /// <summary>The tracer marked top-level spans itself; <c>_dd.top_level</c> is to be trusted.</summary>
    public bool ClientComputedTopLevel { get; init; }

    /// <summary>
    /// Exporters of OpenTelemetry and Zipkin send each span as it ends, so that a span comes before its parent of the same process and often in another
    /// request; Datadog's tracers send what belongs together.
    /// </summary>
    public bool IsCutByTime => Protocol.StartsWith("otlp", StringComparison.Ordinal) || Protocol.StartsWith("zipkin", StringComparison.Ordinal);

    /// <summary>The tracer sends its own statistics; these spans must not be counted again.</summary>
    public bool ClientComputedStats { get; init; }

    /// <summary>Traces of priority 0 or less that the tracer dropped since its last request (<c>Datadog-Client-Dropped-P0-Traces</c>).</summary>
    public long ClientDroppedTraceCount { get; init; }

    /// <summary>The spans in them (<c>Datadog-Client-Dropped-P0-Spans</c>).</summary>
    public long ClientDroppedSpanCount { get; init; }

    /// <summary>The resources of the client's statistics carry no values any more (<c>Datadog-Obfuscation-Version</c>).</summary>
    public bool ClientObfuscatedStats { get; init; }
}

/// <summary>Spans of one trace that were sent together: a run of the batch's spans. A trace may come in many chunks.</summary>
public struct Chunk
{
    /// <summary>Priority of a chunk that carries none yet (trace-intake §1.12).</summary>
    public const int NoPriority = -128;

    public int FirstSpan;
    public int SpanCount;

    /// <summary>Sampling priority −1, 0, 1, 2 (others pass through); <see cref="NoPriority"/> when unknown.</summary>
    public int Priority;

    /// <summary>Index of the origin's text (<c>synthetics</c> …); 0 when there is none.</summary>
    public int Origin;

    /// <summary>Index into <see cref="SpanBatch.Payloads"/>.</summary>
    public int Payload;

    /// <summary>The tracer dropped the trace and sends this for statistics only (v0.7 <c>dropped_trace</c>).</summary>
    public bool DroppedByTracer;

    /// <summary>What sampling decided; <see cref="SampleVerdict.KeepAll"/> until it has.</summary>
    public SampleVerdict Verdict;

    /// <summary>
    /// What the sampler adds to a verdict that keeps: its rate (error, no priority, probabilistic), or for rare the position in the
    /// chunk of the span that was rare. 0 when there is nothing to add.
    /// </summary>
    public double VerdictDetail;

    /// <summary>The chunk is kept although earlier ones of its trace were dropped: the stored trace is not whole.</summary>
    public bool EarlierPartsDropped;
}
