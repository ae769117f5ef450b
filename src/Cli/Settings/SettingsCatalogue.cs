using System.Globalization;
using Apm.Cli.Host;
using Apm.Core.Limits;
using Apm.Storage;
using Apm.TraceAgent.Configuration;
using Apm.TraceAgent.Filter;
using Apm.TraceAgent.Normalize;
using Apm.TraceAgent.Obfuscate;
using Apm.TraceAgent.Receive;

namespace Apm.Cli.Settings;

/// <summary>What a key of a settings file is.</summary>
public enum KeyMeaning
{
    Unknown,

    /// <summary>Holds further keys.</summary>
    Group,
    Setting,

    /// <summary>Of the Datadog agent; taken, and without effect here.</summary>
    WithoutEffect,
}

/// <summary>Everything that can be set, and every key of the Datadog agent that we know to pass over. docs/settings.md says the same.</summary>
public static class SettingsCatalogue
{
    const long Kilo = 1_000, Mega = 1_000_000, Giga = 1_000_000_000, Tera = 1_000_000_000_000;

    const string LoopbackOnly = "Apm listens on this machine only: beyond it a login and API keys are needed, which are not available yet. It stays on loopback.";

    /// <summary>All, in the order of docs/settings.md.</summary>
    public static IReadOnlyList<Setting> All { get; } = [.. Places(), .. Sizes(), .. Statistics(), .. Metrics(), .. Repairs(), .. Hiding(), .. Filtering(), .. SamplingCatalogue.All(), .. DogStatsDCatalogue.All(), .. CheckCatalogue.All(), .. NotificationCatalogue.All(), .. Beyond()];

    static readonly HashSet<string> Names = [.. All.SelectMany(setting => setting.Names)];

    static readonly HashSet<string> Groups = [.. Names.Concat(PassedOverKeys.Names).SelectMany(GroupsOf)];

    /// <summary>What a dotted name is.</summary>
    public static KeyMeaning MeaningOf(string name) =>
        Names.Contains(name) ? KeyMeaning.Setting : PassedOverKeys.Names.Contains(name) ? KeyMeaning.WithoutEffect : Groups.Contains(name) ? KeyMeaning.Group : KeyMeaning.Unknown;

