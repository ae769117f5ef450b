using System.Globalization;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Query.Filters;
using Apm.Query.Text;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Traces;

/// <summary>What the list of traces shows. Immutable.</summary>
public sealed record TracesView
{
    public required IReadOnlyList<TraceRow> Rows { get; init; }

    /// <summary>Conditions of the query, each with the address of the page without it.</summary>
    public required IReadOnlyList<FilterChip> Chips { get; init; }
    public required IReadOnlyList<FacetView> Facets { get; init; }

    /// <summary>What the facets count, and over what.</summary>
    public required string FacetHead { get; init; }

    /// <summary>Of what part of the matching spans the facets' counts are, as a sentence; null when they are of all.</summary>
    public string? FacetNote { get; init; }

    /// <summary><c>50 newest of 1,284 traces · 3.1 M spans scanned · complete · 84 ms</c>, in parts.</summary>
    public required IReadOnlyList<string> Footer { get; init; }

    /// <summary>The service that the query asks for; null when it asks for none or several.</summary>
    public string? Service { get; init; }

    /// <summary>Why the search is not complete; null when it is.</summary>
    public string? IncompleteReason { get; init; }

    /// <summary>The longest duration among the rows; the bars' scale.</summary>
    public required long LongestNanos { get; init; }

    /// <summary>The address with more rows; null when all are shown, or no page has more.</summary>
    public string? MoreLink { get; init; }

    /// <summary>The page after this one; null when there is none.</summary>
    public string? NextLink { get; init; }

    /// <summary>The page before this one; null when this is the first.</summary>
    public string? PreviousLink { get; init; }

    /// <summary>Why the list ends before all is shown, and what to do; null when it does not.</summary>
    public string? EndNote { get; init; }

    /// <summary>The address that counts all; null when all were counted.</summary>
    public string? CountAllLink { get; init; }

    /// <summary>Builds the view.</summary>
    /// <param name="state">The request.</param>
    /// <param name="typed">The query as typed, without what the frame adds.</param>
    /// <param name="order">How rows are ordered.</param>
    /// <param name="skip">How many traces stand before the first row.</param>
    /// <param name="limit">How many rows were asked for.</param>
    /// <param name="result">What was found.</param>
    /// <param name="facets">Values to narrow by.</param>
    public static TracesView Of(PageState state, TraceFilter typed, TraceOrder order, int skip, int limit, TraceSearchResult result, TraceFacets facets)
    {
        var longest = result.Traces.Count == 0 ? 0 : result.Traces.Max(trace => trace.DurationNanos);
        var shown = skip + result.Traces.Count;
        var hasMore = result.Traces.Count > 0 && (shown < result.MatchedTraceCount || (!result.IsComplete && result.Traces.Count == limit));

        // A page further on is of the very moments of this one: in a window that moves on, rows would come twice.
        string Page(int from) => state.Url.With("from", state.Window.Fixed().FromParameter).With("to", state.Window.Fixed().ToParameter)
            .With("limit", Plain(limit)).With("skip", from == 0 ? null : Plain(from)).ToString();

        return new TracesView
        {
            Rows = [.. result.Traces.Select(trace => TraceRow.Of(state, trace, longest))],
            Chips = ChipsOf(state, typed),
            Facets =
            [
                FacetOf(state, typed, "Status", "status", facets.Statuses, isOpen: true),
                FacetOf(state, typed, "Service", "service", facets.Services, isOpen: true),
                FacetOf(state, typed, "Endpoint or statement", "resource", facets.Resources, isOpen: true),
                FacetOf(state, typed, "Operation", "operation", facets.Operations, isOpen: false),
                FacetOf(state, typed, "Environment", "env", facets.Envs, isOpen: false),
                .. facets.Tags.Select(tag => TagFacetOf(state, typed, tag, facets)),
            ],
            Service = typed.Service,
            FacetHead = facets is { IsComplete: true, MatchedSpanCount: 0 } ? "No span matches" : facets.IsComplete ? $"{Figure.Of(facets.MatchedSpanCount, "span matches", "spans match")}; counts are of all of them" : $"Counts are of {Figure.Of(facets.MatchedSpanCount, "matching span")}, a part",
            FacetNote = facets.IncompleteReason,
            Footer = FooterOf(order, skip, result),
            IncompleteReason = result.IncompleteReason,
            LongestNanos = longest,
            CountAllLink = !result.IsComplete && order.Sort == TraceSort.Newest && state.Url["count"] != "all" ? state.Here(("count", "all")) : null,
            MoreLink = hasMore && skip == 0 && limit < TraceSearch.MaxLimit ? state.Here(("limit", Plain(Math.Min(TraceSearch.MaxLimit, limit * 4)))) : null,
            NextLink = hasMore && (skip > 0 || limit == TraceSearch.MaxLimit) && shown <= TraceSearch.MaxSkip ? Page(shown) : null,
            PreviousLink = skip > 0 ? Page(Math.Max(0, skip - limit)) : null,
            EndNote = hasMore && shown > TraceSearch.MaxSkip ? $"The list goes no further than this. Order it otherwise, or narrow the time or the query, to see the other {(result.IsComplete ? "" : "at least ")}{Figure.Of(result.MatchedTraceCount - shown, "trace")}." : null,
        };
    }

