using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Queries;

namespace Apm.Monitors.Evaluate;

/// <summary>What one evaluation knows besides the group.</summary>
/// <param name="NowUnixSeconds">The time that the evaluation was due.</param>
/// <param name="Window">What was looked at.</param>
public sealed record TurnContext(MonitorRule Rule, MonitorQuery Query, long NowUnixSeconds, TimeRange Window)
{
    public long WindowFromUnixSeconds => Window.FromUnixNanos / UnixTime.NanosPerSecond;
    public long WindowToUnixSeconds => Window.ToUnixNanos / UnixTime.NanosPerSecond;
}

/// <summary>What an evaluation made of a group.</summary>
/// <param name="Told">What people are to be told; null for nothing.</param>
/// <param name="IsSkipped">Whether it was left alone: too new, or its window not full.</param>
public sealed record TurnResult(GroupState After, AlertTransition? Told, bool IsSkipped);

/// <summary>
/// Moves one group on by one evaluation: first its state, then what is told of it. Pure, so that the whole behaviour of monitors can be
/// tested with tables.
/// </summary>
public static class GroupTurn
{
    /// <param name="reading">What was found; null when the window holds nothing of it.</param>
    /// <param name="ends">Downtimes of the group that ended since the evaluation before.</param>
    public static TurnResult Of(TurnContext context, GroupState before, GroupReading? reading, Muting muting, IReadOnlyList<DowntimeEnd> ends)
    {
        var (now, options) = (context.NowUnixSeconds, context.Rule.Options);
        var noted = WithData(before, reading, context);
        var (to, isSkipped) = StateOf(context, noted, reading, out var isTimedOut);
        noted = noted with { IsTimedOut = isTimedOut };
        if (muting.IsMuted != before.WasMuted)
            noted = noted with { WasMuted = muting.IsMuted, OwesRecovery = muting.IsMuted && before.State != MonitorState.Ok && before.Told is not (null or MonitorState.Ok) };

        var tellsNoData = MissingDataRule.TellsNoData(options) && reading?.TellsNoData != false;
        var isChange = to is { } state && (!noted.IsJudged || state != noted.State);
        if (isChange)
        {
            var kind = TellingRule.KindOf(noted, to!.Value, options, tellsNoData);
            var isTold = kind is not null && (!muting.IsMuted || (kind == AlertKind.Recovered && noted.OwesRecovery && !muting.MutesFirstRecovery));
            var entered = Entered(noted, to.Value, now);
            if (to == MonitorState.Ok) entered = entered with { OwesRecovery = false };
            return isTold ? Tell(context, noted.State, entered, kind!.Value, reading) : new TurnResult(entered, null, isSkipped);
        }
        if (muting.IsMuted || isSkipped) return new TurnResult(noted, null, isSkipped);
        if (EndTells(noted, ends) && TellingRule.KindOfLasting(noted, options, tellsNoData) is { } lasting) return Tell(context, noted.State, noted, lasting, reading);
        if (TellingRule.RepeatsNow(noted, options, tellsNoData, now)) return Tell(context, noted.State, noted with { RepeatCount = noted.RepeatCount + 1 }, AlertKind.Repeated, reading);
        return new TurnResult(noted, null, isSkipped);
    }

    static GroupState WithData(GroupState before, GroupReading? reading, TurnContext context)
    {
        if (reading is { IsMissing: false })
            return before with { HasHadData = true, IsMissing = false, IsTimedOut = false, Value = reading.Value, LastDataUnixSeconds = reading.LastDataUnixSeconds ?? before.LastDataUnixSeconds ?? context.WindowToUnixSeconds };
        // Since the window is empty, the last data came before it; after a restart nothing more is known.
        var last = reading?.LastDataUnixSeconds ?? Math.Min(before.LastDataUnixSeconds ?? long.MaxValue, context.WindowFromUnixSeconds);
        return before with { IsMissing = true, Value = null, HasHadData = before.HasHadData || reading?.LastDataUnixSeconds is not null, LastDataUnixSeconds = before.HasHadData || reading?.LastDataUnixSeconds is not null ? last : null };
    }

