using System.Globalization;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Query.Services;

namespace Apm.ApmUi.Pages.Service;

/// <summary>A page of a service's endpoints, as the address says: <c>sort, find, skip</c>. Totals are of all of them. Immutable.</summary>
public sealed record EndpointListView
{
    /// <summary>Endpoints of one page; default 100.</summary>
    public const int PageSize = 100;

    public required IReadOnlyList<EndpointRow> Rows { get; init; }

    /// <summary>All endpoints, found or not.</summary>
    public required int TotalCount { get; init; }

    /// <summary>Those that <see cref="Find"/> finds.</summary>
    public required int FoundCount { get; init; }

    /// <summary>What is looked for in names; "" for nothing.</summary>
    public required string Find { get; init; }

    /// <summary>Which of those found are shown.</summary>
    public required ListPage Page { get; init; }

    /// <summary>Which ones are shown, of how many, in words.</summary>
    public string Summary
    {
        get
        {
            var found = Find.Length > 0 ? $"{Figure.Whole(FoundCount)} of {Figure.Of(TotalCount, "endpoint")} with “{Find}”" : Figure.Of(TotalCount, "endpoint");
            return Page.PageCount > 1 ? $"{Figure.Whole(Page.Skip + 1)} – {Figure.Whole(Page.Skip + Rows.Count)} of {found}" : found;
        }
    }

    /// <summary>Builds the view.</summary>
    public static EndpointListView Of(PageState state, string service, IReadOnlyList<EndpointSummary> endpoints)
    {
        var find = state.Url["find"]?.Trim() ?? "";
        var found = find.Length == 0 ? endpoints : [.. endpoints.Where(endpoint => endpoint.Resource.Contains(find, StringComparison.OrdinalIgnoreCase) || endpoint.Name.Contains(find, StringComparison.OrdinalIgnoreCase))];
        var page = ListPage.Of(state, found.Count, PageSize);
        return new EndpointListView
        {
            TotalCount = endpoints.Count,
            FoundCount = found.Count,
            Find = find,
            Page = page,
            Rows = [.. Sorted(found, state.Url["sort"] ?? "time").Skip(page.Skip).Take(PageSize).Select(endpoint => new EndpointRow(endpoint, state.EndpointLink(service, endpoint.Name, endpoint.Resource)))],
        };
    }

    /// <summary>What the list can be sorted by; total time when the address says nothing.</summary>
    public static readonly IReadOnlyList<string> Sorts = ["time", "name", "rate", "errors", "p50", "p95", "p99"];

    static IEnumerable<EndpointSummary> Sorted(IReadOnlyList<EndpointSummary> endpoints, string sort)
    {
        var turned = sort.EndsWith(SortHead.Turned, StringComparison.Ordinal);
        var key = turned ? sort[..^SortHead.Turned.Length] : sort;
        if (key == "name")
        {
            var byName = endpoints.OrderBy(endpoint => endpoint.Resource, StringComparer.OrdinalIgnoreCase).ThenBy(endpoint => endpoint.Name, StringComparer.Ordinal);
            return turned ? byName.Reverse() : byName;
        }
        Func<EndpointSummary, double> number = key switch
        {
            "rate" => endpoint => endpoint.HitCount,
            "errors" => endpoint => endpoint.ErrorRate,
            "p50" => endpoint => endpoint.P50Nanos ?? -1,
            "p95" => endpoint => endpoint.P95Nanos ?? -1,
            "p99" => endpoint => endpoint.P99Nanos ?? -1,
            _ => endpoint => endpoint.TotalNanos,
        };
        return turned ? endpoints.OrderBy(number) : endpoints.OrderByDescending(number); // Both keep the order of equals, which is by time and name.
    }
}

/// <summary>An endpoint and its page.</summary>
public sealed record EndpointRow(EndpointSummary Endpoint, string Link);
