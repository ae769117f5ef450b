using System.Globalization;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Matching;
using Apm.Query.WholeTraces;

namespace Apm.Query.Traces;

/// <summary>
/// Finds the traces for which conditions on whole traces hold, in two passes over columns: the first finds traces that have a span of
/// each kind that they must have, the second gathers what the conditions look at of all spans of those traces.
/// </summary>
/// <remarks>A trace is judged by its spans that start in the range. For one thread.</remarks>
sealed class TraceJudge(ITraceReader reader, TimeProvider clock, TimeRange range, TraceFilter filter)
{
    /// <summary>Most traces looked at closely in one search; default 200,000, the newest. More make the result incomplete.</summary>
    public const int MaxCandidateTraces = 200_000;

    /// <summary>Most spans of those traces that are gathered; default 1 M (about 80 MB). More make the result incomplete.</summary>
    public const int MaxJudgedSpans = 1_000_000;

    /// <summary>Of both passes together.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long somebody waits for a first page; null counts all. A third of it is for finding candidates: then their spans are read.
    /// With fewer than <see cref="EnoughCandidates"/> it goes on, with fewer than <see cref="FewCandidates"/> beyond the time.
    /// </summary>
    public TimeSpan? CountFor { get; init; }

    /// <summary>Candidates after which a first page ends early; default 1,000.</summary>
    public const int EnoughCandidates = 1_000;

    /// <summary>Candidates that are looked for even if a first page takes longer; default 200.</summary>
    public const int FewCandidates = 200;

    /// <summary>Most candidates of a first page, however fast they are found; default 4,000.</summary>
    public const int MaxCandidatesOfPage = 4_000;

    /// <summary>In which order candidates are looked for.</summary>
    public ScanOrder Order { get; init; }

    /// <summary>Where the spans of the candidates are.</summary>
    public TimeRange Window { get; private set; } = TimeRange.All;

    /// <summary>Only these traces are judged; null for all.</summary>
    public IReadOnlyList<TraceId>? TraceIds { get; init; }

    public string? IncompleteReason { get; private set; }

    /// <summary>Spans looked at for candidates.</summary>
    public long ScannedSpanCount { get; private set; }

    public JudgedSpans Run(CancellationToken cancel)
    {
        var plan = TracePlan.Of(filter.Root);
        if (plan.Sets.Count > TracePlan.MaxSets)
        {
            IncompleteReason = $"The search has {plan.Sets.Count} sets of spans; at most {TracePlan.MaxSets} are looked at. Simplify it.";
            return JudgedSpans.None;
        }
        var started = clock.GetTimestamp();
        var candidates = FindCandidates(plan, cancel);
        if (candidates.Count == 0) return JudgedSpans.None;

        var left = Deadline - clock.GetElapsedTime(started);
        var rows = new TraceRows(plan);
        var scan = new MatchScan(reader, clock, Window, TraceFilter.Empty)
        {
            Deadline = left > TimeSpan.Zero ? left : TimeSpan.Zero,
            TraceIds = [.. Enumerable.Range(0, candidates.Count).Select(i => candidates[i].TraceId)],
        };
        scan.Run((batch, _, matching) =>
        {
            rows.Add(batch, matching, candidates);
            if (rows.Count >= MaxJudgedSpans)
                scan.Stop(string.Create(CultureInfo.InvariantCulture, $"The search stopped after {rows.Count:N0} spans of traces that may match, the newest. Narrow the range or the filter."));
        }, cancel);
        IncompleteReason ??= scan.IncompleteReason;
        var (spans, traces) = new TraceEvaluation(plan, filter.Root).Matching(rows);
        return new JudgedSpans(spans, [.. traces.Select(trace => candidates[trace].TraceId)]);
    }

