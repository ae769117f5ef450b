using Apm.Query.Language;

namespace Apm.Query.Evaluate;

/// <summary>Chooses how wide the buckets of a query are. All its metrics use the same: the widest that any of them asks for.</summary>
static class QuerySteps
{
    /// <returns>Seconds, and whether somebody asked for them.</returns>
    public static (int Seconds, bool IsAsked) Of(QueryNode query, long windowSeconds, QueryOptions options, ICollection<string> warnings)
    {
        var usual = QueryIntervals.SecondsFor(windowSeconds);
        var isAsked = false;
        if (options.StepSeconds is { } wanted && Fits(wanted, windowSeconds)) (usual, isAsked) = (wanted, true);
        var widest = 0;
        var isEachAsked = true;
        foreach (var metric in query.MetricQueries)
        {
            var rollup = metric.Modifiers.FirstOrDefault(modifier => modifier is { Name: Modifier.Rollup, Seconds: not null });
            if (rollup?.Seconds is not { } seconds)
            {
                isEachAsked = false;
                widest = Math.Max(widest, usual);
            }
            else if (!Fits(seconds, windowSeconds))
            {
                isEachAsked = false;
                widest = Math.Max(widest, usual);
                warnings.Add($"\"{rollup}\" at column {rollup.At.Column} would give {windowSeconds / seconds} points; at most {QueryIntervals.MaxPoints} are drawn, so points are {usual} s apart.");
            }
            else widest = Math.Max(widest, seconds);
        }
        return (widest, isAsked || isEachAsked);
    }

    static bool Fits(int seconds, long windowSeconds) => seconds >= 1 && windowSeconds / seconds <= QueryIntervals.MaxPoints;
}
