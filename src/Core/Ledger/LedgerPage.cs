using Apm.Core.Time;

namespace Apm.Core.Ledger;

/// <summary>
/// The entries of one minute of receipt, or of an hour. Nobody writes "received": it is the sum of what became of the spans,
/// so that a page cannot be out of balance.
/// </summary>
/// <remarks>
/// Pages of the same time add up, in memory and in the store: one that closed is never opened again, a late entry begins a second.
/// Not thread-safe.
/// </remarks>
public sealed class LedgerPage(long startUnixNanos, long widthNanos)
{
    public const long MinuteNanos = 60 * UnixTime.NanosPerSecond;
    public const long HourNanos = 60 * MinuteNanos;

    /// <summary>A longer time is summed from pages of an hour, which may begin before it and end behind it; 90 h.</summary>
    public const long LongestOfMinutesNanos = 90 * HourNanos;

    /// <summary>Most services on one page; default 500. The spans of further ones are entered under <see cref="OtherServices"/>.</summary>
    public const int MaxServices = 500;

    /// <summary>Stands for the services beyond <see cref="MaxServices"/>.</summary>
    public const string OtherServices = "(other)";

    readonly Dictionary<LedgerKey, LedgerCount> _entries = [];
    readonly HashSet<string> _services = new(StringComparer.Ordinal);

    public long StartUnixNanos { get; } = startUnixNanos;

    public long WidthNanos { get; } = widthNanos;

    public long EndUnixNanos => StartUnixNanos + WidthNanos;

    public IReadOnlyDictionary<LedgerKey, LedgerCount> Entries => _entries;

    /// <summary>Width of the pages that a time is summed from, so that all who sum it up come to the same.</summary>
    public static long WidthFor(TimeRange range) => range.LengthNanos <= LongestOfMinutesNanos ? MinuteNanos : HourNanos;

    /// <summary>An empty page for the minute that holds a time.</summary>
    public static LedgerPage OfMinute(long unixNanos) => new(UnixTime.Floor(unixNanos, MinuteNanos), MinuteNanos);

    /// <summary>Enters spans or payloads and their outcome. Entries of nothing leave no trace.</summary>
    public void Add(LedgerKey key, LedgerCount count)
    {
        Invariant.Holds(count.SpanCount >= 0);
        Invariant.Holds(count.PayloadCount >= 0);
        if (count == default) return;
        if (!_services.Contains(key.Service))
        {
            if (_services.Count >= MaxServices && key.Service.Length > 0) key = key with { Service = OtherServices };
            _services.Add(key.Service);
        }
        _entries[key] = _entries.GetValueOrDefault(key) + count;
    }

    /// <summary>Adds all entries of another page.</summary>
    public void Merge(LedgerPage other)
    {
        foreach (var (key, count) in other._entries) Add(key, count);
    }

    /// <summary>A page of its own with the same entries.</summary>
    public LedgerPage Copy()
    {
        var copy = new LedgerPage(StartUnixNanos, WidthNanos);
        copy.Merge(this);
        return copy;
    }

    /// <summary>The entries, as rows.</summary>
    /// <param name="service">Only those of one service; null for all.</param>
    public IEnumerable<LedgerRow> Rows(string? service) =>
        from entry in _entries
        where service is null || entry.Key.Service == service
        select new LedgerRow(StartUnixNanos, WidthNanos, entry.Key, entry.Value);
}
