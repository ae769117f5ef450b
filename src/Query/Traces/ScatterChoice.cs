using Apm.Core.Ids;

namespace Apm.Query.Traces;

/// <summary>Chooses which traces stand for many: the slowest, since one looks for them, and of the rest an even choice by trace id.</summary>
/// <remarks>The choice depends on the ids alone, so a trace that is shown stays shown while others come.</remarks>
static class ScatterChoice
{
    /// <summary>This part of the points is kept for the slowest: a tenth.</summary>
    const int SlowestShare = 10;

    /// <summary>At most <paramref name="most"/> of the points, by start.</summary>
    /// <returns>The points, and how many of them are there as the slowest; 0 when all are given.</returns>
    public static (IReadOnlyList<ScatterPoint> Points, int SlowestCount) Of(IReadOnlyCollection<ScatterPoint> all, int most)
    {
        var chosen = all as IEnumerable<ScatterPoint>;
        var slowest = all.Count > most ? most / SlowestShare : 0;
        if (all.Count > most)
        {
            var byDuration = all.OrderByDescending(point => point.DurationNanos).ThenBy(point => point.TraceId).ToList();
            chosen = byDuration.Take(slowest).Concat(byDuration.Skip(slowest).OrderBy(point => Mixed(point.TraceId)).Take(most - slowest));
        }
        return ([.. chosen.OrderBy(point => point.StartUnixNanos).ThenBy(point => point.TraceId)], slowest);
    }

    /// <summary>Spreads ids that are counted up as evenly as random ones.</summary>
    static ulong Mixed(TraceId id)
    {
        unchecked
        {
            var mixed = (id.Low ^ id.High) * 0x9E3779B97F4A7C15;
            return (mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9;
        }
    }
}
