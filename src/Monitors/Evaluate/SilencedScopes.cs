using Apm.Core.Monitors;
using Apm.Core.Ports;

namespace Apm.Monitors.Evaluate;

/// <summary>The monitor's own mutes, <c>options.silenced</c>: a scope and until when (metrics-monitors §8.5). They end as downtimes do by default. Pure.</summary>
public static class SilencedScopes
{
    static readonly MonitorState[] s_told = [MonitorState.Alert, MonitorState.Warn, MonitorState.NoData];

    /// <summary>Whether a mute holds for a group, and until when.</summary>
    public static Muting For(MonitorOptions options, IReadOnlyList<string> groupTags, long unixSeconds)
    {
        var holding = options.Silenced.Where(pair => (pair.Value is not { } end || unixSeconds < end) && Covers(pair.Key, groupTags)).ToList();
        if (holding.Count == 0) return Muting.None;
        return new Muting(true, holding.Exists(pair => pair.Value is null) ? null : holding.Max(pair => pair.Value), MutesFirstRecovery: false, [.. holding.Select(pair => "silenced:" + pair.Key)]);
    }

    /// <summary>The mutes of a group that ended after one time and up to another.</summary>
    public static IEnumerable<DowntimeEnd> Ended(MonitorOptions options, IReadOnlyList<string> groupTags, long afterUnixSeconds, long upToUnixSeconds) =>
        options.Silenced.Where(pair => pair.Value is { } end && end > afterUnixSeconds && end <= upToUnixSeconds && Covers(pair.Key, groupTags))
            .Select(pair => new DowntimeEnd("silenced:" + pair.Key, 0, pair.Value!.Value, s_told));

    /// <summary><c>*</c>, or tags with commas, all of which the group has.</summary>
    public static bool Covers(string scope, IReadOnlyList<string> groupTags) => scope == "*" || scope.Split(',').All(tag => groupTags.Contains(tag.Trim(), StringComparer.OrdinalIgnoreCase));
}
