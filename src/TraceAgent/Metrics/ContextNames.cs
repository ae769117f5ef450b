using System.Text;
using Apm.Core.Counting;
using Apm.Core.Metrics;
using Apm.Wire.DogStatsD;

namespace Apm.TraceAgent.Metrics;

/// <summary>
/// What a line's name and tags mean (metrics-monitors §2.3, "Enrichment"): the host is taken from a tag <c>host:</c>, tags that steer the agent
/// are taken out, namespace and extra tags put on, all normalised.
/// </summary>
/// <remarks>Any thread.</remarks>
sealed class ContextNames(DogStatsDSettings settings, string host, int maxTags, Counters counters)
{
    const string HostTag = "host:";

    /// <summary>Tags that steer the finding of containers, which is not done here.</summary>
    static readonly string[] Steering = ["dd.internal.entity_id:", "dd.internal.card:", "dd.internal.jmx_check_name:"];

    readonly MetricMapper? _mapper = settings.Mappings.Count > 0 ? new MetricMapper(settings.Mappings) : null;

    /// <summary>The series that a line's samples belong to; null when its name cannot be one.</summary>
    public SeriesKey? KeyOf(ReadOnlySpan<byte> name, ReadOnlySpan<byte> tags)
    {
        var full = WithNamespace(Encoding.UTF8.GetString(name));
        IReadOnlyList<string> mapped = [];
        if (_mapper?.Map(full) is { } found) (full, mapped) = found;
        return MetricNames.Metric(full) is { } normal ? new SeriesKey(normal, TagsOf(tags, mapped)) : null;
    }

    /// <summary>The tags of an event or service check, without the host, and the host.</summary>
    /// <param name="givenHost">What <c>h:</c> says; "" when it says nothing.</param>
    public (string Host, IReadOnlyList<string> Tags) Enriched(string givenHost, IReadOnlyList<string> tags)
    {
        var hostOf = host;
        var kept = new List<string>(tags.Count + settings.Tags.Count);
        foreach (var tag in settings.Tags.Concat(tags)) // The sender's host beats the configured one.
        {
            if (tag.StartsWith(HostTag, StringComparison.Ordinal)) hostOf = tag[HostTag.Length..];
            else if (!IsSteering(tag)) kept.Add(tag);
        }
        return (givenHost.Length > 0 ? givenHost : hostOf, kept);
    }

    string WithNamespace(string name) =>
        settings.Namespace.Length == 0 || settings.NamespaceExceptions.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) ? name
        : settings.Namespace.EndsWith('.') ? settings.Namespace + name
        : $"{settings.Namespace}.{name}";

    MetricTags TagsOf(ReadOnlySpan<byte> raw, IReadOnlyList<string> mapped)
    {
        var kept = new List<string>();
        string? givenHost = null;
        foreach (var part in new StatsdParts(raw, (byte)','))
        {
            var tag = Encoding.UTF8.GetString(part);
            if (tag.StartsWith(HostTag, StringComparison.Ordinal)) givenHost = tag[HostTag.Length..];
            else if (!IsSteering(tag)) Keep(tag);
        }
        foreach (var tag in mapped) Keep(tag);
        string? configuredHost = null;
        foreach (var tag in settings.Tags)
        {
            if (tag.StartsWith(HostTag, StringComparison.Ordinal)) configuredHost = tag[HostTag.Length..];
            else Keep(tag);
        }
        var hostOf = givenHost ?? configuredHost ?? host;
        if (hostOf.Length > 0 && MetricNames.Tag(HostTag + hostOf) is { } named) kept.Add(named);
        return MetricTags.Of(kept);

        void Keep(string tag)
        {
            if (MetricNames.Tag(tag) is not { } normal) counters.Add("metric_tags_dropped", "unusable");
            else if (kept.Count >= maxTags - 1) counters.Add("metric_tags_dropped", "too_many"); // One is the host's.
            else kept.Add(normal);
        }
    }

    static bool IsSteering(string tag) => tag.StartsWith("dd.internal.", StringComparison.Ordinal) && Steering.Any(prefix => tag.StartsWith(prefix, StringComparison.Ordinal));
}
