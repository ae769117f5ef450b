using Apm.Core.Dashboards;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.ApmUi.Pages.Board;

/// <summary>The boards that come by themselves when their data appears (rules: <see cref="BuiltInBoards"/>). They are made anew with each look; who wants to change one makes a copy.</summary>
public sealed class GivenBoards(IMetricReader reader, TimeProvider clock)
{
    /// <summary>A metric without a point for so long calls for no board.</summary>
    static readonly TimeSpan Fresh = TimeSpan.FromDays(1);

    /// <summary>Those whose metrics had a point in the past day.</summary>
    /// <exception cref="StoreUnavailableException">The metrics cannot be read. Safe to retry.</exception>
    public IReadOnlyList<Dashboard> All()
    {
        var since = (clock.GetUtcNow() - Fresh).ToUnixNanos() / UnixTime.NanosPerSecond;
        return BuiltInBoards.For(reader.Metrics(since).Select(metric => metric.Name).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>One by its name; null when its data is not there.</summary>
    /// <exception cref="StoreUnavailableException">The metrics cannot be read. Safe to retry.</exception>
    public Dashboard? Find(string id) => BuiltInBoards.IsName(id) ? All().FirstOrDefault(board => board.Id == id) : null;
}