    /// <returns>The state; null when it stays as it is.</returns>
    static (MonitorState? State, bool IsSkipped) StateOf(TurnContext context, GroupState group, GroupReading? reading, out bool isTimedOut)
    {
        isTimedOut = false;
        if (NewGroupRule.IsDelayed(context.Rule.Options, group, context.NowUnixSeconds)) return (null, true);
        if (reading is null || reading.IsMissing) return (MissingDataRule.StateOf(context.Rule.Options, context.Query, group, context.NowUnixSeconds - (group.LastDataUnixSeconds ?? context.NowUnixSeconds), out isTimedOut), false);
        if (reading.IsJudged) return (reading.State, false);
        if (!reading.IsFull) return (null, true);
        var isAnomaly = context.Query is MetricMonitorQuery { Algorithm.Name: "anomalies" };
        return (StateRule.Of(reading.Value!.Value, reading.RecoveryValue ?? reading.Value.Value, context.Query.Condition!, context.Rule.Options.Thresholds, group.State, recoversAtThreshold: isAnomaly), false);
    }

    static GroupState Entered(GroupState group, MonitorState to, long now)
    {
        var from = group.State;
        var isWorse = to != MonitorState.Ok && (!group.IsJudged || Rank(to) > Rank(from));
        return group with
        {
            State = to,
            IsJudged = true,
            StateSinceUnixSeconds = now,
            RepeatCount = 0,
            FirstTriggeredUnixSeconds = to != MonitorState.Ok && (!group.IsJudged || from == MonitorState.Ok) ? now : group.FirstTriggeredUnixSeconds,
            LastTriggeredUnixSeconds = isWorse && to != MonitorState.NoData ? now : group.LastTriggeredUnixSeconds,
            LastNoDataUnixSeconds = to == MonitorState.NoData ? now : group.LastNoDataUnixSeconds,
            LastResolvedUnixSeconds = to == MonitorState.Ok && group.IsJudged ? now : group.LastResolvedUnixSeconds,
        };
    }

    static int Rank(MonitorState state) => state switch { MonitorState.Alert => 3, MonitorState.Warn or MonitorState.Unknown => 2, MonitorState.NoData => 1, _ => 0 };

    /// <summary>The last end that was not followed by anything told says whether the state is told now.</summary>
    static bool EndTells(GroupState group, IReadOnlyList<DowntimeEnd> ends) => ends.Count > 0 && ends[^1] is var end && end.EndedUnixSeconds > (group.ToldAtUnixSeconds ?? 0) && end.TellsStates.Contains(group.State);

    static TurnResult Tell(TurnContext context, MonitorState from, GroupState after, AlertKind kind, GroupReading? reading)
    {
        var told = after with { Told = after.State, ToldAtUnixSeconds = context.NowUnixSeconds, ToldCount = after.ToldCount + 1 };
        var transition = new AlertTransition
        {
            Id = $"{context.Rule.Id}/{told.FirstSeenUnixSeconds}/{told.ToldCount}/{told.Group}",
            Rule = context.Rule,
            Group = told.Group,
            GroupTags = told.Tags,
            From = from,
            To = told.State,
            Kind = kind,
            Value = told.IsMissing ? null : told.Value,
            Threshold = TellingRule.ThresholdOf(from, told.State, context.Rule.Options.Thresholds),
            AtUnixSeconds = context.NowUnixSeconds,
            WindowFromUnixSeconds = context.WindowFromUnixSeconds,
            WindowToUnixSeconds = context.WindowToUnixSeconds,
            FirstTriggeredUnixSeconds = told.FirstTriggeredUnixSeconds,
            LastTriggeredUnixSeconds = told.LastTriggeredUnixSeconds,
            CheckMessage = reading?.CheckMessage ?? "",
            Parts = reading?.Parts ?? new Dictionary<string, CompositePart>(),
            Sample = reading?.Sample ?? new Dictionary<string, string>(),
        };
        return new TurnResult(told, transition, IsSkipped: false);
    }
}
