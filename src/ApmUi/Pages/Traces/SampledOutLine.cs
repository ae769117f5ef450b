using Apm.ApmUi.Format;
using Apm.Core.Ledger;

namespace Apm.ApmUi.Pages.Traces;

/// <summary>Says above a list of traces how many spans it cannot show because sampling left them out.</summary>
public static class SampledOutLine
{
    /// <summary>The spans of a trace that was too large: the trace is listed, so they are told on its page.</summary>
    const string Folded = "folded";

    /// <summary>A sentence; null when nothing was left out.</summary>
    /// <param name="sums">What came in, in the time shown.</param>
    /// <param name="service">Whose; null for all.</param>
    public static string? Of(LedgerSums sums, string? service)
    {
        var reasons = sums.Reasons.Where(reason => reason.Outcome == SpanOutcome.SampledOut && reason.Reason != Folded && reason.SpanCount > 0).ToList();
        if (reasons.Count == 0) return null;
        var left = reasons.Sum(reason => reason.SpanCount);
        var why = reasons.Count == 1 ? LedgerReasons.Sentence(SpanOutcome.SampledOut, reasons[0].Reason)
            : $"By rule: {string.Join(", ", reasons.Select(reason => $"{Figure.Whole(reason.SpanCount)} {reason.Reason.Replace('_', ' ')}"))}.";
        return $"{Figure.Of(sums.ReceivedSpanCount, "span")}{(service is null ? "" : $" of {service}")} received in this time, {Figure.Whole(sums.ReceivedSpanCount - left)} kept: {Figure.Whole(left)} were left out by sampling and are not listed; rates and charts of services count them. {why}";
    }
}
