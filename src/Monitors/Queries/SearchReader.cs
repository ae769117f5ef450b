using Apm.Query.Text;

namespace Apm.Monitors.Queries;

/// <summary>
/// Reads the searches that are no searches of traces; each kind says what its keys mean:
/// <code>
/// any  = all *( ( "OR" | "||" ) all )
/// all  = one *( [ "AND" | "&amp;&amp;" ] one )
/// one  = ( "NOT" | "-" | "!" ) one | "(" any ")" | key ":" value | key ":" "(" any ")" | text
/// </code>
/// Values with spaces stand in quotes; within <c>key:( … )</c> each text is a value of the key.
/// </summary>
/// <typeparam name="T">What is searched.</typeparam>
public abstract class SearchReader<T>
{
    const int DeepestNesting = 32;

    readonly string _text;
    readonly List<(string Text, TextRange At)> _words;
    int _next;

    /// <param name="maxTextLength">Longest text read, in characters.</param>
    /// <exception cref="QueryTextException">It is longer, or a quote is not closed.</exception>
    protected SearchReader(string text, int maxTextLength)
    {
        if (text.Length > maxTextLength) throw new QueryTextException($"The search has {text.Length} characters; at most {maxTextLength} are read.", new TextRange(maxTextLength, text.Length - maxTextLength));
        _text = text;
        _words = Words();
    }

    /// <summary>All of it.</summary>
    /// <exception cref="QueryTextException">The text is no such search; says where and why.</exception>
    protected SearchNode<T> Read()
    {
        if (_words.Count == 0) return new AllOf<T>([]);
        var node = Any(0, null);
        return _next == _words.Count ? node : throw Wrong($"\"{Peek}\" at column {PeekAt.Column} stands alone", PeekAt);
    }

    /// <summary>What a key with a value means; the key is "" for free text. Neither is in quotes any more.</summary>
    /// <param name="at">Where it stands.</param>
    /// <exception cref="QueryTextException">There is no such key, or the value does not go with it.</exception>
    protected abstract Predicate<T> Term(string key, string value, TextRange at);

    /// <summary>An error as this kind of search words it.</summary>
    /// <param name="what">Why, in the middle of a sentence and without its end.</param>
    protected abstract QueryTextException Wrong(string what, TextRange at, string? suggestion = null);

    string? Peek => _next < _words.Count ? _words[_next].Text : null;

    TextRange PeekAt => _next < _words.Count ? _words[_next].At : new TextRange(_text.Length, 0);

    SearchNode<T> Any(int depth, string? key)
    {
        var nodes = new List<SearchNode<T>> { All(depth, key) };
        while (Peek is "OR" or "||")
        {
            _next++;
            nodes.Add(All(depth, key));
        }
        return nodes.Count == 1 ? nodes[0] : new AnyOf<T>(nodes);
    }

    SearchNode<T> All(int depth, string? key)
    {
        var nodes = new List<SearchNode<T>> { One(depth, key) };
        while (Peek is not (null or ")" or "OR" or "||"))
        {
            if (Peek is "AND" or "&&") _next++;
            nodes.Add(One(depth, key));
        }
        return nodes.Count == 1 ? nodes[0] : new AllOf<T>(nodes);
    }

    SearchNode<T> One(int depth, string? key)
    {
        if (depth > DeepestNesting) throw Wrong($"it is nested deeper than {DeepestNesting} at column {PeekAt.Column}", PeekAt);
        var (word, at) = (Peek, PeekAt);
        if (word is null or ")" or "OR" or "||" or "AND" or "&&") throw Wrong(word is null ? "something is missing at its end" : $"something is missing before \"{word}\" at column {at.Column}", at);
        _next++;
        if (word is "NOT" or "-" or "!") return new NotOf<T>(One(depth + 1, key));
        if (word == "(") return Group(depth, key, at);
        if (key is not null) return new SearchTerm<T>(Term(key, Unquoted(word), at));
        var colon = word.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || word[0] == '"') return new SearchTerm<T>(Term("", Unquoted(word), at));
        var (name, value) = (word[..colon].ToLowerInvariant(), Unquoted(word[(colon + 1)..]));
        var isJoined = Peek == "(" && PeekAt.Start == at.End;
        if (value.Length > 0 && isJoined) throw Wrong($"the value of \"{word}\" ends before the parenthesis at column {PeekAt.Column}; quote all of it, or put a blank between two conditions", PeekAt);
        if (value.Length > 0) return new SearchTerm<T>(Term(name, value, at));
        if (!isJoined) throw Wrong($"a value is missing after \"{word}\" at column {at.Column}", at);
        var openAt = PeekAt;
        _next++;
        return Group(depth, name, openAt);
    }

    /// <summary>What stands behind an opening parenthesis.</summary>
    SearchNode<T> Group(int depth, string? key, TextRange openAt)
    {
        var inner = Any(depth + 1, key);
        if (Peek != ")") throw Wrong($"the parenthesis at column {openAt.Column} is not closed", openAt);
        _next++;
        return inner;
    }

    static string Unquoted(string text) => text.Length >= 2 && text[0] == '"' && text[^1] == '"' ? text[1..^1] : text;

    List<(string Text, TextRange At)> Words()
    {
        var words = new List<(string, TextRange)>();
        for (var at = 0; at < _text.Length;)
        {
            if (char.IsWhiteSpace(_text[at]))
            {
                at++;
                continue;
            }
            var begin = at++;
            if (_text[begin] is not ('(' or ')' or '-' or '!'))
            {
                var isQuoted = _text[begin] == '"';
                for (; at < _text.Length && (isQuoted || !(char.IsWhiteSpace(_text[at]) || _text[at] is '(' or ')')); at++) if (_text[at] == '"') isQuoted = !isQuoted;
                if (isQuoted) throw Wrong($"the quote in \"{_text[begin..]}\" (column {begin + 1}) is not closed", new TextRange(begin, _text.Length - begin), "\"");
            }
            words.Add((_text[begin..at], new TextRange(begin, at - begin)));
        }
        return words;
    }
}
