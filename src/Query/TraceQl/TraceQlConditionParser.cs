using Apm.Query.Text;

namespace Apm.Query.TraceQl;

/// <summary>
/// Reads the conditions of a set of spans:
/// <code>
/// one       = "{" [ condition ] "}"
/// condition = single *( ( "&amp;&amp;" | "||" ) single )                     ; alike, from the left
/// single    = "!" single | "(" condition ")" | field [ compare value ] | value compare field | "true" | "false"
/// </code>
/// </summary>
sealed class TraceQlConditionParser(TraceQlCursor cursor, TraceQlOperands operands)
{
    public TraceQlSpans Spans()
    {
        var start = cursor.Take().At;
        TraceQlCondition condition = cursor.IsSign("}") ? new TraceQlTruth(holds: true, cursor.Next.At) : Condition();
        if (!cursor.IsSign("}"))
        {
            if (cursor.Next.Kind == TraceQlTokenKind.End) throw TraceQlCursor.NotClosed("{", start, "}");
            throw cursor.Unexpected("&&, || or }");
        }
        return new TraceQlSpans(condition, TextRange.Join(start, cursor.Take().At));
    }

    TraceQlCondition Condition()
    {
        var left = One();
        while (cursor.IsSign("&&") || cursor.IsSign("||"))
        {
            var isAnd = cursor.Take().Text == "&&";
            var right = One();
            left = new TraceQlLogic(isAnd, left, right, TextRange.Join(left.At, right.At));
        }
        return left;
    }

    TraceQlCondition One()
    {
        var start = cursor.Next.At;
        cursor.Count();
        if (cursor.IsSign("!"))
        {
            cursor.Deepen(start);
            cursor.Take();
            var child = One();
            cursor.Rise();
            return new TraceQlNot(child, TextRange.Join(start, child.At));
        }
        if (cursor.IsSign("("))
        {
            cursor.Deepen(start);
            cursor.Take();
            var inside = Condition();
            if (!cursor.IsSign(")")) throw TraceQlCursor.NotClosed("(", start, ")");
            cursor.Take();
            cursor.Rise();
            operands.RefuseArithmetic();
            return inside;
        }
        if (operands.IsField())
        {
            var (field, fieldAt) = operands.TakeField();
            operands.RefuseArithmetic();
            if (operands.ComparisonOf() is not { } comparison) // A field alone has to be true.
                return new TraceQlCompare(field, TraceQlComparison.Equal, TraceQlValue.OfTruth(true), fieldAt, fieldAt, fieldAt);
            cursor.Take();
            if (operands.IsField()) throw FieldAsValue(field, cursor.Next);
            var (value, valueAt) = operands.TakeValue();
            operands.RefuseArithmetic();
            return new TraceQlCompare(field, comparison, value, TextRange.Join(fieldAt, valueAt), fieldAt, valueAt);
        }
        var (first, firstAt) = operands.TakeValue();
        operands.RefuseArithmetic();
        if (operands.ComparisonOf() is { } turned)
        {
            cursor.Take();
            if (!operands.IsField()) throw cursor.Unexpected("a field, such as duration or span.http.status_code");
            var (field, fieldAt) = operands.TakeField();
            return new TraceQlCompare(field, Turn(turned), first, TextRange.Join(firstAt, fieldAt), fieldAt, firstAt);
        }
        if (first.Kind == TraceQlValueKind.Truth) return new TraceQlTruth(first.Number > 0, firstAt);
        throw cursor.Unexpected("a comparison, such as =");
    }

    /// <summary>The same said with its sides changed.</summary>
    static TraceQlComparison Turn(TraceQlComparison comparison) => comparison switch
    {
        TraceQlComparison.Less => TraceQlComparison.Greater,
        TraceQlComparison.LessOrEqual => TraceQlComparison.GreaterOrEqual,
        TraceQlComparison.Greater => TraceQlComparison.Less,
        TraceQlComparison.GreaterOrEqual => TraceQlComparison.LessOrEqual,
        _ => comparison,
    };

    static QueryTextException FieldAsValue(TraceQlField field, TraceQlToken value)
    {
        if (value.Kind != TraceQlTokenKind.Word || TraceQlField.Intrinsics.Contains(value.Text))
            return new($"\"{value.Text}\" at column {value.At.Column} is a field; a field can be compared with a value only.", value.At);
        IReadOnlyList<string>? words = field switch
        {
            { Scope: TraceQlScope.Intrinsic, Name: "status" or "span:status" } => ["error", "ok", "unset"],
            { Scope: TraceQlScope.Intrinsic, Name: "kind" or "span:kind" } => Filters.FilterWords.Kinds,
            _ => null,
        };
        if (words is null) return new($"\"{value.Text}\" at column {value.At.Column} stands without quotes; a text to compare with has them: \"{value.Text}\".", value.At, $"\"{value.Text}\"");
        var nearest = NearestWord.Find(value.Text, words);
        return new($"\"{value.Text}\" at column {value.At.Column} is no {field}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", words)}.", value.At, nearest);
    }
}
