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
    readonly MonitorRound _round = new(downtimes, muteAll, hosts);

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
            NoteUptime(rule.Id, nowUnixSeconds, null);
            return;
        }
        var notes = new List<EvaluationNote>();
        var told = new List<AlertTransition>();
        foreach (var step in _round.Of(new TurnContext(rule, query, nowUnixSeconds, reading.Window), reading, book, beforeUnixSeconds, MonitorStates.MaxGroupsOfAll - states.GroupCount, () => counters.Add("monitor_groups_over_limit")))
        {
            var (before, after) = (step.Before, step.After);
            if (after is null)
            {
                notes.Add(new EvaluationNote(nowUnixSeconds, before.Group, before.State, before.State, null, EvaluationHappening.Forgotten));
                continue;
            }
            if (step.Told is { } transition) told.Add(transition.To == MonitorState.NoData ? transition with { MissingReason = reasons.Of(query, after, nowUnixSeconds) } : transition);
            if (step.Told is not null || after.State != before.State)
                notes.Add(new EvaluationNote(nowUnixSeconds, before.Group, before.State, after.State, after.Value, step.Told is not null ? EvaluationHappening.Told : step.IsMuted ? EvaluationHappening.Muted : EvaluationHappening.Changed));
        }
        book.AddUntold(rule, told);
        book.Save();
        Tell(book);
        history.Add(rule.Id, notes);
        NoteUptime(rule.Id, nowUnixSeconds, book);
    }

    /// <param name="book">Null when nothing could be evaluated.</param>
    void NoteUptime(long monitorId, long unixSeconds, GroupBook? book)
    {
        if (uptime is null) return;
        uptime.Note(monitorId, unixSeconds, book is null ? null : IsUp(book));
        foreach (var group in uptime.FollowedOf(monitorId)) uptime.NoteGroup(monitorId, group, unixSeconds, MonitorGroups.IsUp(book?.Find(group)));
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

    void Skip(long monitorId, long now, string reason)
    {
        counters.Add("monitor_evaluations_skipped");
        if (history.Read(monitorId) is [{ Happening: EvaluationHappening.Skipped } last, ..] && last.Reason == reason) return; // Once is enough until it changes.
        history.Add(monitorId, [new EvaluationNote(now, "", MonitorState.NoData, MonitorState.NoData, null, EvaluationHappening.Skipped, reason)]);
    }
}
