using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.TestKit;

/// <summary>Reads the ledger as a test asks it.</summary>
public static class LedgerReading
{
    /// <summary>Everything in it.</summary>
    public static LedgerSums Sums(this ILedgerReader ledger, string? service = null) => LedgerSums.Of(ledger.ReadLedger(TimeRange.All, service, LedgerPage.HourNanos));

    /// <summary>Spans of one outcome, of all reasons and services unless given.</summary>
    public static long Spans(this ILedgerReader ledger, SpanOutcome outcome, string? reason = null, string? service = null) =>
        ledger.ReadLedger(TimeRange.All, service, LedgerPage.HourNanos).Where(row => row.Key.Outcome == outcome && (reason is null || row.Key.Reason == reason)).Sum(row => row.Count.SpanCount);

    /// <summary>Payloads refused for a reason before anybody read their spans.</summary>
    public static long UnreadPayloads(this ILedgerReader ledger, string? reason = null) =>
        ledger.ReadLedger(TimeRange.All, "", LedgerPage.HourNanos).Where(row => reason is null || row.Key.Reason == reason).Sum(row => row.Count.PayloadCount);
}
