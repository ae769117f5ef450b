using System.Globalization;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Traces;
using Apm.TestKit;

namespace Apm.Query.Tests.Traces;

/// <summary>The search again, with objects and the plainest of loops, to compare with.</summary>
static class BruteForce
{
    public static (List<TraceId> Ids, int TraceCount, long SpanCount) Search(IReadOnlyList<SpanBatch> batches, TimeRange range, TraceFilter filter, TraceSort sort, int limit)
    {
        var looksAtAll = sort is not (TraceSort.Newest or TraceSort.Oldest);
        var (seen, seenMatching, spanCount) = (new HashSet<(ulong, ulong, string)>(), new HashSet<(ulong, ulong, string)>(), 0L);
        var traces = new List<Trace>();
        foreach (var batch in batches.Reverse())
        {
            var spans = SpanBatches.Spans(batch).Where(span => range.Contains(span.StartUnixNanos)).ToList();
            var matches = spans.Where(span => Holds(filter.Root, span) && seenMatching.Add((span.TraceId.Low, span.Id.Value, span.Service))).ToList();
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
        long Key(Trace trace) => sort switch
        {
            TraceSort.Newest => -trace.Matches.Min(span => span.StartUnixNanos),
            TraceSort.Oldest => trace.Matches.Min(span => span.StartUnixNanos),
            TraceSort.Slowest => -(trace.Spans.Max(End) - trace.Spans.Min(span => span.StartUnixNanos)),
            TraceSort.MostErrors => -trace.Spans.Count(span => span.IsError),
            _ => -trace.Spans.Count,
        };
        return ([.. matching.OrderBy(Key).ThenBy(trace => trace.Id).Take(limit).Select(trace => trace.Id)], matching.Count, spanCount);
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
        NumberCondition number => NumberOf(number, span) is { } value && number.Comparison switch
        {
            Comparison.Less => value < number.Value,
            Comparison.LessOrEqual => value <= number.Value,
            Comparison.Greater => value > number.Value,
            Comparison.GreaterOrEqual => value >= number.Value,
            _ => value == number.Value,
        },
        _ => throw new NotSupportedException(),
    };

    static double? NumberOf(NumberCondition number, Span span) =>
        number.Field == FilterField.Duration ? span.DurationNanos
        : span.Numbers.TryGetValue(number.Key, out var value) ? value
        : span.Tags.TryGetValue(number.Key, out var text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) ? value
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
        FilterField.Tag => span.Tags.TryGetValue(text.Key, out var value) ? text.Pattern.Matches(value)
            : span.Numbers.TryGetValue(text.Key, out var number) && text.Pattern.Matches(number.ToString("R", CultureInfo.InvariantCulture)),
        FilterField.Text => new[] { span.Service, span.Name, span.Resource }.Concat(span.Tags.Values).Any(value => value.Contains(text.Pattern.PlainText, StringComparison.OrdinalIgnoreCase)),
        _ => throw new NotSupportedException(),
    };
}
