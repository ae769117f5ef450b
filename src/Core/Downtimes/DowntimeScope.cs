namespace Apm.Core.Downtimes;

/// <summary>
/// Which groups a downtime silences: a condition on their tags (metrics-monitors §4.13, §4.14).
/// <code>
/// all  = or                       and  = not *( [ AND ] not )
/// or   = and *( OR and )          not  = [ NOT | "-" | "!" ] ( tag | "(" or ")" )
/// tag  = "*" | key ":" value      a value may begin or end with "*"
///      | key ":" "(" or ")"       each word in it is a value of that key, or a tag of its own
/// </code>
/// </summary>
/// <remarks>Immutable; any thread.</remarks>
public sealed class DowntimeScope
{
    /// <summary>Longest text, in characters. A longer one is refused.</summary>
    public const int MaxTextChars = 4_000;

    /// <summary>Deepest nesting of parentheses, as version 2 of the API has it. Deeper ones are refused.</summary>
    public const int MaxDepth = 2;

    /// <summary>Said to version 1 of the API whatever is wrong.</summary>
    public const string Invalid = "Invalid scope parameter";

    /// <summary>The scope of all groups.</summary>
    public const string Everything = "*";

    readonly Func<IReadOnlyList<string>, bool> _holds;

    DowntimeScope(string text, Func<IReadOnlyList<string>, bool> holds, bool isEverything) => (Text, _holds, IsEverything) = (text, holds, isEverything);

    public string Text { get; }

    /// <summary>Whether it is <c>*</c> alone, which holds for monitors without groups too.</summary>
    public bool IsEverything { get; }

    /// <summary>Whether a group with these tags is in it.</summary>
    public bool Accepts(IReadOnlyList<string> tags) => IsEverything || _holds(tags);

    /// <summary>A list of version 1: each item a tag, all of which must hold.</summary>
    /// <exception cref="DowntimeException">An item is no tag.</exception>
    public static DowntimeScope OfTags(IReadOnlyList<string> items)
    {
        if (items.Count == 0) throw new DowntimeException(Invalid);
        var tests = new List<Func<IReadOnlyList<string>, bool>>();
        foreach (var item in items)
        {
            if (item == Everything) continue;
            if (item.Any(c => char.IsWhiteSpace(c) || c is '(' or ')' or '?')) throw new DowntimeException(Invalid);
            var isNot = item.Length > 1 && item[0] is '!' or '-';
            var tag = TagTest(isNot ? item[1..] : item) ?? throw new DowntimeException(Invalid);
            tests.Add(isNot ? tags => !tag(tags) : tag);
        }
        return new DowntimeScope(string.Join(" AND ", items), tags => tests.TrueForAll(test => test(tags)), tests.Count == 0);
    }

    /// <summary>A text of version 2.</summary>
    /// <exception cref="DowntimeException">It is no such text; the message says what is wrong.</exception>
    public static DowntimeScope Parse(string text)
    {
        if (text.Length > MaxTextChars) throw new DowntimeException($"The scope has {text.Length} characters; {MaxTextChars} are the most.");
        var trimmed = text.Trim();
        if (trimmed.Length == 0) throw new DowntimeException("The scope is empty. Write * for everything, or tags such as env:prod AND service:web.");
        return trimmed == Everything ? new DowntimeScope(trimmed, _ => true, isEverything: true) : new DowntimeScope(trimmed, new Parser(trimmed).ParseAll(), isEverything: false);
    }

    /// <summary>The scope of a downtime, whichever version wrote it.</summary>
    /// <exception cref="DowntimeException">It is none.</exception>
    public static DowntimeScope Of(Downtime downtime) => downtime.Scopes.Count == 1 ? Parse(downtime.Scopes[0]) : OfTags(downtime.Scopes);

