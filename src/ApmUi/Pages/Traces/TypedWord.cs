namespace Apm.ApmUi.Pages.Traces;

/// <summary>The word of a query in which the caret stands, and what is around it.</summary>
/// <param name="Before">In front of it, with its space.</param>
/// <param name="Text">The word up to the caret: what was typed of it, and what is completed.</param>
/// <param name="After">Behind the word; what of the word stands behind the caret is replaced.</param>
/// <param name="ListKey">The key whose list of values the word stands in, as <c>service</c> in <c>service:(web OR …)</c>; null outside of one.</param>
public sealed record TypedWord(string Before, string Text, string After, string? ListKey)
{
    /// <param name="query">As it stands in the field.</param>
    /// <param name="caret">How many characters stand in front of the caret; what lies outside of the text is taken as its end.</param>
    public static TypedWord At(string query, int? caret)
    {
        var at = caret is { } asked && asked >= 0 && asked < query.Length ? asked : query.Length;
        var (start, inQuotes) = (0, false);
        string? list = null;
        for (var i = 0; i < at; i++)
        {
            if (query[i] == '"') inQuotes = !inQuotes;
            if (inQuotes || !IsBorder(query[i])) continue;
            if (query[i] == '(' && i > start && query[i - 1] == ':') list = query[start..(i - 1)];
            else if (query[i] is '(' or ')') list = null;
            start = i + 1;
        }
        var end = at;
        while (end < query.Length && (inQuotes || !IsBorder(query[end])))
            if (query[end++] == '"') inQuotes = !inQuotes;
        return new TypedWord(query[..start], query[start..at], query[end..], list);
    }

    /// <summary>The query without the word, as it narrows what can be completed; a list that the word is of is left out with it.</summary>
    public string Rest => (ListKey is null ? Before : Before[..Before.LastIndexOf(ListKey + ":(", StringComparison.Ordinal)]) + (ListKey is null ? After : After[(After.IndexOf(')', StringComparison.Ordinal) + 1)..]);

    static bool IsBorder(char c) => c is ' ' or '(' or ')' or '{' or '}';
}
