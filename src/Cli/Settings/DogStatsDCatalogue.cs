using System.Globalization;
using Apm.Cli.Host;
using Apm.TraceAgent.Configuration;
using Apm.TraceAgent.Metrics;

namespace Apm.Cli.Settings;

/// <summary>The settings of DogStatsD and of what metrics are taken (docs/dogstatsd.md), with the names they have in a <c>datadog.yaml</c>.</summary>
static class DogStatsDCatalogue
{
    const string OpenToOthers = "DogStatsD listens on every address of this machine: whoever reaches it can send metrics, and nobody is asked for a key.";

    public static IEnumerable<Setting> All()
    {
        // Two names, because 0 means "off" to Datadog's agent and "any port" in ports.*.
        yield return new("dogstatsd_port", SettingKind.Port(false), s => s.DogStatsD.Port ?? 0, (s, v) => WithPort(s, (int)v == 0 ? null : (int)v), "The same as ports.dogstatsd, as it is called in a datadog.yaml: 0 opens none.") { OtherVariables = ["DD_DOGSTATSD_PORT"] };
        yield return new("ports.dogstatsd", SettingKind.Port(true), s => s.DogStatsD.Port ?? -1, (s, v) => WithPort(s, (int)v < 0 ? null : (int)v), "DogStatsD over UDP.") { OtherVariables = ["APM_PORT_DOGSTATSD"] };
        yield return new("dogstatsd.enabled", SettingKind.Boolean, s => s.DogStatsD.IsOn, (s, v) => With(s, d => d with { IsOn = (bool)v }), "DogStatsD as a whole: UDP, sockets and /dogstatsd/v2/proxy.") { DatadogNames = ["use_dogstatsd"], OtherVariables = ["DD_USE_DOGSTATSD"] };
        yield return new("dogstatsd.non_local_traffic", SettingKind.Boolean, s => s.DogStatsD.IsOpenToOthers, (s, v) => With(s, d => d with { IsOpenToOthers = (bool)v }), "DogStatsD over UDP on every address of the machine, not on loopback only.")
        {
            DatadogNames = ["dogstatsd_non_local_traffic"], OtherVariables = ["DD_DOGSTATSD_NON_LOCAL_TRAFFIC"], Warn = value => (bool)value ? OpenToOthers : null,
        };
        yield return Text("socket", s => s.SocketPath, (s, v) => s with { SocketPath = v }, "Path of a Unix datagram socket for DogStatsD; none unless given.", "dogstatsd_socket");
        yield return Text("stream_socket", s => s.StreamSocketPath, (s, v) => s with { StreamSocketPath = v }, "Path of a Unix stream socket for DogStatsD; none unless given.", "dogstatsd_stream_socket");
        yield return new("dogstatsd.max_packet_bytes", SettingKind.Bytes(512, 10_000_000), s => (long)s.DogStatsD.MaxPacketBytes, (s, v) => With(s, d => d with { MaxPacketBytes = (int)(long)v }), "Largest packet. Of a larger one, the line that is cut and all behind it are lost.")
        {
            DatadogNames = ["dogstatsd_buffer_size"], OtherVariables = ["DD_DOGSTATSD_BUFFER_SIZE"], Limits = ["DogStatsDSettings.MaxPacketBytes"],
        };
        yield return new("dogstatsd.receive_buffer_bytes", SettingKind.Bytes(0, 1_000_000_000), s => (long)s.DogStatsD.ReceiveBufferBytes, (s, v) => With(s, d => d with { ReceiveBufferBytes = (int)(long)v }), "What the system shall keep of packets that wait to be read (SO_RCVBUF), as far as it allows; 0 takes what it gives unasked.")
        {
            DatadogNames = ["dogstatsd_so_rcvbuf"], OtherVariables = ["DD_DOGSTATSD_SO_RCVBUF"], Limits = ["DogStatsDSettings.ReceiveBufferBytes"],
        };
        yield return Texts("tags", s => s.Tags, (s, v) => s with { Tags = v }, "Put on every metric, event and service check that comes by DogStatsD.", "dogstatsd_tags");
        yield return Time("counter_expiry", s => s.Expiry, (s, v) => s with { Expiry = v }, "How long a counter that stopped keeps sending 0.", "dogstatsd_expiry_seconds");
        yield return Time("context_expiry", s => s.ContextExpiry, (s, v) => s with { ContextExpiry = v }, "When a metric with its tags is forgotten that nobody sends.", "dogstatsd_context_expiry_seconds");
        yield return new("dogstatsd.timestamps", SettingKind.Boolean, s => s.DogStatsD.TakesTimestamps, (s, v) => With(s, d => d with { TakesTimestamps = (bool)v }), "Take gauges and counters that say their time (field T) as they are; false sums them up like others.")
        {
            DatadogNames = ["dogstatsd_no_aggregation_pipeline"], OtherVariables = ["DD_DOGSTATSD_NO_AGGREGATION_PIPELINE"],
        };
        yield return Text("namespace", s => s.Namespace, (s, v) => s with { Namespace = v }, "Put before every name, with a dot between.", "statsd_metric_namespace");
        yield return Texts("namespace_exceptions", s => s.NamespaceExceptions, (s, v) => s with { NamespaceExceptions = v }, "Names that begin so get no namespace.", "statsd_metric_namespace_blacklist");
        yield return new("dogstatsd.mapper_profiles", new SettingKind("a list of profiles, each with prefix and mappings", "[{name: airflow, prefix: \"airflow.\", mappings: [{match: \"airflow.job.*\", name: airflow.job, tags: {job: \"$1\"}}]}]", _ => null, value => $"{((List<MetricMapping>)value).Count} mappings"),
            s => s.DogStatsD.Mappings.ToList(), (s, v) => With(s, d => d with { Mappings = (List<MetricMapping>)v }), "Makes of dotted names names with tags; the first mapping that fits counts.")
        {
            DatadogNames = ["dogstatsd_mapper_profiles"], OtherVariables = ["DD_DOGSTATSD_MAPPER_PROFILES"], ReadNode = Mappings,
        };
        yield return new("dogstatsd.max_contexts", SettingKind.Count(100, 10_000_000), s => (long)s.DogStatsD.MaxContexts, (s, v) => With(s, d => d with { MaxContexts = (int)(long)v }), "Metrics with their tags that are summed up at once. Samples of a further one are dropped.") { Limits = ["DogStatsDSettings.MaxContexts"] };
        yield return new("dogstatsd.max_stream_connections", SettingKind.Count(1, 10_000), s => (long)s.DogStatsD.MaxStreamConnections, (s, v) => With(s, d => d with { MaxStreamConnections = (int)(long)v }), "Connections to the stream socket at once. One more is closed.") { Limits = ["DogStatsDSettings.MaxStreamConnections"] };
        yield return new("metrics.histogram_aggregates", SettingKind.Texts with { Expected = $"a list of {string.Join(", ", HistogramSettings.KnownAggregates)}", Example = "[\"max\", \"median\", \"avg\", \"count\"]" }, s => s.Histograms.Aggregates.ToList(), (s, v) => s with { Histograms = s.Histograms with { Aggregates = Aggregates((List<string>)v) } }, "What a histogram sends, of DogStatsD and of checks.")
        {
            DatadogNames = ["histogram_aggregates"], OtherVariables = ["DD_HISTOGRAM_AGGREGATES"],
        };
        yield return new("metrics.histogram_percentiles", SettingKind.Texts with { Expected = "a list of numbers from 0.01 to 0.99", Example = "[\"0.95\", \"0.99\"]" }, s => s.Histograms.Percentiles.Select(percent => (percent / 100m).ToString(CultureInfo.InvariantCulture)).ToList(), (s, v) => s with { Histograms = s.Histograms with { Percentiles = Percentiles((List<string>)v) } }, "Which percentiles a histogram sends.")
        {
            DatadogNames = ["histogram_percentiles"], OtherVariables = ["DD_HISTOGRAM_PERCENTILES"],
        };
        yield return new("metrics.histograms_as_distributions", SettingKind.Boolean, s => s.Histograms.CopyToDistribution, (s, v) => s with { Histograms = s.Histograms with { CopyToDistribution = (bool)v } }, "Send each histogram of DogStatsD as a distribution too.")
        {
            DatadogNames = ["histogram_copy_to_distribution"], OtherVariables = ["DD_HISTOGRAM_COPY_TO_DISTRIBUTION"],
        };
        yield return new("metrics.keep_old_points", SettingKind.Boolean, s => s.MetricIntake.KeepOldPoints, (s, v) => s with { MetricIntake = s.MetricIntake with { KeepOldPoints = (bool)v } }, "Take points that are more than an hour old, to play back history.");
        yield return new("metrics.max_tags", SettingKind.Count(10, 10_000), s => (long)s.MetricIntake.MaxTags, (s, v) => s with { MetricIntake = s.MetricIntake with { MaxTags = (int)(long)v } }, "Tags of one series, its host among them. Further ones are left out.") { Limits = ["MetricIntakeSettings.MaxTags"] };
    }

