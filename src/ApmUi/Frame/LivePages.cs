using System.Text.RegularExpressions;
using Apm.ApmUi.Links;

namespace Apm.ApmUi.Frame;

/// <summary>What kinds of pages move on by themselves, by their address.</summary>
public static partial class LivePages
{
    /// <summary>Whether a range of time is chosen for it: one trace has its own time, the live tail and forms have none.</summary>
    public static bool IsTimed(PageUrl url) => !(url.Path.StartsWith("/traces/", StringComparison.Ordinal) || (url.Path == "/traces" && url["view"] == "tail") || IsForm(url.Path));

    /// <summary>Whether it is rendered anew when something came in: not while somebody writes on it.</summary>
    public static bool Moves(PageUrl url) => IsTimed(url) && !(url.Path.StartsWith("/dashboards/", StringComparison.Ordinal) && url["edit"] is not null);

    /// <summary>Whether what it shows comes with spans, so that a page held still says how many wait. Others are late by what the next rendering brings, and say nothing.</summary>
    public static bool ShowsSpans(PageUrl url) => !Spanless().IsMatch(url.Path);

    static bool IsForm(string path) => Form().IsMatch(path);

    [GeneratedRegex("^/(monitors|slos)/(new|[^/]+/edit)$")]
    private static partial Regex Form();

    [GeneratedRegex("^/((monitors|slos|snapshots|limits|metrics|doctor)(/|$)|dashboards$)")]
    private static partial Regex Spanless();
}
