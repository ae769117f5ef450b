using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;

namespace Apm.Monitors.Replay;

/// <summary>A monitor between two evaluations of a replay.</summary>
/// <param name="downtimes">With the mutes of then.</param>
/// <param name="reasons">Says why data is missing; null when nobody asks.</param>
sealed class ReplayedMonitor(KnownRule known, IDowntimeBook downtimes, IHostTags hosts, MissingReasons? reasons)
{
    readonly MonitorRound _round = new(downtimes, new NeverMuted(), hosts);
    readonly GroupsInMemory _groups = new();
    long? _before;
    long? _next;

    /// <summary>Without its own mutes, which stand as they are now; those of then are with the downtimes.</summary>
    public MonitorRule Rule { get; } = known.Rule with { Options = known.Rule.Options with { Silenced = new Dictionary<string, long?>() } };

    public MonitorSnapshot Snapshot => new(Rule, [.. _groups.All.Values.OrderBy(group => group.Group, StringComparer.Ordinal)]);

    /// <summary>Whether one of its times has come since it was asked before.</summary>
    /// <param name="from">Where the replay begins.</param>
    public bool IsDue(long from, long now)
    {
        if (known.Query is not { } query) return false;
        if (!CustomTimes.Has(Rule)) return now % query.PeriodSeconds == 0;
        var isDue = (_next ??= CustomTimes.FirstAfter(Rule, from - 1) ?? long.MaxValue) <= now;
        if (isDue) _next = CustomTimes.FirstAfter(Rule, now) ?? long.MaxValue;
        return isDue;
    }

    /// <summary>Evaluates once.</summary>
    /// <param name="record">Notes what came of it; null for nothing.</param>
    public void Step(MonitorReadings readings, Func<long, MonitorSnapshot?> partOf, long now, ReplayRecord? record, CancellationToken cancel)
    {
        var query = known.Query!;
        var reading = readings.Read(query, Rule.Options, now, partOf, cancel);
        record?.Evaluated(now);
        if (reading.SkippedReason is { } reason)
        {
            record?.Skipped(reason);
            return;
        }
        var context = new TurnContext(Rule, query, now, reading.Window);
        foreach (var step in _round.Of(context, reading, _groups, _before ?? now, MonitorReplay.MaxGroups - _groups.Count, () => record?.LeftOut())) record?.Add(record.Lists && step is { Told: { To: MonitorState.NoData } told, After: { } after } && reasons is not null ? step with { Told = told with { MissingReason = reasons.Of(query, after, now) } } : step, now);
        _before = now;
    }

    sealed class GroupsInMemory : IGroupSet
    {
        public Dictionary<string, GroupState> All { get; } = new(StringComparer.Ordinal);

        public int Count => All.Count;

        public GroupState? Find(string group) => All.GetValueOrDefault(group);

        public IReadOnlyList<string> Names() => [.. All.Keys];

        public void Set(GroupState state) => All[state.Group] = state;

        public void Forget(string group) => All.Remove(group);
    }

    sealed class NeverMuted : IMuteAll
    {
        public bool IsMuted(long unixSeconds) => false;

        public long? SinceUnixSeconds => null;

        public long? Mute(long unixSeconds) => throw new InvalidOperationException("A replay changes nothing.");

        public bool Unmute() => throw new InvalidOperationException("A replay changes nothing.");
    }
}
