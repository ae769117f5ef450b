using System.Globalization;
using Apm.Core.Counting;

namespace Apm.Core.Ledger;

/// <summary>Stored spans that retention has dropped since the process started, in words. They stay "stored" in the ledger: they were.</summary>
public static class ExpiredSpans
{
    /// <summary>A sentence; "" when none has gone.</summary>
    /// <param name="counters">Where <c>spans_expired</c> is counted; null for nowhere.</param>
    public static string Sentence(Counters? counters) => Sentence(label => counters?.Read("spans_expired", label) ?? 0);

    /// <summary>The same from counts by label: <c>age</c>, <c>bytes</c>, <c>memory</c>.</summary>
    public static string Sentence(Func<string, long> countOf)
    {
        var parts = new[] { (Count: countOf("age"), Why: "of age"), (Count: countOf("bytes") + countOf("memory"), Why: "to make room") }.Where(part => part.Count > 0).ToList();
        return parts.Count == 0 ? ""
            : $"Of the spans stored, retention has dropped {string.Join(" and ", parts.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Count:N0} {part.Why}")))} since Apm started, whole hours of traces at a time.";
    }
}
