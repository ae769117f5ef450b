using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Errors;
using Apm.Query.Errors;

namespace Apm.ApmUi.Pages.Errors;

/// <summary>What the list of issues shows. Immutable.</summary>
public sealed record ErrorsView
{
    /// <summary>Rows drawn at most; default 200. The footer says how many there are.</summary>
    public const int MaxRows = 200;

    /// <summary>The tabs, in order.</summary>
    public static IReadOnlyList<(string Key, string Text)> Tabs { get; } =
        [("open", "Open"), ("regressed", "Regressed"), ("resolved", "Resolved"), ("ignored", "Ignored"), ("all", "All")];

    public required IReadOnlyList<IssueRow> Rows { get; init; }

    /// <summary>Issues on each tab, with what is typed and the service chosen, seen in the time shown.</summary>
    public required IReadOnlyDictionary<string, int> Counts { get; init; }

    /// <summary>Matching rows of the tab that were not seen in the time shown.</summary>
    public required int UnseenCount { get; init; }

    /// <summary>Matching rows of the tab, drawn or not.</summary>
    public required int TotalCount { get; init; }

    /// <summary>Services that have an issue.</summary>
    public required IReadOnlyList<string> Services { get; init; }
    public required string Tab { get; init; }

    /// <summary>Those not seen in the time shown are listed too.</summary>
    public required bool ShowsUnseen { get; init; }

    /// <summary>Builds the view.</summary>
    /// <param name="state">The request: <c>tab, sort, q, service, seen</c>.</param>
    /// <param name="all">All issues, with counts in the time shown.</param>
        /// <param name="onlyTab">The tab, where the address says something else by it; null for what the address says.</param>
    public static ErrorsView Of(PageState state, IReadOnlyList<IssueRow> all, string? onlyTab = null)
    {
        var tab = onlyTab ?? (Tabs.Any(known => known.Key == state.Url["tab"]) ? state.Url["tab"]! : "open");
        var showsUnseen = state.Url["seen"] == "any";
        var needle = state.Url["q"]?.Trim() ?? "";
        var matching = all.Where(row => (state.Url["service"] is not { } service || row.Issue.Service == service) && Matches(row.Issue, needle)).ToList();
        var onTab = matching.Where(row => IsOn(tab, row.Issue.Decision.State)).ToList();
        var listed = onTab.Where(row => showsUnseen || row.Count > 0).ToList();
        return new ErrorsView
        {
            Tab = tab,
            ShowsUnseen = showsUnseen,
            Rows = [.. Sorted(listed, state.Url["sort"] ?? "count").Take(MaxRows)],
            Counts = Tabs.ToDictionary(known => known.Key, known => matching.Count(row => (showsUnseen || row.Count > 0) && IsOn(known.Key, row.Issue.Decision.State))),
            UnseenCount = onTab.Count(row => row.Count == 0),
            TotalCount = listed.Count,
            Services = [.. all.Select(row => row.Issue.Service).Distinct().Order(StringComparer.Ordinal)],
        };
    }

    /// <summary>A regressed issue is open again; it has a tab of its own as well.</summary>
    static bool IsOn(string tab, IssueState state) => tab switch
    {
        "open" => state is IssueState.Open or IssueState.Regressed,
        "regressed" => state == IssueState.Regressed,
        "resolved" => state == IssueState.Resolved,
        "ignored" => state == IssueState.Ignored,
        _ => true,
    };

    static bool Matches(ErrorIssue issue, string needle) => needle.Length == 0
        || (IssueId.TryParse(needle, out var id) && id == issue.Id)
        || new[] { issue.Type, issue.Pattern, issue.TopFrame, issue.Place, issue.Service }.Any(text => text.Contains(needle, StringComparison.OrdinalIgnoreCase));

    /// <summary>What the list can be sorted by; the count when the address says nothing.</summary>
    public static readonly IReadOnlyList<string> Sorts = ["count", "name", "first", "last"];

    static IEnumerable<IssueRow> Sorted(IReadOnlyList<IssueRow> rows, string sort)
    {
        var turned = sort.EndsWith(SortHead.Turned, StringComparison.Ordinal);
        var key = turned ? sort[..^SortHead.Turned.Length] : sort;
        if (key == "name")
        {
            var byName = rows.OrderBy(row => row.Issue.Type, StringComparer.OrdinalIgnoreCase).ThenBy(row => row.Issue.Pattern, StringComparer.OrdinalIgnoreCase);
            return turned ? byName.Reverse() : byName;
        }
        Func<IssueRow, long> number = key switch
        {
            "last" => row => row.Issue.Totals.LastSeenUnixNanos,
            "first" => row => row.Issue.Totals.FirstSeenUnixNanos,
            _ => row => row.Count,
        };
        var newestFirst = rows.OrderByDescending(row => row.Issue.Totals.LastSeenUnixNanos);
        return turned ? newestFirst.OrderBy(number) : newestFirst.OrderByDescending(number);
    }
}
