namespace Apm.Core.Ledger;

/// <summary>
/// What came in and what became of it, summed: <c>received = stored + sampled out + rejected + dropped</c>, which holds because
/// received is nothing but that sum.
/// </summary>
public sealed record LedgerSums
{
    public long StoredSpanCount { get; init; }
    public long SampledOutSpanCount { get; init; }
    public long RejectedSpanCount { get; init; }
    public long DroppedSpanCount { get; init; }

    /// <summary>Payloads that were refused or lost before anybody could count their spans.</summary>
    public long UnreadPayloadCount { get; init; }

    /// <summary>Spans that came in.</summary>
    public long ReceivedSpanCount => StoredSpanCount + SampledOutSpanCount + RejectedSpanCount + DroppedSpanCount;

    /// <summary>Per outcome and reason, the outcomes in their order, the most frequent reason of each first.</summary>
    public IReadOnlyList<LedgerReasonSum> Reasons { get; init; } = [];

    /// <summary>The sums of some rows.</summary>
    public static LedgerSums Of(IEnumerable<LedgerRow> rows)
    {
        var byReason = new Dictionary<(SpanOutcome Outcome, string Reason), LedgerCount>();
        foreach (var row in rows)
        {
            var key = (row.Key.Outcome, row.Key.Reason);
            byReason[key] = byReason.GetValueOrDefault(key) + row.Count;
        }
        long Spans(SpanOutcome outcome) => byReason.Where(pair => pair.Key.Outcome == outcome).Sum(pair => pair.Value.SpanCount);
        return new LedgerSums
        {
            StoredSpanCount = Spans(SpanOutcome.Stored),
            SampledOutSpanCount = Spans(SpanOutcome.SampledOut),
            RejectedSpanCount = Spans(SpanOutcome.Rejected),
            DroppedSpanCount = Spans(SpanOutcome.Dropped),
            UnreadPayloadCount = byReason.Values.Sum(count => count.PayloadCount),
            Reasons =
            [
                .. byReason.Select(pair => new LedgerReasonSum(pair.Key.Outcome, pair.Key.Reason, pair.Value.SpanCount, pair.Value.PayloadCount))
                    .OrderBy(sum => sum.Outcome).ThenByDescending(sum => sum.SpanCount).ThenByDescending(sum => sum.PayloadCount).ThenBy(sum => sum.Reason, StringComparer.Ordinal),
            ],
        };
    }
}

/// <summary>How many spans, or unread payloads, had one outcome for one reason.</summary>
public sealed record LedgerReasonSum(SpanOutcome Outcome, string Reason, long SpanCount, long PayloadCount);