    /// <summary>A query's conditions, each with the page's address without it.</summary>
    public static IReadOnlyList<FilterChip> ChipsOf(PageState state, TraceFilter filter) =>
        [.. filter.Conditions.Select((condition, i) => new FilterChip(condition.ToString() ?? "", state.Here(("q", WithoutCondition(filter, i)), ("limit", null), ("skip", null))))];

    /// <summary>The text of a filter without one of its conditions.</summary>
    public static string WithoutCondition(TraceFilter filter, int index) =>
        string.Join(' ', filter.Conditions.Where((_, i) => i != index).Select(condition => condition.ToString()));

    static FacetView FacetOf(PageState state, TraceFilter filter, string title, string key, IReadOnlyList<FacetValue> values, bool isOpen)
    {
        var chosen = key switch { "status" => filter.IsError switch { true => "error", false => "ok", null => null }, "service" => filter.Service, "resource" => filter.Resource, "operation" => filter.Name, _ => filter.Env };
        var shown = values.Where(value => value.Value.Length > 0).Take(8).Select(value => new FacetLine(
            value.Value,
            Figure.Count(value.SpanCount),
            value.SpanCount,
            value.Value == chosen,
            state.Here(("q", (value.Value == chosen ? filter.Without(key) : filter.With(key, value.Value)).ToString()), ("limit", null), ("skip", null)),
            state.Here(("q", filter.With(key, value.Value, isNegated: true).ToString()), ("limit", null), ("skip", null))));
        return new FacetView(title, isOpen || chosen is not null, [.. shown]);
    }

    /// <summary>A tag's values; open when one of them is chosen.</summary>
    static FacetView TagFacetOf(PageState state, TraceFilter filter, TagFacet tag, TraceFacets facets)
    {
        var chosen = filter.Conditions.OfType<TextCondition>().FirstOrDefault(condition => condition.Pattern.ExactText is not null && tag.Key == (condition.Field == FilterField.Kept ? "kept" : condition.Field == FilterField.Tag ? "@" + condition.Key : null))?.Pattern.ExactText;
        var shown = tag.Values.Take(8).Select(value => new FacetLine(
            value.Value,
            Figure.Count(value.SpanCount),
            value.SpanCount,
            value.Value == chosen,
            state.Here(("q", (value.Value == chosen ? filter.Without(tag.Key) : filter.With(tag.Key, value.Value)).ToString()), ("limit", null), ("skip", null)),
            state.Here(("q", filter.With(tag.Key, value.Value, isNegated: true).ToString()), ("limit", null), ("skip", null)))).ToList();
        var note = tag.LookedAtSpanCount < facets.MatchedSpanCount ? $"of the newest {Figure.Of(tag.LookedAtSpanCount, "span")}" : null;
        if (tag.DistinctCount > shown.Count) note = $"{shown.Count} of {Figure.Of(tag.DistinctCount, "value")}" + (note is null ? "" : ", " + note);
        return new FacetView(tag.Key, chosen is not null || state.Url["facet"] is { Length: > 0 } asked && asked.Contains(tag.Key.TrimStart('@'), StringComparison.Ordinal), shown) { Note = note };
    }