    /// <summary>The keys of a group, which ends in a dot; "" for the top.</summary>
    public static IEnumerable<string> KeysUnder(string prefix) =>
        Names.Concat(PassedOverKeys.Names).Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..].Split('.')[0]).Distinct().Order(StringComparer.Ordinal);

    /// <summary>What to write in a group instead of something unknown: our own names; all keys where we have none of our own.</summary>
    public static IEnumerable<string> KeysToOffer(string prefix)
    {
        var own = All.Select(setting => setting.Name).Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..].Split('.')[0]).Distinct().Order(StringComparer.Ordinal).ToList();
        return own.Count > 0 ? own : KeysUnder(prefix);
    }

    /// <summary>A key of a group, as an example.</summary>
    public static string FirstKeyOf(string group) => KeysUnder(group + ".").First();

    /// <summary>The one group in which a misplaced key means something; null when there is none, or several.</summary>
    public static string? GroupOf(string wrongPrefix, string key)
    {
        var groups = Names.Concat(PassedOverKeys.Names).Where(name => name.EndsWith("." + key, StringComparison.Ordinal) && name[..^key.Length] != wrongPrefix).Select(name => name[..^(key.Length + 1)]).Distinct().ToList();
        return groups.Count == 1 ? groups[0] : groups.Contains("apm_config") ? "apm_config" : null;
    }

    static IEnumerable<string> GroupsOf(string name)
    {
        for (var dot = name.LastIndexOf('.'); dot > 0; dot = name.LastIndexOf('.', dot - 1)) yield return name[..dot];
    }

    static IEnumerable<Setting> Places()
    {
        yield return new("data", SettingKind.Text, s => s.DataFolder, (s, v) => s with { DataFolder = Path.GetFullPath((string)v) }, "Folder for everything that is kept.");
        yield return Port("agent", false, s => s.Agent.AgentPort, (s, port) => s with { Agent = s.Agent with { AgentPort = port!.Value } }, "Trace agent: Datadog, OTLP/HTTP and Zipkin paths.") with { DatadogNames = ["apm_config.receiver_port"], OtherVariables = ["APM_PORT_AGENT", "DD_APM_RECEIVER_PORT", "DD_RECEIVER_PORT"] };
        yield return Port("ui", false, s => s.UiPort, (s, port) => s with { UiPort = port!.Value }, "Screens and read APIs.");
        yield return new("ui.hosts", SettingKind.Texts, s => s.UiHosts.ToList(), (s, v) => s with { UiHosts = (List<string>)v }, "Names besides localhost under which a proxy of yours asks for the screens. Others are answered 421.");
        yield return Port("otlp-grpc", true, s => s.Agent.OtlpGrpcPort, (s, port) => s with { Agent = s.Agent with { OtlpGrpcPort = port } }, "OTLP over gRPC. Of an address only the port counts.") with { DatadogNames = ["otlp_config.receiver.protocols.grpc.endpoint"], OtherVariables = ["APM_PORT_OTLP_GRPC", "DD_OTLP_CONFIG_RECEIVER_PROTOCOLS_GRPC_ENDPOINT"] };
        yield return Port("otlp-http", true, s => s.Agent.OtlpHttpPort, (s, port) => s with { Agent = s.Agent with { OtlpHttpPort = port } }, "OTLP over HTTP. Of an address only the port counts.") with { DatadogNames = ["otlp_config.receiver.protocols.http.endpoint"], OtherVariables = ["APM_PORT_OTLP_HTTP", "DD_OTLP_CONFIG_RECEIVER_PROTOCOLS_HTTP_ENDPOINT"] };
        yield return Port("zipkin", true, s => s.Agent.ZipkinPort, (s, port) => s with { Agent = s.Agent with { ZipkinPort = port } }, "Zipkin v2.");
        yield return new("apm_config.receiver_socket", SettingKind.Text, s => s.Agent.SocketPath, (s, v) => s with { Agent = s.Agent with { SocketPath = (string)v } }, "Path of a Unix socket on which the trace agent answers as well; none unless given.") { OtherVariables = ["DD_APM_RECEIVER_SOCKET"] };
        yield return new("env", SettingKind.Text, s => s.Agent.DefaultEnv, (s, v) => s.WithEnv((string)v), "Environment of spans that name none.") { DatadogNames = ["apm_config.env"], OtherVariables = ["DD_ENV", "DD_APM_ENV"] };
    }

    static IEnumerable<Setting> Sizes()
    {
        yield return new("memory.max_bytes", SettingKind.Bytes(MemoryBudget.MinCeilingBytes, Tera), s => s.MaxMemoryBytes, (s, v) => s with { MaxMemoryBytes = (long)v }, "Memory of the whole process. Near it payloads are answered 429 (memory) and caches shrink.")
        {
            DatadogNames = ["apm_config.max_memory"], OtherVariables = ["DD_APM_MAX_MEMORY"], Limits = ["HostSettings.MaxMemoryBytes"],
        };
        yield return Bytes("storage.max_bytes", StorageBudget.MinMaxBytes, 1_000 * Tera, s => s.MaxDiskBytes, (s, v) => s with { MaxDiskBytes = v }, "HostSettings.MaxDiskBytes", "The whole data folder: traces, statistics, the log, documents. Older traces go in time.");
        yield return new("storage.min_free_bytes", SettingKind.Bytes(1_048_576, 100 * Tera), s => s.StopBelowFreeBytes, (s, v) => s with { StopBelowFreeBytes = (long)v }, "While the disk has less free, payloads are answered 503; default 1 GiB, or 5 % of a small disk.") { Limits = ["HostSettings.StopBelowFreeBytes"] };
        yield return new("storage.max_age", SettingKind.Duration(TimeSpan.FromMinutes(1), TimeSpan.FromDays(3_650)), s => s.Traces.MaxAge, (s, v) => s with { Traces = s.Traces with { MaxAge = (TimeSpan)v } }, "Traces older than this are dropped, slice by slice.") { Limits = ["TraceStoreSettings.MaxAge"] };
        yield return Bytes("limits.max_body_bytes", Kilo, 256 * 1_048_576, s => s.Agent.MaxBodyBytes, (s, v) => s with { Agent = s.Agent with { MaxBodyBytes = (int)v } }, "AgentSettings.MaxBodyBytes", "Body of one request, unpacked. A larger one is answered 413.") with { DatadogNames = ["apm_config.max_payload_size"], OtherVariables = ["DD_APM_MAX_PAYLOAD_SIZE"] };
        yield return Bytes("limits.max_bytes_in_flight", Mega, 100 * Giga, s => s.Agent.MaxBytesInFlight, (s, v) => s with { Agent = s.Agent with { MaxBytesInFlight = v } }, "AgentSettings.MaxBytesInFlight", "Bodies being read at once. Beyond it requests are answered 429 (overloaded).");
        yield return Count("limits.max_connections", 1, 100_000, s => s.Agent.MaxConnections, (s, v) => s with { Agent = s.Agent with { MaxConnections = (int)v } }, "AgentSettings.MaxConnections", "Open connections on the agent's ports. One more is closed without an answer.") with { DatadogNames = ["apm_config.max_connections"], OtherVariables = ["DD_APM_MAX_CONNECTIONS"] };
        yield return Wait("limits.request_timeout", s => s.Agent.RequestTimeout, (s, v) => s with { Agent = s.Agent with { RequestTimeout = v } }, "How long a request may take to come whole. A slower one is answered 408.") with
        {
            DatadogNames = ["apm_config.receiver_timeout"], OtherVariables = ["DD_APM_RECEIVER_TIMEOUT"], Limits = ["AgentSettings.RequestTimeout"],
        };
        yield return Count("limits.min_body_bytes_per_second", 1, 1_000_000, s => s.Agent.MinBodyBytesPerSecond, (s, v) => s with { Agent = s.Agent with { MinBodyBytesPerSecond = (int)v } }, "AgentSettings.MinBodyBytesPerSecond", "What a body must bring a second, after 5 s. A slower one is answered 408.");
        yield return Wait("limits.header_timeout", s => s.Agent.HeaderTimeout, (s, v) => s with { Agent = s.Agent with { HeaderTimeout = v } }, "How long the headers of a request may take; then the connection is closed.") with { Limits = ["AgentSettings.HeaderTimeout"] };
        yield return Wait("limits.idle_timeout", s => s.Agent.IdleTimeout, (s, v) => s with { Agent = s.Agent with { IdleTimeout = v } }, "How long a connection may stay open without a request; then it is closed.") with { Limits = ["AgentSettings.IdleTimeout"] };
        yield return Count("limits.max_queued_spans", 1_000, 100_000_000, s => s.Pipeline.MaxQueuedSpans, (s, v) => s with { Pipeline = s.Pipeline with { MaxQueuedSpans = v } }, "PipelineSettings.MaxQueuedSpans", "Spans between the log and the store. Beyond it requests are answered 429 (overloaded).");
        yield return Count("limits.max_unwritten_spans", 1_000, 100_000_000, s => s.Pipeline.MaxUnwrittenSpans, (s, v) => s with { Pipeline = s.Pipeline with { MaxUnwrittenSpans = v } }, "PipelineSettings.MaxUnwrittenSpans", "Spans in memory while the trace store cannot be written. Beyond it requests are answered 503.");
        yield return Bytes("limits.max_filter_bytes", Mega, 100 * Giga, s => s.Traces.MaxFilterBytes, (s, v) => s with { Traces = s.Traces with { MaxFilterBytes = v } }, "TraceStoreSettings.MaxFilterBytes", "Memory for trace filters. Beyond it the oldest traces are found more slowly by id.");
        yield return Bytes("limits.decoded_cache_bytes", Mega, 100 * Giga, s => s.Traces.DecodedCacheBytes, (s, v) => s with { Traces = s.Traces with { DecodedCacheBytes = v } }, "TraceStoreSettings.DecodedCacheBytes", "Memory for unpacked blocks of traces. Less makes searching again slower.");
    }

    static IEnumerable<Setting> Statistics()
    {
        yield return Keep("statistics.keep_ten_seconds", s => s.Stats.KeepTenSeconds, (s, v) => s with { Stats = s.Stats with { KeepTenSeconds = v } }, "StatsStoreSettings.KeepTenSeconds", "How long buckets of 10 s are kept; then those of a minute answer.");
        yield return Keep("statistics.keep_minutes", s => s.Stats.KeepMinutes, (s, v) => s with { Stats = s.Stats with { KeepMinutes = v } }, "StatsStoreSettings.KeepMinutes", "How long buckets of a minute are kept; then those of an hour answer.");
        yield return Keep("statistics.keep_hours", s => s.Stats.KeepHours, (s, v) => s with { Stats = s.Stats with { KeepHours = v } }, "StatsStoreSettings.KeepHours", "How long buckets of an hour are kept.");
        yield return new("apm_config.peer_tags", SettingKind.Texts, s => s.Pipeline.Counting.PeerTags.ToList(), (s, v) => s with { Pipeline = s.Pipeline with { Counting = s.Pipeline.Counting with { PeerTags = (List<string>)v } } }, "Tags beside the known ones that say whom a span called; calls are counted by them.") { OtherVariables = ["DD_APM_PEER_TAGS"] };
        yield return new("apm_config.compute_stats_by_span_kind", SettingKind.Boolean, s => s.Pipeline.Counting.CountsBySpanKind, (s, v) => s with { Pipeline = s.Pipeline with { Counting = s.Pipeline.Counting with { CountsBySpanKind = (bool)v } } }, "Count each side of a call, and not only entries and what is measured.") { OtherVariables = ["DD_APM_COMPUTE_STATS_BY_SPAN_KIND"] };
        yield return Bytes("statistics.max_cached_bytes", Mega, 100 * Giga, s => s.Stats.MaxCachedBytes, (s, v) => s with { Stats = s.Stats with { MaxCachedBytes = v } }, "StatsStoreSettings.MaxCachedBytes", "Memory for statistics that were read. Less makes charts slower.");
    }

    static IEnumerable<Setting> Metrics()
    {
        yield return new("metrics.keep_raw", SettingKind.Duration(TimeSpan.FromDays(2), TimeSpan.FromDays(3_650)), s => s.Metrics.KeepRaw, (s, v) => s with { Metrics = s.Metrics with { KeepRaw = (TimeSpan)v } }, "How long points of metrics are kept as they came; then roll-ups of a minute answer.") { Limits = ["MetricStoreSettings.KeepRaw"] };
        yield return Keep("metrics.keep_minutes", s => s.Metrics.KeepMinutes, (s, v) => s with { Metrics = s.Metrics with { KeepMinutes = v } }, "MetricStoreSettings.KeepMinutes", "How long their roll-ups of a minute are kept; then those of an hour answer.");
        yield return Keep("metrics.keep_hours", s => s.Metrics.KeepHours, (s, v) => s with { Metrics = s.Metrics with { KeepHours = v } }, "MetricStoreSettings.KeepHours", "How long their roll-ups of an hour are kept.");
        yield return Count("metrics.max_series_per_metric", 10, 10_000_000, s => s.Metrics.MaxSeriesPerMetric, (s, v) => s with { Metrics = s.Metrics with { MaxSeriesPerMetric = (int)v } }, "MetricStoreSettings.MaxSeriesPerMetric", "Series of one metric. Points of further ones are dropped and counted (cardinality).");
        yield return Count("metrics.max_series", 100, 100_000_000, s => s.Metrics.MaxSeries, (s, v) => s with { Metrics = s.Metrics with { MaxSeries = (int)v } }, "MetricStoreSettings.MaxSeries", "Series of all metrics, each about 1 kB of memory. Points of further ones are dropped and counted (cardinality).");
    }

    static IEnumerable<Setting> Repairs()
    {
        yield return Count("normalize.max_resource_bytes", 100, 1_000_000, s => s.Normalize.MaxResourceBytes, (s, v) => s.WithNormalize(n => n with { MaxResourceBytes = (int)v }), "NormalizeSettings.MaxResourceBytes", "Longest resource; a longer one is cut and counted.");
        yield return Count("normalize.max_tag_key_bytes", 10, 100_000, s => s.Normalize.MaxTagKeyBytes, (s, v) => s.WithNormalize(n => n with { MaxTagKeyBytes = (int)v }), "NormalizeSettings.MaxTagKeyBytes", "Longest tag key; a longer one is cut and counted.");
        yield return Count("normalize.max_tag_value_bytes", 100, 10_000_000, s => s.Normalize.MaxTagValueBytes, (s, v) => s.WithNormalize(n => n with { MaxTagValueBytes = (int)v }), "NormalizeSettings.MaxTagValueBytes", "Longest tag value; a longer one is cut and counted.");
        yield return new("normalize.templates_endpoints", SettingKind.Boolean, s => s.Normalize.TemplatesEndpoints, (s, v) => s.WithNormalize(n => n with { TemplatesEndpoints = (bool)v }), "Paths of web spans without a route become templates: `/user/123` is `/user/{id}` (docs/endpoints.md).");
    }

    static IEnumerable<Setting> Hiding()
    {
        yield return Count("obfuscation.max_statement_bytes", 1_000, 100_000_000, s => s.Hidden.MaxStatementBytes, (s, v) => s.WithHidden(o => o with { MaxStatementBytes = (int)v }), "ObfuscationSettings.MaxStatementBytes", "Longest SQL statement that is read; a longer one becomes \"Non-parsable SQL query\".");
        yield return Count("obfuscation.max_result_bytes", 1_000, 100_000_000, s => s.Hidden.MaxResultBytes, (s, v) => s.WithHidden(o => o with { MaxResultBytes = (int)v }), "ObfuscationSettings.MaxResultBytes", "Longest result of hiding or replacing; the rest is cut.");
        yield return new("obfuscation.sql", SettingKind.Boolean, s => s.Hidden.SqlEnabled, (s, v) => s.WithHidden(o => o with { SqlEnabled = (bool)v }), "Hide values in SQL and CQL.");
        yield return new("obfuscation.sql_replace_digits", SettingKind.Boolean, s => s.Hidden.SqlReplaceDigits, (s, v) => s.WithHidden(o => o with { SqlReplaceDigits = (bool)v }), "Hide digits in names of tables and columns, so that `orders_2026` and `orders_2027` are one.");
        yield return Hide("redis.enabled", o => o.RedisEnabled, (o, v) => o with { RedisEnabled = v }, "Hide values of Redis commands.");
        yield return Hide("redis.remove_all_args", o => o.RedisRemoveAllArguments, (o, v) => o with { RedisRemoveAllArguments = v }, "Hide keys of Redis commands as well.");
        yield return Hide("valkey.enabled", o => o.ValkeyEnabled, (o, v) => o with { ValkeyEnabled = v }, "Hide values of Valkey commands.");
        yield return Hide("valkey.remove_all_args", o => o.ValkeyRemoveAllArguments, (o, v) => o with { ValkeyRemoveAllArguments = v }, "Hide keys of Valkey commands as well.");
        yield return Hide("memcached.enabled", o => o.MemcachedEnabled, (o, v) => o with { MemcachedEnabled = v }, "Hide Memcached commands.");
        yield return Hide("memcached.keep_command", o => o.MemcachedKeepCommand, (o, v) => o with { MemcachedKeepCommand = v }, "Keep the first line of a Memcached command.");
        yield return Hide("http.remove_query_string", o => o.HttpRemoveQueryString, (o, v) => o with { HttpRemoveQueryString = v }, "Hide queries of URLs.");
        yield return Hide("http.remove_paths_with_digits", o => o.HttpRemovePathsWithDigits, (o, v) => o with { HttpRemovePathsWithDigits = v }, "Hide parts of paths that hold a digit.");
        yield return Hide("credit_cards.enabled", o => o.CreditCardsEnabled, (o, v) => o with { CreditCardsEnabled = v }, "Hide card numbers.");
        yield return Hide("credit_cards.luhn", o => o.CreditCardsLuhn, (o, v) => o with { CreditCardsLuhn = v }, "Only numbers whose check digit fits.");
        yield return HideTexts("credit_cards.keep_values", o => o.CreditCardsKeepValues, (o, v) => o with { CreditCardsKeepValues = v }, "Tags whose values are no card numbers.");
        yield return Hide("remove_stack_traces", o => o.RemoveStackTraces, (o, v) => o with { RemoveStackTraces = v }, "Hide stack traces.");
        foreach (var (name, get, set) in new (string, Func<ObfuscationSettings, JsonObfuscationSettings>, Func<ObfuscationSettings, JsonObfuscationSettings, ObfuscationSettings>)[]
        {
            ("mongodb", o => o.MongoDb, (o, json) => o with { MongoDb = json }),
            ("elasticsearch", o => o.Elasticsearch, (o, json) => o with { Elasticsearch = json }),
            ("opensearch", o => o.OpenSearch, (o, json) => o with { OpenSearch = json }),
        })
        {
            yield return Hide($"{name}.enabled", o => get(o).Enabled, (o, v) => set(o, get(o) with { Enabled = v }), $"Hide values in {name} queries.");
            yield return HideTexts($"{name}.keep_values", o => get(o).KeepValues, (o, v) => set(o, get(o) with { KeepValues = v }), $"Keys of {name} queries that stay.");
            yield return HideTexts($"{name}.obfuscate_sql_values", o => get(o).ObfuscateSqlValues, (o, v) => set(o, get(o) with { ObfuscateSqlValues = v }), $"Keys of {name} queries that hold SQL.");
        }
    }

    static IEnumerable<Setting> Filtering()
    {
        yield return Filter("ignore_resources", f => f.IgnoreResources, (f, v) => f with { IgnoreResources = v }, "Patterns of resources whose traces are not taken.", "DD_APM_IGNORE_RESOURCES", "DD_IGNORE_RESOURCE") with { Kind = SettingKind.Texts with { Read = text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToList() } };
        yield return Filter("filter_tags.require", f => f.RequireTags, (f, v) => f with { RequireTags = v }, "Tags that the root of a trace must have.", "DD_APM_FILTER_TAGS_REQUIRE");
        yield return Filter("filter_tags.reject", f => f.RejectTags, (f, v) => f with { RejectTags = v }, "Tags that the root of a trace must not have.", "DD_APM_FILTER_TAGS_REJECT");
        yield return Filter("filter_tags_regex.require", f => f.RequireTagsRegex, (f, v) => f with { RequireTagsRegex = v }, "The same with patterns.", "DD_APM_FILTER_TAGS_REGEX_REQUIRE");
        yield return Filter("filter_tags_regex.reject", f => f.RejectTagsRegex, (f, v) => f with { RejectTagsRegex = v }, "The same with patterns.", "DD_APM_FILTER_TAGS_REGEX_REJECT");
        yield return new("apm_config.replace_tags", new SettingKind("a list of rules, each with name, pattern and repl", "[{name: \"user.id\", pattern: \".+\", repl: \"?\"}]", _ => null, value => $"{((List<ReplaceRule>)value).Count} rules"),
            s => s.Hidden.ReplaceRules.ToList(), (s, v) => s.WithHidden(o => o with { ReplaceRules = (List<ReplaceRule>)v }), "What patterns find in tags is replaced.")
        {
            OtherVariables = ["DD_APM_REPLACE_TAGS"], ReadNode = ReplaceRules,
        };
    }

    static IEnumerable<Setting> Beyond()
    {
        yield return new("apm_config.apm_non_local_traffic", SettingKind.Boolean, _ => false, (s, _) => s, "Listening beyond this machine: not available yet.") { OtherVariables = ["DD_APM_NON_LOCAL_TRAFFIC"], Warn = value => (bool)value ? LoopbackOnly : null };
        yield return new("bind_host", SettingKind.Text, _ => "localhost", (s, _) => s, "Listening beyond this machine: not available yet.") { OtherVariables = ["DD_BIND_HOST"], Warn = value => (string)value is "localhost" or "127.0.0.1" or "::1" ? null : LoopbackOnly };
        yield return new("api_key", SettingKind.Text, s => s.ApiKey, (s, v) => s with { ApiKey = (string)v }, "Taken so that a datadog.yaml can be used as it is; nothing is sent anywhere with it.") { OtherVariables = ["DD_API_KEY"], IsSecret = true };
    }

    static Setting Port(string name, bool canBeOff, Func<HostSettings, int?> get, Func<HostSettings, int?, HostSettings> set, string effect) =>
        new($"ports.{name}", SettingKind.Port(canBeOff), s => get(s) ?? -1, (s, v) => set(s, (int)v < 0 ? null : (int)v), effect) { OtherVariables = [$"APM_PORT_{name.Replace('-', '_').ToUpperInvariant()}"] };

    static Setting Bytes(string name, long min, long max, Func<HostSettings, long> get, Func<HostSettings, long, HostSettings> set, string limit, string effect) =>
        new(name, SettingKind.Bytes(min, max), s => get(s), (s, v) => set(s, (long)v), effect) { Limits = [limit] };

    static Setting Count(string name, long min, long max, Func<HostSettings, long> get, Func<HostSettings, long, HostSettings> set, string limit, string effect) =>
        new(name, SettingKind.Count(min, max), s => get(s), (s, v) => set(s, (long)v), effect) { Limits = [limit] };

    static Setting Keep(string name, Func<HostSettings, TimeSpan> get, Func<HostSettings, TimeSpan, HostSettings> set, string limit, string effect) =>
        new(name, SettingKind.Duration(TimeSpan.FromHours(1), TimeSpan.FromDays(3_650)), s => get(s), (s, v) => set(s, (TimeSpan)v), effect) { Limits = [limit] };

    static Setting Wait(string name, Func<HostSettings, TimeSpan> get, Func<HostSettings, TimeSpan, HostSettings> set, string effect) =>
        new(name, SettingKind.Duration(TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)), s => get(s), (s, v) => set(s, (TimeSpan)v), effect);

    static Setting Hide(string name, Func<ObfuscationSettings, bool> get, Func<ObfuscationSettings, bool, ObfuscationSettings> set, string effect) =>
        new($"apm_config.obfuscation.{name}", SettingKind.Boolean, s => get(s.Hidden), (s, v) => s.WithHidden(o => set(o, (bool)v)), effect) { OtherVariables = [DatadogVariable($"APM_OBFUSCATION_{name}")] };

    static Setting HideTexts(string name, Func<ObfuscationSettings, IReadOnlyList<string>> get, Func<ObfuscationSettings, IReadOnlyList<string>, ObfuscationSettings> set, string effect) =>
        new($"apm_config.obfuscation.{name}", SettingKind.Texts, s => get(s.Hidden), (s, v) => s.WithHidden(o => set(o, (List<string>)v)), effect) { OtherVariables = [DatadogVariable($"APM_OBFUSCATION_{name}")] };

    static Setting Filter(string name, Func<FilterSettings, IReadOnlyList<string>> get, Func<FilterSettings, IReadOnlyList<string>, FilterSettings> set, string effect, params string[] variables) =>
        new($"apm_config.{name}", SettingKind.Texts, s => get(s.Normalize.Filters), (s, v) =>
        {
            var filters = set(s.Normalize.Filters, (List<string>)v);
            _ = new ChunkFilter(filters); // Refuses a pattern that cannot be used.
            return s.WithNormalize(n => n with { Filters = filters });
        }, effect) { OtherVariables = variables };

    static string DatadogVariable(string name) => "DD_" + name.Replace('.', '_').ToUpperInvariant();

    static List<ReplaceRule>? ReplaceRules(SettingsNode node) =>
        node is ListNode list && list.Items.All(item => item is MapNode) ? list.Items.Select(item => RuleOf((MapNode)item)).ToList() : null;

    static ReplaceRule RuleOf(MapNode map)
    {
        string Part(string name) => (map.Entries.FirstOrDefault(entry => entry.Key == name)?.Value as ScalarNode)?.Text
            ?? throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The rule of replace_tags in line {map.At.Line} has no \"{name}\". Each rule has a name, a pattern and a repl."));
        return new ReplaceRule(Part("name"), Part("pattern"), Part("repl"));
    }
}
