using Apm.Core.Ids;

namespace Apm.TraceAgent.Account;

/// <summary>Spans of a payload that could not be accepted although the rest could.</summary>
/// <param name="Service">"" when they were not read far enough to know.</param>
/// <param name="Reason">A word of <see cref="Core.Ledger.LedgerReasons"/>.</param>
/// <param name="SpanCount">How many.</param>
/// <param name="TraceId">Whose they were; <see cref="TraceId.None"/> when that is not known.</param>
public readonly record struct SpanRejection(string Service, string Reason, long SpanCount, TraceId TraceId = default);
