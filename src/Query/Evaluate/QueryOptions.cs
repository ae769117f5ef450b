using Apm.Query.Text;

namespace Apm.Query.Evaluate;

/// <summary>What may be said beside a query and its window.</summary>
public sealed record QueryOptions
{
    public static QueryOptions None { get; } = new();

    /// <summary>
    /// What template variables stand for, by their name without the dollar: whole tags such as <c>env:prod</c>, of which one must hold. A
    /// variable that is not there, has none, or has <c>*</c> among them stands for everything.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Variables { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Seconds per point in place of the usual interval; null for that. A rollup in the query comes before it.</summary>
    public int? StepSeconds { get; init; }

    /// <summary>Whether a query that finds nothing is told what may be wrong with it; a monitor has nobody to tell.</summary>
    public bool GivesHints { get; init; } = true;
}

/// <summary>A query asks for more than is answered. The message says what to do.</summary>
/// <param name="reason">As it is counted in <c>metric_queries_refused</c>: <c>too_large</c>, <c>too_slow</c>.</param>
public sealed class QueryLimitException(string reason, string message) : Exception(message)
{
    public const string TooLarge = "too_large";
    public const string TooSlow = "too_slow";

    public string Reason { get; } = reason;
}

/// <summary>Says what of a query that found nothing may be wrong, with the nearest word that is known.</summary>
static class NearestHint
{
    public static string Of(string typed, IEnumerable<string> known) => NearestWord.Find(typed, known) is { } nearest ? $" Did you mean \"{nearest}\"?" : "";
}
