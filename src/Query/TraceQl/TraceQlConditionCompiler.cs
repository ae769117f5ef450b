using Apm.Core.Ids;
using Apm.Query.Filters;
using Apm.Query.Text;
using Apm.Query.Traces;

namespace Apm.Query.TraceQl;

/// <summary>
/// Turns TraceQL's conditions into our tree. As in Tempo, what compares with an attribute that a span does not have does not hold,
/// <c>!=</c> and <c>!~</c> included.
/// </summary>
static class TraceQlConditionCompiler
{
    /// <summary>Most alternatives into which conditions on spans and on traces, mixed, may be taken apart.</summary>
    const int MaxTerms = 64;

    /// <summary>A condition of ours: of the trace when some part of it is, else of one span.</summary>
    public static FilterNode Compile(TraceQlCondition condition)
    {
        var plain = Plain(condition);
        if (!plain.IsOfTrace) return plain;
        // Mixed: "one span, and its trace" must not come apart into "a span, and another span". So alternatives of things that hold together.
        var terms = Terms(condition, isNegated: false);
        return terms.Count == 1 ? All(terms[0], condition.At) : new AnyOf([.. terms.Select(term => All(term, condition.At))], condition.At);
    }

    /// <summary>What is true of the trace only is true of each of its spans, so that it names them all.</summary>
    static AllOf All(List<FilterNode> parts, TextRange at) =>
        new(parts.TrueForAll(part => part.IsOfTrace) ? [.. parts, new SpansWith(new AllOf([], at), at)] : parts, at);

    static FilterNode Plain(TraceQlCondition condition) => condition switch
    {
        TraceQlTruth truth => Truth(truth.Holds, truth.At),
        TraceQlCompare compare => Leaf(compare),
        TraceQlNot not => new Negation(Plain(not.Child), not.At),
        TraceQlLogic { IsAnd: true } and => new AllOf([.. Parts(Plain(and.Left), isAnd: true), .. Parts(Plain(and.Right), isAnd: true)], and.At),
        TraceQlLogic or => new AnyOf([.. Parts(Plain(or.Left), isAnd: false), .. Parts(Plain(or.Right), isAnd: false)], or.At),
        _ => throw new InvalidOperationException($"No meaning is known for {condition.GetType().Name}."),
    };

    /// <summary>Lists are flat, so that the store is told what every span must have.</summary>
    internal static IReadOnlyList<FilterNode> Parts(FilterNode node, bool isAnd) => (node, isAnd) switch
    {
        (AllOf all, true) => all.Children,
        (AnyOf any, false) => any.Children,
        _ => [node],
    };

    static List<List<FilterNode>> Terms(TraceQlCondition condition, bool isNegated)
    {
        switch (condition)
        {
            case TraceQlNot not: return Terms(not.Child, !isNegated);
            case TraceQlLogic logic when logic.IsAnd != isNegated:
                var (left, right) = (Terms(logic.Left, isNegated), Terms(logic.Right, isNegated));
                if (left.Count * right.Count > MaxTerms)
                    throw new QueryTextException($"The conditions at column {logic.At.Column} mix spans and whole traces in more than {MaxTerms} ways. Use fewer alternatives.", logic.At);
                return [.. left.SelectMany(_ => right, (one, other) => (List<FilterNode>)[.. one, .. other])];
            case TraceQlLogic logic: return [.. Terms(logic.Left, isNegated), .. Terms(logic.Right, isNegated)];
            default:
                var leaf = Plain(condition);
                return [[isNegated ? new Negation(leaf, condition.At) : leaf]];
        }
    }

    static FilterNode Truth(bool holds, TextRange at) => holds ? new AllOf([], at) : new Negation(new AllOf([], at), at);

    static FilterNode Leaf(TraceQlCompare compare)
    {
        if (compare.Field.Scope == TraceQlScope.Intrinsic)
        {
            switch (compare.Field.Name)
            {
                case "status" or "span:status": return Status(compare);
                case "kind" or "span:kind": return Kind(compare);
                case "nestedSetParent": return Root(compare);
                case "trace:id" or "span:id" or "span:parentID": return Id(compare);
                case "duration" or "span:duration" or "traceDuration" or "trace:duration": return Duration(compare);
            }
        }
        var fields = TraceQlFields.Of(compare.Field);
        var isAlwaysThere = compare.Field is { Scope: TraceQlScope.Intrinsic, Name: not ("statusMessage" or "span:statusMessage") };
        FilterNode Exists() => Any(fields, compare, field => new TextCondition(field.Field, field.Key, TextPattern.Anything, compare.At));
        if (compare.Value.Kind == TraceQlValueKind.Nil)
        {
            return compare.Comparison switch
            {
                TraceQlComparison.Equal => new Negation(Exists(), compare.At),
                TraceQlComparison.NotEqual => Exists(),
                _ => throw new QueryTextException($"nil at column {compare.ValueAt.Column} can be compared with = and != only.", compare.ValueAt),
            };
        }
        if (compare.Comparison is not (TraceQlComparison.NotEqual or TraceQlComparison.NotLike)) return Any(fields, compare, field => Compare(field, compare, compare.Comparison));
        var positive = compare.Comparison == TraceQlComparison.NotEqual ? TraceQlComparison.Equal : TraceQlComparison.Like;
        var not = new Negation(Any(fields, compare, field => Compare(field, compare, positive)), compare.At);
        return isAlwaysThere ? not : new AllOf([Exists(), not], compare.At);
    }

