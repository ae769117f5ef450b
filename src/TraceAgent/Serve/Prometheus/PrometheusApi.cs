using Apm.Core.Counting;
using Apm.Core.Limits;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve.Prometheus;

/// <summary>
/// <c>GET /metrics</c>: all counters and limits of this process for Prometheus (docs/metrics-api.md). A browser, which asks for HTML, is
/// passed on to the screens.
/// </summary>
public sealed class PrometheusApi(Counters counters, LimitBook limits, string version, long startedUnixNanos)
{
    /// <summary>Answers <c>/metrics</c>; everything else goes on.</summary>
    public Task Answer(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Path != "/metrics" || !(HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method))) return next(http);
        if (http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)) return next(http);
        http.Response.ContentType = PrometheusText.ContentType;
        return http.Response.WriteAsync(Write(), http.RequestAborted);
    }

    /// <summary>Everything as it stands.</summary>
    public string Write()
    {
        var text = new PrometheusText();
        text.Family("apm_build_info", "gauge", "Always 1; the label says which version runs.").Sample("apm_build_info", 1, ("version", version));
        text.Family("process_start_time_seconds", "gauge", "When the process started, in Unix seconds.").Sample("process_start_time_seconds", startedUnixNanos / 1e9);
        text.Family("process_resident_memory_bytes", "gauge", "Memory that the process holds, in bytes.").Sample("process_resident_memory_bytes", Environment.WorkingSet);
        text.Family("process_cpu_seconds_total", "counter", "Processor time that the process has used, in seconds.").Sample("process_cpu_seconds_total", Environment.CpuUsage.TotalTime.TotalSeconds);
        WriteLimits(text);
        WriteCounters(text);
        return text.ToString();
    }

    void WriteLimits(PrometheusText text)
    {
        var all = limits.Read();
        text.Family("apm_limit_used", "gauge", "How much there is of what has a limit, in the unit that the label names (docs/limits.md).");
        foreach (var limit in all) text.Sample("apm_limit_used", limit.Value, ("limit", limit.Name), ("unit", limit.Unit));
        text.Family("apm_limit_max", "gauge", "How much there may be of what has a limit.");
        foreach (var limit in all) text.Sample("apm_limit_max", limit.Ceiling, ("limit", limit.Name), ("unit", limit.Unit));
        text.Family("apm_limit_reached_total", "counter", "How often a limit was reached, so that something was refused or dropped.");
        foreach (var limit in all) text.Sample("apm_limit_reached_total", limit.BitCount, ("limit", limit.Name));
    }

    /// <summary>A counter <c>spans_repaired{service_empty}</c> of ours is <c>apm_spans_repaired_total{label="service_empty"}</c> there.</summary>
    void WriteCounters(PrometheusText text)
    {
        foreach (var family in counters.ReadAll().GroupBy(counter => PrometheusText.NameOf(counter.Name), StringComparer.Ordinal))
        {
            var name = $"apm_{family.Key}_total";
            text.Family(name, "counter", $"The counter {family.Key} of docs/limits.md and docs/receiving.md, since the process started.");
            foreach (var counter in family) text.Sample(name, counter.Value, ("label", counter.Label), ("service", counter.Service));
        }
    }
}
