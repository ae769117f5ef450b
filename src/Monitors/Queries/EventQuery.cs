using Apm.Core.Events;
using Apm.Core.Metrics;
using Apm.Query.Text;

namespace Apm.Monitors.Queries;

/// <summary>
/// A search for events as monitors write it: <c>source:deploy env:prod -team:a "went wrong"</c>; all must hold, <c>OR</c> separates
/// alternatives. Keys are <c>tags</c> (a list), <c>hosts</c>, <c>sources</c>, <c>priority</c>, <c>status</c>; any other is a tag.
/// </summary>
/// <param name="Alternatives">At least one; windows are filled in when it is asked.</param>
public sealed record EventQuery(IReadOnlyList<EventSearch> Alternatives)
{
    static readonly string[] s_statuses = ["error", "warning", "info", "success", "user_update", "recommendation", "snapshot"];

    /// <exception cref="QueryTextException">A word is wrong.</exception>
    public static EventQuery Parse(string text)
    {
        var alternatives = new List<EventSearch>();
        var terms = new List<(string Text, TextRange At)>();
        foreach (var term in Terms(text))
        {
            if (term.Text is "OR" or "||")
            {
                alternatives.Add(SearchOf(terms, term.At));
                terms.Clear();
            }
            else if (term.Text is not ("AND" or "&&")) terms.Add(term);
        }
        alternatives.Add(SearchOf(terms, new TextRange(text.Length, 0)));
        return new EventQuery(alternatives);
    }

    static EventSearch SearchOf(List<(string Text, TextRange At)> terms, TextRange end)
    {
        if (terms.Count == 0 && end.Start > 0 && end.Length > 0) throw new QueryTextException($"Nothing stands before \"OR\" at column {end.Column}.", end);
        var search = new EventSearch(0, 0);
        foreach (var (text, at) in terms)
        {
            var isNegated = text[0] == '-' && text.Length > 1;
            var term = isNegated ? text[1..] : text;
            var colon = term.IndexOf(':', StringComparison.Ordinal);
            var (key, value) = colon > 0 && term[0] != '"' ? (term[..colon].ToLowerInvariant(), Unquoted(term[(colon + 1)..])) : ("", Unquoted(term));
            if (term == "*") continue;
            if (value.Length == 0) throw new QueryTextException($"A value is missing after \"{term}\" at column {at.Column}.", at);
            if (isNegated)
            {
                if (key is "" or "priority" or "status" or "sources" or "source") throw new QueryTextException($"\"{text}\" at column {at.Column}: only tags and hosts can be left out.", at);
                search = search with { WithoutTags = [.. search.WithoutTags, .. TagsOf(key, value)] };
                continue;
            }
            search = key switch
            {
                "" => search with { Words = [.. search.Words, value] },
                "priority" => value is "all" or "normal" or "low" ? search with { Priority = value == "all" ? "" : value } : throw new QueryTextException($"\"{value}\" at column {at.Column}: priority is all, normal or low.", at),
                "status" or "alert_type" => s_statuses.Contains(value) ? search with { AlertType = value } : throw new QueryTextException($"\"{value}\" at column {at.Column} is no status. There are: {string.Join(", ", s_statuses)}.", at, NearestWord.Find(value, s_statuses)),
                "source" or "sources" => search with { Sources = [.. search.Sources, .. value.Split(',', StringSplitOptions.RemoveEmptyEntries)] },
                _ => search with { Tags = [.. search.Tags, .. TagsOf(key, value)] },
            };
        }
        return search;
    }

    static IEnumerable<string> TagsOf(string key, string value)
    {
        IEnumerable<string> tags = key switch
        {
            "tags" or "tag" => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            "hosts" => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(host => "host:" + host),
            _ => [$"{key}:{value}"],
        };
        return tags.Select(MetricNames.Tag).OfType<string>();
    }

    static string Unquoted(string text) => text.Length >= 2 && text[0] == '"' && text[^1] == '"' ? text[1..^1] : text;

    static IEnumerable<(string Text, TextRange At)> Terms(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
            var begin = at;
            var isQuoted = false;
            for (; at < text.Length && (isQuoted || !char.IsWhiteSpace(text[at])); at++) if (text[at] == '"') isQuoted = !isQuoted;
            if (isQuoted) throw new QueryTextException($"A quote in \"{text[begin..]}\" (column {begin + 1}) is not closed.", new TextRange(begin, at - begin), "\"");
            if (at > begin) yield return (text[begin..at], new TextRange(begin, at - begin));
        }
    }
}