    static FilterNode Any(IReadOnlyList<SpanField> fields, TraceQlCompare compare, Func<SpanField, FilterNode> make) =>
        fields.Count == 1 ? make(fields[0]) : new AnyOf([.. fields.SelectMany(field => Parts(make(field), isAnd: false))], compare.At);

    static FilterNode Compare(SpanField field, TraceQlCompare compare, TraceQlComparison comparison)
    {
        var value = compare.Value;
        if (comparison == TraceQlComparison.Like)
        {
            if (value.Kind != TraceQlValueKind.Text) throw new QueryTextException($"{value} at column {compare.ValueAt.Column} is no text; =~ and !~ need a regular expression in quotes.", compare.ValueAt, $"\"{value}\"");
            return field.Field.IsOfTrace() ? RootText(field, compare) : new RegexCondition(field.Field, field.Key, value.Text, compare.At);
        }
        switch (value.Kind)
        {
            case TraceQlValueKind.Number or TraceQlValueKind.Duration when field.Field == FilterField.Tag:
                return new NumberCondition(field.Field, field.Key, Of(comparison), value.Number, compare.At);
            case TraceQlValueKind.Word:
                throw new QueryTextException($"{value} at column {compare.ValueAt.Column} is a status or kind. To compare {compare.Field} with it as a text, put it into quotes.", compare.ValueAt, $"\"{value}\"");
        }
        if (comparison != TraceQlComparison.Equal)
            throw new QueryTextException($"{compare.Field} at column {compare.FieldAt.Column} is compared with {value}; texts are compared with =, !=, =~ and !~.", compare.At);
        return new TextCondition(field.Field, field.Key, TextPattern.Exactly(value.Kind == TraceQlValueKind.Text ? value.Text : value.ToString()), compare.At);
    }

    /// <summary>Names of roots are compared as patterns: any text where the expression has <c>.*</c>, and alternatives.</summary>
    static FilterNode RootText(SpanField field, TraceQlCompare compare)
    {
        var alternatives = compare.Value.Text.Split('|').Select(part => SimplePattern.Of(part)
            ?? throw new QueryTextException($"At column {compare.ValueAt.Column}: for {compare.Field} only texts, \".*\" and \"|\" are understood in a regular expression.", compare.ValueAt)).ToList();
        var nodes = alternatives.Select(pattern => (FilterNode)new TextCondition(field.Field, field.Key, pattern, compare.At)).ToList();
        return nodes.Count == 1 ? nodes[0] : new AnyOf(nodes, compare.At);
    }

    static FilterNode Duration(TraceQlCompare compare)
    {
        if (compare.Value.Kind is not (TraceQlValueKind.Duration or TraceQlValueKind.Number) || compare.Comparison is TraceQlComparison.Like or TraceQlComparison.NotLike)
            throw new QueryTextException($"{compare.Field} at column {compare.FieldAt.Column} compares with a duration, such as {compare.Field} > 100ms.", compare.ValueAt);
        var field = TraceQlFields.Of(compare.Field)[0].Field;
        return compare.Comparison == TraceQlComparison.NotEqual
            ? new Negation(new NumberCondition(field, "", Comparison.Equal, compare.Value.Number, compare.At), compare.At)
            : new NumberCondition(field, "", Of(compare.Comparison), compare.Value.Number, compare.At);
    }

    static FilterNode Status(TraceQlCompare compare)
    {
        var word = WordOf(compare, ["error", "ok", "unset"]);
        FilterNode isError = new TextCondition(FilterField.Status, "", TextPattern.Exactly("error"), compare.At);
        FilterNode saidOk = new TextCondition(FilterField.Tag, "otel.status_code", TextPattern.Exactly("Ok"), compare.At);
        FilterNode noError = new TextCondition(FilterField.Status, "", TextPattern.Exactly("ok"), compare.At);
        return Signed(compare, word switch
        {
            "error" => isError,
            "ok" => new AllOf([noError, saidOk], compare.At),
            _ => new AllOf([noError, new Negation(saidOk, compare.At)], compare.At),
        });
    }