    static HostSettings WithPort(HostSettings settings, int? port) =>
        With(settings, dogStatsD => dogStatsD with { Port = port }) with { Agent = settings.Agent with { StatsdPort = port ?? settings.Agent.StatsdPort } };

    static HostSettings With(HostSettings settings, Func<DogStatsDSettings, DogStatsDSettings> change) => settings with { DogStatsD = change(settings.DogStatsD) };

    static Setting Text(string name, Func<DogStatsDSettings, string> get, Func<DogStatsDSettings, string, DogStatsDSettings> set, string effect, string datadogName) =>
        new($"dogstatsd.{name}", SettingKind.Text, s => get(s.DogStatsD), (s, v) => With(s, d => set(d, (string)v)), effect) { DatadogNames = [datadogName], OtherVariables = ["DD_" + datadogName.ToUpperInvariant()] };

    static Setting Texts(string name, Func<DogStatsDSettings, IReadOnlyList<string>> get, Func<DogStatsDSettings, IReadOnlyList<string>, DogStatsDSettings> set, string effect, string datadogName) =>
        new($"dogstatsd.{name}", SettingKind.Texts, s => get(s.DogStatsD).ToList(), (s, v) => With(s, d => set(d, (List<string>)v)), effect) { DatadogNames = [datadogName], OtherVariables = ["DD_" + datadogName.ToUpperInvariant()] };

