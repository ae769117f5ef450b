using System.Runtime.InteropServices;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.TraceAgent.Account;

/// <summary>The ledger as it stands now: closed pages from the store, the others from the books.</summary>
/// <remarks>
/// Thread-safe. The books are asked first. Whether the pages that were just closing are in the store's answer, the number of
/// its checkpoint says; when it went on by more than that meanwhile, both are asked again.
/// </remarks>
public sealed class LiveLedgerReader(SpanLedger ledger, IStatsStore store) : ILedgerReader
{
    /// <inheritdoc/>
    public IReadOnlyList<LedgerRow> ReadLedger(TimeRange range, string? service, long coarsestNanos)
    {
        while (true)
        {
            var number = ledger.ReadOpen(range, service, out var open, out var closing);
            var stored = store.ReadLedger(range, service, coarsestNanos);
            if (stored.Number > number) continue; // A checkpoint takes seconds to come; this ends.
            var rows = stored.Rows.Concat(open);
            return Sum(stored.Number < number ? rows.Concat(closing) : rows);
        }
    }

    static IReadOnlyList<LedgerRow> Sum(IEnumerable<LedgerRow> rows)
    {
        var sums = new Dictionary<(long, long, LedgerKey), LedgerCount>();
        foreach (var row in rows) CollectionsMarshal.GetValueRefOrAddDefault(sums, (row.StartUnixNanos, row.WidthNanos, row.Key), out _) += row.Count;
        return
        [
            .. sums.Select(pair => new LedgerRow(pair.Key.Item1, pair.Key.Item2, pair.Key.Item3, pair.Value))
                .OrderBy(row => row.StartUnixNanos).ThenBy(row => row.Key.Service, StringComparer.Ordinal)
                .ThenBy(row => row.Key.Outcome).ThenBy(row => row.Key.Reason, StringComparer.Ordinal),
        ];
    }
}
