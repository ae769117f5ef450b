using Apm.Core.Metrics;
using Apm.Query.Language;

namespace Apm.Query.Evaluate;

/// <summary>Lets the series of a scope through to be read, until they would take more memory than a query may have.</summary>
/// <remarks>A reader may ask from several threads.</remarks>
sealed class SeriesGate(MetricQuery query, ScopeTest scope, int bucketCount)
{
    /// <summary>Most buckets of all series that one metric query reads; default 2,000,000, which takes about 80 MB for as long as the query runs.</summary>
    public const int MaxBucketsRead = 2_000_000;

    int _series;

    public bool Accepts(MetricTags tags) => scope.Accepts(tags) && (long)Interlocked.Increment(ref _series) * bucketCount <= MaxBucketsRead;

    /// <exception cref="QueryLimitException">Some were not let through.</exception>
    public void ThrowIfTooMany()
    {
        if ((long)_series * bucketCount <= MaxBucketsRead) return;
        throw new QueryLimitException(QueryLimitException.TooLarge,
            $"\"{query.Metric}\" at column {query.MetricAt.Column} has {_series} series of {bucketCount} points in this window; at most {MaxBucketsRead} points are read. Narrow the scope, shorten the window, or widen the points with .rollup.");
    }
}
