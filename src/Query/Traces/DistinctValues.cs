using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Matching;

namespace Apm.Query.Traces;

/// <summary>The different values that spans have for one field, for lists that a protocol gives whole.</summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class DistinctValues(ITraceReader reader, TimeProvider clock)
{
    /// <summary>Most values given; default 20,000, those of the newest spans. Then the report says so.</summary>
    public const int MaxValues = 20_000;

    /// <summary>Longest time spent; default 1 s. The newest spans decide, and the report says so.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);

    /// <summary>The values among the spans of a range that satisfy a filter, in ordinal order; the empty text is none.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public NameList<string> Read(TimeRange range, TraceFilter filter, SpanField field, CancellationToken cancel = default)
    {
        var started = clock.GetTimestamp();
        var found = new HashSet<string>(StringComparer.Ordinal);
        var scan = new MatchScan(reader, clock, range, filter) { Deadline = Deadline };
        scan.Run((batch, _, matching) =>
        {
            var values = FieldReader.Of(field, batch);
            var met = new HashSet<long>(); // Texts are made once per batch.
            foreach (var span in matching)
            {
                if (values.CodeAt(span) is not (var code and not FieldReader.None) || !met.Add(code)) continue;
                if (values.TextOf(code) is { Length: > 0 } text) found.Add(text);
                if (found.Count > MaxValues) break;
            }
            if (found.Count > MaxValues) scan.Stop(NameList.Full(MaxValues, "values"));
        }, cancel);
        return new NameList<string>([.. found.Order(StringComparer.Ordinal).Take(MaxValues)], NameList.ReportOf(scan, started, Deadline, isFull: found.Count > MaxValues));
    }
}

/// <summary>A list of names, and whether it is all of them.</summary>
/// <param name="Names">In order.</param>
/// <param name="Report">Incomplete when time or the limit ended the search: then there may be more.</param>
public sealed record NameList<T>(IReadOnlyList<T> Names, SearchReport Report);

static class NameList
{
    /// <summary>Why a list ends at its limit.</summary>
    public static string Full(int limit, string names) => string.Create(CultureInfo.InvariantCulture, $"There are more than {limit:N0} {names}; those of the newest spans are listed.");

    /// <summary>What was looked at. A list has no range that could be narrowed, so time is told in other words than by a search.</summary>
    public static SearchReport ReportOf(MatchScan scan, long started, TimeSpan deadline, bool isFull) => scan.Report(started) is { IsComplete: false } report && !isFull
        ? report with { IncompleteReason = string.Create(CultureInfo.InvariantCulture, $"The list is of the newest {report.ScannedSpanCount:N0} spans that could be looked at within {deadline.TotalSeconds:0.#} s; there may be more. Ask again, or search by a name that is not listed.") }
        : scan.Report(started);
}
