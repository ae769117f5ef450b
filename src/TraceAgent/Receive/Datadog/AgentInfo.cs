using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Apm.TraceAgent.Configuration;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Normalize;
using Apm.TraceAgent.Sample;

namespace Apm.TraceAgent.Receive.Datadog;

/// <summary>
/// The body of <c>/info</c>, made once: tracers compare its SHA-256 with the header <c>Datadog-Agent-State</c> and fetch
/// it again when they differ, so its bytes must not change while the process runs (trace-intake §1.9).
/// </summary>
public sealed class AgentInfo
{
    static readonly string[] Endpoints =
    [
        "/v0.3/traces", "/v0.3/services", "/v0.4/traces", "/v0.4/services", "/v0.5/traces", "/v0.7/traces", "/v0.6/stats",
        "/v0.1/pipeline_stats", "/v0.7/config", "/telemetry/proxy/", "/tracer_flare/v1", "/dogstatsd/v2/proxy",
    ];

    static readonly JsonSerializerOptions LeavesOutNull = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    static readonly string[] SpanKinds = ["server", "consumer", "client", "producer"];

    /// <param name="settings">Where the agent listens.</param>
    /// <param name="pipeline">Told to tracers, so that those that count themselves leave out and count the same.</param>
    public AgentInfo(AgentSettings settings, PipelineSettings pipeline)
    {
        var filters = pipeline.Normalize.Filters;
        var body = JsonSerializer.SerializeToUtf8Bytes(new
        {
            version = settings.AgentVersion,
            git_commit = "",
            endpoints = Endpoints,
            client_drop_p0s = false, // Numbers are counted from all spans here; tracers shall not drop any for us.
            span_meta_structs = true,
            long_running_spans = true,
            span_events = true,
            evp_proxy_allowed_headers = Array.Empty<string>(),
            peer_tags = PeerTagNames.Keys.Union(pipeline.Counting.PeerTags, StringComparer.Ordinal),
            span_kinds_stats_computed = pipeline.Counting.CountsBySpanKind ? SpanKinds : [],
            feature_flags = pipeline.Sampler.Has(AgentFeatures.BigResource) ? new[] { AgentFeatures.BigResource } : null, // The one that tracers act on.
            filter_tags = Lists(filters.RequireTags, filters.RejectTags),
            filter_tags_regex = Lists(filters.RequireTagsRegex, filters.RejectTagsRegex),
            ignore_resources = filters.IgnoreResources.Count == 0 ? null : filters.IgnoreResources,
            config = new
            {
                default_env = settings.DefaultEnv,
                target_tps = pipeline.Sampler.TargetTracesPerSecond,
                max_eps = pipeline.Sampler.MaxEventsPerSecond,
                receiver_port = settings.AgentPort,
                max_request_bytes = settings.MaxBodyBytes,
                statsd_port = settings.StatsdPort,
                analyzed_spans_by_service = ByService(pipeline.Sampler.AnalyzedSpans),
                // "obfuscation" is left out on purpose: a part of it would void the whole document for some tracers.
            },
            apm = new { ui_port = settings.UiPort }, // Ours alone: where the launcher finds the screens. Tracers pass over it.
        }, LeavesOutNull);
        Body = body;
        StateHash = Convert.ToHexStringLower(SHA256.HashData(body));
    }

    /// <summary>Null, which leaves the member out, when there are no rules.</summary>
    static object? Lists(IReadOnlyList<string> require, IReadOnlyList<string> reject) => require.Count + reject.Count == 0 ? null : new { require, reject };

    static Dictionary<string, Dictionary<string, double>> ByService(IReadOnlyList<AnalyzedSpanRule> rules) =>
        rules.GroupBy(rule => rule.Service, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.GroupBy(rule => rule.Operation, StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.Last().Rate));

    /// <summary>The exact bytes to send.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>Lower-case hex SHA-256 of <see cref="Body"/>.</summary>
    public string StateHash { get; }
}
