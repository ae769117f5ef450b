using System.Globalization;
using Apm.Query.Text;

namespace Apm.Query.Language;

/// <summary>
/// Reads metric queries as Datadog writes them (metrics-monitors §5.1):
/// <code>
/// list     = query *( "," query )
/// query    = term *( ( "+" | "-" ) term )
/// term     = factor *( ( "*" | "/" ) factor )
/// factor   = number | "(" query ")" | "-" factor | call | metric
/// call     = name "(" argument *( "," argument ) ")" *modifier
/// metric   = [ aggregator ":" ] name "{" scope "}" [ "by" "{" key *( "," key ) "}" ] *modifier
/// modifier = ".rollup(" [ method "," ] seconds ")" | ".rollup(" method ")" | ".fill(" method [ "," seconds ] ")" | ".as_count()" | ".as_rate()" | ".weighted()"
/// argument = query | "{" key *( "," key ) "}" | [ name "=" ] ( number | word | "'" text "'" )
/// </code>
/// Which functions there are and what they take is not looked at here, see <c>QueryFunctions</c>.
/// </summary>
public sealed class MetricQueryParser
{
    /// <summary>Longest text read, in characters; default 8192.</summary>
    public const int MaxTextLength = 8192;

    /// <summary>Most queries in one text; default 50.</summary>
    public const int MaxQueries = 50;

    /// <summary>Most parts (numbers, metrics, signs, functions) of one text; default 500.</summary>
    public const int MaxNodes = 500;

    /// <summary>Deepest nesting of parentheses, minus signs and functions; default 50.</summary>
    public const int MaxDepth = 50;

    static readonly Dictionary<string, QueryNode> s_noNames = [];

    readonly QueryLexer _lexer;
    readonly IReadOnlyDictionary<string, QueryNode> _names;
    QueryToken _next;
    int _nodes;
    int _depth;

    MetricQueryParser(string text, int start, IReadOnlyDictionary<string, QueryNode> names)
    {
        if (text.Length > MaxTextLength) throw new QueryTextException($"The query has {text.Length} characters; at most {MaxTextLength} are read.", new(MaxTextLength, text.Length - MaxTextLength));
        _lexer = new QueryLexer(text, start);
        _names = names;
        _next = _lexer.Next();
    }

    /// <summary>Reads one or more queries.</summary>
    /// <exception cref="QueryTextException">The text is not such a list; says where, why, and what may have been meant.</exception>
    public static QueryList Parse(string text)
    {
        var parser = new MetricQueryParser(text, 0, s_noNames);
        var queries = new List<QueryNode> { parser.WholeQuery() };
        while (parser._next.Is(','))
        {
            parser.Take();
            if (queries.Count == MaxQueries) throw new QueryTextException($"More than {MaxQueries} queries in one text; the next begins at column {parser._next.At.Column}. Send them apart.", parser._next.At);
            queries.Add(parser.WholeQuery());
        }
        if (parser._next.Kind != QueryTokenKind.End) throw parser.Unexpected(WhatMayFollow("a comma, "));
        return new QueryList(queries);
    }

    /// <summary>Reads a formula: a query in which names stand for queries, such as <c>a / b * 100</c>.</summary>
    /// <param name="names">What each name stands for.</param>
    /// <exception cref="QueryTextException">The text is no formula.</exception>
    public static QueryNode ParseFormula(string text, IReadOnlyDictionary<string, QueryNode> names)
    {
        var parser = new MetricQueryParser(text, 0, names);
        var query = parser.WholeQuery();
        if (parser._next.Kind != QueryTokenKind.End) throw parser.Unexpected(WhatMayFollow(""));
        return query;
    }

    /// <summary>Reads one query out of a longer text, such as that of a monitor, up to the first sign that belongs to none.</summary>
    /// <param name="start">Where the query begins.</param>
    /// <param name="end">Where what follows it begins.</param>
    /// <exception cref="QueryTextException">No query stands there; places count from the start of the text.</exception>
    public static QueryNode ReadOne(string text, int start, out int end)
    {
        var parser = new MetricQueryParser(text, start, s_noNames);
        var query = parser.WholeQuery();
        end = parser._next.At.Start;
        return query;
    }

    QueryNode WholeQuery()
    {
        RefuseWindowOfMonitor();
        return Sum();
    }

    QueryNode Sum()
    {
        var left = Product();
        while (_next.Is('+') || _next.Is('-')) left = Binary(left, Product);
        return left;
    }

    QueryNode Product()
    {
        var left = Factor();
        while (_next.Is('*') || _next.Is('/')) left = Binary(left, Factor);
        return left;
    }

    BinaryNode Binary(QueryNode left, Func<QueryNode> readRight)
    {
        var sign = _next.Text[0];
        Take();
        Count(left.At);
        var right = readRight();
        return new BinaryNode(sign, left, right, TextRange.Join(left.At, right.At));
    }