    static string Plain(int number) => number.ToString(CultureInfo.InvariantCulture);

    static List<string> FooterOf(TraceOrder order, int skip, TraceSearchResult result)
    {
        var atLeast = result.IsComplete ? "" : "at least ";
        var all = Figure.Of(result.MatchedTraceCount, "trace");
        return
        [
            skip > 0 ? $"{Figure.Whole(skip + 1)} to {Figure.Whole(skip + result.Traces.Count)} of {atLeast}{all}, {order.Words}"
                : result.Traces.Count == result.MatchedTraceCount && result.IsComplete ? $"{all}, all of them, {order.Words}"
                : $"{Figure.Whole(result.Traces.Count)} of {atLeast}{all}, {order.Words}",
            atLeast + Figure.Of(result.MatchedSpanCount, "span matches", "spans match"),
            $"{Figure.Count(result.ScannedSpanCount)} scanned",
            result.IsComplete ? "complete" : "not complete",
            Figure.Duration(Math.Max(1, Math.Round(result.ElapsedMilliseconds)) * 1e6),
        ];
    }
}

/// <summary>One trace in the list.</summary>
public sealed record TraceRow(
    TraceId Id, string Link, string Time, string TimeExact, string Service, string Resource, bool IsRootMissing, int HttpStatusCode, bool IsError,
    long DurationNanos, double DurationPercent, int SpanCount, int ErrorCount, IReadOnlyList<ServiceShare> Services, string Kept)
{
    /// <param name="longestNanos">What fills the bar.</param>
    public static TraceRow Of(PageState state, TraceSummary trace, long longestNanos) => new(
        trace.TraceId,
        state.TraceLink(trace.TraceId.ToString()),
        state.Time(trace.StartUnixNanos, withMillis: true),
        state.TimeExact(trace.StartUnixNanos),
        trace.Root.Service,
        trace.Root.Resource.Length > 0 ? trace.Root.Resource : trace.Root.Name,
        trace.IsRootMissing,
        trace.Root.HttpStatusCode,
        trace.Root.IsError,
        trace.DurationNanos,
        longestNanos == 0 ? 0 : 100.0 * trace.DurationNanos / longestNanos,
        trace.SpanCount,
        trace.ErrorCount,
        trace.Services,
        trace.Kept.Word());
}

/// <summary>A condition of the query and the address of the page without it.</summary>
public sealed record FilterChip(string Text, string RemoveLink);

/// <summary>Values of one key to narrow by.</summary>
public sealed record FacetView(string Title, bool IsOpen, IReadOnlyList<FacetLine> Lines)
{
    /// <summary>What the lines do not cover; null when they are everything.</summary>
    public string? Note { get; init; }
}

/// <summary>One value; choosing the chosen one takes it back.</summary>
/// <param name="Count">Its matching spans, in three digits.</param>
/// <param name="SpanCount">The same, exactly.</param>
public sealed record FacetLine(string Value, string Count, long SpanCount, bool IsChosen, string Link, string NegatedLink);

/// <summary>A query that nothing matches: what would be found with one condition less.</summary>
/// <param name="Condition">The condition left out.</param>
/// <param name="TraceCount">Traces found without it.</param>
/// <param name="Link">The page without it.</param>
public sealed record DroppedCondition(string Condition, int TraceCount, string Link)
{
    /// <summary>Counting stopped early; there may be more.</summary>
    public bool IsAtLeast { get; init; }

    /// <summary>The number as it is said: <c>at least 1,284</c>.</summary>
    public string Count => (IsAtLeast ? "at least " : "") + Figure.Whole(TraceCount);
}
