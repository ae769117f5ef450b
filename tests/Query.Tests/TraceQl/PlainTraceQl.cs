using System.Text.RegularExpressions;
using Apm.Core.Spans;
using Apm.Query.TraceQl;

namespace Apm.Query.Tests.TraceQl;

/// <summary>What a query says, node by node, in the plainest of loops: without our filters, to compare with.</summary>
static class PlainTraceQl
{
    /// <summary>Ids of the spans named in each trace that is found, in order.</summary>
    public static Dictionary<ulong, string> Search(TraceQlQuery query, List<Span> spans) => spans.GroupBy(span => span.TraceId.Low)
        .Select(trace => (trace.Key, Named: Of(query, [.. trace.OrderBy(span => span.StartUnixNanos).ThenBy(span => span.Id.Value)])))
        .Where(trace => trace.Named.Count > 0)
        .ToDictionary(trace => trace.Key, trace => string.Join(' ', trace.Named.Select(span => span.Id.Value).Order()));

    static List<Span> Of(TraceQlQuery query, List<Span> trace)
    {
        var named = Of(query.Spans, trace);
        foreach (var each in query.Stages)
        {
            if (each is TraceQlKeep keep)
            {
                named = [.. named.Where(span => Holds(keep.Spans.Condition, span, trace))];
                continue;
            }
            var stage = (TraceQlAggregate)each;
            var numbers = named.Select(span => stage.Function == "count" ? 0 : stage.Field!.Value.Name == "duration" ? span.DurationNanos : span.Numbers.TryGetValue("n", out var n) ? n : (double?)null).OfType<double>().ToList();
            var number = numbers.Count == 0 ? 0 : stage.Function switch { "count" => numbers.Count, "avg" => numbers.Average(), "min" => numbers.Min(), "max" => numbers.Max(), _ => numbers.Sum() };
            if (numbers.Count == 0 || !Compares(number, stage.Comparison, stage.Value.Number)) named = [];
        }
        return named;
    }

    static List<Span> Of(TraceQlSpanset set, List<Span> trace)
    {
        if (set is TraceQlSpans one) return [.. trace.Where(span => Holds(one.Condition, span, trace))];
        if (set is TraceQlNested nested) return Of(nested.Query, trace);
        var related = (TraceQlRelated)set;
        var (left, right) = (Of(related.Left, trace), Of(related.Right, trace));
        switch (related.Relation)
        {
            case TraceQlRelation.Both: return left.Count > 0 && right.Count > 0 ? [.. left.Union(right)] : [];
            case TraceQlRelation.Either: return [.. left.Union(right)];
        }
        bool Stands(Span a, Span b) => related.Relation switch
        {
            TraceQlRelation.Child => Parent(b, trace) == a,
            TraceQlRelation.Parent => Parent(a, trace) == b,
            TraceQlRelation.Descendant => Above(b, trace).Contains(a),
            TraceQlRelation.Ancestor => Above(a, trace).Contains(b),
            _ => a != b && Parent(a, trace) is { } parent && Parent(b, trace) == parent,
        };
        if (related.Mode == TraceQlRelationMode.Negated) return [.. right.Where(b => !left.Exists(a => Stands(a, b)))];
        var named = right.Where(b => left.Exists(a => Stands(a, b)));
        return related.Mode == TraceQlRelationMode.Union ? [.. named.Union(left.Where(a => right.Exists(b => Stands(a, b))))] : [.. named];
    }

    static bool Holds(TraceQlCondition condition, Span span, List<Span> trace) => condition switch
    {
        TraceQlTruth truth => truth.Holds,
        TraceQlNot not => !Holds(not.Child, span, trace),
        TraceQlLogic { IsAnd: true } and => Holds(and.Left, span, trace) && Holds(and.Right, span, trace),
        TraceQlLogic or => Holds(or.Left, span, trace) || Holds(or.Right, span, trace),
        TraceQlCompare { Field.Name: "nestedSetParent" } root => span.ParentId.IsNone == (root.Comparison == TraceQlComparison.Less),
        TraceQlCompare { Value.Kind: TraceQlValueKind.Nil } nil => ValueOf(nil.Field.Name, span, trace) is null == (nil.Comparison == TraceQlComparison.Equal),
        TraceQlCompare compare => ValueOf(compare.Field.Name, span, trace) switch
        {
            null => false,
            double number => Compares(number, compare.Comparison, compare.Value.Number),
            var text => compare.Comparison switch
            {
                TraceQlComparison.Equal => (string)text == compare.Value.Text,
                TraceQlComparison.NotEqual => (string)text != compare.Value.Text,
                TraceQlComparison.Like => Regex.IsMatch((string)text, $"^({compare.Value.Text})$"),
                _ => !Regex.IsMatch((string)text, $"^({compare.Value.Text})$"),
            },
        },
        _ => throw new NotSupportedException(),
    };

    static object? ValueOf(string field, Span span, List<Span> trace) => field switch
    {
        "service.name" => span.Service,
        "duration" => (double)span.DurationNanos,
        "status" => span.IsError ? "error" : "unset",
        "n" => span.Numbers.TryGetValue("n", out var n) ? n : null,
        "t" => span.Tags.GetValueOrDefault("t"),
        "rootServiceName" => (trace.Find(other => other.ParentId.IsNone) ?? trace[0]).Service,
        "traceDuration" => (double)(trace.Max(other => other.StartUnixNanos + other.DurationNanos) - trace.Min(other => other.StartUnixNanos)),
        _ => throw new NotSupportedException(field),
    };

    static bool Compares(double value, TraceQlComparison comparison, double bound) => comparison switch
    {
        TraceQlComparison.Less => value < bound,
        TraceQlComparison.LessOrEqual => value <= bound,
        TraceQlComparison.Greater => value > bound,
        TraceQlComparison.GreaterOrEqual => value >= bound,
        TraceQlComparison.NotEqual => value != bound,
        _ => value == bound,
    };

    static Span? Parent(Span span, List<Span> trace) => span.ParentId.IsNone ? null : trace.Find(other => other.Id == span.ParentId);

    /// <summary>All that is met going up; in a circle each of it, once.</summary>
    static List<Span> Above(Span span, List<Span> trace)
    {
        var above = new List<Span>();
        for (var at = Parent(span, trace); at is not null && !above.Contains(at); at = Parent(at, trace)) above.Add(at);
        return above;
    }
}
