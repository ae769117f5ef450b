using System.Globalization;
using Apm.Query.Text;

namespace Apm.Monitors.Search;

/// <summary>
/// Reads what people type to find monitors (metrics-monitors §4.12):
/// <code>
/// any  = all *( "OR" all )
/// all  = one *( [ "AND" ] one )
/// one  = ( "NOT" | "-" ) one | "(" any ")" | key ":" value | text
/// key  = status | muted | type | tag | notification | metric | scope | group | priority | creator | id | name
/// </code>
/// Values with spaces stand in quotes. Text is looked for in names.
/// </summary>
public sealed class MonitorSearchParser
{
    /// <summary>Longest search, in characters; default 2000. A longer one is refused.</summary>
    public const int MaxTextLength = 2_000;

    const int DeepestNesting = 32;

    static readonly string[] s_keys = ["status", "muted", "type", "tag", "notification", "metric", "scope", "group", "priority", "creator", "id", "name"];
    static readonly string[] s_statuses = ["alert", "warn", "ok", "no data", "unknown", "ignored", "skipped"];

    readonly List<(string Text, TextRange At)> _words;
    readonly string _text;
    int _next;

    MonitorSearchParser(string text)
    {
        _text = text;
        _words = [.. Words(text)];
    }

    /// <exception cref="QueryTextException">The text is no such search.</exception>
    public static MonitorSearchNode Parse(string text)
    {
        if (text.Length > MaxTextLength) throw new QueryTextException($"The search has {text.Length} characters; at most {MaxTextLength} are read.", new TextRange(MaxTextLength, text.Length - MaxTextLength));
        var parser = new MonitorSearchParser(text);
        if (parser._words.Count == 0) return new AllOf([]);
        var node = parser.Any(0);
        return parser._next == parser._words.Count ? node : throw Wrong($"\"{parser.Peek}\" at column {parser.PeekAt.Column} stands alone", parser.PeekAt);
    }

    string? Peek => _next < _words.Count ? _words[_next].Text : null;

    TextRange PeekAt => _next < _words.Count ? _words[_next].At : new TextRange(_text.Length, 0);

    MonitorSearchNode Any(int depth)
    {
        var nodes = new List<MonitorSearchNode> { All(depth) };
        while (Peek == "OR")
        {
            _next++;
            nodes.Add(All(depth));
        }
        return nodes.Count == 1 ? nodes[0] : new AnyOf(nodes);
    }

    MonitorSearchNode All(int depth)
    {
        var nodes = new List<MonitorSearchNode> { One(depth) };
        while (Peek is not (null or ")" or "OR"))
        {
            if (Peek == "AND") _next++;
            nodes.Add(One(depth));
        }
        return nodes.Count == 1 ? nodes[0] : new AllOf(nodes);
    }

    MonitorSearchNode One(int depth)
    {
        if (depth > DeepestNesting) throw Wrong($"it is nested deeper than {DeepestNesting} at column {PeekAt.Column}", PeekAt);
        var (word, at) = (Peek, PeekAt);
        if (word is null or ")" or "OR" or "AND") throw Wrong(word is null ? "something is missing at its end" : $"something is missing before \"{word}\" at column {at.Column}", at);
        _next++;
        if (word is "NOT" or "-") return new NotOf(One(depth + 1));
        if (word != "(") return Term(word, at);
        var inner = Any(depth + 1);
        if (Peek != ")") throw Wrong($"the parenthesis at column {at.Column} is not closed", at);
        _next++;
        return inner;
    }

    static SearchTerm Term(string word, TextRange at)
    {
        var colon = word.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || word[0] == '"') return new SearchTerm(card => Contains(card.Rule.Name, Unquoted(word)));
        var (key, value) = (word[..colon].ToLowerInvariant(), Unquoted(word[(colon + 1)..]));
        if (value.Length == 0) throw Wrong($"a value is missing after \"{word}\" at column {at.Column}", at);
        return new SearchTerm(key switch
        {
            "status" => Status(value, at),
            "muted" => Muted(value, at),
            "type" => card => Same(card.Classification, value) || Same(card.Rule.Type, value),
            "tag" => card => card.Rule.Tags.Any(tag => Same(tag, value)),
            "notification" => card => card.Handles.Any(handle => Contains(handle, value.TrimStart('@'))),
            "metric" => card => card.Metrics.Any(metric => Matches(metric, value)),
            "scope" => card => card.Scopes.Any(scope => Same(scope, value) || scope.Split(',').Any(part => Same(part.Trim(), value))),
            "group" => card => card.Groups.Any(group => Same(group, value) || group.Split(',').Any(part => Matches(part, value))),
            "priority" => Priority(value, at),
            "creator" => card => Contains(card.Rule.Creator, value),
            "id" => Id(value, at),
            "name" => card => Contains(card.Rule.Name, value),
            _ => throw UnknownKey(key, at),
        });
    }

    static Predicate<MonitorCard> Status(string value, TextRange at) => s_statuses.Contains(value.ToLowerInvariant()) ? card => Same(card.Status, value) : throw Wrong($"'{value}' is not a valid monitor status", at);

    static Predicate<MonitorCard> Muted(string value, TextRange at) => value.ToLowerInvariant() switch
    {
        "true" => card => card.IsMuted,
        "false" => card => !card.IsMuted,
        _ => throw Wrong($"'{value}' is neither true nor false", at),
    };

    static Predicate<MonitorCard> Priority(string value, TextRange at) =>
        int.TryParse(value.TrimStart('p', 'P'), NumberStyles.None, CultureInfo.InvariantCulture, out var priority) && priority is >= 1 and <= 5 ? card => card.Rule.Priority == priority : throw Wrong($"'{value}' is not a valid priority; write p1 to p5", at);

    static Predicate<MonitorCard> Id(string value, TextRange at) => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? card => card.Rule.Id == id : throw Wrong($"'{value}' is not a valid monitor id", at);

    static QueryTextException UnknownKey(string key, TextRange at)
    {
        var nearest = NearestWord.Find(key, s_keys);
        return Wrong($"'{key}' at column {at.Column} is not a key of a monitor search." + (nearest is null ? "" : $" Did you mean '{nearest}'?") + $" There are: {string.Join(", ", s_keys)}", at, nearest);
    }

    static QueryTextException Wrong(string what, TextRange at, string? suggestion = null) => new("Query parsing error: " + what, at, suggestion);

    static bool Same(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);

    static bool Contains(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);

    /// <summary>With a star at the end, what begins so.</summary>
    static bool Matches(string text, string pattern) => pattern.EndsWith('*') ? text.StartsWith(pattern[..^1], StringComparison.OrdinalIgnoreCase) : Same(text, pattern);

    static string Unquoted(string text) => text.Length >= 2 && text[0] == '"' && text[^1] == '"' ? text[1..^1] : text;

    static IEnumerable<(string Text, TextRange At)> Words(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }
            var begin = at++;
            if (text[begin] is not ('(' or ')' or '-'))
            {
                var isQuoted = text[begin] == '"';
                for (; at < text.Length && (isQuoted || !(char.IsWhiteSpace(text[at]) || text[at] is '(' or ')')); at++) if (text[at] == '"') isQuoted = !isQuoted;
                if (isQuoted) throw Wrong($"the quote in \"{text[begin..]}\" is not closed", new TextRange(begin, text.Length - begin), "\"");
            }
            yield return (text[begin..at], new TextRange(begin, at - begin));
        }
    }
}
