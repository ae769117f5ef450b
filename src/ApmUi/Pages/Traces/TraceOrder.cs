using Apm.ApmUi.Shared;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Traces;

/// <summary>The order of the list as its address says: a column's key, with <c>-turned</c> behind it the other way round.</summary>
/// <param name="Key">The whole text; <see cref="Default"/> when the address says none, or one that is unknown.</param>
public sealed record TraceOrder(string Key, TraceSort Sort, bool IsTurned)
{
    public const string Default = "newest";

    /// <summary>A column's key, its order, and how the first of so many rows are called, straight and turned.</summary>
    static readonly (string Key, TraceSort Sort, string Straight, string Turned)[] Columns =
    [
        (Default, TraceSort.Newest, "the newest first", "the oldest first"),
        ("endpoint", TraceSort.Endpoint, "by service and endpoint", "by service and endpoint, the last first"),
        ("status", TraceSort.Status, "the worst status first", "the best status first"),
        ("slowest", TraceSort.Slowest, "the slowest first", "the fastest first"),
        ("spans", TraceSort.MostSpans, "the largest first", "the smallest first"),
        ("errors", TraceSort.MostErrors, "most errors first", "fewest errors first"),
        ("services", TraceSort.MostServices, "most services first", "fewest services first"),
        ("kept", TraceSort.Kept, "by why they are kept", "by why they are kept, the last first"),
    ];

    /// <summary>The order in words: <c>the newest first</c>.</summary>
    public string Words => Columns.First(column => column.Sort == Sort) is var known && IsTurned ? known.Turned : known.Straight;

    /// <summary>Reads an address.</summary>
    /// <param name="text">Parameter <c>sort</c>; null when absent.</param>
    /// <param name="complaint">What is wrong with it, as a sentence; null when nothing is.</param>
    public static TraceOrder Read(string? text, out string? complaint)
    {
        complaint = null;
        foreach (var column in Columns)
        {
            if (text == column.Key || (text is null && column.Key == Default)) return new TraceOrder(column.Key, column.Sort, false);
            if (text == column.Key + SortHead.Turned) return new TraceOrder(text, column.Sort, true);
        }
        complaint = $"The list has no order “{text}” (sort=), so the newest stand first. Orders are {string.Join(", ", Columns.Select(column => column.Key))}, each also with {SortHead.Turned} behind it.";
        return new TraceOrder(Default, TraceSort.Newest, false);
    }
}
