using Apm.Core.Errors;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Spans;
using Apm.Query.Traces;

namespace Apm.Query.Errors;

/// <summary>Issues with their numbers in a range, and the stored traces behind them.</summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class IssueQueries(IErrorIssues issues, ITraceReader traces, TimeProvider clock)
{
    /// <summary>Buckets of a spark; default 30.</summary>
    public const int SparkBuckets = 30;

    /// <summary>Stored error spans that are looked at for one issue; default 1000, the newest. Which attributes stand out is told of these.</summary>
    public const int MaxSpansLookedAt = SpanSearch.MaxLimit;

    /// <summary>Traces given as examples of an issue; default 20.</summary>
    public const int MaxExamples = 20;

    /// <summary>Parts of the time of an issue's errors from which other spans are taken to compare with.</summary>
    const int ComparedParts = 10;

    /// <summary>Longest time for finding the examples of an issue; default 2 s.</summary>
    public static readonly TimeSpan ExamplesDeadline = TimeSpan.FromSeconds(2);

    /// <summary>All issues with their counts in the range, most recently seen first. With an environment, those that were seen in it in the range.</summary>
    /// <param name="service">Null for all.</param>
    /// <exception cref="StoreUnavailableException">The statistics cannot be read. Safe to retry.</exception>
    public IReadOnlyList<IssueRow> List(TimeRange range, string? env, string? service = null)
    {
        var step = TimeSteps.For(range, SparkBuckets, StatsBucket.CountedWidthNanos);
        var first = UnixTime.Floor(range.FromUnixNanos, step);
        var buckets = (int)((Math.Max(range.ToUnixNanos, range.FromUnixNanos + 1) - 1 - first) / step + 1);
        var sparks = new Dictionary<IssueId, double[]>();
        foreach (var row in issues.ReadIssueCounts(range, null, step))
        {
            if (env is not null && row.Key.Env != env && row.Key.Version != StatsBucket.OtherVersions) continue;
            if (!sparks.TryGetValue(row.Key.Issue, out var spark)) sparks.Add(row.Key.Issue, spark = new double[buckets]);
            spark[Math.Clamp((row.StartUnixNanos - first) / step, 0, buckets - 1)] += row.Count;
        }
        return
        [
            .. from issue in issues.Issues()
               where service is null || issue.Service == service
               let spark = sparks.GetValueOrDefault(issue.Id)
               where env is null || spark is not null
               select new IssueRow(issue, (long)(spark?.Sum() ?? 0), spark ?? new double[buckets]),
        ];
    }

    /// <summary>One issue's errors over time, by version.</summary>
    /// <param name="maxPoints">About how many buckets are useful.</param>
    /// <exception cref="StoreUnavailableException">The statistics cannot be read. Safe to retry.</exception>
    public IssueSeries Series(IssueId issue, TimeRange range, string? env, int maxPoints)
    {
        var step = TimeSteps.For(range, maxPoints, StatsBucket.CountedWidthNanos);
        var first = UnixTime.Floor(range.FromUnixNanos, step);
        var count = (int)((Math.Max(range.ToUnixNanos, range.FromUnixNanos + 1) - 1 - first) / step + 1);
        var byVersion = new SortedDictionary<string, double[]>(StringComparer.Ordinal);
        foreach (var row in issues.ReadIssueCounts(range, issue, step))
        {
            if (env is not null && row.Key.Env != env && row.Key.Version != StatsBucket.OtherVersions) continue;
            if (!byVersion.TryGetValue(row.Key.Version, out var counts)) byVersion.Add(row.Key.Version, counts = new double[count]);
            counts[Math.Clamp((row.StartUnixNanos - first) / step, 0, count - 1)] += row.Count;
        }
        return new IssueSeries(step, [.. Enumerable.Range(0, count).Select(i => first + i * step)], byVersion.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<double>)pair.Value, StringComparer.Ordinal));
    }

    /// <summary>The issue that a stored span belongs to; null when it did not fail, or its issue is not known.</summary>
    public ErrorIssue? IssueOf(Span span) => SpanErrors.FactsOf(span) is { } facts ? issues.Issue(ErrorFingerprint.Of(facts).Id) : null;

    /// <summary>Stored traces with errors of the issue, and what tells its spans apart from those that did not fail.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public IssueExamples Examples(ErrorIssue issue, TimeRange range, string? env, CancellationToken cancel = default)
    {
        if (issue.IsOverflow) return IssueExamples.None;
        var search = new SpanSearch(traces, clock);
        var filter = TraceFilter.Empty.With("service", issue.Service);
        if (env is not null) filter = filter.With("env", env);
        var failed = search.Search(new SpanSearchRequest { Range = range, Filter = filter.With("status", "error"), Limit = MaxSpansLookedAt, Deadline = ExamplesDeadline, CountFor = ExamplesDeadline / 2 }, cancel);
        var spans = failed.Spans.Where(span => SpanErrors.FactsOf(span) is { } facts && ErrorFingerprint.Of(facts).Id == issue.Id).ToList();
        if (spans.Count == 0) return IssueExamples.None with { IsWhole = failed.Report.IsComplete };

        var operation = spans.GroupBy(span => span.Name).MaxBy(group => group.Count())!.Key;
        var fine = Spread(search, spans, filter.With("status", "ok").With("operation", operation), cancel);
        var wanted = spans.Select(span => span.TraceId).Distinct().Take(MaxExamples).ToList();
        var found = new TraceSearch(traces, clock).Search(new TraceSearchRequest { Range = range, Filter = filter.With("status", "error"), Limit = TraceSearch.MaxLimit }, cancel);
        return new IssueExamples
        {
            Spans = spans,
            Traces = [.. found.Traces.Where(trace => wanted.Exists(id => id.Matches(trace.TraceId)))],
            Entries = [.. found.Traces.Where(trace => spans.Exists(span => span.TraceId.Matches(trace.TraceId)))
                .GroupBy(trace => (trace.Root.Service, trace.Root.Name, trace.Root.Resource))
                .Select(group => new IssueEntry(group.Key.Service, group.Key.Name, group.Key.Resource, group.Count()))
                .OrderByDescending(entry => entry.TraceCount).ThenBy(entry => entry.Resource, StringComparer.Ordinal)],
            StandOut = StandOut.Of(spans, fine),
            ComparedWith = fine.Count,
            IsWhole = failed.Report.IsComplete && failed.Next is null,
        };
    }

    /// <summary>Spans of the same time as the failed ones, a few of each part of it: the newest alone would make what changed meanwhile (a version) stand out.</summary>
    static List<Span> Spread(SpanSearch search, List<Span> failed, TraceFilter filter, CancellationToken cancel)
    {
        var (from, to) = (failed.Min(span => span.StartUnixNanos), failed.Max(span => span.StartUnixNanos) + 1);
        var length = Math.Max(1, (to - from) / ComparedParts);
        var spread = new List<Span>();
        for (var part = 0; part < ComparedParts; part++)
        {
            var range = new TimeRange(from + part * length, part == ComparedParts - 1 ? Math.Max(to, from + (part + 1) * length) : from + (part + 1) * length);
            spread.AddRange(search.Search(new SpanSearchRequest { Range = range, Filter = filter, Limit = MaxSpansLookedAt / ComparedParts, Deadline = ExamplesDeadline / ComparedParts, CountFor = TimeSpan.Zero }, cancel).Spans);
        }
        return spread;
    }
}

