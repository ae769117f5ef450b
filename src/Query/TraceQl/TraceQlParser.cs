using System.Globalization;
using Apm.Query.Text;

namespace Apm.Query.TraceQl;

/// <summary>
/// Reads the common part of TraceQL:
/// <code>
/// query     = spansets *( "|" stage ) [ "with" "(" … ")" ]
/// spansets  = related *( ( "&amp;&amp;" | "||" ) related )
/// related   = one *( [ "!" | "&amp;" ] ( ">" | ">>" | "&lt;" | "&lt;&lt;" | "~" ) one )
/// one       = "{" [ condition ] "}" | "(" query ")"
/// condition = single *( ( "&amp;&amp;" | "||" ) single )                     ; alike, from the left
/// single    = "!" single | "(" condition ")" | field [ compare value ] | value compare field | "true" | "false"
/// stage     = "{" … "}" | count() > 2 | avg(field) > 1s | by(field) | select(field, …) | coalesce()
///           | rate() [ by(…) ] | quantile_over_time(field, 0.9) [ by(…) ] | topk(5)
/// </code>
/// Bindings are Tempo's own. What is not understood is refused with its column, never passed over.
/// </summary>
public sealed class TraceQlParser
{
    /// <summary>Longest text read, in characters; default 8192. A longer one is refused with a sentence.</summary>
    public const int MaxTextLength = 8192;

    /// <summary>Deepest nesting of parentheses and negations; default 32.</summary>
    public const int MaxDepth = 32;

    /// <summary>Most conditions, sets and stages together; default 200.</summary>
    public const int MaxNodes = 200;

    static readonly string[] Aggregates = ["count", "avg", "min", "max", "sum"];
    static readonly string[] KeyWords = ["error", "ok", "unset", "unspecified", "internal", "server", "client", "producer", "consumer"];
    static readonly string[] StageWords = [.. Aggregates, "by", "select", "coalesce", .. TraceQlMetric.Functions, "topk", "bottomk"];

    readonly string _text;
    readonly TraceQlLexer _lexer;
    TraceQlToken _next;
    int _depth;
    int _nodes;

    TraceQlParser(string text)
    {
        _text = text;
        _lexer = new TraceQlLexer(text);
        _next = _lexer.Next();
    }

    /// <summary>Reads a query.</summary>
    /// <exception cref="QueryTextException">The text is none that is understood; says where, why, and what may have been meant.</exception>
    public static TraceQlQuery Parse(string text)
    {
        if (text.Length > MaxTextLength) throw new QueryTextException($"The query has {text.Length} characters; at most {MaxTextLength} are read. Shorten it.", new(MaxTextLength, text.Length - MaxTextLength));
        if (string.IsNullOrWhiteSpace(text)) throw new QueryTextException("The query is empty. {} finds every trace.", new(0, 0), "{}");
        var parser = new TraceQlParser(text);
        var query = parser.Query();
        parser.Hints();
        if (parser._next.Kind != TraceQlTokenKind.End) throw parser.Unexpected("a pipe, an operator between two sets of spans, or the end");
        return query;
    }

    /// <summary>Reads one field alone: <c>resource.service.name</c>, <c>.http.method</c>, <c>status</c>.</summary>
    /// <exception cref="QueryTextException">The text is no field that is understood.</exception>
    public static TraceQlField ParseField(string text)
    {
        var parser = new TraceQlParser(text.Length > MaxTextLength ? text[..MaxTextLength] : text);
        var field = parser.RequiredField();
        return parser._next.Kind == TraceQlTokenKind.End ? field : throw parser.Unexpected("the end of the field");
    }

    TraceQlQuery Query()
    {
        var start = _next.At;
        var spans = Spansets();
        var stages = new List<TraceQlStage>();
        while (TakeSign("|")) stages.Add(Stage(stages));
        return new TraceQlQuery(spans, stages, TextRange.Join(start, stages.Count > 0 ? stages[^1].At : spans.At));
    }

    TraceQlSpanset Spansets()
    {
        var left = Related();
        while (IsSign("&&") || IsSign("||"))
        {
            var relation = Take().Text == "&&" ? TraceQlRelation.Both : TraceQlRelation.Either;
            var right = Related();
            left = new TraceQlRelated(left, relation, TraceQlRelationMode.Plain, right, TextRange.Join(left.At, right.At));
        }
        return left;
    }

    TraceQlSpanset Related()
    {
        var left = Single();
        while (_next.Kind == TraceQlTokenKind.Sign && RelationOf(_next.Text) is var (relation, mode))
        {
            Take();
            var right = Single();
            left = new TraceQlRelated(left, relation, mode, right, TextRange.Join(left.At, right.At));
        }
        return left;
    }