    /// <summary>The test of one tag; null when it has no key or no value.</summary>
    static Func<IReadOnlyList<string>, bool>? TagTest(string tag)
    {
        var colon = tag.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || colon == tag.Length - 1) return null;
        var pattern = tag.ToLowerInvariant();
        var (isOpenLeft, isOpenRight) = (pattern[colon + 1] == '*', pattern[^1] == '*');
        if (!isOpenLeft && !isOpenRight) return tags => tags.Any(known => known.Equals(pattern, StringComparison.OrdinalIgnoreCase));
        var (key, value) = (pattern[..(colon + 1)], pattern[(colon + 1)..].Trim('*'));
        return tags => tags.Any(known => known.StartsWith(key, StringComparison.OrdinalIgnoreCase) && Fits(known[key.Length..], value, isOpenLeft, isOpenRight));
    }

    static bool Fits(string known, string value, bool isOpenLeft, bool isOpenRight) => (isOpenLeft, isOpenRight) switch
    {
        (true, true) => known.Contains(value, StringComparison.OrdinalIgnoreCase),
        (true, false) => known.EndsWith(value, StringComparison.OrdinalIgnoreCase),
        _ => known.StartsWith(value, StringComparison.OrdinalIgnoreCase),
    };

    ref struct Parser(string text)
    {
        int _at;
        int _depth;
        string? _key; // With its colon: what the words of the bracket that is read are values of; null when each has its own key.

        public Func<IReadOnlyList<string>, bool> ParseAll()
        {
            var all = Or(isTop: true);
            return Peek() is { Length: > 0 } rest ? throw new DowntimeException($"\"{rest}\" at character {_at + 1} of the scope has no opening parenthesis.") : all;
        }

        Func<IReadOnlyList<string>, bool> Or(bool isTop)
        {
            var left = And();
            while (Peek() == "OR")
            {
                if (isTop) throw new DowntimeException("OR cannot stand at the top level of a scope. Put it in parentheses after another tag, or make two downtimes.");
                Take();
                var (before, right) = (left, And());
                left = tags => before(tags) || right(tags);
            }
            return left;
        }

        Func<IReadOnlyList<string>, bool> And()
        {
            var left = Not();
            while (Peek() is { Length: > 0 } word && word is not (")" or "OR"))
            {
                if (word == "AND") Take();
                var (before, right) = (left, Not());
                left = tags => before(tags) && right(tags);
            }
            return left;
        }

        Func<IReadOnlyList<string>, bool> Not()
        {
            if (Peek() is not ("NOT" or "-" or "!")) return Tag();
            Take();
            var inner = Tag();
            return tags => !inner(tags);
        }

        Func<IReadOnlyList<string>, bool> Tag()
        {
            var word = Take();
            switch (word)
            {
                case "": throw new DowntimeException("The scope ends where a tag is expected, such as env:prod.");
                case "(": return Bracket();
                case ")" or "AND" or "OR": throw new DowntimeException($"\"{word}\" stands where a tag is expected, such as env:prod.");
                case Everything when _key is null: return _ => true;
                default:
                    if (word.Length > 1 && word.IndexOf(':', StringComparison.Ordinal) == word.Length - 1 && _at < text.Length && text[_at] == '(')
                    {
                        var outer = _key;
                        (_key, _) = (word, Take());
                        var values = Bracket();
                        _key = outer;
                        return values;
                    }
                    if (_key is not null && !word.Contains(':', StringComparison.Ordinal)) word = _key + word;
                    if (word.Contains('?', StringComparison.Ordinal)) throw new DowntimeException($"\"{word}\": ? is no wildcard here. A value may begin or end with *.");
                    if (word.IndexOf('*', StringComparison.Ordinal) is var star and >= 0 && !IsAtAnEdge(word, star)) throw new DowntimeException($"\"{word}\": * may only begin or end a value.");
                    return TagTest(word) ?? throw new DowntimeException("All values must have a key");
            }
        }

        /// <summary>What stands behind an opening parenthesis, with the one that closes it.</summary>
        Func<IReadOnlyList<string>, bool> Bracket()
        {
            if (++_depth > MaxDepth) throw new DowntimeException($"Parentheses of a scope nest at most {MaxDepth} deep.");
            var inner = Or(isTop: false);
            if (Take() != ")") throw new DowntimeException("A parenthesis of the scope is not closed.");
            _depth--;
            return inner;
        }

        static bool IsAtAnEdge(string word, int star)
        {
            var value = word[(word.IndexOf(':', StringComparison.Ordinal) + 1)..];
            return star >= word.Length - value.Length && !value.Trim('*').Contains('*', StringComparison.Ordinal);
        }

        string Peek()
        {
            var (at, word) = (_at, Take());
            _at = at;
            while (_at < text.Length && char.IsWhiteSpace(text[_at])) _at++;
            return word;
        }

        string Take()
        {
            while (_at < text.Length && char.IsWhiteSpace(text[_at])) _at++;
            if (_at == text.Length) return "";
            var start = _at++;
            if (text[start] is '(' or ')' or '!' or '-') return text[start..(start + 1)];
            var quoted = false;
            while (_at < text.Length && (quoted || !(char.IsWhiteSpace(text[_at]) || text[_at] is '(' or ')')))
                if (text[_at++] == '"') quoted = !quoted;
            return text[start.._at].Replace("\"", "", StringComparison.Ordinal);
        }
    }
}
