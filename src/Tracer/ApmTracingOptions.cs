using Microsoft.AspNetCore.Http;

namespace Apm.Tracer;

/// <summary>
/// What <see cref="ApmServices.AddApmTracing"/> can be told. Everything left alone comes from the environment, by the same
/// variables that the launcher sets.
/// </summary>
public sealed class ApmTracingOptions
{
    /// <summary>Name of the service; null: <c>DD_SERVICE</c>, else <c>OTEL_SERVICE_NAME</c>, else the name of the program.</summary>
    public string? ServiceName { get; set; }

    /// <summary>Environment such as <c>prod</c>; null: <c>DD_ENV</c>, else none.</summary>
    public string? Environment { get; set; }

    /// <summary>Version of the app; null: <c>DD_VERSION</c>, else none.</summary>
    public string? Version { get; set; }

    /// <summary>
    /// Address of the agent, without a path; null: <c>DD_TRACE_AGENT_URL</c>, else <c>DD_AGENT_HOST</c> and <c>DD_TRACE_AGENT_PORT</c>,
    /// else what <c>OTEL_EXPORTER_OTLP_*</c> say, else <c>http://localhost:8126</c>.
    /// </summary>
    public Uri? AgentUrl { get; set; }

    /// <summary>False switches everything off; null: <c>DD_TRACE_ENABLED</c>, else true.</summary>
    public bool? Enabled { get; set; }

    /// <summary>Names of activity sources whose activities become spans, beside our own; a <c>*</c> matches any text. Starts empty.</summary>
    public IList<string> Sources { get; } = [];

    /// <summary>Tags for every span. Starts with those of <c>DD_TAGS</c>.</summary>
    public IDictionary<string, string> Tags { get; } = new Dictionary<string, string>();

    /// <summary>Tells which requests become spans; null: all of them.</summary>
    public Func<HttpContext, bool>? Filter { get; set; }

    /// <summary>Read and write the <c>x-datadog-*</c> headers beside the W3C ones; default true.</summary>
    public bool DatadogHeaders { get; set; } = true;

    /// <summary>How long finished spans are gathered before they are sent; default 500 ms.</summary>
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Most finished spans that wait; default 8 192. Further ones are dropped and counted by the OpenTelemetry SDK.</summary>
    public int MaxQueueSpans { get; set; } = 8_192;

    /// <summary>How long one sending may take, and so how long the app's end may wait for it; default 2 s.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(2);
}
