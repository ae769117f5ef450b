namespace Apm.Core.Spans;

/// <summary>Keys of tags that mean something to us. Names follow Datadog's tracers; OTLP and Zipkin are renamed on the way in.</summary>
public static class TagNames
{
    public const string Env = "env";
    public const string Version = "version";
    public const string Component = "component";
    public const string SpanKind = "span.kind";
    public const string HttpMethod = "http.method";
    public const string HttpRoute = "http.route";
    public const string HttpEndpoint = "http.endpoint";
    public const string HttpUrl = "http.url";
    public const string HttpStatusCode = "http.status_code";
    public const string ErrorMessage = "error.message";

    /// <summary>Older spelling of <see cref="ErrorMessage"/> (.NET, old Python, OTLP conversion). Read both.</summary>
    public const string ErrorMsg = "error.msg";
    public const string ErrorType = "error.type";
    public const string ErrorStack = "error.stack";
    public const string PeerService = "peer.service";
    public const string BaseService = "_dd.base_service";
    public const string RuntimeId = "runtime-id";
    public const string Language = "language";
    public const string ProcessId = "process_id";
    public const string Hostname = "_dd.hostname";
    public const string Origin = "_dd.origin";

    /// <summary>JSON array of links (trace-intake §1.15), whatever protocol brought them.</summary>
    public const string SpanLinks = "_dd.span_links";

    /// <summary>JSON array of events (trace-intake §1.15), whatever protocol brought them.</summary>
    public const string SpanEvents = "events";

    /// <summary>Upper half of the trace id, 16 hex digits (trace-intake §2.3).</summary>
    public const string TraceIdHigh = "_dd.p.tid";
    public const string OtelTraceId = "otel.trace_id";
    public const string DecisionMaker = "_dd.p.dm";

    /// <summary>Numeric.</summary>
    public const string SamplingPriority = "_sampling_priority_v1";
    public const string TopLevelByTracer = "_dd.top_level";
    public const string TopLevel = "_top_level";
    public const string Measured = "_dd.measured";
    public const string PartialVersion = "_dd.partial_version";

    /// <summary>Rate the tracer sampled with; statistics weigh by its inverse.</summary>
    public const string SampleRate = "_sample_rate";
}
