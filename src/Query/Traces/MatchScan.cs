using System.Globalization;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Matching;

namespace Apm.Query.Traces;

/// <summary>In which order a scan goes through the parts of the store.</summary>
enum ScanOrder
{
    /// <summary>By the latest start in a part, the latest first.</summary>
    Newest,

    /// <summary>By the earliest start in a part.</summary>
    Oldest,

    /// <summary>By the longest duration in a part, the longest first.</summary>
    Slowest,

    /// <summary>By the shortest duration in a part.</summary>
    Fastest,
}

/// <summary>
/// Goes once over the spans of a range and gives those that match, each once however often it was sent.
/// Shared by the lists, the strip, the facets and the sums, so that they cannot disagree.
/// </summary>
/// <remarks>One thread runs it and takes what it gives; reading and testing use all processors.</remarks>
sealed class MatchScan(ITraceReader reader, TimeProvider clock, TimeRange range, TraceFilter filter)
{
    /// <summary>Takes the new spans of one batch: all of them, and those among them that match. Both are in order; both may be reused after the call.</summary>
    public delegate void Take(SpanBatch batch, ReadOnlySpan<int> spans, ReadOnlySpan<int> matching);

    /// <summary>Default 5 s.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>All spans of the range are wanted as well, not only those that match. Then no batch is skipped.</summary>
    public bool WantsAllSpans { get; init; }

    public ScanOrder Order { get; init; }

    /// <summary>Parts of which this is true come last: the page that is wanted has nothing of them.</summary>
    public Predicate<SpanPart>? IsPutOff { get; init; }

    /// <summary>After this time the scan ends as soon as <see cref="IsPageCertain"/> says yes; null for never. Zero counts no more than the page needs.</summary>
    public TimeSpan? CountFor { get; init; }

    /// <summary>Whether what was given is enough for the page that is wanted, given the part that is next: none after it comes before it in the order.</summary>
    public Predicate<SpanPart> IsPageCertain { get; init; } = static _ => false;

    /// <summary>
    /// After <see cref="CountFor"/>, as long as the page is not certain: the durations that spans must have to come onto it. Once they leave something
    /// out, nothing is counted any more, and spans of other durations are neither given nor read. Null when durations do not decide.
    /// </summary>
    public Func<DurationBounds>? PageBounds { get; init; }

    /// <summary>The test of a batch instead of the filter's; for scans over spans that are known.</summary>
    public Func<SpanBatch, BatchTest>? Test { get; init; }

    /// <summary>Only spans of these traces; null for all.</summary>
    public IReadOnlyList<TraceId>? TraceIds { get; init; }

    /// <summary>Spans looked at, repeated ones included.</summary>
    public long ScannedSpanCount { get; private set; }

    /// <summary>Different spans that match.</summary>
    public long MatchedSpanCount { get; private set; }

    /// <summary>Why not everything was seen; null when it was.</summary>
    public string? IncompleteReason => _stopReason ?? _judgeReason;

    /// <summary>The scan ended early because the page was certain and the time for counting was over.</summary>
    public bool HasStoppedCounting { get; private set; }

    DurationBounds? _bounds; // Set once counting has ended and only the page is filled.
    readonly SpanSet _seen = new();
    readonly SpanSet _seenMatching = new(); // Apart: of a span and its earlier snapshot only one may match.
    string? _stopReason;
    string? _judgeReason;

    /// <summary>Ends the scan after the batch at hand.</summary>
    public void Stop(string reason) => _stopReason ??= reason;

    /// <summary>What the scan looked at.</summary>
    /// <param name="startedTimestamp">Of the clock, when the search began.</param>
    public SearchReport Report(long startedTimestamp) => new()
    {
        ScannedSpanCount = ScannedSpanCount,
        IsComplete = IncompleteReason is null,
        IncompleteReason = IncompleteReason,
        ElapsedMilliseconds = clock.GetElapsedTime(startedTimestamp).TotalMilliseconds,
    };

