using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.TestKit;

/// <summary>A ledger of minutes that gives whole hours to whoever says that hours would do, as the store does with hours that are over.</summary>
public sealed class RolledUpLedger(params IReadOnlyList<LedgerPage> minutes) : ILedgerReader
{
    /// <inheritdoc/>
    public IReadOnlyList<LedgerRow> ReadLedger(TimeRange range, string? service, long coarsestNanos) =>
        new LedgerList(coarsestNanos < LedgerPage.HourNanos ? minutes : [.. minutes.GroupBy(page => UnixTime.Floor(page.StartUnixNanos, LedgerPage.HourNanos)).Select(HourOf)]).ReadLedger(range, service, coarsestNanos);

    static LedgerPage HourOf(IGrouping<long, LedgerPage> pages)
    {
        var hour = new LedgerPage(pages.Key, LedgerPage.HourNanos);
        foreach (var page in pages)
            foreach (var (key, count) in page.Entries) hour.Add(key, count);
        return hour;
    }
}