    static Setting Time(string name, Func<DogStatsDSettings, TimeSpan> get, Func<DogStatsDSettings, TimeSpan, DogStatsDSettings> set, string effect, string datadogName) =>
        new($"dogstatsd.{name}", SettingKind.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)), s => get(s.DogStatsD), (s, v) => With(s, d => set(d, (TimeSpan)v)), effect) { DatadogNames = [datadogName], OtherVariables = ["DD_" + datadogName.ToUpperInvariant()] };

    static List<string> Aggregates(List<string> words) =>
        words.Find(word => !HistogramSettings.KnownAggregates.Contains(word)) is { } unknown ? throw new ArgumentException($"A histogram has no \"{unknown}\". Choose of {string.Join(", ", HistogramSettings.KnownAggregates)}.") : [.. words.Distinct()];

    static List<int> Percentiles(List<string> shares) =>
        [.. shares.Select(share => HistogramSettings.PercentileOf(share) ?? throw new ArgumentException($"\"{share}\" is no percentile. Write a share from 0.01 to 0.99, such as 0.95.")).Distinct()];

    /// <summary>Null when it is no list of maps.</summary>
    static List<MetricMapping>? Mappings(SettingsNode node)
    {
        if (node is not ListNode profiles || !profiles.Items.All(item => item is MapNode)) return null;
        var mappings = new List<MetricMapping>();
        foreach (var profile in profiles.Items.Cast<MapNode>())
        {
            var prefix = TextOf(profile, "prefix") ?? throw new ArgumentException(At(profile, "has no \"prefix\"; write the beginning of the names it is for, or \"*\" for all"));
            if (Of(profile, "mappings") is not ListNode list || !list.Items.All(item => item is MapNode)) throw new ArgumentException(At(profile, "has no list \"mappings\""));
            mappings.AddRange(list.Items.Cast<MapNode>().Select(map => MappingOf(map, prefix)));
        }
        return mappings;
    }

    static MetricMapping MappingOf(MapNode map, string prefix)
    {
        var match = TextOf(map, "match") ?? throw new ArgumentException(At(map, "has no \"match\""));
        var name = TextOf(map, "name") ?? throw new ArgumentException(At(map, "has no \"name\""));
        var type = TextOf(map, "match_type") ?? "wildcard";
        if (type is not ("wildcard" or "regex")) throw new ArgumentException(At(map, $"has match_type \"{type}\"; it is wildcard or regex"));
        var tags = Of(map, "tags") is MapNode tagMap ? tagMap.Entries.Select(entry => (entry.Key, (entry.Value as ScalarNode)?.Text ?? "")).ToList() : [];
        return new MetricMapping(prefix, match, type == "regex", name, tags);
    }

    static SettingsNode? Of(MapNode map, string key) => map.Entries.FirstOrDefault(entry => entry.Key == key)?.Value;

    static string? TextOf(MapNode map, string key) => (Of(map, key) as ScalarNode)?.Text;

    static string At(MapNode map, string what) => string.Create(CultureInfo.InvariantCulture, $"The part of dogstatsd_mapper_profiles in line {map.At.Line} {what}.");
}
