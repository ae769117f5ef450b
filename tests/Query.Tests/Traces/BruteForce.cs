using System.Globalization;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Traces;
using Apm.TestKit;

namespace Apm.Query.Tests.Traces;

/// <summary>The search again, with objects and the plainest of loops, to compare with.</summary>
static class BruteForce
{
    public static (List<TraceId> Ids, int TraceCount, long SpanCount) Search(IReadOnlyList<SpanBatch> batches, TimeRange range, TraceFilter filter, TraceSort sort, int limit, int skip = 0, bool isTurned = false)
    {
        var isMatch = Matching(batches, range, filter);
        var looksAtAll = sort is not (TraceSort.Newest or TraceSort.Oldest);
        var (seen, seenMatching, spanCount) = (new HashSet<(ulong, ulong, string)>(), new HashSet<(ulong, ulong, string)>(), 0L);
        var traces = new List<Trace>();
        foreach (var batch in batches.Reverse())
        {
            var spans = SpanBatches.Spans(batch).Where(span => range.Contains(span.StartUnixNanos)).ToList();
            var matches = spans.Where(span => isMatch(span) && seenMatching.Add((span.TraceId.Low, span.Id.Value, span.Service))).ToList();
            spanCount += matches.Count;
            foreach (var span in looksAtAll && !filter.IsEmpty ? spans.Where(span => seen.Add((span.TraceId.Low, span.Id.Value, span.Service))) : matches)
            {
                var trace = traces.Find(trace => trace.Id.Matches(span.TraceId));
                if (trace is null) traces.Add(trace = new Trace { Id = span.TraceId });
                if (trace.Id.High == 0) trace.Id = span.TraceId;
                trace.Spans.Add(span);
            }
            foreach (var span in matches) traces.Find(trace => trace.Id.Matches(span.TraceId))?.Matches.Add(span);
        }
        var matching = traces.Where(trace => trace.Matches.Count > 0).ToList();
        Span Root(Trace trace) => trace.Spans.OrderBy(span => span.ParentId.Value != 0).ThenBy(span => span.StartUnixNanos).ThenBy(span => span.Id.Value).First();
        static string Shown(Span span) => span.Resource.Length > 0 ? span.Resource : span.Name;
        var endpoints = matching.Select(Root).Select(root => (root.Service, Shown: Shown(root))).Distinct().OrderBy(pair => pair.Service, StringComparer.Ordinal).ThenBy(pair => pair.Shown, StringComparer.Ordinal).ToList();
        long Key(Trace trace) => sort switch
        {
            TraceSort.Newest => -trace.Matches.Min(span => span.StartUnixNanos),
            TraceSort.Oldest => trace.Matches.Min(span => span.StartUnixNanos),
            TraceSort.Slowest => -(trace.Spans.Max(End) - trace.Spans.Min(span => span.StartUnixNanos)),
            TraceSort.MostErrors => -trace.Spans.Count(span => span.IsError),
            TraceSort.MostSpans => -trace.Spans.Count,
            TraceSort.Endpoint => endpoints.IndexOf((Root(trace).Service, Shown(Root(trace)))),
            TraceSort.Status => -(HttpStatus.Of(Root(trace)) is > 0 and var code ? code : Root(trace).IsError ? 1000 : 0),
            TraceSort.MostServices => -trace.Spans.Select(span => span.Service).Distinct().Count(),
            TraceSort.Kept => Array.IndexOf([.. Enum.GetValues<SampleVerdict>().OrderBy(verdict => verdict.Word(), StringComparer.Ordinal)], Root(trace).Flags.Verdict()),
            _ => throw new ArgumentOutOfRangeException(nameof(sort)),
        };
        return ([.. matching.OrderBy(trace => isTurned ? -Key(trace) : Key(trace)).ThenByDescending(trace => trace.Matches.Min(span => span.StartUnixNanos)).ThenBy(trace => trace.Id).Skip(skip).Take(limit).Select(trace => trace.Id)], matching.Count, spanCount);
    }