/// <summary>An issue in a list.</summary>
/// <param name="Count">Errors in the range, before sampling.</param>
/// <param name="Spark">The same over time.</param>
public sealed record IssueRow(ErrorIssue Issue, long Count, IReadOnlyList<double> Spark);

/// <summary>Errors of an issue over time. All lists are as long as <see cref="StartUnixNanos"/>.</summary>
public sealed record IssueSeries(long StepNanos, IReadOnlyList<long> StartUnixNanos, IReadOnlyDictionary<string, IReadOnlyList<double>> CountsByVersion);

/// <summary>Stored traces behind an issue.</summary>
public sealed record IssueExamples
{
    /// <summary>Nothing is stored.</summary>
    public static IssueExamples None { get; } = new();

    /// <summary>Failed spans of the issue, the newest first.</summary>
    public IReadOnlyList<Span> Spans { get; init; } = [];

    /// <summary>The newest of their traces.</summary>
    public IReadOnlyList<TraceSummary> Traces { get; init; } = [];

    /// <summary>Where the requests came in that failed so.</summary>
    public IReadOnlyList<IssueEntry> Entries { get; init; } = [];

    /// <summary>Attributes that are more frequent on the failed spans than on those of the same operation that did not fail.</summary>
    public IReadOnlyList<StandingOut> StandOut { get; init; } = [];

    /// <summary>Spans without error that they were compared with.</summary>
    public int ComparedWith { get; init; }

    /// <summary>All stored error spans of the range were looked at.</summary>
    public bool IsWhole { get; init; } = true;
}

/// <summary>An endpoint whose requests met the issue.</summary>
public sealed record IssueEntry(string Service, string Name, string Resource, int TraceCount);
