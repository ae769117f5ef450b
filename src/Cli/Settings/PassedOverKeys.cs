using Apm.TraceAgent.Configuration;

namespace Apm.Cli.Settings;

/// <summary>Keys of the Datadog agent that its users have and that change nothing here (trace-intake §11).</summary>
static class PassedOverKeys
{
    /// <summary>What would be missed is told, when the value asks for it; of the rest nobody notices.</summary>
    static readonly Dictionary<string, (Func<string, bool> Asks, string Sentence)> Missed = new(StringComparer.Ordinal)
    {
        ["apm_config.enabled"] = (IsOff, "traces are taken all the same: taking them is what Apm is for. To take none, do not start it."),
        ["apm_config.receiver_enabled"] = (IsOff, "traces are taken all the same: taking them is what Apm is for. To take none, do not start it."),
        ["apm_config.sql_obfuscation_mode"] = (IsSet, "statements are hidden in one way, whatever it says (docs/obfuscation.md). Take it out; obfuscation.sql_replace_digits is the one choice there is."),
        ["apm_config.bucket_size_seconds"] = (text => text is not ("" or "10"), "statistics are counted by ten seconds. Take it out."),
        ["apm_config.additional_endpoints"] = (IsSet, "nothing is sent on to another place. Take it out, or send there from the tracer."),
        ["additional_endpoints"] = (IsSet, "nothing is sent on to another place. Take it out, or send there from the tracer."),
        ["apm_config.obfuscation.sql_exec_plan.enabled"] = (IsOn, "plans of statements are stored as they come. Take it out, or hide them with apm_config.replace_tags."),
        ["apm_config.obfuscation.sql_exec_plan_normalize.enabled"] = (IsOn, "plans of statements are stored as they come. Take it out, or hide them with apm_config.replace_tags."),
        ["otlp_config.traces.enabled"] = (IsOff, "traces of OTLP are taken as long as their ports are open. Close them with ports: otlp-grpc: off, otlp-http: off."),
        ["otlp_config.traces.span_name_as_resource_name"] = (IsOn, "operations of OTLP are named by the current rules, not by the span. Take it out; the span's name is part of the resource."),
        ["otlp_config.traces.span_name_remappings"] = (IsSet, "operations of OTLP are named by the current rules. Take it out, or set the attribute operation.name in the app."),
        ["otlp_config.traces.probabilistic_sampler.sampling_percentage"] = (text => text is not ("" or "100"), "traces of OTLP are kept like all others. To keep a share, set sampling.mode: datadog and apm_config.probabilistic_sampler, or the app's own sampler."),
    };

    /// <summary>All, with dots.</summary>
    public static IReadOnlySet<string> Names { get; } = new HashSet<string>(
    [
        .. Missed.Keys,
        "api_key_file", "site", "dd_url", "hostname_file", "log_level", "log_file", "logs_enabled", "logs_config", "process_config", "proxy",
        "dogstatsd_origin_detection", "dogstatsd_origin_detection_client", "dogstatsd_metrics_stats_enable", "dogstatsd_stats_enable", "dogstatsd_stats_port", "dogstatsd_pipe_name",
        "secret_backend_command", "remote_configuration", "cmd_port", "expvar_port",
        "apm_config.apm_dd_url", "apm_config.decoders", "apm_config.decoder_timeout",
        "apm_config.trace_buffer", "apm_config.max_cpu_percent", "apm_config.telemetry", "apm_config.debug", "apm_config.log_file", "apm_config.connection_limit_old",
        "apm_config.peer_tags_aggregation", "apm_config.peer_service_aggregation", "apm_config.evp_proxy_config", "apm_config.profiling_dd_url",
        "apm_config.symdb_dd_url", "apm_config.install_id", "apm_config.obfuscation.cache",
        "apm_config.obfuscation.sql_exec_plan.keep_values", "apm_config.obfuscation.sql_exec_plan.obfuscate_sql_values",
        "apm_config.obfuscation.sql_exec_plan_normalize.keep_values", "apm_config.obfuscation.sql_exec_plan_normalize.obfuscate_sql_values",
        "otlp_config.metrics", "otlp_config.logs", "otlp_config.debug", "otlp_config.traces.internal_port", "otlp_config.traces.ignore_missing_datadog_fields", "otlp_config.grpc_port", "otlp_config.http_port",
        "otlp_config.receiver.protocols.grpc.transport", "otlp_config.receiver.protocols.grpc.read_buffer_size", "otlp_config.receiver.protocols.grpc.write_buffer_size", "otlp_config.receiver.protocols.grpc.include_metadata",
        "otlp_config.receiver.protocols.grpc.keepalive", "otlp_config.receiver.protocols.grpc.max_concurrent_streams", "otlp_config.receiver.protocols.grpc.max_recv_msg_size_mib",
        "otlp_config.receiver.protocols.http.max_request_body_size", "otlp_config.receiver.protocols.http.include_metadata", "otlp_config.receiver.protocols.http.cors",
    ], StringComparer.Ordinal);

    /// <summary>What the value asks for and does not get, in a sentence; null when nothing is missed.</summary>
    public static string? WhatItDoesNot(string name, SettingsNode value)
    {
        if (!Missed.TryGetValue(name, out var missed)) return null;
        var asks = value is ScalarNode scalar ? missed.Asks(scalar.Text) : missed.Asks == IsSet && value is MapNode { Entries.Count: > 0 } or ListNode { Items.Count: > 0 };
        return asks ? $"\"{name}\" changes nothing here: {missed.Sentence}" : null;
    }

    static bool IsSet(string text) => text.Length > 0 && !IsOff(text);

    static bool IsOn(string text) => text.Equals("true", StringComparison.OrdinalIgnoreCase);

    static bool IsOff(string text) => text.Equals("false", StringComparison.OrdinalIgnoreCase);
}