    /// <summary>Whether a span matches, for any filter.</summary>
    public static Func<Span, bool> Matching(IReadOnlyList<SpanBatch> batches, TimeRange range, TraceFilter filter)
    {
        if (!filter.IsOfTrace) return span => Holds(filter.Root, span);
        var traces = new List<Trace>();
        var seen = new HashSet<(ulong, ulong, string)>();
        foreach (var span in batches.Reverse().SelectMany(SpanBatches.Spans).Where(span => range.Contains(span.StartUnixNanos) && seen.Add((span.TraceId.Low, span.Id.Value, span.Service))))
        {
            var trace = traces.Find(trace => trace.Id.Matches(span.TraceId));
            if (trace is null) traces.Add(trace = new Trace { Id = span.TraceId });
            if (trace.Id.High == 0) trace.Id = span.TraceId;
            trace.Spans.Add(span);
        }
        var named = new HashSet<(ulong, ulong, string)>();
        foreach (var trace in traces)
        {
            var (holds, spans) = Judge(filter.Root, trace.Spans);
            if (holds) named.UnionWith((spans.Count > 0 ? spans : trace.Spans).Select(span => (span.TraceId.Low, span.Id.Value, span.Service)));
        }
        return span => named.Contains((span.TraceId.Low, span.Id.Value, span.Service));
    }

    /// <summary>All spans that match, each once.</summary>
    public static List<Span> Spans(IReadOnlyList<SpanBatch> batches, TimeRange range, TraceFilter filter)
    {
        var isMatch = Matching(batches, range, filter);
        var seen = new HashSet<(ulong, ulong, string)>();
        return [.. batches.Reverse().SelectMany(SpanBatches.Spans).Where(span => range.Contains(span.StartUnixNanos) && isMatch(span) && seen.Add((span.TraceId.Low, span.Id.Value, span.Service)))];
    }

    static (bool Holds, List<Span> Spans) Judge(FilterNode node, List<Span> trace)
    {
        switch (node)
        {
            case SpansWith set:
                return Judge(set.Condition, trace);
            case { IsOfTrace: false }:
                var matching = trace.Where(span => Holds(node, span)).ToList();
                return (matching.Count > 0, matching);
            case AllOf all:
                var ofSpan = all.Children.Where(child => !child.IsOfTrace).ToList();
                var parts = all.Children.Where(child => child.IsOfTrace).Select(child => Judge(child, trace)).ToList();
                if (ofSpan.Count > 0) parts.Add(Judge(new AllOf(ofSpan, default), trace));
                return parts.TrueForAll(part => part.Holds) ? (true, [.. parts.SelectMany(part => part.Spans).Distinct()]) : (false, []);
            case AnyOf any:
                var some = any.Children.Select(child => Judge(child, trace)).Where(part => part.Holds).ToList();
                return (some.Count > 0, [.. some.SelectMany(part => part.Spans).Distinct()]);
            case Negation negation:
                return (!Judge(negation.Child, trace).Holds, []);
            case RelatedSpans related:
                var other = Judge(related.Other, trace).Spans;
                var anchors = Judge(related.Anchor, trace).Spans.Where(span => other.Exists(of => Stands(span, related.Relation, of, trace)) != related.IsNegated).ToList();
                return (anchors.Count > 0, anchors);
            case SpanAggregate aggregate:
                var child = Judge(aggregate.Child, trace);
                var numbers = child.Spans.Select(span => aggregate.Function == AggregateFunction.Count ? 0 : NumberOf(aggregate.Field, aggregate.Key, span)).Where(number => number is { } n && !double.IsNaN(n)).Select(number => number!.Value).ToList();
                var holds = child.Holds && numbers.Count > 0 && Compares(aggregate.Function switch
                {
                    AggregateFunction.Count => numbers.Count,
                    AggregateFunction.Sum => numbers.Sum(),
                    AggregateFunction.Min => numbers.Min(),
                    AggregateFunction.Max => numbers.Max(),
                    _ => numbers.Average(),
                }, aggregate.Comparison, aggregate.Value);
                return (holds, holds ? child.Spans : []);
            case TextCondition text:
                var root = trace.OrderBy(span => !span.ParentId.IsNone).ThenBy(span => span.StartUnixNanos).ThenBy(span => span.Id.Value).First();
                return (text.Pattern.Matches(text.Field switch { FilterField.RootService => root.Service, FilterField.RootOperation => root.Name, _ => root.Resource }), []);
            case NumberCondition number:
                return (Compares(OfTrace(number.Field, trace), number.Comparison, number.Value), []);
            case RangeCondition between:
                return (IsWithin(OfTrace(between.Field, trace), between), []);
            default:
                throw new NotSupportedException();
        }
    }

    static double OfTrace(FilterField field, List<Span> trace) => field switch
    {
        FilterField.TraceSpanCount => trace.Count,
        FilterField.TraceErrorCount => trace.Count(span => span.IsError),
        FilterField.TraceServiceCount => trace.Select(span => span.Service).Distinct().Count(),
        _ => (double)((Int128)trace.Max(End) - trace.Min(span => span.StartUnixNanos)),
    };

