using Apm.Core.Ports;
using Apm.Query.Frames;

namespace Apm.Query.Evaluate;

/// <summary>
/// What a query read last, kept for its next metric: a share such as <c>sum:m{*} by {host} / sum:m{*}</c> asks for the same series twice. Only the
/// last, so that memory does not grow with the query.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
sealed class LastRead
{
    (string Metric, string Scope, TimeGrid Grid, bool NeedsSketches) _asked;
    IReadOnlyList<SeriesBuckets>? _found;

    /// <summary>The series as they were read last, or else as they are read now.</summary>
    /// <param name="read">Reads them; what it gives must not be changed.</param>
    public IReadOnlyList<SeriesBuckets> Of(string metric, string scope, TimeGrid grid, bool needsSketches, Func<IReadOnlyList<SeriesBuckets>> read)
    {
        var asked = (metric, scope, grid, needsSketches);
        if (_found is not null && asked == _asked) return _found;
        (_asked, _found) = (asked, null); // The old ones go before the new ones come.
        return _found = read();
    }
}
