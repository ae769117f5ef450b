using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Queries;

namespace Apm.Monitors.Schedule;

/// <summary>The groups of one monitor between two evaluations.</summary>
interface IGroupSet
{
    int Count { get; }

    /// <summary>One; null when there is none of that name.</summary>
    GroupState? Find(string group);

    /// <summary>Names of all, a list of its own.</summary>
    IReadOnlyList<string> Names();

    void Set(GroupState state);

    void Forget(string group);
}

/// <summary>What one evaluation made of one group.</summary>
/// <param name="After">Null when it was silent for so long that it is forgotten.</param>
/// <param name="Told">What people are to be told; null for nothing.</param>
readonly record struct RoundStep(GroupState Before, GroupState? After, AlertTransition? Told, bool IsMuted);

/// <summary>Moves all groups of a monitor on by one evaluation, the known and the new ones. Of the schedule and of replays the same.</summary>
sealed class MonitorRound(IDowntimeBook downtimes, IMuteAll muteAll, IHostTags hosts)
{
    /// <summary>A group that was silent for so long is forgotten, without a word, when the monitor says nothing else; 24 hours, Datadog's figure.</summary>
    const long MaxSilentSeconds = 24 * 3_600;

    /// <summary>The steps, each done when it is taken out.</summary>
    /// <param name="groups">Is changed.</param>
    /// <param name="beforeUnixSeconds">When it was evaluated before; the same as now for the first time.</param>
    /// <param name="room">How many new groups there may be.</param>
    /// <param name="leftOut">Called for each new group that there is no room for.</param>
    public IEnumerable<RoundStep> Of(TurnContext context, MonitorReading reading, IGroupSet groups, long beforeUnixSeconds, int room, Action leftOut)
    {
        var (rule, now) = (context.Rule, context.NowUnixSeconds);
        foreach (var (state, found) in Pairs(context, reading, groups, room, leftOut))
        {
            if (IsForgotten(rule, state, found, now))
            {
                groups.Forget(state.Group);
                yield return new RoundStep(state, null, null, IsMuted: false);
                continue;
            }
            var tags = TagsOf(state);
            var muting = MutingOf(rule, tags, now);
            var result = GroupTurn.Of(context, state, found, muting, state.WasMuted && !muting.IsMuted ? EndsOf(rule, tags, beforeUnixSeconds, now) : []);
            groups.Set(result.After);
            yield return new RoundStep(state, result.After, result.Told, muting.IsMuted);
        }
    }

    /// <summary>Each known group, and each new one, with what was found of it.</summary>
    static IEnumerable<(GroupState State, GroupReading? Found)> Pairs(TurnContext context, MonitorReading reading, IGroupSet groups, int room, Action leftOut)
    {
        var (query, options, now) = (context.Query, context.Rule.Options, context.NowUnixSeconds);
        var isFirst = groups.Count == 0;
        var found = new HashSet<string>(StringComparer.Ordinal);
        var isZero = MissingDataRule.IsZero(options, query);
        var known = groups.Names();
        foreach (var group in reading.Groups)
        {
            if (query.IsCount && !isZero && group.Value == 0) continue; // Nothing came, and that is to be missing data.
            found.Add(group.Group);
            if (groups.Find(group.Group) is { } state) yield return (state, group);
            else if (groups.Count >= MonitorStates.MaxGroups || room-- <= 0) leftOut();
            else yield return (New(group.Group, group.Tags, now, isFirst), group);
        }
        GroupReading? Silent(GroupState state) => isZero ? GroupReading.Of(state.Tags) with { Value = 0 } : null;
        if (!query.IsMulti && query is not CompositeMonitorQuery && found.Count == 0 && known.Count == 0)
        {
            var whole = New(GroupState.Whole, [], now, isFirst);
            yield return (whole, Silent(whole));
        }
        for (var i = 0; i < reading.LeftOutGroupCount; i++) leftOut();
        foreach (var name in known)
        {
            if (found.Contains(name) || groups.Find(name) is not { } state) continue;
            // Where groups were left out, one that was not found may be among them, and not silent: it stays as it is until it is forgotten.
            if (reading.LeftOutGroupCount == 0 || IsForgotten(context.Rule, state, null, now)) yield return (state, Silent(state));
        }
    }

    static GroupState New(string group, IReadOnlyList<string> tags, long now, bool isFirst) => new() { Group = group, Tags = tags, FirstSeenUnixSeconds = now, IsOfFirstEvaluation = isFirst };

    /// <summary>Only groups by tags are: a monitor without groups keeps its one state.</summary>
    static bool IsForgotten(MonitorRule rule, GroupState state, GroupReading? found, long now) =>
        state.Tags.Count > 0 && found is not { LastDataUnixSeconds: not null } && found is not { IsJudged: true } && now - (state.LastDataUnixSeconds ?? now) >= (rule.Options.GroupRetentionSeconds ?? MaxSilentSeconds);

    /// <summary>Its own tags, and those of its host.</summary>
    IReadOnlyList<string> TagsOf(GroupState state)
    {
        if (state.Tags.FirstOrDefault(tag => tag.StartsWith("host:", StringComparison.Ordinal)) is not { } host) return state.Tags;
        var more = hosts.TagsOf(host[5..]);
        return more.Count == 0 ? state.Tags : [.. state.Tags, .. more];
    }

    Muting MutingOf(MonitorRule rule, IReadOnlyList<string> tags, long now)
    {
        var (own, downtime) = (SilencedScopes.For(rule.Options, tags, now), downtimes.For(rule, tags, now));
        if (!own.IsMuted && !downtime.IsMuted) return muteAll.IsMuted(now) ? new Muting(true, null, false, []) : Muting.None;
        return downtime.IsMuted ? downtime : own;
    }

    List<DowntimeEnd> EndsOf(MonitorRule rule, IReadOnlyList<string> tags, long before, long now) =>
        [.. downtimes.Ended(rule, tags, before, now).Concat(SilencedScopes.Ended(rule.Options, tags, before, now)).OrderBy(end => end.EndedUnixSeconds)];
}
