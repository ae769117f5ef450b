using System.Globalization;
using Apm.Query.Text;

namespace Apm.Query.Language;

/// <summary>
/// Reads metric queries as Datadog writes them (metrics-monitors §5.1):
/// <code>
/// list     = query *( "," query )
/// query    = [ aggregator ":" ] metric "{" scope "}" [ "by" "{" key *( "," key ) "}" ] *modifier
/// scope    = "*" | [ "!" ] key ":" value *( "," [ "!" ] key ":" value )
/// modifier = ".as_count()" | ".as_rate()"
/// </code>
/// </summary>
public sealed class MetricQueryParser
{
    /// <summary>Longest text read, in characters; default 8192.</summary>
    public const int MaxTextLength = 8192;

    /// <summary>Most queries in one text; default 50.</summary>
    public const int MaxQueries = 50;

    readonly string _text;
    readonly QueryLexer _lexer;
    QueryToken _next;

    MetricQueryParser(string text)
    {
        _text = text;
        _lexer = new QueryLexer(text);
        _next = _lexer.Next();
    }

    /// <summary>Reads one or more queries.</summary>
    /// <exception cref="QueryTextException">The text is not such a list; says where, why, and what may have been meant.</exception>
    public static QueryList Parse(string text)
    {
        if (text.Length > MaxTextLength) throw new QueryTextException($"The query has {text.Length} characters; at most {MaxTextLength} are read.", new(MaxTextLength, text.Length - MaxTextLength));
        var parser = new MetricQueryParser(text);
        var queries = new List<MetricQuery> { parser.Query() };
        while (parser._next.Is(','))
        {
            parser.Take();
            if (queries.Count == MaxQueries) throw new QueryTextException($"More than {MaxQueries} queries in one text; the next begins at column {parser._next.At.Column}. Send them apart.", parser._next.At);
            queries.Add(parser.Query());
        }
        if (parser._next.Kind != QueryTokenKind.End) throw parser.Unexpected("a comma, \" by {…}\", a modifier such as .as_count(), or the end");
        return new QueryList(queries, new(0, text.Length));
    }

    MetricQuery Query()
    {
        var first = _next;
        if (first.Kind != QueryTokenKind.Word) throw Unexpected("a metric, such as trace.flask.request.hits");
        Take();
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
        if (!_next.Is('{')) throw Unexpected($"\"{{\" and a scope after the metric, such as {metric.Text}{{*}}");
        var scope = Scope(out var last);
        var by = new List<GroupKey>();
        if (_next.Kind == QueryTokenKind.Word && _next.Text.Equals("by", StringComparison.OrdinalIgnoreCase)) by = Groups(out last);
        var modifiers = new List<Modifier>();
        while (_next.Is('.')) modifiers.Add(ModifierAfterDot(out last));
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

    List<ScopeTerm> Scope(out TextRange last)
    {
        var open = _next;
        var terms = new List<ScopeTerm>();
        Take();
        while (!_next.Is('}'))
        {
            if (_next.Is('*')) Take();
            else terms.Add(Term(open));
            if (_next.Is(',')) Take();
            else if (!_next.Is('}')) throw NotClosed(open);
        }
        last = _next.At;
        Take();
        return terms;
    }

    ScopeTerm Term(QueryToken open)
    {
        var first = _next;
        var isNegated = first.Is('!');
        if (isNegated) Take();
        var key = _next;
        if (key.Kind == QueryTokenKind.End) throw NotClosed(open);
        if (key.Kind != QueryTokenKind.Word) throw Unexpected("a tag, such as service:web");
        Take();
        if (!_next.Is(':'))
            throw _next.Kind == QueryTokenKind.End ? NotClosed(open) : Unexpected($"\":\" and a value after \"{key.Text}\"");
        var value = _lexer.NextValue(); // The colon was looked at; the value follows it.
        if (value.At.Length == 0) throw new QueryTextException($"A value is missing after \"{key.Text}:\" at column {value.At.Column}. Write {key.Text}:* for any value.", value.At, "*");
        if (value.Text.Length > 1 && value.Text.AsSpan(1, value.Text.Length - 2).Contains('*') || (value.Text.Length > 2 && value.Text[0] == '*' && value.Text[^1] == '*'))
            throw new QueryTextException($"\"{value.Text}\" at column {value.At.Column}: a star may stand at the start or at the end of a value, not both and not inside.", value.At);
        Take();
        return new ScopeTerm(key.Text, new ScopeValue(value.Text), isNegated, TextRange.Join(first.At, value.At));
    }

    List<GroupKey> Groups(out TextRange last)
    {
        Take();
        if (!_next.Is('{')) throw Unexpected("\"{\" and tag keys after \"by\", such as by {service}");
        var open = _next;
        Take();
        var keys = new List<GroupKey>();
        while (true)
        {
            if (_next.Kind != QueryTokenKind.Word) throw _next.Kind == QueryTokenKind.End ? NotClosed(open) : Unexpected("a tag key, such as service");
            keys.Add(new GroupKey(_next.Text, _next.At));
            Take();
            if (_next.Is('}')) break;
            if (!_next.Is(',')) throw _next.Kind == QueryTokenKind.End ? NotClosed(open) : Unexpected("a comma or \"}\"");
            Take();
        }
        last = _next.At;
        Take();
        return keys;
    }

    Modifier ModifierAfterDot(out TextRange last)
    {
        var dot = _next;
        Take();
        var name = _next;
        if (name.Kind != QueryTokenKind.Word) throw Unexpected("a modifier after the dot, such as .as_count()");
        if (!Modifier.Names.Contains(name.Text))
        {
            var nearest = NearestWord.Find(name.Text, Modifier.Names);
            throw new QueryTextException(
                $"Unknown modifier \"{name.Text}\" at column {name.At.Column}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", Modifier.Names)}.",
                name.At, nearest);
        }
        Take();
        if (!_next.Is('(')) throw Unexpected($"\"()\" after .{name.Text}");
        Take();
        if (!_next.Is(')')) throw Unexpected($"\")\": .{name.Text}() takes nothing");
        last = _next.At;
        Take();
        return new Modifier(name.Text, TextRange.Join(dot.At, last));
    }

    static QueryTextException NotClosed(QueryToken open) => new($"The \"{{\" at column {open.At.Column} is not closed. Add \"}}\" where the list ends.", open.At, "}");

    QueryTextException Unexpected(string expected) => _next.Kind == QueryTokenKind.End
        ? new QueryTextException($"The query ends at column {_text.Length + 1}; expected {expected}.", new(_text.Length, 0))
        : new QueryTextException($"\"{_next.Text}\" at column {_next.At.Column}; expected {expected}.", _next.At);

    void Take() => _next = _lexer.Next();
}
