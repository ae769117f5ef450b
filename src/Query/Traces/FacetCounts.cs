using Apm.Core.Spans;

namespace Apm.Query.Traces;

/// <summary>Counts matching spans by what one narrows a search by, while a scan runs over them.</summary>
/// <remarks>Not thread-safe.</remarks>
/// <param name="tags">Keys of tags that are wanted in any case, without <c>@</c>; empty to choose them only by what tells the spans apart, null for no tags.</param>
sealed class FacetCounts(IReadOnlyList<string>? tags)
{
    readonly TagCounts? _tags = tags is null ? null : new TagCounts(tags);
    readonly ValueCounts _services = new();
    readonly ValueCounts _envs = new();
    readonly ValueCounts _operations = new();
    readonly ValueCounts _resources = new();
    long _errors;

    public void Add(SpanBatch batch, ReadOnlySpan<int> matching)
    {
        _services.Add(batch.Strings, batch.Services, matching);
        _envs.Add(batch.Strings, batch.Envs, matching);
        _operations.Add(batch.Strings, batch.Names, matching);
        _resources.Add(batch.Strings, batch.Resources, matching);
        _tags?.Add(batch, matching);
        foreach (var span in matching) if ((batch.Flags[span] & SpanFlags.Error) != 0) _errors++;
    }

    /// <summary>What was counted of a scan that has ended.</summary>
    public TraceFacets Of(MatchScan scan)
    {
        FacetValue[] statuses = [new("ok", scan.MatchedSpanCount - _errors), new("error", _errors)];
        return new TraceFacets
        {
            Services = _services.Top(TraceSearch.MaxFacetValues),
            Envs = _envs.Top(TraceSearch.MaxFacetValues),
            Operations = _operations.Top(TraceSearch.MaxFacetValues),
            Resources = _resources.Top(TraceSearch.MaxFacetValues),
            Statuses = [.. statuses.Where(status => status.SpanCount > 0)],
            IsComplete = scan.IncompleteReason is null,
            IncompleteReason = scan.IncompleteReason,
            MatchedSpanCount = scan.MatchedSpanCount,
            Tags = _tags?.Facets(TraceSearch.MaxFacetValues) ?? [],
        };
    }
}