    static (TraceQlRelation, TraceQlRelationMode)? RelationOf(string sign)
    {
        var mode = sign[0] switch { '!' => TraceQlRelationMode.Negated, '&' => TraceQlRelationMode.Union, _ => TraceQlRelationMode.Plain };
        return (mode == TraceQlRelationMode.Plain ? sign : sign[1..]) switch
        {
            ">" => (TraceQlRelation.Child, mode),
            ">>" => (TraceQlRelation.Descendant, mode),
            "<" => (TraceQlRelation.Parent, mode),
            "<<" => (TraceQlRelation.Ancestor, mode),
            "~" => (TraceQlRelation.Sibling, mode),
            _ => null,
        };
    }

    TraceQlSpanset Single()
    {
        var start = _next.At;
        Count();
        if (IsSign("{")) return Spans();
        if (!IsSign("(")) throw Unexpected("a set of spans, such as { status = error }");
        Deepen(start);
        Take();
        var query = Query();
        if (!IsSign(")")) throw NotClosed("(", start, ")");
        var at = TextRange.Join(start, Take().At);
        _depth--;
        if (query.Metric is { } metric) throw new QueryTextException($"{metric.Function} at column {metric.At.Column} makes series; it cannot stand in parentheses.", metric.At);
        return query.Stages.Count == 0 ? query.Spans : new TraceQlNested(query, at);
    }

    TraceQlSpans Spans()
    {
        var start = Take().At;
        TraceQlCondition condition = IsSign("}") ? new TraceQlTruth(holds: true, _next.At) : Condition();
        if (!IsSign("}"))
        {
            if (_next.Kind == TraceQlTokenKind.End) throw NotClosed("{", start, "}");
            throw Unexpected("&&, || or }");
        }
        return new TraceQlSpans(condition, TextRange.Join(start, Take().At));
    }

    TraceQlCondition Condition()
    {
        var left = One();
        while (IsSign("&&") || IsSign("||"))
        {
            var isAnd = Take().Text == "&&";
            var right = One();
            left = new TraceQlLogic(isAnd, left, right, TextRange.Join(left.At, right.At));
        }
        return left;
    }

    TraceQlCondition One()
    {
        var start = _next.At;
        Count();
        if (IsSign("!"))
        {
            Deepen(start);
            Take();
            var child = One();
            _depth--;
            return new TraceQlNot(child, TextRange.Join(start, child.At));
        }
        if (IsSign("("))
        {
            Deepen(start);
            Take();
            var inside = Condition();
            if (!IsSign(")")) throw NotClosed("(", start, ")");
            Take();
            _depth--;
            RefuseArithmetic();
            return inside;
        }
        if (IsField())
        {
            var (field, fieldAt) = TakeField();
            RefuseArithmetic();
            if (ComparisonOf() is not { } comparison) // A field alone has to be true.
                return new TraceQlCompare(field, TraceQlComparison.Equal, TraceQlValue.OfTruth(true), fieldAt, fieldAt, fieldAt);
            Take();
            if (IsField()) throw new QueryTextException($"\"{_next.Text}\" at column {_next.At.Column} is a field; a field can be compared with a value only.", _next.At);
            var (value, valueAt) = TakeValue();
            RefuseArithmetic();
            return new TraceQlCompare(field, comparison, value, TextRange.Join(fieldAt, valueAt), fieldAt, valueAt);
        }
        var (first, firstAt) = TakeValue();
        RefuseArithmetic();
        if (ComparisonOf() is { } turned)
        {
            Take();
            if (!IsField()) throw Unexpected("a field, such as duration or span.http.status_code");
            var (field, fieldAt) = TakeField();
            return new TraceQlCompare(field, Turn(turned), first, TextRange.Join(firstAt, fieldAt), fieldAt, firstAt);
        }
        if (first.Kind == TraceQlValueKind.Truth) return new TraceQlTruth(first.Number > 0, firstAt);
        throw Unexpected("a comparison, such as =");
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

    TraceQlStage Stage(List<TraceQlStage> before)
    {
        Count();
        if (IsSign("{"))
        {
            var spans = Spans();
            return new TraceQlKeep(spans, spans.At);
        }
        var word = _next;
        if (word.Kind != TraceQlTokenKind.Word) throw Unexpected("a stage, such as count() > 2 or select(span.http.url)");
        if (word.Text is "histogram_over_time" or "compare")
            throw new QueryTextException($"{word.Text} at column {word.At.Column} is not answered yet. There are: {string.Join(", ", TraceQlMetric.Functions)}.", word.At, "quantile_over_time");
        if (!StageWords.Contains(word.Text))
        {
            var nearest = NearestWord.Find(word.Text, StageWords);
            throw new QueryTextException($"Unknown stage \"{word.Text}\" at column {word.At.Column}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", StageWords)}.", word.At, nearest);
        }
        Take();
        Expect("(", $"\"(\" after {word.Text}");
        var isSeries = before.Any(stage => stage is TraceQlMetric);
        if ((word.Text is "topk" or "bottomk") != isSeries)
            throw new QueryTextException(isSeries ? $"After series only topk and bottomk can stand, not \"{word.Text}\" at column {word.At.Column}." : $"{word.Text} at column {word.At.Column} needs series before it, such as | rate() by(resource.service.name).", word.At);
        return word.Text switch
        {
            "by" => By(word),
            "select" => new TraceQlSelect(Fields(), Closed(word)),
            "coalesce" => new TraceQlCoalesce(Closed(word)),
            "topk" or "bottomk" => Top(word),
            _ when Aggregates.Contains(word.Text) => Aggregate(word),
            _ => Metric(word),
        };
    }

