using Apm.Query.Text;

namespace Apm.Query.TraceQl;

/// <summary>
/// Reads the common part of TraceQL:
/// <code>
/// query     = spansets *( "|" stage ) [ "with" "(" … ")" ]
/// spansets  = related *( ( "&amp;&amp;" | "||" ) related )
/// related   = one *( [ "!" | "&amp;" ] ( ">" | ">>" | "&lt;" | "&lt;&lt;" | "~" ) one )
/// one       = a set of spans, see <see cref="TraceQlConditionParser"/> | "(" query ")"
/// stage     = see <see cref="TraceQlStageParser"/>
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

    readonly TraceQlCursor _cursor;
    readonly TraceQlOperands _operands;
    readonly TraceQlConditionParser _conditions;
    readonly TraceQlStageParser _stages;

    TraceQlParser(string text)
    {
        _cursor = new TraceQlCursor(text);
        _operands = new TraceQlOperands(_cursor);
        _conditions = new TraceQlConditionParser(_cursor, _operands);
        _stages = new TraceQlStageParser(_cursor, _operands, _conditions);
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
        if (!parser._cursor.IsAtEnd) throw parser._cursor.Unexpected("a pipe, an operator between two sets of spans, or the end");
        return query;
    }

    /// <summary>Reads one field alone: <c>resource.service.name</c>, <c>.http.method</c>, <c>status</c>.</summary>
    /// <exception cref="QueryTextException">The text is no field that is understood.</exception>
    public static TraceQlField ParseField(string text)
    {
        var parser = new TraceQlParser(text.Length > MaxTextLength ? text[..MaxTextLength] : text);
        var field = parser._operands.RequiredField();
        return parser._cursor.IsAtEnd ? field : throw parser._cursor.Unexpected("the end of the field");
    }

    TraceQlQuery Query()
    {
        var start = _cursor.Next.At;
        var spans = Spansets();
        var stages = new List<TraceQlStage>();
        while (_cursor.TakeSign("|")) stages.Add(_stages.Stage(stages));
        return new TraceQlQuery(spans, stages, TextRange.Join(start, stages.Count > 0 ? stages[^1].At : spans.At));
    }

    TraceQlSpanset Spansets()
    {
        var left = Related();
        while (_cursor.IsSign("&&") || _cursor.IsSign("||"))
        {
            var relation = _cursor.Take().Text == "&&" ? TraceQlRelation.Both : TraceQlRelation.Either;
            var right = Related();
            left = new TraceQlRelated(left, relation, TraceQlRelationMode.Plain, right, TextRange.Join(left.At, right.At));
        }
        return left;
    }

    TraceQlSpanset Related()
    {
        var left = Single();
        while (_cursor.Next.Kind == TraceQlTokenKind.Sign && RelationOf(_cursor.Next.Text) is var (relation, mode))
        {
            _cursor.Take();
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
        var start = _cursor.Next.At;
        _cursor.Count();
        if (_cursor.IsSign("{")) return _conditions.Spans();
        if (!_cursor.IsSign("(")) throw _cursor.Unexpected("a set of spans, such as { status = error }");
        _cursor.Deepen(start);
        _cursor.Take();
        var query = Query();
        if (!_cursor.IsSign(")")) throw TraceQlCursor.NotClosed("(", start, ")");
        var at = TextRange.Join(start, _cursor.Take().At);
        _cursor.Rise();
        if (query.Metric is { } metric) throw new QueryTextException($"{metric.Function} at column {metric.At.Column} makes series; it cannot stand in parentheses.", metric.At);
        return query.Stages.Count == 0 ? query.Spans : new TraceQlNested(query, at);
    }

    /// <summary>Hints such as <c>with (most_recent=true)</c> ask for what is done anyway.</summary>
    void Hints()
    {
        if (_cursor.Next is not { Kind: TraceQlTokenKind.Word, Text: "with" }) return;
        _cursor.Take();
        _cursor.Expect("(", "\"(\" after with");
        do
        {
            if (_cursor.Next.Kind != TraceQlTokenKind.Word) throw _cursor.Unexpected("a hint, such as most_recent=true");
            _cursor.Take();
            _cursor.Expect("=", "\"=\" after the hint");
            _operands.TakeValue();
        }
        while (_cursor.TakeSign(","));
        _cursor.Expect(")", "\")\" after the hints");
    }
}
