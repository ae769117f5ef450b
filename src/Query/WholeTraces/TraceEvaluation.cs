using Apm.Query.Filters;
using Apm.Query.Matching;

namespace Apm.Query.WholeTraces;

/// <summary>Says for each trace whether the conditions hold, and which spans they name.</summary>
sealed class TraceEvaluation(TracePlan plan, AllOf root)
{
    /// <summary>The named spans of all traces for which the conditions hold. Where they name none (as <c>spans:>10</c>), all spans of the trace.</summary>
    /// <returns>Those spans, and the traces by their numbers in the rows.</returns>
    public (SpanSet Spans, List<int> Traces) Matching(TraceRows rows)
    {
        var matching = new SpanSet();
        var traces = new List<int>();
        foreach (var trace in rows.ByTrace())
        {
            var (holds, spans) = new OneTrace(plan, rows, trace).Of(root);
            if (!holds) continue;
            traces.Add(trace[0].Trace);
            var namesAny = Array.IndexOf(spans, true) >= 0;
            for (var i = 0; i < trace.Length; i++) if (!namesAny || spans[i]) matching.Add(trace[i].Print);
        }
        return (matching, traces);
    }

    /// <summary>Every node gives whether it holds, and a flag per span: whether it names it.</summary>
    sealed class OneTrace(TracePlan plan, TraceRows rows, TraceRow[] spans)
    {
        int[]? _parents;

        int[] Parents => _parents ??= TraceParents.Of(spans);

        public (bool Holds, bool[] Spans) Of(FilterNode node) => node switch
        {
            { IsOfTrace: false } => SpansWith(node),
            SpansWith set => SpansWith(set.Condition),
            AllOf all => All(all),
            AnyOf any => Union(any.Children.Select(Of).Where(part => part.Holds)),
            Negation negation => (!Of(negation.Child).Holds, Nothing()),
            RelatedSpans related => Related(related),
            SpanAggregate aggregate => Aggregate(aggregate),
            TextCondition text => (Root(text), Nothing()),
            NumberCondition number => (NumberTest.Holds(NumberOf(number.Field), number.Comparison, number.Value), Nothing()),
            RangeCondition range => (range.Holds(NumberOf(range.Field)), Nothing()),
            _ => throw new InvalidOperationException($"Nothing is known of {node.GetType().Name} for a trace."),
        };

        bool[] Nothing() => new bool[spans.Length];

        (bool, bool[]) SpansWith(FilterNode condition)
        {
            var bit = 1UL << plan.SetOf(condition);
            var named = Nothing();
            for (var i = 0; i < spans.Length; i++) named[i] = (spans[i].Sets & bit) != 0;
            return (Array.IndexOf(named, true) >= 0, named);
        }

        (bool, bool[]) All(AllOf all)
        {
            var parts = all.Children.Where(child => child.IsOfTrace).Select(Of).ToList();
            if (TracePlan.SpanPart(all) is { } part) parts.Add(SpansWith(part));
            return parts.TrueForAll(part => part.Item1) ? (true, Union(parts).Spans) : (false, Nothing());
        }

        (bool Holds, bool[] Spans) Union(IEnumerable<(bool Holds, bool[] Spans)> parts)
        {
            var (holds, named) = (false, Nothing());
            foreach (var part in parts)
            {
                holds = true;
                for (var i = 0; i < named.Length; i++) named[i] |= part.Spans[i];
            }
            return (holds, named);
        }

        (bool, bool[]) Related(RelatedSpans related)
        {
            var named = Of(related.Anchor).Spans;
            var other = Of(related.Other).Spans;
            var stands = related.Relation switch
            {
                SpanRelation.ParentOf => TraceParents.ParentsOf(other, Parents),
                SpanRelation.AncestorOf => TraceParents.AncestorsOf(other, Parents),
                SpanRelation.ChildOf => TraceParents.ChildrenOf(other, Parents),
                SpanRelation.DescendantOf => TraceParents.DescendantsOf(other, Parents),
                _ => TraceParents.SiblingsOf(other, Parents),
            };
            for (var i = 0; i < named.Length; i++) named[i] &= stands[i] != related.IsNegated;
            return (Array.IndexOf(named, true) >= 0, named);
        }

        (bool, bool[]) Aggregate(SpanAggregate aggregate)
        {
            var (holds, named) = Of(aggregate.Child);
            var (count, sum, min, max) = (0L, 0.0, double.PositiveInfinity, double.NegativeInfinity);
            for (var i = 0; i < named.Length; i++)
            {
                if (!named[i]) continue;
                var value = aggregate.Function == AggregateFunction.Count ? 0
                    : aggregate.Field == FilterField.Duration ? spans[i].DurationNanos : rows.Measure(plan.MeasureOf(SpanField.Tag(aggregate.Key)), spans[i]);
                if (double.IsNaN(value)) continue;
                count++;
                sum += value;
                min = Math.Min(min, value);
                max = Math.Max(max, value);
            }
            var number = aggregate.Function switch
            {
                AggregateFunction.Count => count,
                AggregateFunction.Sum => sum,
                AggregateFunction.Min => min,
                AggregateFunction.Max => max,
                _ => sum / count,
            };
            holds = holds && count > 0 && NumberTest.Holds(number, aggregate.Comparison, aggregate.Value);
            return (holds, holds ? named : Nothing());
        }

        bool Root(TextCondition text)
        {
            var root = 0;
            for (var i = 1; i < spans.Length; i++)
                if (spans[root].ParentId != 0 && spans[i].ParentId == 0) root = i; // They are in order of start and id.
            return TracePlan.OfAnySpan(text) is { } condition && (spans[root].Sets & (1UL << plan.SetOf(condition))) != 0;
        }

        double NumberOf(FilterField field) => field switch
        {
            FilterField.TraceSpanCount => spans.Length,
            FilterField.TraceErrorCount => spans.Count(span => span.IsError),
            FilterField.TraceServiceCount => spans.Select(span => span.ServiceHash).Distinct().Count(),
            _ => (double)((Int128)spans.Max(span => span.EndUnixNanos) - spans.Min(span => span.StartUnixNanos)), // Exact: times of today as doubles are 256 ns apart.
        };
    }
}