    TraceQlBy By(TraceQlToken word)
    {
        var field = RequiredField();
        return new TraceQlBy(field, Closed(word));
    }

    TraceQlAggregate Aggregate(TraceQlToken word)
    {
        TraceQlField? field = word.Text == "count" ? null : RequiredField();
        Closed(word);
        if (ComparisonOf() is not { } comparison || comparison is TraceQlComparison.Like or TraceQlComparison.NotLike) throw Unexpected($"a comparison after {word.Text}(…), such as > 2");
        Take();
        var (value, at) = TakeValue();
        if (value.Kind is not (TraceQlValueKind.Number or TraceQlValueKind.Duration)) throw new QueryTextException($"{value} at column {at.Column} is not a number; {word.Text} compares with one.", at);
        return new TraceQlAggregate(word.Text, field, comparison, value, TextRange.Join(word.At, at));
    }

    TraceQlMetric Metric(TraceQlToken word)
    {
        TraceQlField? field = word.Text is "rate" or "count_over_time" ? null : RequiredField();
        var quantiles = new List<double>();
        while (word.Text == "quantile_over_time" && TakeSign(","))
        {
            if (_next.Kind != TraceQlTokenKind.Number || _next.Number is < 0 or > 1) throw Unexpected("a quantile between 0 and 1, such as 0.99");
            quantiles.Add(Take().Number);
        }
        if (word.Text == "quantile_over_time" && quantiles.Count == 0) throw Unexpected("a comma and a quantile between 0 and 1, such as 0.99");
        var at = Closed(word);
        if (_next is not { Kind: TraceQlTokenKind.Word, Text: "by" }) return new TraceQlMetric(word.Text, field, quantiles, [], at);
        Take();
        Expect("(", "\"(\" after by");
        var by = Fields();
        return new TraceQlMetric(word.Text, field, quantiles, by, Closed(word));
    }

    TraceQlTop Top(TraceQlToken word)
    {
        if (_next.Kind != TraceQlTokenKind.Number || _next.Number is < 1 or > 10_000 || _next.Number != Math.Floor(_next.Number)) throw Unexpected("how many series to keep, such as 5");
        var count = (int)Take().Number;
        return new TraceQlTop(word.Text == "topk", count, Closed(word));
    }

    /// <summary>Hints such as <c>with (most_recent=true)</c> ask for what is done anyway.</summary>
    void Hints()
    {
        if (_next is not { Kind: TraceQlTokenKind.Word, Text: "with" }) return;
        Take();
        Expect("(", "\"(\" after with");
        do
        {
            if (_next.Kind != TraceQlTokenKind.Word) throw Unexpected("a hint, such as most_recent=true");
            Take();
            Expect("=", "\"=\" after the hint");
            TakeValue();
        }
        while (TakeSign(","));
        Expect(")", "\")\" after the hints");
    }

    List<TraceQlField> Fields()
    {
        var fields = new List<TraceQlField> { RequiredField() };
        while (TakeSign(",")) fields.Add(RequiredField());
        return fields;
    }

    TraceQlField RequiredField()
    {
        if (!IsField()) throw Unexpected("a field, such as duration or span.http.status_code");
        return TakeField().Field;
    }

    bool IsField() => _next.Kind == TraceQlTokenKind.Attribute
        || (_next.Kind == TraceQlTokenKind.Word && _next.Text is not ("true" or "false" or "nil") && !KeyWords.Contains(_next.Text));

