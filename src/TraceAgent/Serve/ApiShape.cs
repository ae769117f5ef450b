using Apm.TraceAgent.Serve.Datadog;
using Apm.TraceAgent.Serve.Jaeger;
using Apm.TraceAgent.Serve.Tempo;
using Apm.TraceAgent.Serve.Zipkin;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve;

/// <summary>The shape of an error by the path that was asked for, for refusals before or beside an API's own answers.</summary>
static class ApiShape
{
    /// <summary>Each prefix before those that it begins with.</summary>
    static readonly (string Prefix, ApiGuard.Refuse Refuse)[] Shapes =
    [
        ("/jaeger/api/v3", JaegerV3Api.Refuse), ("/jaeger", JaegerApi.Refuse), ("/tempo", TempoApi.Text), ("/zipkin", ZipkinApi.Refuse),
        ("/api/v2/spans/events", DatadogAnswer.RefuseJsonApi), ("/api", JsonAnswer.Refuse),
    ];

    /// <summary>The prefixes below which an unknown path is told in an API's shape.</summary>
    public static IReadOnlyList<string> Roots { get; } = ["/api", "/jaeger", "/jaeger/api/v3", "/tempo", "/zipkin"];

    /// <summary>How errors of a path are written; null for a page.</summary>
    public static ApiGuard.Refuse? Of(PathString path)
    {
        foreach (var (prefix, refuse) in Shapes) if (path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase)) return refuse;
        return null;
    }
}
