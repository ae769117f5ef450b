using Apm.Core.Spans;

namespace Apm.TraceAgent.Filter;

/// <summary>
/// Says of a chunk, by its root, whether the settings leave it out (trace-intake §2.1): ignored resources first, then tags that are
/// rejected, by value and by pattern, then tags that are required.
/// </summary>
/// <remarks>Thread-safe. The same spans and settings give the same answer at any time, so a replayed log is as it was.</remarks>
public sealed class ChunkFilter
{
    /// <summary>Reason of a chunk whose root's resource is ignored.</summary>
    public const string IgnoredResource = "ignored_resource";

    /// <summary>Reason of a chunk whose root's tags are rejected, or lack what is required.</summary>
    public const string FilteredByTags = "filtered_by_tags";

    readonly UserPattern[] _ignored;
    readonly TagCondition[] _rejected;
    readonly TagCondition[] _required;

    /// <exception cref="ArgumentException">An entry cannot be used; the message names the setting and says what to write.</exception>
    public ChunkFilter(FilterSettings settings)
    {
        Settings = settings;
        _ignored = [.. settings.IgnoreResources.Select(pattern => new UserPattern("apm_config.ignore_resources", pattern))];
        _rejected =
        [
            .. settings.RejectTags.Select(entry => new TagCondition("apm_config.filter_tags.reject", entry, isPattern: false)),
            .. settings.RejectTagsRegex.Select(entry => new TagCondition("apm_config.filter_tags_regex.reject", entry, isPattern: true)),
        ];
        _required =
        [
            .. settings.RequireTags.Select(entry => new TagCondition("apm_config.filter_tags.require", entry, isPattern: false)),
            .. settings.RequireTagsRegex.Select(entry => new TagCondition("apm_config.filter_tags_regex.require", entry, isPattern: true)),
        ];
    }

    public FilterSettings Settings { get; }

    /// <summary>Nothing is ever left out.</summary>
    public bool IsIdle => _ignored.Length == 0 && _rejected.Length == 0 && _required.Length == 0;

    /// <summary>The reason to leave a chunk out; null to take it.</summary>
    /// <param name="root">Index of its root; names are normal, nothing is hidden or cut yet.</param>
    public string? WhyRejected(SpanBatch batch, int root)
    {
        if (IsIdle) return null;
        if (_ignored.Length > 0 && IsIgnored(batch.Strings.Text(batch.Resources[root]))) return IgnoredResource;
        foreach (var condition in _rejected) if (Fits(condition, batch, root)) return FilteredByTags;
        foreach (var condition in _required) if (!Fits(condition, batch, root)) return FilteredByTags;
        return null;
    }

    /// <summary>Whether spans with this resource are left out when they are roots, and statistics always.</summary>
    public bool IsIgnored(string resource) => Array.Exists(_ignored, pattern => pattern.IsFoundIn(resource));

    static bool Fits(TagCondition condition, SpanBatch batch, int root) => batch.TagOf(root, condition.Key) is { } value && condition.FitsValue(value);
}
