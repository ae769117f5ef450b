using Apm.Query.Filters;
using Apm.Query.Traces;

namespace Apm.Query.Tests.Traces;

/// <summary>Filter trees by chance, over few values so that many hold.</summary>
sealed class RandomFilters(Random chance)
{
    static readonly string[] Services = ["web", "api", "db", "cache"];
    static readonly string[] Odd = ["a b", "x:y", "", "*", "?", "{id}", "a\"b", "back\\slash", "-minus", "[1 TO 2]", "é", "(", "}", "AND", "!x", "~", "=>", ">5"];

    /// <summary>Also of whole traces.</summary>
    public TraceFilter Filter() => TraceFilter.Of(new AllOf([.. Some(1, 3, () => chance.Next(2) == 0 ? OfSpan(2) : OfTrace(3))], default));

    public FilterNode OfSpan(int depth) => (depth > 0 ? chance.Next(12) : chance.Next(9)) switch
    {
        0 => new TextCondition(FilterField.Service, "", TextPattern.Exactly(Of(Services)), default),
        1 => new TextCondition(FilterField.Status, "", TextPattern.Exactly(Of("ok", "error")), default),
        2 => new NumberCondition(FilterField.Duration, "", Any<Comparison>(), chance.Next(5) * 1_000_000, default),
        3 => Range(FilterField.Duration, "", 1_000_000),
        4 => Range(FilterField.Tag, "n", 1),
        5 => new TextCondition(FilterField.Tag, Of("n", "t", "odd key", "duration"), Pattern(), default),
        6 => new TextCondition(FilterField.Is, "", TextPattern.Exactly(Of("root", "entry")), default),
        7 => new NumberCondition(FilterField.Tag, "n", Any<Comparison>(), chance.Next(5), default),
        8 => new TextCondition(FilterField.Service, "", TextPattern.Parse(Of("?eb", "a*", "*b", "d?", "*")), default),
        9 => new Negation(OfSpan(depth - 1), default),
        10 => new AllOf([.. Some(2, 3, () => OfSpan(depth - 1))], default),
        _ => new AnyOf([.. Some(2, 3, () => OfSpan(depth - 1))], default),
    };

    public FilterNode OfTrace(int depth) => (depth > 0 ? chance.Next(11) : chance.Next(5)) switch
    {
        0 or 1 => new SpansWith(chance.Next(8) == 0 ? new AllOf([], default) : OfSpan(1), default),
        2 => new NumberCondition(Of(FilterField.TraceSpanCount, FilterField.TraceErrorCount, FilterField.TraceServiceCount), "", Any<Comparison>(), chance.Next(5), default),
        3 => chance.Next(2) == 0 ? Range(FilterField.TraceSpanCount, "", 1) : Range(FilterField.TraceDuration, "", 1_000_000),
        4 => new TextCondition(FilterField.RootService, "", TextPattern.Exactly(Of(Services)), default),
        5 or 6 => new RelatedSpans(OfTrace(depth - 1), Any<SpanRelation>(), OfTrace(depth - 1), chance.Next(3) == 0, default),
        7 => Aggregate(depth),
        8 => new Negation(OfTrace(depth - 1), default),
        9 => new AllOf([OfTrace(depth - 1), .. Some(1, 2, () => chance.Next(2) == 0 ? OfSpan(1) : OfTrace(depth - 1))], default),
        _ => new AnyOf([OfTrace(depth - 1), .. Some(1, 2, () => chance.Next(2) == 0 ? OfSpan(1) : OfTrace(depth - 1))], default),
    };

    SpanAggregate Aggregate(int depth)
    {
        var function = Any<AggregateFunction>();
        var isTag = function != AggregateFunction.Count && chance.Next(2) == 0;
        var ofNanos = function != AggregateFunction.Count && !isTag;
        return new SpanAggregate(OfTrace(depth - 1), function, isTag ? FilterField.Tag : FilterField.Duration, isTag ? "n" : "", Any<Comparison>(), chance.Next(5) * (ofNanos ? 1_000_000 : 1), default);
    }

    RangeCondition Range(FilterField field, string key, double unit)
    {
        var min = chance.Next(4);
        return new(field, key,
            chance.Next(5) == 0 ? double.NegativeInfinity : min * unit, chance.Next(2) == 0,
            chance.Next(5) == 0 ? double.PositiveInfinity : chance.Next(min, 6) * unit, chance.Next(2) == 0, default);
    }

    TextPattern Pattern() => chance.Next(3) switch
    {
        0 => TextPattern.Exactly(Of(Odd)),
        1 => TextPattern.Anything,
        _ => TextPattern.Parse(Of("1", "?", "v*", "*v", "v?", "2")),
    };

    IEnumerable<FilterNode> Some(int least, int most, Func<FilterNode> make) => Enumerable.Range(0, chance.Next(least, most + 1)).Select(_ => make());

    T Of<T>(params T[] choices) => choices[chance.Next(choices.Length)];

    TEnum Any<TEnum>() where TEnum : struct, Enum => Of(Enum.GetValues<TEnum>());
}