    QueryNode Factor()
    {
        var first = _next;
        Count(first.At);
        switch (first.Kind)
        {
            case QueryTokenKind.Number:
                Take();
                return Number(first);
            case QueryTokenKind.Sign when first.Is('('):
                Take();
                Deeper(first);
                var inner = Sum();
                _depth--;
                if (!_next.Is(')')) throw Unexpected($"\")\" for the parenthesis at column {first.At.Column}, or a sign such as +");
                Take();
                return inner;
            case QueryTokenKind.Sign when first.Is('-'):
                Take();
                Deeper(first);
                var negated = Factor();
                _depth--;
                return new NegateNode(negated, TextRange.Join(first.At, negated.At));
            case QueryTokenKind.Word:
                Take();
                if (_next.Is('(')) return Call(first);
                if (!_next.Is(':') && !_next.Is('{') && _names.TryGetValue(first.Text, out var named)) return named;
                return Metric(first);
            default:
                throw Unexpected("a metric such as avg:system.load.1{*}, a function, a number, or \"(\"");
        }
    }

    static NumberNode Number(QueryToken token) =>
        double.TryParse(token.Text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? new NumberNode(value, token.At)
            : throw new QueryTextException($"\"{token.Text}\" at column {token.At.Column} is no number.", token.At);

    MetricQuery Metric(QueryToken first)
    {
        SpaceAggregator? aggregator = null;
        var metric = first;
        if (_next.Is(':'))
        {
            aggregator = Aggregator(first);
            Take();
            metric = _next;
            if (metric.Kind != QueryTokenKind.Word) throw Unexpected($"a metric after \"{first.Text}:\"");
            Take();
        }
        if (!_next.Is('{'))
        {
            if (_names.Count > 0 && aggregator is null)
            {
                var nearest = NearestWord.Find(first.Text, _names.Keys);
                throw new QueryTextException($"There is no query named \"{first.Text}\" (column {first.At.Column})." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", _names.Keys.Order(StringComparer.Ordinal))}.", first.At, nearest);
            }
            throw Unexpected($"\"{{\" and a scope after the metric, such as {metric.Text}{{*}}");
        }
        if (!char.IsAsciiLetter(metric.Text[0])) throw new QueryTextException($"\"{metric.Text}\" at column {metric.At.Column} is no metric: its name begins with a letter.", metric.At);
        var scope = ScopeParser.Read(_lexer, _next, out var close);
        var last = close.At;
        Take();
        IReadOnlyList<GroupKey> by = [];
        if (_next.Kind == QueryTokenKind.Word && _next.Text.Equals("by", StringComparison.OrdinalIgnoreCase)) by = Groups(out last);
        var modifiers = Modifiers(ref last);
        return new MetricQuery(aggregator, metric.Text, metric.At, scope, by, modifiers, TextRange.Join(first.At, last));
    }

    static SpaceAggregator Aggregator(QueryToken word)
    {
        var name = word.Text.ToLowerInvariant();
        if (name is "avg" or "sum" or "min" or "max" or "count") return new SpaceAggregator(name);
        if (name.StartsWith('p') && double.TryParse(name[1..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent is > 0 and < 100)
            return new SpaceAggregator(name, percent / 100);
        var nearest = NearestWord.Find(name, SpaceAggregator.Names);
        throw new QueryTextException(
            $"Unknown aggregator \"{word.Text}\" at column {word.At.Column}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", SpaceAggregator.Names)}.",
            word.At, nearest);
    }

    List<GroupKey> Groups(out TextRange last)
    {
        Take();
        if (!_next.Is('{')) throw Unexpected("\"{\" and tag keys after \"by\", such as by {service}");
        var keys = Keys(out last);
        foreach (var key in keys)
            if (keys.Find(other => other.Key == key.Key) != key) throw new QueryTextException($"\"{key.Key}\" at column {key.At.Column} is grouped by twice.", key.At);
        return keys;
    }

    /// <summary>Keys in braces; the opening one is next.</summary>
    List<GroupKey> Keys(out TextRange last)
    {
        var open = _next;
        var keys = new List<GroupKey>();
        do
        {
            _next = ScopeLexer.Next(_lexer);
            if (_next.Kind == QueryTokenKind.End) throw NotClosed(open);
            if (_next.Kind != QueryTokenKind.Tag || _next.Text.Any(c => char.IsWhiteSpace(c) || c is ':' or '$' or '"' or '\'' or '(' or '{')) throw Unexpected("a tag key, such as service");
            keys.Add(new GroupKey(_next.Text, _next.At));
            _next = ScopeLexer.Next(_lexer);
        }
        while (_next.Is(','));
        if (!_next.Is('}')) throw _next.Kind == QueryTokenKind.End ? NotClosed(open) : Unexpected("a comma or \"}\"");
        last = _next.At;
        Take();
        return keys;
    }

    CallNode Call(QueryToken name)
    {
        var open = _next;
        Take();
        Deeper(name);
        var arguments = new List<QueryArgument>();
        if (!_next.Is(')'))
        {
            arguments.Add(Argument());
            while (_next.Is(','))
            {
                Take();
                arguments.Add(Argument());
            }
        }
        if (!_next.Is(')')) throw _next.Kind == QueryTokenKind.End
            ? new QueryTextException($"The \"(\" at column {open.At.Column} is not closed. Add \")\" where {name.Text} ends.", open.At, ")")
            : Unexpected("a comma or \")\"");
        _depth--;
        var last = _next.At;
        Take();
        var modifiers = Modifiers(ref last);
        return new CallNode(name.Text.ToLowerInvariant(), name.At, arguments, modifiers, TextRange.Join(name.At, last));
    }

    QueryArgument Argument()
    {
        var first = _next;
        if (first.Is('{'))
        {
            var keys = Keys(out var last);
            return new KeysArgument([.. keys.Select(key => key.Key)], TextRange.Join(first.At, last));
        }
        if (first.Kind == QueryTokenKind.Quoted)
        {
            Take();
            return new TextArgument(null, first.Text, isNumber: false, first.At);
        }
        if (first.Kind != QueryTokenKind.Word) return new NodeArgument(Sum());
        var behind = Peek();
        if (behind.Is('=')) return Named(first);
        if (behind.Is('{') || behind.Is(':') || behind.Is('(') || _names.ContainsKey(first.Text)) return new NodeArgument(Sum());
        Take();
        return new TextArgument(null, first.Text, isNumber: false, first.At);
    }

    TextArgument Named(QueryToken name)
    {
        Take();
        Take();
        var minus = _next.Is('-') ? "-" : "";
        if (minus.Length > 0) Take();
        var value = _next;
        var isNumber = value.Kind == QueryTokenKind.Number;
        if (!isNumber && (minus.Length > 0 || value.Kind is not (QueryTokenKind.Word or QueryTokenKind.Quoted))) throw Unexpected($"a value after \"{name.Text}=\"");
        if (isNumber) Number(value);
        Take();
        return new TextArgument(name.Text.ToLowerInvariant(), minus + value.Text, isNumber, TextRange.Join(name.At, value.At));
    }

    List<Modifier> Modifiers(ref TextRange last)
    {
        var modifiers = new List<Modifier>();
        while (_next.Is('.'))
        {
            var modifier = ModifierParser.Read(_lexer, _next, out last);
            _next = _lexer.Next();
            if (modifiers.Exists(other => other.Name == modifier.Name)) throw new QueryTextException($"\".{modifier.Name}\" at column {modifier.At.Column} is written twice. Keep one.", modifier.At);
            modifiers.Add(modifier);
        }
        return modifiers;
    }

    /// <summary><c>avg(last_5m):…</c> belongs to monitors.</summary>
    void RefuseWindowOfMonitor()
    {
        if (_next.Kind != QueryTokenKind.Word) return;
        var (first, at) = (_next, _lexer.At);
        try
        {
            if (!_lexer.Next().Is('(')) return;
            var window = _lexer.Next();
            if (window.Kind == QueryTokenKind.Word && (window.Text.StartsWith("last_", StringComparison.OrdinalIgnoreCase) || window.Text.StartsWith("next_", StringComparison.OrdinalIgnoreCase) || window.Text.StartsWith("current_", StringComparison.OrdinalIgnoreCase)))
                throw new QueryTextException($"\"{first.Text}({window.Text})\" at column {first.At.Column} is how a monitor begins. A query outside a monitor has no window and no threshold; write only what stands between \":\" and the comparison.", first.At);
        }
        finally
        {
            _lexer.At = at;
        }
    }

    QueryToken Peek()
    {
        var at = _lexer.At;
        var token = _lexer.Next();
        _lexer.At = at;
        return token;
    }

    void Count(TextRange at)
    {
        if (++_nodes > MaxNodes) throw new QueryTextException($"The query has more than {MaxNodes} parts; what is at column {at.Column} is not read. Send it in pieces.", at);
    }

    void Deeper(QueryToken at)
    {
        if (++_depth > MaxDepth) throw new QueryTextException($"The query is nested deeper than {MaxDepth} at column {at.At.Column}. Write it flatter.", at.At);
    }

    static string WhatMayFollow(string comma) => $"{comma}a sign such as +, \" by {{…}}\", a modifier such as .as_count(), or the end";

    static QueryTextException NotClosed(QueryToken open) => new($"The \"{{\" at column {open.At.Column} is not closed. Add \"}}\" where the list ends.", open.At, "}");

    QueryTextException Unexpected(string expected) => Unexpected(_lexer.Text, _next, expected);

    internal static QueryTextException Unexpected(string text, QueryToken found, string expected) => found.Kind == QueryTokenKind.End
        ? new QueryTextException($"The query ends at column {text.Length + 1}; expected {expected}.", new(text.Length, 0))
        : new QueryTextException($"\"{found.Text}\" at column {found.At.Column}; expected {expected}.", found.At);

    void Take() => _next = _lexer.Next();
}
