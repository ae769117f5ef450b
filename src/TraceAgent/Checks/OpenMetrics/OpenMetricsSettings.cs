using System.Text.RegularExpressions;
using Apm.TraceAgent.Checks.Web;

namespace Apm.TraceAgent.Checks.OpenMetrics;

/// <summary>One instance of <c>openmetrics.d/conf.yaml</c>: the newer keys (<c>openmetrics_endpoint</c>), and those of the older mode (<c>prometheus_url</c>) that mean the same.</summary>
public sealed record OpenMetricsSettings
{
    /// <summary>Most samples of a scrape that are sent, unless <c>max_returned_metrics</c> says otherwise; what comes later in the text is left out, and a warning names the family that has the most. Default 10,000.</summary>
    public int MaxSamples { get; init; } = 10_000;

    /// <summary>Largest text, unpacked; a larger one is a failed run that says so. Default 8 MiB.</summary>
    public int MaxBodyBytes { get; init; } = 8 * 1024 * 1024;

    public required CheckHttpSettings Http { get; init; }

    /// <summary>"" for none; else with its dot.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Taken off the names before they are looked up; "" for none.</summary>
    public string RawPrefix { get; init; } = "";

    public required IReadOnlyList<MetricChoice> Metrics { get; init; }

    public IReadOnlyList<Regex> ExcludedMetrics { get; init; } = [];

    /// <summary>By label: values (patterns) whose samples are left out; an empty list leaves out every sample with the label.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Regex>> ExcludedByLabel { get; init; } = new Dictionary<string, IReadOnlyList<Regex>>();

    public IReadOnlySet<string> ExcludedLabels { get; init; } = new HashSet<string>();

    /// <summary>When not empty, only these become tags.</summary>
    public IReadOnlySet<string> IncludedLabels { get; init; } = new HashSet<string>();

    public IReadOnlyDictionary<string, string> RenamedLabels { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<Regex> IgnoredTags { get; init; } = [];

    /// <summary>Lines in which one of these is found are passed over unread.</summary>
    public IReadOnlyList<Regex> RawLineFilters { get; init; } = [];

    public bool SendsBuckets { get; init; } = true;

    public bool BucketsAreSeparate { get; init; }

    public bool SendsHealth { get; init; } = true;

    public IReadOnlyList<string> Tags { get; init; } = [];

    public IReadOnlyList<string> Warnings { get; init; } = [];

    public string Endpoint => Http.Url.OriginalString;

    /// <exception cref="CheckFailedException">A key is missing or cannot be used.</exception>
    public static OpenMetricsSettings From(CheckSettings settings)
    {
        var file = new CheckOptions("openmetrics", settings.Instance);
        var key = file.Has("openmetrics_endpoint") || !file.Has("prometheus_url") ? "openmetrics_endpoint" : "prometheus_url";
        var isOld = key is "prometheus_url";
        var url = file.RequiredText(key, "http://localhost:9090/metrics");
        var metrics = MetricChoice.From(file, isOld);
        if (metrics.Count == 0)
            throw new CheckFailedException($"{file.Check}: `metrics` is needed: a list of names, `- go_goroutines`, of patterns, `- go_.+`, or of new names, `- go_goroutines: app.goroutines`. All of them: `- .+`.");
        var space = file.Text("namespace") ?? "";
        return new OpenMetricsSettings
        {
            Http = CheckHttpSettings.From(file, key, url, 10),
            Prefix = space.Length == 0 ? "" : space + ".",
            RawPrefix = file.Text("raw_metric_prefix", "prometheus_metrics_prefix") ?? "",
            Metrics = metrics,
            ExcludedMetrics = [.. file.Patterns("exclude_metrics"), .. file.Texts("ignore_metrics").Select(MetricChoice.Wildcard)],
            ExcludedByLabel = ByLabel(file),
            ExcludedLabels = file.Texts("exclude_labels").ToHashSet(StringComparer.Ordinal),
            IncludedLabels = file.Texts("include_labels").ToHashSet(StringComparer.Ordinal),
            RenamedLabels = new Dictionary<string, string>([.. file.Map("labels_mapper").Pairs(), .. file.Map("rename_labels").Pairs()], StringComparer.Ordinal),
            IgnoredTags = file.Patterns("ignore_tags"),
            RawLineFilters = file.Patterns("raw_line_filters"),
            SendsBuckets = file.Has("collect_histogram_buckets") ? file.Flag("collect_histogram_buckets", true) : file.Flag("send_histograms_buckets", true),
            BucketsAreSeparate = file.Flag("non_cumulative_histogram_buckets") || file.Flag("non_cumulative_buckets"),
            SendsHealth = file.Has("enable_health_service_check") ? file.Flag("enable_health_service_check", true) : file.Flag("health_service_check", true),
            MaxSamples = (int)(file.Number(1, 100_000, "max_returned_metrics") ?? 10_000),
            Tags = [.. file.Flag("tag_by_endpoint", true) ? [$"endpoint:{url}"] : Array.Empty<string>(), .. file.Texts("tags")],
            Warnings = [.. Unsupported.Where(file.Has).Select(name => $"openmetrics: `{name}` is not offered here and has no effect.")],
        };
    }

    static readonly string[] Unsupported = ["histogram_buckets_as_distributions", "send_distribution_buckets", "hostname_label", "label_to_hostname", "share_labels", "label_joins", "ignore_metrics_by_labels", "proxy", "auth_token", "bearer_token_auth"];

    static Dictionary<string, IReadOnlyList<Regex>> ByLabel(CheckOptions file)
    {
        var labels = file.Map("exclude_metrics_by_labels");
        return labels.Keys.ToDictionary(label => label, label => labels.Texts(label) is ["true"] ? [] : labels.Patterns(label), StringComparer.Ordinal);
    }
}

/// <summary>One item of <c>metrics</c>: which families it means, and what becomes of them.</summary>
/// <param name="Name">The family's name, when the item is a name; null for a pattern.</param>
/// <param name="Rename">Null to keep the name.</param>
/// <param name="Type">Null to believe the text.</param>
public sealed record MetricChoice(string? Name, Regex? Pattern, string? Rename, string? Type)
{
    public bool Means(string family) => Name is { } name ? name == family : Pattern!.IsFoundIn(family);

