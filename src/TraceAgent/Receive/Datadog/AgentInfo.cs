using System.Security.Cryptography;
using System.Text.Json;
using Apm.TraceAgent.Normalize;

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

    static readonly string[] SpanKinds = ["server", "consumer", "client", "producer"];

    public AgentInfo(AgentSettings settings)
    {
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
            peer_tags = PeerTagNames.Keys,
            span_kinds_stats_computed = SpanKinds,
            config = new
            {
                default_env = settings.DefaultEnv,
                target_tps = 10,
                max_eps = 200,
                receiver_port = settings.AgentPort,
                max_request_bytes = settings.MaxBodyBytes,
                statsd_port = settings.StatsdPort,
                analyzed_spans_by_service = new { },
                // "obfuscation" is left out on purpose: a part of it would void the whole document for some tracers.
            },
            apm = new { ui_port = settings.UiPort }, // Ours alone: where the launcher finds the screens. Tracers pass over it.
        });
        Body = body;
        StateHash = Convert.ToHexStringLower(SHA256.HashData(body));
    }

    /// <summary>The exact bytes to send.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>Lower-case hex SHA-256 of <see cref="Body"/>.</summary>
    public string StateHash { get; }
}
