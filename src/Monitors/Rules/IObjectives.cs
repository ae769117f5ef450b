using Apm.Monitors.Queries;

namespace Apm.Monitors.Rules;

/// <summary>What rules need to know of service level objectives. An installation without them has none such.</summary>
/// <remarks>Any thread; answers come from memory.</remarks>
public interface IObjectives
{
    /// <summary>Why a monitor cannot watch what its query names, a sentence; null when it can.</summary>
    string? WhyNotWatched(SloMonitorQuery query);

    /// <summary>The objectives that are made of a monitor: id and name of each.</summary>
    IReadOnlyList<(string Id, string Name)> MadeOf(long monitorId);
}
