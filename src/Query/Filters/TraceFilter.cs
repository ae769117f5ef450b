using Apm.Query.Text;

namespace Apm.Query.Filters;

/// <summary>
/// What somebody looks for: conditions that one span has to satisfy together, and conditions on its trace. Immutable; made by
/// <see cref="TraceFilterParser"/> or from <see cref="Empty"/> with the With methods. Two filters are equal when their texts are.
/// </summary>
public sealed class TraceFilter : IEquatable<TraceFilter>
{
    readonly string _text;

    internal TraceFilter(IReadOnlyList<FilterNode> conditions)
    {
        Root = new AllOf(conditions, default);
        _text = Root.ToString();
    }

    /// <summary>Every span satisfies it.</summary>
    public static TraceFilter Empty { get; } = new([]);

    /// <summary>The filter that says what a tree says.</summary>
    public static TraceFilter Of(FilterNode root) => new(root is AllOf all ? all.Children : [root]);

    /// <summary>The tree.</summary>
    public AllOf Root { get; }

    /// <summary>The conditions that must hold together.</summary>
    public IReadOnlyList<FilterNode> Conditions => Root.Children;

    public bool IsEmpty => Conditions.Count == 0;

    /// <summary>Some condition is of the whole trace: one span is not enough to answer it.</summary>
    public bool IsOfTrace => Root.IsOfTrace;

    /// <summary>The service asked for by <c>service:</c> without stars; null when there is no such condition.</summary>
    public string? Service => Exact(FilterField.Service);

    /// <summary>As <see cref="Service"/>, for <c>env:</c>.</summary>
    public string? Env => Exact(FilterField.Env);

    /// <summary>As <see cref="Service"/>, for <c>operation:</c>.</summary>
    public string? Name => Exact(FilterField.Operation);

    /// <summary>As <see cref="Service"/>, for <c>resource:</c>.</summary>
    public string? Resource => Exact(FilterField.Resource);

    /// <summary>True for <c>status:error</c>, false for <c>status:ok</c>, null when neither is asked for.</summary>
    public bool? IsError => Exact(FilterField.Status) switch { "error" => true, "ok" => false, _ => null };

    /// <summary>The lower bound of the duration; null when there is none.</summary>
    public long? MinDurationNanos => Bound(Comparison.Greater, Comparison.GreaterOrEqual);

    /// <summary>The upper bound of the duration; null when there is none.</summary>
    public long? MaxDurationNanos => Bound(Comparison.Less, Comparison.LessOrEqual);

    /// <summary>The tags asked for, key and value, with <c>*</c> where any text will do.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags =>
        [.. Conditions.OfType<TextCondition>().Where(condition => condition.Field == FilterField.Tag)
            .Select(condition => new KeyValuePair<string, string>(condition.Key, condition.Pattern.PlainText))];

    /// <summary>The free text; null when there is none.</summary>
    public string? Text => Exact(FilterField.Text);

    /// <summary>The same filter with one more condition, in place of any on the same key that is not negated.</summary>
    /// <param name="key">A word of the language (<c>service</c>, <c>status</c> …), or <c>@</c> and a tag's key.</param>
    /// <param name="value">Taken as it is: a star is a star.</param>
    /// <param name="isNegated">Spans that have it are to be left out; then nothing is replaced but the same exclusion.</param>
    /// <exception cref="QueryTextException">There is no such key, or the key does not take such a value.</exception>
    public TraceFilter With(string key, string value, bool isNegated = false)
    {
        var condition = ConditionReader.Read(new FilterKey(key, default, IsQuotedTag: true), new FilterToken(FilterTokenKind.Quoted, TextPattern.Exactly(value).ToString(), default, IsJoined: true));
        FilterNode added = isNegated ? new Negation(condition, default) : condition;
        var kept = isNegated ? Conditions.Where(node => node.ToString() != added.ToString()) : Without(key).Conditions;
        return new TraceFilter([.. kept, added]);
    }

    /// <summary>The same filter with these bounds of the duration, both included, in place of any; null for no bound.</summary>
    public TraceFilter WithDuration(long? minNanos, long? maxNanos)
    {
        var conditions = Without("duration").Conditions.ToList();
        if (minNanos is { } min) conditions.Add(new NumberCondition(FilterField.Duration, "", Comparison.GreaterOrEqual, min, default));
        if (maxNanos is { } max) conditions.Add(new NumberCondition(FilterField.Duration, "", Comparison.LessOrEqual, max, default));
        return new TraceFilter(conditions);
    }

    /// <summary>The same filter with this free text in place of any; null or "" removes it.</summary>
    public TraceFilter WithText(string? text)
    {
        var kept = Conditions.Where(node => node is not TextCondition { Field: FilterField.Text });
        return string.IsNullOrWhiteSpace(text)
            ? new TraceFilter([.. kept])
            : new TraceFilter([.. kept, new TextCondition(FilterField.Text, "", TextPattern.Exactly(text.Trim()), default)]);
    }

    /// <summary>The same filter without the conditions on a key that are not negated. Conditions inside OR stay.</summary>
    /// <param name="key">As for <see cref="With"/>; an unknown one removes nothing.</param>
    public TraceFilter Without(string key)
    {
        var field = key.StartsWith('@') ? FilterField.Tag : FilterWords.FieldOf(key);
        var tag = field == FilterField.Tag ? key[1..] : "";
        return new TraceFilter([.. Conditions.Where(node => node switch
        {
            TextCondition text => text.Field != field || text.Key != tag,
            NumberCondition number => number.Field != field || number.Key != tag,
            RangeCondition range => range.Field != field || range.Key != tag,
            _ => true,
        })]);
    }

    /// <summary>Both hold for the same span.</summary>
    public TraceFilter And(TraceFilter other) => new([.. Conditions, .. other.Conditions]);

    /// <summary>At least one of them holds for the span.</summary>
    public TraceFilter Or(TraceFilter other) => IsEmpty || other.IsEmpty ? Empty : new([new AnyOf([Alone(), other.Alone()], default)]);

    /// <summary>Text that <see cref="TraceFilterParser"/> reads back as the same filter; "" for the empty one.</summary>
    public override string ToString() => _text;

    public bool Equals(TraceFilter? other) => other is not null && _text == other._text;
    public override bool Equals(object? obj) => Equals(obj as TraceFilter);
    public override int GetHashCode() => string.GetHashCode(_text, StringComparison.Ordinal);

    FilterNode Alone() => Conditions.Count == 1 ? Conditions[0] : Root;

    string? Exact(FilterField field) =>
        Conditions.OfType<TextCondition>().FirstOrDefault(condition => condition.Field == field && condition.Pattern.ExactText is not null)?.Pattern.ExactText;

    long? Bound(Comparison open, Comparison closed)
    {
        foreach (var condition in Conditions)
        {
            if (condition is NumberCondition { Field: FilterField.Duration } number && (number.Comparison == open || number.Comparison == closed)) return (long)number.Value;
            if (condition is RangeCondition { Field: FilterField.Duration } range)
            {
                var bound = open == Comparison.Greater ? range.Min : range.Max;
                if (double.IsFinite(bound)) return (long)bound;
            }
        }
        return null;
    }
}
