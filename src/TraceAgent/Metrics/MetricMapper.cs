using System.Text.RegularExpressions;

namespace Apm.TraceAgent.Metrics;

/// <summary>
/// A rule that makes of a dotted name, as old clients of StatsD send it, a name with tags: Datadog's <c>dogstatsd_mapper_profiles</c>
/// (metrics-monitors §2.1). <c>airflow.job.duration.etl.load</c> becomes <c>airflow.job.duration</c> with <c>dag:etl</c> and <c>task:load</c>.
/// </summary>
/// <param name="Prefix">Names that begin otherwise are not looked at; <c>*</c> for all.</param>
/// <param name="Match">A pattern of dotted words with <c>*</c>, each for one word or part of it; or a regular expression.</param>
/// <param name="IsRegex">What <paramref name="Match"/> is.</param>
/// <param name="Name">The new name; <c>$1</c> stands for what the first star or group found.</param>
/// <param name="Tags">Keys and values, those with <c>$1</c> … too.</param>
public sealed record MetricMapping(string Prefix, string Match, bool IsRegex, string Name, IReadOnlyList<(string Key, string Value)> Tags)
{
    /// <summary>The pattern as it is asked.</summary>
    /// <exception cref="ArgumentException">It is none; the message says why.</exception>
    public Regex Pattern { get; } = PatternOf(Match, IsRegex);

    static Regex PatternOf(string match, bool isRegex)
    {
        if (!isRegex && (match.Length == 0 || match.Contains("**", StringComparison.Ordinal) || !match.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '*')))
            throw new ArgumentException($"\"{match}\" is no pattern of a mapping: write letters, digits, _ - and . with single stars, such as airflow.job.*.*, or set match_type: regex.");
        var text = isRegex ? match : Regex.Escape(match).Replace("\\*", "([^.]*)", StringComparison.Ordinal);
        try
        {
            return new Regex($"^(?:{text})$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception problem) when (problem is ArgumentException or NotSupportedException)
        {
            throw new ArgumentException($"\"{match}\" is no regular expression that can be used: {problem.Message}", problem);
        }
    }
}

/// <summary>Applies mappings to names; the first that fits counts.</summary>
/// <remarks>Any thread.</remarks>
public sealed class MetricMapper(IReadOnlyList<MetricMapping> mappings)
{
    /// <summary>The name as it shall be, with tags; null when none fits.</summary>
    public (string Name, IReadOnlyList<string> Tags)? Map(string name)
    {
        foreach (var mapping in mappings)
        {
            if (mapping.Prefix != "*" && !name.StartsWith(mapping.Prefix, StringComparison.Ordinal)) continue;
            if (mapping.Pattern.Match(name) is not { Success: true } found) continue;
            return (found.Result(mapping.Name), [.. mapping.Tags.Select(tag => $"{tag.Key}:{found.Result(tag.Value)}")]);
        }
        return null;
    }
}
