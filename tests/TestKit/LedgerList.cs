using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.TestKit;

/// <summary>A ledger of given pages.</summary>
public sealed class LedgerList(params IReadOnlyList<LedgerPage> pages) : ILedgerReader
{
    /// <inheritdoc/>
    public IReadOnlyList<LedgerRow> ReadLedger(TimeRange range, string? service, long coarsestNanos) =>
        [.. pages.Where(page => range.Overlaps(page.StartUnixNanos, page.EndUnixNanos - 1)).OrderBy(page => page.StartUnixNanos).SelectMany(page => page.Rows(service))];
}
