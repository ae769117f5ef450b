using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Traces;

namespace Apm.Query.Spans;

/// <summary>Computes numbers of spans: of all, by group, over time.</summary>
/// <remarks>
/// A series with groups takes two passes, one to find the groups that are given and one for their series, so that memory is bounded
/// by what is given. Any thread may call it.
/// </remarks>
public sealed class SpanAggregation(ITraceReader reader, TimeProvider clock)
{
    /// <summary>Most numbers computed at once; default 16.</summary>
    public const int MaxComputes = 16;

    /// <summary>Most fields grouped by; default 4.</summary>
    public const int MaxGroupFields = 4;

    /// <summary>Most groups counted; default 20,000. Spans of further ones are in no group, and the report says so.</summary>
    public const int MaxGroups = 20_000;

    /// <summary>Most groups given unless a request says otherwise; default 1000.</summary>
    public const int MaxGroupsGiven = 1000;

    /// <summary>Most buckets of a series; default 2000.</summary>
    public const int MaxPoints = 2000;

    /// <summary>Most groups times buckets times numbers; default 500,000. More groups are left out, and the report says so.</summary>
    public const int MaxCells = 500_000;

    /// <summary>Distinct values counted exactly, in all groups together; default 1 M. Beyond, <see cref="SpanFunction.Cardinality"/> is a lower bound, and the report says so.</summary>
    public const int MaxDistinctValues = 1_000_000;

    /// <summary>Computes what is asked.</summary>
    /// <exception cref="ArgumentException">More computes, fields or buckets than the limits allow, or a measure is missing.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public SpanAggregationResult Aggregate(SpanAggregationRequest request, CancellationToken cancel = default)
    {
        Check(request);
        var started = clock.GetTimestamp();
        var totals = new GroupedCells(request.Computes, request.GroupBy, bucketCount: 1).Begin();
        var scan = Scan(request, request.Deadline, totals, (_, _) => 0, cancel);
        var groups = GroupOrder.Choose(totals, request);
        var reasons = new List<string?> { scan.IncompleteReason, totals.DistinctLimitReason };

        var axis = Axis(request);
        GroupedCells? series = null;
        if (axis.Count > 0)
        {
            var given = Math.Max(1, MaxCells / (axis.Count * request.Computes.Count));
            if (groups.Count > given)
            {
                reasons.Add(string.Create(CultureInfo.InvariantCulture, $"Series of {given} of {groups.Count} groups are given. Ask for fewer groups, or a longer interval."));
                groups = [.. groups.Take(given)];
            }
            series = totals.ForSeries(groups, axis.Count);
            var (first, step) = (axis[0], request.IntervalNanos!.Value);
            var left = request.Deadline - clock.GetElapsedTime(started);
            var again = Scan(request, left > TimeSpan.Zero ? left : TimeSpan.Zero, series, (batch, span) => (int)((batch.StartUnixNanos[span] - first) / step), cancel);
            reasons.Add(again.IncompleteReason);
        }
        var rangeSeconds = request.Range.LengthNanos / (double)UnixTime.NanosPerSecond;
        var bucketSeconds = (request.IntervalNanos ?? 0) / (double)UnixTime.NanosPerSecond;
        var report = scan.Report(started);
        var inexact = string.Join(' ', reasons.Where(text => text is not null).Distinct());
        var reason = string.Join(' ', new[] { inexact, totals.GroupLimitReason }.Where(text => text is { Length: > 0 }));
        return new SpanAggregationResult
        {
            Groups = [.. groups.Select((group, at) => new SpanGroup(totals.ValuesOf(group), totals.Read(group, 0, rangeSeconds), series is null ? [] : series.ReadSeries(at, bucketSeconds)))],
            StartUnixNanos = axis,
            GroupCount = totals.GroupCount,
            LeftOutGroupCount = totals.LeftOutGroupCount,
            InexactReason = inexact.Length == 0 ? null : inexact,
            MatchedSpanCount = scan.MatchedSpanCount,
            Report = report with { IsComplete = reason.Length == 0, IncompleteReason = reason.Length == 0 ? null : reason },
        };
    }

    MatchScan Scan(SpanAggregationRequest request, TimeSpan deadline, GroupedCells cells, Func<Core.Spans.SpanBatch, int, int> bucketOf, CancellationToken cancel)
    {
        var scan = new MatchScan(reader, clock, request.Range, request.Filter) { Deadline = deadline };
        scan.Run((batch, _, matching) => cells.Add(batch, matching, bucketOf), cancel);
        return scan;
    }

    static List<long> Axis(SpanAggregationRequest request)
    {
        var starts = new List<long>();
        if (request.IntervalNanos is not { } step) return starts;
        for (var at = UnixTime.Floor(request.Range.FromUnixNanos, step); at < request.Range.ToUnixNanos; at += step) starts.Add(at);
        return starts;
    }

    static void Check(SpanAggregationRequest request)
    {
        if (request.Computes.Count is 0 or > MaxComputes) throw new ArgumentException($"Between 1 and {MaxComputes} numbers can be computed at once, not {request.Computes.Count}.", nameof(request));
        if (request.GroupBy.Count > MaxGroupFields) throw new ArgumentException($"At most {MaxGroupFields} fields can be grouped by, not {request.GroupBy.Count}.", nameof(request));
        foreach (var compute in request.Computes)
            if (compute.Measure is null && compute.Function is not (SpanFunction.Count or SpanFunction.Rate))
                throw new ArgumentException($"{compute.Function} needs a measure, such as duration or @http.status_code.", nameof(request));
        foreach (var by in request.GroupBy)
            if (by.SortBy < -1 || by.SortBy >= request.Computes.Count) throw new ArgumentException($"Groups cannot be sorted by number {by.SortBy} of {request.Computes.Count}.", nameof(request));
        if (request.MaxGroupsGiven is < 1 or > MaxGroups) throw new ArgumentException($"Between 1 and {MaxGroups} groups can be given, not {request.MaxGroupsGiven}.", nameof(request));
        if (request.IntervalNanos is { } step && (step <= 0 || request.Range.LengthNanos / step > MaxPoints))
            throw new ArgumentException($"A series has at most {MaxPoints} buckets. Choose a longer interval, or a shorter range.", nameof(request));
    }
}
