using Apm.Core.Counting;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;
using Apm.Monitors.Slos;

namespace Apm.Monitors.Schedule;

/// <summary>
/// Evaluates one monitor once: reads, moves each group on, writes the states together with what is to be told, and hands that over.
/// </summary>
/// <remarks>Different monitors at the same time, one monitor one at a time.</remarks>
public sealed class MonitorEvaluator(MonitorReadings readings, MonitorStates states, MonitorHistory history, IDowntimeBook downtimes, IMuteAll muteAll, IAlertTeller teller, IHostTags hosts, MissingReasons reasons, Counters counters, UptimeBook? uptime = null)
{
    /// <summary>A group that was silent for so long is forgotten, without a word; 24 hours, Datadog's figure.</summary>
    const long MaxSilentSeconds = 24 * 3_600;

    /// <param name="nowUnixSeconds">When it was due.</param>
    /// <param name="beforeUnixSeconds">When it was evaluated before; the same as now for the first time.</param>
    /// <exception cref="StoreUnavailableException">States or alerts are not on disk; those already noted are written and told the next time.</exception>
    public void Evaluate(KnownRule known, long nowUnixSeconds, long beforeUnixSeconds, CancellationToken cancel = default)
    {
        var (rule, book) = (known.Rule, states.BookOf(known.Rule.Id));
        if (known.Query is not { } query) return;
        if (book.Asked != MonitorStates.AskedBy(known)) book.Restart(MonitorStates.AskedBy(known));
        Tell(book); // What could not be told before. As long as it cannot, nothing new is found, so that nothing piles up and nothing is lost.
        var reading = readings.Read(query, rule.Options, nowUnixSeconds, states.Find, cancel);
        counters.Add("monitor_evaluations");
        if (reading.SkippedReason is { } reason)
        {
            Skip(rule.Id, nowUnixSeconds, reason);
            uptime?.Note(rule.Id, nowUnixSeconds, null);
            return;
        }
        var notes = new List<EvaluationNote>();
        var told = new List<AlertTransition>();
        var context = new TurnContext(rule, query, nowUnixSeconds, reading.Window);
        var isFirst = book.Count == 0;
        foreach (var (state, found) in Pairs(query, rule.Options, reading, book, nowUnixSeconds, isFirst))
        {
            if (IsForgotten(state, found, nowUnixSeconds))
            {
                book.Forget(state.Group);
                notes.Add(new EvaluationNote(nowUnixSeconds, state.Group, state.State, state.State, null, EvaluationHappening.Forgotten));
                continue;
            }
            var tags = TagsOf(state);
            var muting = MutingOf(rule, tags, nowUnixSeconds);
            var result = GroupTurn.Of(context, state, found, muting, state.WasMuted && !muting.IsMuted ? EndsOf(rule, tags, beforeUnixSeconds, nowUnixSeconds) : []);
            book.Set(result.After);
            if (result.Told is { } transition) told.Add(transition.To == MonitorState.NoData ? transition with { MissingReason = reasons.Of(query, result.After, nowUnixSeconds) } : transition);
            if (result.Told is not null || result.After.State != state.State)
                notes.Add(new EvaluationNote(nowUnixSeconds, state.Group, state.State, result.After.State, result.After.Value, result.Told is not null ? EvaluationHappening.Told : muting.IsMuted ? EvaluationHappening.Muted : EvaluationHappening.Changed));
        }
        book.AddUntold(rule, told);
        book.Save();
        Tell(book);
        history.Add(rule.Id, notes);
        uptime?.Note(rule.Id, nowUnixSeconds, IsUp(book));
    }

    /// <summary>False when a group is in alert, null when nothing is known of any.</summary>
    static bool? IsUp(GroupBook book) => book.Groups.Any(group => group.State == MonitorState.Alert) ? false : book.Groups.Any(group => group.State != MonitorState.NoData && !group.IsMissing) ? true : null;

    void Tell(GroupBook book)
    {
        if (!book.HasUntold) return;
        try
        {
            book.TellAll(transition =>
            {
                teller.Tell(transition);
                counters.Add("monitor_alerts_told", transition.Kind.ToString().ToLowerInvariant());
            });
        }
        finally
        {
            book.Save();
        }
    }

    /// <summary>Each known group, and each new one, with what was found of it.</summary>
    IEnumerable<(GroupState State, GroupReading? Found)> Pairs(MonitorQuery query, MonitorOptions options, MonitorReading reading, GroupBook book, long now, bool isFirst)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var isZero = MissingDataRule.IsZero(options, query);
        var room = MonitorStates.MaxGroupsOfAll - states.GroupCount;
        var known = book.Names();
        foreach (var group in reading.Groups)
        {
            if (query.IsCount && !isZero && group.Value == 0) continue; // Nothing came, and that is to be missing data.
            found.Add(group.Group);
            if (book.Find(group.Group) is { } state) yield return (state, group);
            else if (book.Count >= MonitorStates.MaxGroups || room-- <= 0) counters.Add("monitor_groups_over_limit");
            else yield return (New(group.Group, group.Tags, now, isFirst), group);
        }
        GroupReading? Silent(GroupState state) => isZero ? GroupReading.Of(state.Tags) with { Value = 0 } : null;
        if (!query.IsMulti && query is not CompositeMonitorQuery && found.Count == 0 && known.Count == 0)
        {
            var whole = New(GroupState.Whole, [], now, isFirst);
            yield return (whole, Silent(whole));
        }
        foreach (var name in known)
            if (!found.Contains(name) && book.Find(name) is { } state) yield return (state, Silent(state));
    }

    static GroupState New(string group, IReadOnlyList<string> tags, long now, bool isFirst) => new() { Group = group, Tags = tags, FirstSeenUnixSeconds = now, IsOfFirstEvaluation = isFirst };

    /// <summary>Only groups by tags are: a monitor without groups keeps its one state.</summary>
    static bool IsForgotten(GroupState state, GroupReading? found, long now) =>
        state.Tags.Count > 0 && found is not { LastDataUnixSeconds: not null } && found is not { IsJudged: true } && now - (state.LastDataUnixSeconds ?? now) >= MaxSilentSeconds;

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

    void Skip(long monitorId, long now, string reason)
    {
        counters.Add("monitor_evaluations_skipped");
        if (history.Read(monitorId) is [{ Happening: EvaluationHappening.Skipped } last, ..] && last.Reason == reason) return; // Once is enough until it changes.
        history.Add(monitorId, [new EvaluationNote(now, "", MonitorState.NoData, MonitorState.NoData, null, EvaluationHappening.Skipped, reason)]);
    }
}
