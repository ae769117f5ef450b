namespace Apm.TraceAgent.Filter;

/// <summary>
/// Which chunks are not taken at all (trace-intake §2.1 steps 6 and 7, §11.1). They are neither counted in the statistics nor stored,
/// but stand in the accounts as rejected, with the rule as reason. By default nothing is left out.
/// </summary>
/// <remarks>Never changed once in use. Only the root of a chunk is looked at: its text tags, and its resource.</remarks>
public sealed record FilterSettings
{
    /// <summary>
    /// <c>key</c> or <c>key:value</c>: the root must have all of these; a chunk that lacks one is rejected as <c>filtered_by_tags</c>.
    /// Datadog: <c>apm_config.filter_tags.require</c>.
    /// </summary>
    public IReadOnlyList<string> RequireTags { get; init; } = [];

    /// <summary><c>key</c> or <c>key:value</c>: a root that has one of these rejects its chunk. Datadog: <c>apm_config.filter_tags.reject</c>.</summary>
    public IReadOnlyList<string> RejectTags { get; init; } = [];

    /// <summary><c>key</c> or <c>key:pattern</c>, the pattern found anywhere in the value. Datadog: <c>apm_config.filter_tags_regex.require</c>.</summary>
    public IReadOnlyList<string> RequireTagsRegex { get; init; } = [];

    /// <summary><c>key</c> or <c>key:pattern</c>, the pattern found anywhere in the value. Datadog: <c>apm_config.filter_tags_regex.reject</c>.</summary>
    public IReadOnlyList<string> RejectTagsRegex { get; init; } = [];

    /// <summary>
    /// Patterns found anywhere in the root's resource reject its chunk as <c>ignored_resource</c>; groups of a client's statistics
    /// with such a resource are left out as well. Datadog: <c>apm_config.ignore_resources</c>.
    /// </summary>
    public IReadOnlyList<string> IgnoreResources { get; init; } = [];
}
