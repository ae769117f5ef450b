using Apm.Core;
using Apm.Core.Ledger;
using Apm.Core.Spans;
using Apm.Core.Time;

namespace Apm.TraceAgent.Account;

/// <summary>
/// The books of everything that came in: per service and minute of receipt, what was received and what became of it, entered
/// together. What was accepted is entered when its log record is worked off, so that a replay enters it once and in the same minute;
/// what is refused before the log, at once.
/// </summary>
/// <remarks>
/// Any thread may refuse and read; the pipeline's thread settles and checkpoints, between two payloads, so that a checkpoint of the
/// ledger and of the statistics are of one log position. Refusals since the last checkpoint are lost when the process is killed: their
/// senders know of them and send again.
/// </remarks>
public sealed class SpanLedger
{
    /// <summary>A page goes to the store this long after its minute is over.</summary>
    public const long HoldNanos = LedgerPage.MinuteNanos;

    /// <summary>Pages from further ahead than this (the clock was set back) do not wait for their minute.</summary>
    const long MaxAheadNanos = LedgerPage.HourNanos;

    readonly Lock _lock = new();
    readonly TimeProvider _clock;
    readonly Dictionary<long, LedgerPage> _open = [];
    readonly Dictionary<string, long> _waiting = new(StringComparer.Ordinal);
    IReadOnlyList<LedgerPage> _closing = [];
    long _number;

    /// <summary>Takes up where a checkpoint left off; null starts afresh.</summary>
    public SpanLedger(TimeProvider clock, LedgerCheckpoint? checkpoint)
    {
        _clock = clock;
        if (checkpoint is null) return;
        _number = checkpoint.Number;
        foreach (var page in checkpoint.Open) _open[page.StartUnixNanos] = page;
    }

    /// <summary>Enters a payload that was worked off: stored, or sampled out by the rule of each chunk; and what of it was rejected.</summary>
    public void Settle(LedgerTally tally)
    {
        lock (_lock)
        {
            var page = PageOf_NeedsLock(tally.ReceivedUnixNanos);
            foreach (var line in tally.Lines)
            {
                var left = line.SpanCount;
                foreach (var (rule, count) in line.TakenOut ?? [])
                {
                    page.Add(new LedgerKey(line.Service, SpanOutcome.SampledOut, rule), new LedgerCount(count, 0));
                    left -= count;
                }
                page.Add(new LedgerKey(line.Service, line.Verdict.IsKept() ? SpanOutcome.Stored : SpanOutcome.SampledOut, line.Verdict.Word()), new LedgerCount(left, 0));
            }
            EnterRejections_NeedsLock(page, tally);
        }
    }

    /// <summary>Enters a payload that was acknowledged and is lost.</summary>
    public void Drop(LedgerTally tally, string reason) => Enter(tally, SpanOutcome.Dropped, reason);

    /// <summary>Enters a payload that was read and refused.</summary>
    public void Reject(LedgerTally tally, string reason) => Enter(tally, SpanOutcome.Rejected, reason);

    /// <summary>Enters a payload of which nobody knows what it held.</summary>
    public void RejectUnread(string reason) => EnterUnread(_clock.NowUnixNanos(), SpanOutcome.Rejected, reason);

    /// <summary>Enters a record of the log that was acknowledged and cannot be read any more.</summary>
    public void DropUnread(string reason) => EnterUnread(_clock.NowUnixNanos(), SpanOutcome.Dropped, reason);

    /// <summary>The payload is on its way into the log, or waits behind it.</summary>
    public void BeginWaiting(LedgerTally tally)
    {
        lock (_lock)
        {
            foreach (var line in tally.Lines)
            {
                var service = _waiting.ContainsKey(line.Service) || _waiting.Count < LedgerPage.MaxServices ? line.Service : LedgerPage.OtherServices;
                line.WaitsUnder = service;
                _waiting[service] = _waiting.GetValueOrDefault(service) + line.SpanCount;
            }
        }
    }

    /// <summary>It waits no more. One that did not wait is left as it is.</summary>
    public void EndWaiting(LedgerTally tally)
    {
        lock (_lock)
        {
            foreach (var line in tally.Lines)
            {
                if (line.WaitsUnder is not { } service) continue;
                line.WaitsUnder = null;
                var left = _waiting[service] - line.SpanCount;
                Invariant.Holds(left >= 0);
                if (left == 0) _waiting.Remove(service);
                else _waiting[service] = left;
            }
        }
    }

    /// <summary>Spans that were taken in and not worked off yet, by service.</summary>
    public IReadOnlyDictionary<string, long> Waiting()
    {
        lock (_lock) return new Dictionary<string, long>(_waiting, StringComparer.Ordinal);
    }

    /// <summary>Closes what is due. Closed pages stay readable here until <see cref="Confirm"/>.</summary>
    public LedgerCheckpoint Checkpoint()
    {
        lock (_lock)
        {
            var now = _clock.NowUnixNanos();
            var due = _open.Values.Where(page => page.EndUnixNanos <= now - HoldNanos || page.StartUnixNanos > now + MaxAheadNanos).OrderBy(page => page.StartUnixNanos).ToList();
            foreach (var page in due) _open.Remove(page.StartUnixNanos);
            _closing = [.. _closing, .. due];
            return new LedgerCheckpoint(++_number, _closing, [.. _open.Values.Select(page => page.Copy())]);
        }
    }

    /// <summary>The checkpoint is on disk: its closed pages are the store's now.</summary>
    public void Confirm(LedgerCheckpoint written)
    {
        lock (_lock) _closing = [.. _closing.Except(written.Closed)];
    }

    /// <summary>What is not in the store, or not certainly.</summary>
    /// <param name="closing">Rows that are in the store from the checkpoint of the number given back.</param>
    /// <returns>The number of the newest checkpoint that was made.</returns>
    public long ReadOpen(TimeRange range, string? service, out IReadOnlyList<LedgerRow> open, out IReadOnlyList<LedgerRow> closing)
    {
        lock (_lock)
        {
            open = RowsOf(_open.Values);
            closing = RowsOf(_closing);
            return _number;
        }

        LedgerRow[] RowsOf(IEnumerable<LedgerPage> pages) =>
            [.. pages.Where(page => range.Overlaps(page.StartUnixNanos, page.EndUnixNanos - 1)).SelectMany(page => page.Rows(service))];
    }

    void Enter(LedgerTally tally, SpanOutcome outcome, string reason)
    {
        lock (_lock)
        {
            var page = PageOf_NeedsLock(tally.ReceivedUnixNanos);
            foreach (var line in tally.Lines) page.Add(new LedgerKey(line.Service, outcome, reason), new LedgerCount(line.SpanCount, 0));
            EnterRejections_NeedsLock(page, tally);
        }
    }

    void EnterUnread(long receivedUnixNanos, SpanOutcome outcome, string reason)
    {
        lock (_lock) PageOf_NeedsLock(receivedUnixNanos).Add(new LedgerKey("", outcome, reason), new LedgerCount(0, 1));
    }

    static void EnterRejections_NeedsLock(LedgerPage page, LedgerTally tally)
    {
        foreach (var rejection in tally.Rejections)
            page.Add(new LedgerKey(rejection.Service, SpanOutcome.Rejected, rejection.Reason), new LedgerCount(rejection.SpanCount, 0));
    }

    LedgerPage PageOf_NeedsLock(long unixNanos)
    {
        var start = UnixTime.Floor(unixNanos, LedgerPage.MinuteNanos);
        if (!_open.TryGetValue(start, out var page)) _open.Add(start, page = LedgerPage.OfMinute(unixNanos));
        return page;
    }
}
