using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Mutes;

namespace Apm.Monitors.Replay;

/// <summary>Downtimes, and the mutes of monitors and of all as they were at the time that is asked about.</summary>
/// <remarks>What rules say of their own mutes is not looked at: that is how they stand now.</remarks>
sealed class PastMutes(IDowntimeBook downtimes, MuteLog log) : IDowntimeBook
{
    static readonly IReadOnlyDictionary<string, long?> s_none = new Dictionary<string, long?>();
    static readonly MonitorState[] s_told = [MonitorState.Alert, MonitorState.Warn, MonitorState.NoData];

    public Muting For(MonitorRule rule, IReadOnlyList<string> groupTags, long unixSeconds)
    {
        var of = downtimes.For(Unmuted(rule), groupTags, unixSeconds);
        var held = Mutes(rule, groupTags).Where(mute => mute.HoldsAt(unixSeconds)).ToList();
        if (held.Count == 0) return of;
        var until = held.Max(mute => mute.UntilUnixSeconds);
        if (of.IsMuted) until = Math.Max(until, of.UntilUnixSeconds ?? long.MaxValue);
        return new Muting(true, until == long.MaxValue ? null : until, of.MutesFirstRecovery, [.. of.DowntimeIds, .. held.Select(mute => "silenced:" + mute.Scope)]);
    }

    /// <remarks>As downtimes do, one that ran out tells of the trouble that lasts, and one that was taken away does not.</remarks>
    public IReadOnlyList<DowntimeEnd> Ended(MonitorRule rule, IReadOnlyList<string> groupTags, long afterUnixSeconds, long upToUnixSeconds)
    {
        var ends = Mutes(rule, groupTags).Where(mute => mute.RanOut && mute.UntilUnixSeconds > afterUnixSeconds && mute.UntilUnixSeconds <= upToUnixSeconds)
            .Select(mute => new DowntimeEnd("silenced:" + mute.Scope, mute.FromUnixSeconds, mute.UntilUnixSeconds, s_told)).ToList();
        var of = downtimes.Ended(Unmuted(rule), groupTags, afterUnixSeconds, upToUnixSeconds);
        return ends.Count == 0 ? of : [.. of.Concat(ends).OrderBy(end => end.EndedUnixSeconds)];
    }

    IEnumerable<MuteTime> Mutes(MonitorRule rule, IReadOnlyList<string> groupTags)
    {
        var own = rule.Id == MuteLog.AllMonitors ? [] : log.Of(rule.Id); // One that is not kept yet has none.
        return own.Where(mute => SilencedScopes.Covers(mute.Scope, groupTags)).Concat(log.Of(MuteLog.AllMonitors));
    }

    static MonitorRule Unmuted(MonitorRule rule) => rule.Options.Silenced.Count == 0 ? rule : rule with { Options = rule.Options with { Silenced = s_none } };
}