    /// <summary>The items of a list of texts and maps (<c>name: new_name</c>, or <c>name: {name: new_name, type: gauge}</c>).</summary>
    internal static IReadOnlyList<MetricChoice> From(CheckOptions file, bool isOld)
    {
        var overrides = file.Map("type_overrides").Pairs().ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
        var choices = new List<MetricChoice>();
        foreach (var item in file.Items("metrics"))
        {
            if (item is IReadOnlyDictionary<string, object?> map)
            {
                var options = new CheckOptions(file.Check, map, "metrics.");
                foreach (var (name, value) in map)
                {
                    var details = value is IReadOnlyDictionary<string, object?> ? options.Map(name) : null;
                    choices.Add(Of(name, details is null ? options.Text(name) : details.Text("name"), Checked(file, details?.Text("type") ?? overrides.GetValueOrDefault(name)), isOld));
                }
            }
            else if (item is not null)
            {
                var name = Convert.ToString(item, System.Globalization.CultureInfo.InvariantCulture)!;
                choices.Add(Of(name, null, Checked(file, overrides.GetValueOrDefault(name)), isOld));
            }
        }
        return choices;

        MetricChoice Of(string name, string? rename, string? type, bool old)
        {
            var isName = name.All(sign => char.IsAsciiLetterOrDigit(sign) || sign is '_' or ':' or '-');
            if (isName) return new MetricChoice(name, null, rename == name ? null : rename, type);
            if (old) return new MetricChoice(null, Wildcard(name), rename == name ? null : rename, type);
            return new MetricChoice(null, new CheckOptions(file.Check, new Dictionary<string, object?> { ["metrics"] = name }).Pattern("metrics"), rename == name ? null : rename, type);
        }
    }

    /// <summary>The older mode's patterns: <c>*</c> stands for anything.</summary>
    internal static Regex Wildcard(string text) => new($"^{Regex.Escape(text).Replace("\\*", ".*", StringComparison.Ordinal)}$", RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(200));

    static string? Checked(CheckOptions file, string? type) => type is null or "counter" or "gauge" or "histogram" or "summary" or "counter_gauge" or "rate" or "native"
        ? (type is "native" ? null : type)
        : throw file.Refused("type", type, "counter, gauge, counter_gauge, histogram, rate, summary or native");
}
