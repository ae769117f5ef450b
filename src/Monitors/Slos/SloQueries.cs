using System.Text.RegularExpressions;
using Apm.Core.Slos;
using Apm.Query.Language;
using Apm.Query.Text;

namespace Apm.Monitors.Slos;

/// <summary>The metric queries of objectives. Pure.</summary>
public static partial class SloQueries
{
    /// <exception cref="QueryTextException">The text is no query.</exception>
    public static QueryNode Parse(string text) => MetricQueryParser.Parse(text).Queries[0];

    /// <summary>Reads a query that counts.</summary>
    /// <param name="member">What the API calls it.</param>
    /// <exception cref="SloException">It is none; the message says where and why.</exception>
    public static void CheckCounts(string member, string text)
    {
        var node = Checked(member, text);
        if (node.MetricQueries.FirstOrDefault(query => query.Modifiers.All(modifier => modifier.Name != Modifier.AsCount)) is { } wrong)
            throw new SloException(SloRefusal.Wrong, $"{member}: \"{wrong}\" at column {wrong.At.Column} does not count, so its points cannot be added up. Write {wrong}.as_count().");
        foreach (var query in node.MetricQueries)
            if (query.Modifiers.FirstOrDefault(modifier => modifier.Name == Modifier.Rollup) is { } rollup)
                throw new SloException(SloRefusal.Wrong, $"{member}: leave \"{rollup}\" at column {rollup.At.Column} out; an objective chooses the width of its buckets itself.");
    }

    /// <inheritdoc cref="CheckCounts"/>
    public static QueryNode Checked(string member, string text)
    {
        if (text.Length == 0) throw new SloException(SloRefusal.Wrong, $"{member} is missing. Write a metric query, such as sum:trace.web.request.hits{{service:web}}.as_count().");
        try
        {
            var list = MetricQueryParser.Parse(text);
            if (list.Queries is not [var node]) throw new SloException(SloRefusal.Wrong, $"{member} has {list.Queries.Count} queries; write one.");
            if (!node.MetricQueries.Any()) throw new SloException(SloRefusal.Wrong, $"{member}: \"{text}\" asks for no metric.");
            return node;
        }
        catch (QueryTextException wrong)
        {
            throw new SloException(SloRefusal.Wrong, $"{member}: {wrong.Message}");
        }
    }

    /// <summary>Whether all that a query asks for is grouped by tags.</summary>
    /// <exception cref="QueryTextException">The text is no query.</exception>
    public static bool IsGrouped(string text) => Parse(text).MetricQueries.All(query => query.By.Count > 0);

    /// <summary>A formula with its names replaced by their queries.</summary>
    public static string Filled(string formula, IReadOnlyList<SloNamedQuery> queries)
    {
        if (queries.FirstOrDefault(query => query.Name == formula.Trim()) is { } alone) return alone.Query;
        return Name().Replace(formula, found => queries.FirstOrDefault(query => query.Name == found.Value) is { } named ? $"({named.Query})" : found.Value);
    }

    [GeneratedRegex(@"\b[A-Za-z_]\w*\b(?!\s*\()")]
    private static partial Regex Name();
}
