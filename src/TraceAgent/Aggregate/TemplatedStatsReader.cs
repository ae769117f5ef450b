using Apm.Core.Endpoints;
using Apm.Core.Ports;
using Apm.Core.Stats;
using Apm.Core.Time;

namespace Apm.TraceAgent.Aggregate;

/// <summary>
/// Statistics in which the numbers of names that were given out before their place was folded count under the template: a hundred
/// thousand paths are a few dozen endpoints for the time of learning too. What is stored stays as it was, so that a decision can undo it.
/// </summary>
/// <remarks>Thread-safe. A bucket may then give several cells of one key.</remarks>
public sealed class TemplatedStatsReader(IStatsReader stats, EndpointNames names) : IStatsReader
{
    /// <inheritdoc/>
    public IEnumerable<StatsRow> Read(TimeRange range, StatsFilter filter, long coarsestNanos)
    {
        if (filter.Resource is not { } wanted) return Renamed(stats.Read(range, filter, coarsestNanos));
        if (filter.Service is { } service && !names.FoldedLater(service).Values.Contains(wanted)) return stats.Read(range, filter, coarsestNanos);
        return Renamed(stats.Read(range, filter with { Resource = null }, coarsestNanos)).Where(row => row.Key.Resource == wanted);
    }

    IEnumerable<StatsRow> Renamed(IEnumerable<StatsRow> rows)
    {
        var (service, later) = ("", names.FoldedLater(""));
        foreach (var row in rows)
        {
            if (row.Key.Service != service) (service, later) = (row.Key.Service, names.FoldedLater(row.Key.Service));
            yield return later.Count > 0 && later.TryGetValue(row.Key.Resource, out var template) ? row with { Key = row.Key with { Resource = template } } : row;
        }
    }
}