    public void Run(Take take, CancellationToken cancel)
    {
        var started = clock.GetTimestamp();
        var test = Test ?? (batch => FilterCompiler.Compile(filter.Root, batch));
        var (only, where, countFor) = (TraceIds, range, CountFor);
        long? judgedSpanCount = null;
        if (filter.IsOfTrace)
        {
            // What is slowest or fastest cannot be told from some of the traces.
            var isByTime = Order is ScanOrder.Newest or ScanOrder.Oldest;
            var judge = new TraceJudge(reader, clock, range, filter) { Deadline = Deadline, Order = Order, CountFor = isByTime ? CountFor : null, TraceIds = TraceIds };
            var verdict = judge.Run(cancel);
            test = verdict.TestOf;
            (_judgeReason, judgedSpanCount) = (judge.IncompleteReason, judge.ScannedSpanCount);
            if (!WantsAllSpans) (only, where, countFor) = (verdict.TraceIds, judge.Window, null); // Little is left to read: all of it is counted.
        }
        if (only is not null)
        {
            var wanted = new TraceTable();
            foreach (var id in only) wanted.FindOrAdd(id.High, id.Low);
            var rest = test;
            test = batch => new AllTest([new CandidateTest(batch, wanted), rest(batch)]);
        }
        var parts = new PartReader(where, test, WantsAllSpans);
        if (countFor == TimeSpan.Zero) FillPage(parts);
        foreach (var (next, batches) in parts.Read(only is { Count: 0 } ? [] : Parts(Pushdown(where, only)), cancel))
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var batch in batches)
            {
                if (_stopReason is not null) break;
                Give(batch, take);
                var isLast = next is null && ReferenceEquals(batch.Batch, batches[^1].Batch);
                if (_stopReason is null && !isLast && clock.GetElapsedTime(started) > Deadline) StopForTime();
            }
            if (_stopReason is null && next is not null && countFor is { } limit && clock.GetElapsedTime(started) >= limit)
            {
                if (IsPageCertain(next)) StopCounting();
                else FillPage(parts);
            }
            if (_stopReason is not null) break;
        }
        if (_bounds is not null) StopCounting();
        ScannedSpanCount = WantsAllSpans ? Math.Max(ScannedSpanCount, judgedSpanCount ?? 0) : judgedSpanCount ?? ScannedSpanCount;
    }

    /// <summary>From now on only what may come onto the page is read.</summary>
    void FillPage(PartReader parts)
    {
        if (PageBounds?.Invoke() is not { } bounds || bounds == DurationBounds.Any) return;
        _bounds = bounds;
        parts.Narrow(bounds);
    }

    void Give(TestedBatch tested, Take take)
    {
        if (_bounds is { } bounds)
        {
            GiveForPage(tested, bounds, take);
            return;
        }
        ScannedSpanCount += tested.InRangeCount;
        var fresh = WantsAllSpans ? KeepNew(_seen, tested.Batch, tested.InRange.AsSpan(0, tested.InRangeCount)) : 0;
        var matched = KeepNew(_seenMatching, tested.Batch, tested.Matching.AsSpan(0, tested.MatchCount));
        MatchedSpanCount += matched;
        ReadOnlySpan<int> matching = tested.Matching.AsSpan(0, matched);
        if (fresh > 0 || matched > 0) take(tested.Batch, WantsAllSpans ? tested.InRange.AsSpan(0, fresh) : matching, matching);
    }

    void GiveForPage(TestedBatch tested, DurationBounds bounds, Take take)
    {
        var kept = 0;
        foreach (var span in tested.Matching.AsSpan(0, tested.MatchCount)) if (bounds.Hold(tested.Batch.DurationNanos[span])) tested.Matching[kept++] = span;
        ReadOnlySpan<int> matching = tested.Matching.AsSpan(0, KeepNew(_seenMatching, tested.Batch, tested.Matching.AsSpan(0, kept)));
        if (matching.Length > 0) take(tested.Batch, matching, matching);
    }

    void StopForTime() =>
        Stop(string.Create(CultureInfo.InvariantCulture, $"The search stopped after {Deadline.TotalSeconds:0.#} s; what is shown is from the {PartText} of the range. Narrow the range or the filter."));

    /// <summary>Ends the scan after the batch at hand, because what was counted is enough.</summary>
    public void StopCounting()
    {
        if (_stopReason is not null) return;
        HasStoppedCounting = true;
        Stop(string.Create(CultureInfo.InvariantCulture, $"Counting stopped after {ScannedSpanCount:N0} spans, the {PartText} of the range: there are at least as many as said."));
    }

    string PartText => Order switch { ScanOrder.Oldest => "oldest part", ScanOrder.Slowest => "slowest part", ScanOrder.Fastest => "fastest part", _ => "newest part" };

    IEnumerable<SpanPart> Parts(SpanScan scan)
    {
        var parts = reader.Parts(scan);
        var ordered = Order switch
        {
            ScanOrder.Oldest => parts.OrderBy(part => part.StartUnixNanosMin),
            ScanOrder.Slowest => parts.OrderByDescending(part => part.DurationNanosMax),
            ScanOrder.Fastest => parts.OrderBy(part => part.DurationNanosMin),
            _ => parts.OrderByDescending(part => part.StartUnixNanosMax),
        };
        if (IsPutOff is not { } isPutOff) return ordered;
        var (now, later) = (new List<SpanPart>(), new List<SpanPart>());
        foreach (var part in ordered) (isPutOff(part) ? later : now).Add(part);
        return now.Concat(later);
    }

    static int KeepNew(SpanSet seen, SpanBatch batch, Span<int> spans)
    {
        var kept = 0;
        foreach (var span in spans) if (seen.Add(batch, span)) spans[kept++] = span;
        return kept;
    }

    /// <summary>What the store may use to skip parts: only what every matching span must have.</summary>
    SpanScan Pushdown(TimeRange where, IReadOnlyList<TraceId>? only)
    {
        if (WantsAllSpans || filter.IsOfTrace) return new SpanScan { Range = where, TraceIds = only };
        var tags = new List<KeyValuePair<string, string>>();
        TraceId? trace = null;
        IReadOnlyList<TraceId>? either = null;
        var (min, max) = (double.NegativeInfinity, double.PositiveInfinity);
        var (errors, roots) = (false, false);
        foreach (var condition in filter.Conditions)
        {
            switch (condition)
            {
                case TextCondition { Pattern.ExactText: { } exact } text:
                    // A number looks like a text in the filter, but stands in another column: only what cannot be one is asked of the store.
                    if (text.Field == FilterField.Tag && !double.TryParse(exact, CultureInfo.InvariantCulture, out _)) tags.Add(new(text.Key, exact));
                    errors |= text.Field == FilterField.Status && exact == "error";
                    roots |= text.Field == FilterField.Is && exact == "root";
                    if (text.Field == FilterField.TraceId && TraceId.TryParse(exact, out var id)) trace = id;
                    break;
                case AnyOf any when any.Children.All(child => child is TextCondition { Field: FilterField.TraceId }): // Digits that may be hex or decimal.
                    either = [.. any.Children.Cast<TextCondition>().SelectMany(text => TraceId.TryParse(text.Pattern.PlainText, out var id) ? [id] : Array.Empty<TraceId>())];
                    break;
                case NumberCondition { Field: FilterField.Duration } number:
                    if (number.Comparison is not (Comparison.Less or Comparison.LessOrEqual)) min = Math.Max(min, number.Value);
                    if (number.Comparison is not (Comparison.Greater or Comparison.GreaterOrEqual)) max = Math.Min(max, number.Value);
                    break;
                case RangeCondition { Field: FilterField.Duration } between:
                    (min, max) = (Math.Max(min, between.Min), Math.Min(max, between.Max));
                    break;
            }
        }
        return new SpanScan
        {
            Range = where, Service = filter.Service, Tags = tags, TraceId = trace, TraceIds = only ?? either,
            MinDurationNanos = NanosOf(min), MaxDurationNanos = NanosOf(max), ErrorsOnly = errors, RootsOnly = roots,
        };
    }

    /// <summary>Numbers beyond 2^53 may be off by some nanoseconds; the test itself compares as the same doubles.</summary>
    static long NanosOf(double nanos) => nanos <= -9e15 ? long.MinValue : nanos >= 9e15 ? long.MaxValue : (long)nanos;
}
