namespace Apm.Core.Ledger;

/// <summary>What an entry of the ledger is about.</summary>
/// <param name="Service">"" for what came in and could not be read, so that nobody knows whose it was.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Reason">A word of <see cref="LedgerReasons"/>, or of a sampling verdict.</param>
public readonly record struct LedgerKey(string Service, SpanOutcome Outcome, string Reason);

/// <summary>How much.</summary>
/// <param name="SpanCount">Spans.</param>
/// <param name="PayloadCount">Payloads that were refused whole before anybody could count their spans; 0 wherever spans are counted.</param>
public readonly record struct LedgerCount(long SpanCount, long PayloadCount)
{
    public static LedgerCount operator +(LedgerCount left, LedgerCount right) =>
        new(left.SpanCount + right.SpanCount, left.PayloadCount + right.PayloadCount);
}

/// <summary>One entry of one stretch of time.</summary>
/// <param name="StartUnixNanos">Start of the stretch.</param>
/// <param name="WidthNanos">A minute, or an hour where minutes are no longer kept.</param>
public readonly record struct LedgerRow(long StartUnixNanos, long WidthNanos, LedgerKey Key, LedgerCount Count);
