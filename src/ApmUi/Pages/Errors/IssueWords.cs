using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Errors;

namespace Apm.ApmUi.Pages.Errors;

/// <summary>How issues are spoken of.</summary>
static class IssueWords
{
    /// <summary>Sign and word of a state, as <c>StateDot</c> takes them.</summary>
    public static (string Kind, string Word) Of(IssueState state) => state switch
    {
        IssueState.Regressed => ("error", "regressed"),
        IssueState.Resolved => ("ok", "resolved"),
        IssueState.Ignored => ("none", "ignored"),
        _ => ("warn", "open"),
    };

    /// <summary>What was decided and what follows from it; null while nobody decided anything.</summary>
    public static string? Sentence(IssueDecision decision, PageState state)
    {
        var ago = Figure.Ago(decision.SinceUnixNanos, state.NowUnixNanos);
        return decision.State switch
        {
            IssueState.Resolved when decision.ResolvedVersion.Length > 0 => $"Resolved {ago} in version {decision.ResolvedVersion}. It becomes regressed when it is seen again in that or a later version.",
            IssueState.Resolved => $"Resolved {ago}. It becomes regressed when it is seen again.",
            IssueState.Regressed when decision.RegressedVersion.Length > 0 && decision.ResolvedVersion.Length > 0 => $"It was resolved in version {decision.ResolvedVersion} and came again {ago} in version {decision.RegressedVersion}.",
            IssueState.Regressed => $"It was resolved and came again {ago}.",
            IssueState.Ignored => $"Ignored {ago}. It is counted, and not listed among the open ones.",
            _ => null,
        };
    }

    /// <summary>Versions in a few words: <c>1.4.2</c>, <c>1.4.0 – 1.4.2</c>, or "" without any.</summary>
    public static string Versions(IssueTotals totals)
    {
        var named = totals.Versions.Where(version => version.Version.Length > 0).ToList();
        return named.Count switch { 0 => "", 1 => named[0].Version, _ => $"{named[0].Version} – {named[^1].Version}" };
    }
}
