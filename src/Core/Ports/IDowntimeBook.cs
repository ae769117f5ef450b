using Apm.Core.Monitors;

namespace Apm.Core.Ports;

/// <summary>What downtimes say of a group of a monitor at a time (metrics-monitors §8).</summary>
/// <param name="IsMuted">Whether nothing is told.</param>
/// <param name="UntilUnixSeconds">When the last of them ends; null when they do not, or there is none.</param>
/// <param name="MutesFirstRecovery">Whether even the first recovery inside is silent.</param>
/// <param name="DowntimeIds">Those that hold.</param>
public sealed record Muting(bool IsMuted, long? UntilUnixSeconds, bool MutesFirstRecovery, IReadOnlyList<string> DowntimeIds)
{
    /// <summary>No downtime holds.</summary>
    public static Muting None { get; } = new(false, null, false, []);
}

/// <summary>A downtime's occurrence that came to an end, and in which states its groups are told of then.</summary>
/// <param name="EndedUnixSeconds">When.</param>
/// <param name="TellsStates">Groups in one of these states are told of now; none when nothing is told.</param>
public sealed record DowntimeEnd(string DowntimeId, long StartedUnixSeconds, long EndedUnixSeconds, IReadOnlyList<MonitorState> TellsStates);

/// <summary>Knows the downtimes.</summary>
/// <remarks>Any thread; answers come from memory.</remarks>
public interface IDowntimeBook
{
    /// <summary>What holds for a group. Tags are the group's own, with those of its host when it has one; none for a monitor without groups.</summary>
    Muting For(MonitorRule rule, IReadOnlyList<string> groupTags, long unixSeconds);

    /// <summary>The occurrences of downtimes that held for a group and ended after one time and up to another, in order of their ends.</summary>
    IReadOnlyList<DowntimeEnd> Ended(MonitorRule rule, IReadOnlyList<string> groupTags, long afterUnixSeconds, long upToUnixSeconds);
}