    static FilterNode Kind(TraceQlCompare compare) =>
        Signed(compare, new TextCondition(FilterField.Kind, "", TextPattern.Exactly(WordOf(compare, ["unspecified", "internal", "server", "client", "producer", "consumer"])), compare.At));

    /// <summary>Grafana asks for roots by <c>nestedSetParent &lt; 0</c>.</summary>
    static FilterNode Root(TraceQlCompare compare)
    {
        FilterNode isRoot = new TextCondition(FilterField.Is, "", TextPattern.Exactly("root"), compare.At);
        return (compare.Comparison, compare.Value.Kind, compare.Value.Number) switch
        {
            (TraceQlComparison.Less, TraceQlValueKind.Number, 0) or (TraceQlComparison.Equal, TraceQlValueKind.Number, -1) => isRoot,
            (TraceQlComparison.GreaterOrEqual, TraceQlValueKind.Number, 0) or (TraceQlComparison.NotEqual, TraceQlValueKind.Number, -1) => new Negation(isRoot, compare.At),
            _ => throw new QueryTextException($"nestedSetParent at column {compare.FieldAt.Column} tells roots only: write nestedSetParent < 0, or nestedSetParent >= 0 for the others.", compare.At, "nestedSetParent < 0"),
        };
    }

    static FilterNode Id(TraceQlCompare compare)
    {
        var field = TraceQlFields.Of(compare.Field)[0].Field;
        var text = compare.Value.Kind == TraceQlValueKind.Text ? compare.Value.Text : "";
        if (field == FilterField.ParentId && text.Length == 0 && compare.Value.Kind is TraceQlValueKind.Nil or TraceQlValueKind.Text)
            return Signed(compare, new TextCondition(FilterField.Is, "", TextPattern.Exactly("root"), compare.At));
        string? id = null;
        if (field == FilterField.TraceId && TraceId.TryParse(text, out var trace)) id = trace.ToString();
        else if (field != FilterField.TraceId && SpanId.TryParse(text, out var span)) id = span.ToString();
        return id is null
            ? throw new QueryTextException($"{compare.Value} at column {compare.ValueAt.Column} is not an id. Write {(field == FilterField.TraceId ? "16 or 32" : "16")} hex digits in quotes.", compare.ValueAt)
            : Signed(compare, new TextCondition(field, "", TextPattern.Exactly(id), compare.At));
    }

    static FilterNode Signed(TraceQlCompare compare, FilterNode positive) => compare.Comparison switch
    {
        TraceQlComparison.Equal => positive,
        TraceQlComparison.NotEqual => new Negation(positive, compare.At),
        _ => throw new QueryTextException($"{compare.Field} at column {compare.FieldAt.Column} can be compared with = and != only.", compare.At),
    };

    static string WordOf(TraceQlCompare compare, string[] words)
    {
        var word = compare.Value.Text;
        if (compare.Value.Kind is TraceQlValueKind.Word or TraceQlValueKind.Text && words.Contains(word)) return word;
        throw new QueryTextException($"{compare.Value} at column {compare.ValueAt.Column} is no {compare.Field}. There are: {string.Join(", ", words)}.", compare.ValueAt, NearestWord.Find(word, words));
    }

    internal static Comparison Of(TraceQlComparison comparison) => comparison switch
    {
        TraceQlComparison.Less => Comparison.Less,
        TraceQlComparison.LessOrEqual => Comparison.LessOrEqual,
        TraceQlComparison.Greater => Comparison.Greater,
        TraceQlComparison.GreaterOrEqual => Comparison.GreaterOrEqual,
        _ => Comparison.Equal,
    };
}

/// <summary>Regular expressions that say no more than a pattern with stars.</summary>
static class SimplePattern
{
    /// <summary>Null when the expression says more.</summary>
    public static TextPattern? Of(string regex)
    {
        var written = new System.Text.StringBuilder();
        for (var i = 0; i < regex.Length; i++)
        {
            switch (regex[i])
            {
                case '^' when i == 0: break;
                case '$' when i == regex.Length - 1: break;
                case '.' when i + 1 < regex.Length && regex[i + 1] == '*':
                    written.Append('*');
                    i++;
                    break;
                case '\\' when i + 1 < regex.Length && !char.IsLetterOrDigit(regex[i + 1]): Literal(regex[++i]); break;
                case '.' or '*' or '+' or '?' or '(' or ')' or '[' or ']' or '{' or '}' or '^' or '$' or '\\': return null;
                default: Literal(regex[i]); break;
            }
        }
        return TextPattern.Parse(written.ToString());

        void Literal(char c)
        {
            if (c is '*' or '"' or '\\' or '?') written.Append('\\');
            written.Append(c);
        }
    }
}