    /// <summary>Traces that have a span of each kind that they must have.</summary>
    TraceTable FindCandidates(TracePlan plan, CancellationToken cancel)
    {
        var all = plan.Necessary.Count == 64 ? ulong.MaxValue : (1UL << plan.Necessary.Count) - 1;
        var started = clock.GetTimestamp();
        var complete = 0; // Traces that have a span of each kind by now.
        var found = new TraceTable();
        var masks = new List<ulong>();
        var (first, last) = (long.MaxValue, long.MinValue);
        var must = TraceFilter.Of(plan.Necessary.Count == 0 ? new AllOf([], default) : new AnyOf(plan.Necessary, default));
        var scan = new MatchScan(reader, clock, range, must) 
        {
            Deadline = Deadline,
            Order = Order,
            TraceIds = TraceIds,
            CountFor = CountFor / 3,
            IsPageCertain = _ => complete >= EnoughCandidates || (complete >= FewCandidates && clock.GetElapsedTime(started) > CountFor),
        };
        scan.Run((batch, _, matching) =>
        {
            var tests = plan.Necessary.Select(condition => FilterCompiler.Compile(condition, batch)).ToArray();
            foreach (var span in matching)
            {
                var at = found.FindOrAdd(batch.TraceIdHigh[span], batch.TraceIdLow[span]);
                var isNew = at == masks.Count;
                if (isNew) masks.Add(0);
                var before = masks[at];
                for (var i = 0; i < tests.Length; i++) if (tests[i].Test(span)) masks[at] |= 1UL << i;
                if (masks[at] == all && (isNew || before != all)) complete++;
                first = Math.Min(first, batch.StartUnixNanos[span]);
                last = Math.Max(last, batch.StartUnixNanos[span]);
            }
            if (CountFor is not null && complete >= MaxCandidatesOfPage) scan.StopCounting();
            if (found.Count >= MaxCandidateTraces)
                scan.Stop(string.Create(CultureInfo.InvariantCulture, $"The search stopped at {found.Count:N0} traces that may match, the newest. Narrow the range or the filter."));
        }, cancel);
        (IncompleteReason, ScannedSpanCount) = (scan.IncompleteReason, scan.ScannedSpanCount);

        var candidates = new TraceTable();
        for (var i = 0; i < found.Count; i++) if (masks[i] == all) candidates.FindOrAdd(found[i].High, found[i].Low);
        Window = candidates.Count > 0 ? Widened(first, last) : range;
        return candidates;
    }

    TimeRange Widened(long first, long last) => new(
        Math.Max(range.FromUnixNanos, first < long.MinValue + TraceSearch.NeighbourhoodNanos ? long.MinValue : first - TraceSearch.NeighbourhoodNanos),
        Math.Min(range.ToUnixNanos, last > long.MaxValue - TraceSearch.NeighbourhoodNanos ? long.MaxValue : last + TraceSearch.NeighbourhoodNanos));
}

/// <summary>The spans that the conditions name in traces for which they hold.</summary>
sealed class JudgedSpans(SpanSet spans, IReadOnlyList<TraceId> traceIds)
{
    public static JudgedSpans None => new(new SpanSet(), []);

    /// <summary>The traces for which the conditions hold.</summary>
    public IReadOnlyList<TraceId> TraceIds { get; } = traceIds;

    public BatchTest TestOf(SpanBatch batch) => new JudgedTest(batch, spans);
}

sealed class JudgedTest(SpanBatch batch, SpanSet spans) : BatchTest
{
    readonly ServiceHashes _services = new();

    public override bool Test(int span) => spans.Contains(SpanSet.PrintOf(batch.TraceIdLow[span], batch.SpanIds[span], _services.Of(batch, span)));
}

sealed class CandidateTest(SpanBatch batch, TraceTable candidates) : BatchTest
{
    TraceId _last;
    bool _lastAnswer;
    bool _hasLast;

    public override bool Test(int span)
    {
        var id = batch.TraceIdOf(span);
        if (_hasLast && id == _last) return _lastAnswer; // Spans of a trace come in runs.
        (_last, _hasLast) = (id, true);
        return _lastAnswer = candidates.FindShared(id.High, id.Low) >= 0;
    }
}