    (TraceQlField Field, TextRange At) TakeField()
    {
        var token = _next;
        if (token.Kind == TraceQlTokenKind.Attribute)
        {
            if (token.Field.Scope is not (TraceQlScope.Any or TraceQlScope.Span or TraceQlScope.Resource))
                throw new QueryTextException($"\"{token.Text}\" at column {token.At.Column}: only attributes of spans (span.) and of resources (resource.) can be asked for, or both (.).", token.At, "span." + token.Field.Name);
            Take();
            return (token.Field, token.At);
        }
        if (!TraceQlField.Intrinsics.Contains(token.Text))
        {
            var nearest = NearestWord.Find(token.Text, TraceQlField.Intrinsics);
            throw new QueryTextException(
                $"Unknown field \"{token.Text}\" at column {token.At.Column}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?")
                + $" Attributes are written span.{token.Text} or resource.{token.Text}; intrinsics are: {string.Join(", ", TraceQlField.Intrinsics)}.",
                token.At, nearest ?? "." + token.Text);
        }
        Take();
        return (new TraceQlField(TraceQlScope.Intrinsic, token.Text), token.At);
    }

    (TraceQlValue Value, TextRange At) TakeValue()
    {
        var minus = IsSign("-") ? Take() : default;
        var token = _next;
        if (minus.Text is not null && token.Kind is not (TraceQlTokenKind.Number or TraceQlTokenKind.Duration)) throw Unexpected("a number after the minus");
        var value = token switch
        {
            { Kind: TraceQlTokenKind.Text } => TraceQlValue.OfText(token.Text),
            { Kind: TraceQlTokenKind.Number } => new TraceQlValue(TraceQlValueKind.Number, "", minus.Text is null ? token.Number : -token.Number),
            { Kind: TraceQlTokenKind.Duration } => new TraceQlValue(TraceQlValueKind.Duration, "", minus.Text is null ? token.Number : -token.Number),
            { Kind: TraceQlTokenKind.Word, Text: "true" or "false" } => TraceQlValue.OfTruth(token.Text == "true"),
            { Kind: TraceQlTokenKind.Word, Text: "nil" } => new TraceQlValue(TraceQlValueKind.Nil, "", 0),
            { Kind: TraceQlTokenKind.Word } when KeyWords.Contains(token.Text) => new TraceQlValue(TraceQlValueKind.Word, token.Text, 0),
            _ => throw Unexpected("a value: a text in quotes, a number, a duration, true, false, nil, a status or a kind"),
        };
        Take();
        return (value, minus.Text is null ? token.At : TextRange.Join(minus.At, token.At));
    }

    TraceQlComparison? ComparisonOf() => _next.Kind != TraceQlTokenKind.Sign ? null : _next.Text switch
    {
        "=" => TraceQlComparison.Equal,
        "!=" => TraceQlComparison.NotEqual,
        "<" => TraceQlComparison.Less,
        "<=" => TraceQlComparison.LessOrEqual,
        ">" => TraceQlComparison.Greater,
        ">=" => TraceQlComparison.GreaterOrEqual,
        "=~" => TraceQlComparison.Like,
        "!~" => TraceQlComparison.NotLike,
        _ => null,
    };

    void RefuseArithmetic()
    {
        if (_next is { Kind: TraceQlTokenKind.Sign, Text: "+" or "-" or "*" or "/" or "%" or "^" })
            throw new QueryTextException($"\"{_next.Text}\" at column {_next.At.Column}: arithmetic is not answered. Write the result, such as duration > 1.5s.", _next.At);
    }

    TextRange Closed(TraceQlToken word)
    {
        if (!IsSign(")")) throw Unexpected($"\")\" after {word.Text}(…");
        return TextRange.Join(word.At, Take().At);
    }

    void Expect(string sign, string what)
    {
        if (!TakeSign(sign)) throw Unexpected(what);
    }

    void Count()
    {
        if (++_nodes > MaxNodes) throw new QueryTextException($"More than {MaxNodes} conditions and stages at column {_next.At.Column}. Simplify the query.", _next.At);
    }

    void Deepen(TextRange at)
    {
        if (++_depth > MaxDepth) throw new QueryTextException($"More than {MaxDepth} levels of parentheses and negations at column {at.Column}. Simplify the query.", at);
    }

    static QueryTextException NotClosed(string sign, TextRange at, string closing) =>
        new($"The \"{sign}\" at column {at.Column} is not closed. Add \"{closing}\" where it ends.", at, closing);

    QueryTextException Unexpected(string expected) => _next.Kind == TraceQlTokenKind.End
        ? new QueryTextException($"The query ends at column {_text.Length + 1}; expected {expected}.", new(_text.Length, 0))
        : new QueryTextException(string.Create(CultureInfo.InvariantCulture, $"\"{_next.Text}\" at column {_next.At.Column}; expected {expected}."), _next.At);

    bool IsSign(string sign) => _next.Kind == TraceQlTokenKind.Sign && _next.Text == sign;

    bool TakeSign(string sign)
    {
        if (!IsSign(sign)) return false;
        Take();
        return true;
    }

    TraceQlToken Take()
    {
        var taken = _next;
        _next = _lexer.Next();
        return taken;
    }
}