    static bool Stands(Span span, SpanRelation relation, Span to, List<Span> trace) => relation switch
    {
        SpanRelation.ParentOf => Parent(to, trace) == span,
        SpanRelation.ChildOf => Parent(span, trace) == to,
        SpanRelation.AncestorOf => Above(to, trace).Contains(span),
        SpanRelation.DescendantOf => Above(span, trace).Contains(to),
        _ => span != to && Parent(span, trace) is { } parent && Parent(to, trace) == parent,
    };

    static Span? Parent(Span span, List<Span> trace) => span.ParentId.IsNone ? null : trace.Find(other => other.Id == span.ParentId);

    /// <summary>All that is met going up; in a circle each of it, once.</summary>
    static List<Span> Above(Span span, List<Span> trace)
    {
        var above = new List<Span>();
        for (var at = Parent(span, trace); at is not null && !above.Contains(at); at = Parent(at, trace)) above.Add(at);
        return above;
    }

    sealed class Trace
    {
        public TraceId Id;
        public List<Span> Spans { get; } = [];
        public List<Span> Matches { get; } = [];
    }

    static long End(Span span) => (long)Int128.Min(long.MaxValue, (Int128)span.StartUnixNanos + span.DurationNanos);

    static bool Holds(FilterNode node, Span span) => node switch
    {
        AllOf all => all.Children.All(child => Holds(child, span)),
        AnyOf any => any.Children.Any(child => Holds(child, span)),
        Negation negation => !Holds(negation.Child, span),
        TextCondition text => Holds(text, span),
        NumberCondition number => NumberOf(number.Field, number.Key, span) is { } value && Compares(value, number.Comparison, number.Value),
        RangeCondition between => NumberOf(between.Field, between.Key, span) is { } value && IsWithin(value, between),
        _ => throw new NotSupportedException(),
    };

    static bool Compares(double value, Comparison comparison, double bound) => comparison switch
    {
        Comparison.Less => value < bound,
        Comparison.LessOrEqual => value <= bound,
        Comparison.Greater => value > bound,
        Comparison.GreaterOrEqual => value >= bound,
        _ => value == bound,
    };

    static bool IsWithin(double value, RangeCondition between) =>
        (value > between.Min || (between.IsMinIncluded && value == between.Min)) && (value < between.Max || (between.IsMaxIncluded && value == between.Max));

    static double? NumberOf(FilterField field, string key, Span span) =>
        field == FilterField.Duration ? span.DurationNanos
        : span.Numbers.TryGetValue(key, out var value) ? value
        : span.Tags.TryGetValue(key, out var text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) ? value
        : null;

    static bool Holds(TextCondition text, Span span) => text.Field switch
    {
        FilterField.Service => text.Pattern.Matches(span.Service),
        FilterField.Env => text.Pattern.Matches(span.Env),
        FilterField.Operation => text.Pattern.Matches(span.Name),
        FilterField.Resource => text.Pattern.Matches(span.Resource),
        FilterField.Type => text.Pattern.Matches(span.Type),
        FilterField.Status => span.IsError == (text.Pattern.PlainText == "error"),
        FilterField.Kind => span.Kind.ToString().Equals(text.Pattern.PlainText, StringComparison.OrdinalIgnoreCase),
        FilterField.SpanId => span.Id.ToString() == text.Pattern.PlainText,
        FilterField.ParentId => span.ParentId.ToString() == text.Pattern.PlainText,
        FilterField.Kept => span.Flags.Verdict().Word() == text.Pattern.PlainText,
        FilterField.Is => text.Pattern.PlainText switch
        {
            "root" => span.ParentId.IsNone,
            "entry" => span.IsTopLevel,
            "measured" => (span.Flags & SpanFlags.Measured) != 0,
            _ => (span.Flags & SpanFlags.Partial) != 0,
        },
        FilterField.Version => Holds(new TextCondition(FilterField.Tag, "version", text.Pattern, default), span),
        FilterField.Tag => span.Tags.TryGetValue(text.Key, out var value) ? text.Pattern.Matches(value)
            : span.Numbers.TryGetValue(text.Key, out var number) && text.Pattern.Matches(number.ToString("R", CultureInfo.InvariantCulture)),
        FilterField.Text => new[] { span.Service, span.Name, span.Resource }.Concat(span.Tags.Values).Any(value => value.Contains(text.Pattern.PlainText, StringComparison.OrdinalIgnoreCase)),
        _ => throw new NotSupportedException(),
    };
}
