namespace Apm.Query.Evaluate;

/// <summary>What the queries of one text read together: each may be small enough, and all of them still be too much.</summary>
/// <remarks>Not thread-safe.</remarks>
sealed class ReadBudget
{
    /// <summary>Most buckets that all metrics of one text read; default 10,000,000.</summary>
    public const long MaxBucketsOfText = 10_000_000;

    long _read;

    /// <exception cref="QueryLimitException">It is more than all may read.</exception>
    public void Take(long buckets)
    {
        _read += buckets;
        if (_read > MaxBucketsOfText)
            throw new QueryLimitException(QueryLimitException.TooLarge, $"The queries of this text read more than {MaxBucketsOfText} points together. Send them apart, narrow their scopes, or shorten the window.");
    }
}
