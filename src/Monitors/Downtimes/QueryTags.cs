using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Apm.Core.Monitors;

namespace Apm.Monitors.Downtimes;

/// <summary>
/// The tags in the scopes of a monitor's own query: those that it fixes, which whatever it finds has, so that a downtime of <c>env:prod</c> holds for it
/// too; and those that it names at all, by which lists of monitors are filtered.
/// </summary>
public static partial class QueryTags
{
    static readonly ConditionalWeakTable<MonitorRule, IReadOnlyList<string>> s_known = [];

    /// <summary>Those that stand in every scope of the query; of a scope with other words than tags, none.</summary>
    public static IReadOnlyList<string> FixedBy(MonitorRule rule) => s_known.GetValue(rule, known => Read(known.Query));

    /// <summary>Those that stand in some scope of the query, if only as one of several, but not as one that is left out; compared in whatever case.</summary>
    public static IReadOnlySet<string> NamedBy(MonitorRule rule)
    {
        var named = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var text in ScopeTextsOf(rule.Query))
        {
            var spelled = InList().Replace(text, list => list.Groups["not"].Success ? "" : string.Join(',', list.Groups["values"].Value.Split(',').Select(value => $"{list.Groups["key"].Value}:{value.Trim()}")));
            var isLeftOut = false;
            foreach (Match word in ScopeWord().Matches(spelled))
            {
                if (!isLeftOut && word.Value[0] is not ('!' or '-')) named.Add(word.Value);
                isLeftOut = word.Value.Equals("NOT", StringComparison.OrdinalIgnoreCase);
            }
        }
        return named;
    }

    static IEnumerable<string> ScopeTextsOf(string query)
    {
        if (OverCall().Match(query) is { Success: true } over) return [over.Groups[1].Value.Replace("\"", "", StringComparison.Ordinal)];
        if (SearchCall().Match(query) is { Success: true } search) return [search.Groups[1].Value.Replace("\\\"", "", StringComparison.Ordinal)];
        return Braces().Matches(query).Where(braces => !braces.Groups["by"].Success).Select(braces => braces.Groups["inside"].Value);
    }

    static string[] Read(string query)
    {
        HashSet<string>? inAll = null;
        foreach (var scope in ScopesOf(query))
        {
            var tags = scope.Where(tag => IsPlain(tag)).Select(tag => tag.ToLowerInvariant());
            if (inAll is null) inAll = [.. tags];
            else inAll.IntersectWith(tags);
        }
        return [.. inAll ?? []];
    }

    static IEnumerable<string[]> ScopesOf(string query)
    {
        if (OverCall().Match(query) is { Success: true } over)
        {
            yield return [.. Quoted().Matches(over.Groups[1].Value).Select(tag => tag.Groups[1].Value)];
            yield break;
        }
        if (SearchCall().Match(query) is { Success: true } search)
        {
            var text = search.Groups[1].Value.Replace("\\\"", "\"", StringComparison.Ordinal);
            string[] words = [.. SearchWord().Matches(text).Select(word => word.Value)]; // What stands in quotes is one word, and none of it a tag.
            yield return words.Contains("OR", StringComparer.OrdinalIgnoreCase) || words.Any(word => word.Contains("||", StringComparison.Ordinal) || (word.Contains('(', StringComparison.Ordinal) && !word.Contains('"', StringComparison.Ordinal))) ? []
                : [.. words.Where((_, i) => i == 0 || !words[i - 1].Equals("NOT", StringComparison.OrdinalIgnoreCase))];
            yield break;
        }
        foreach (Match braces in Braces().Matches(query))
        {
            if (braces.Groups["by"].Success) continue;
            var inside = braces.Groups["inside"].Value;
            yield return inside.Contains(" OR ", StringComparison.OrdinalIgnoreCase) || inside.Contains('(', StringComparison.Ordinal) ? []
                : AndOrComma().Split(inside).Select(tag => tag.Trim()).ToArray();
        }
    }

    static bool IsPlain(string tag) => tag.IndexOf(':', StringComparison.Ordinal) > 0 && !tag.Any(c => c is '*' or '!' or '$' or '"' || char.IsWhiteSpace(c)) && tag[0] != '-';

    [GeneratedRegex(@"(?<by>\bby\s*)?\{(?<inside>[^}]*)\}")]
    private static partial Regex Braces();

    [GeneratedRegex(@"[^\s,()]+")]
    private static partial Regex ScopeWord();

    [GeneratedRegex(@"(?<key>[^\s,(){}]+)\s+(?<not>NOT\s+)?IN\s*\((?<values>[^)]*)\)", RegexOptions.IgnoreCase)]
    private static partial Regex InList();

    [GeneratedRegex(@",|\s+AND\s+", RegexOptions.IgnoreCase)]
    private static partial Regex AndOrComma();

    [GeneratedRegex(@"\.over\(([^)]*)\)")]
    private static partial Regex OverCall();

    [GeneratedRegex("\"([^\"]*)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex("(?:\"[^\"]*\"?|[^\\s\"])+")]
    private static partial Regex SearchWord();

    [GeneratedRegex("^\\s*(?:trace-analytics|logs|events|processes|rum)\\(\"((?:[^\"\\\\]|\\\\.)*)\"\\)")]
    private static partial Regex SearchCall();
}
