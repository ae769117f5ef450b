using System.Globalization;
using Apm.Core.Monitors;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;

namespace Apm.Monitors.Replay;

/// <summary>What a replay shows to be wrong with a rule, in sentences. Pure.</summary>
public static class ReplayAdvice
{
    /// <summary>A monitor that tells more often than so many times a day is noise.</summary>
    const int NoisyPerDay = 20;

    /// <param name="dataSeconds">How far apart the points of its metric are; null when that is not known.</param>
    public static IReadOnlyList<string> Of(KnownRule known, ReplayResult replay, int? dataSeconds)
    {
        var advice = new List<string>();
        if (replay.StoppedReason.Length > 0) advice.Add(replay.StoppedReason);
        if (replay.SkippedCount > 0) advice.Add($"{Count(replay.SkippedCount)} of {Count(replay.EvaluationCount)} evaluations could not be done: {replay.SkippedReason}");
        if (replay.LeftOutGroupCount > 0) advice.Add($"There are more groups than a preview evaluates: {Count(replay.LeftOutGroupCount)} beyond {MonitorReplay.MaxGroups} are left out here. The monitor itself evaluates them.");
        if (known.Query is MetricMonitorQuery { Window: var window } && dataSeconds is { } apart && window.Kind == WindowKind.Last && window.LengthSeconds < apart)
            advice.Add($"The window, {window.LengthText}, is shorter than the time between points, {Length(apart)}: most evaluations find nothing. Take one of at least {Length(2L * apart)}.");
        if (known.Query is MetricMonitorQuery { Window: { Kind: WindowKind.Last } asked } && known.Rule.Options is { NotifyNoData: true, OnMissingData: null, NoDataTimeframeMinutes: { } minutes } && minutes * 60L < 2L * asked.LengthSeconds)
            advice.Add($"Missing data is told after {Length(minutes * 60L)}, less than twice the window ({asked.LengthText}): points that come late may be taken for missing ones.");
        if (NeverFires(known, replay) is { } never) advice.Add(never);
        else if (AlwaysFires(replay) is { } always) advice.Add(always);
        var days = Math.Max(1, (replay.ToUnixSeconds - replay.FromUnixSeconds) / 86_400.0);
        if (replay.ToldCount > NoisyPerDay * days) advice.Add($"It would have told {Count(replay.ToldCount)} times in {Length(replay.ToUnixSeconds - replay.FromUnixSeconds)}. A recovery threshold, a longer window or a warning further off makes it quieter.");
        return advice;
    }

    static string? NeverFires(KnownRule known, ReplayResult replay)
    {
        if (known.Query is not { Condition: { } condition } || replay.EvaluationCount == 0) return null;
        var length = Length(replay.ToUnixSeconds - replay.FromUnixSeconds);
        if (replay.Highest is not { } highest || replay.Lowest is not { } lowest)
            return replay.SkippedCount == replay.EvaluationCount ? null : $"Nothing came in {length} that it could judge. If that is not right, look at the query: a name or a tag in it may be wrong.";
        if (replay.Groups.Any(group => group.Spans.Any(span => span.State == MonitorState.Alert))) return null;
        var comparison = condition.Comparison;
        return comparison.IsUpward ? $"It would never have alerted: the highest value in {length} was {Text(highest.Value)}, the threshold is {Text(condition.Threshold)}."
            : comparison.IsDownward ? $"It would never have alerted: the lowest value in {length} was {Text(lowest.Value)}, the threshold is {Text(condition.Threshold)}."
            : $"It would never have alerted: values in {length} were from {Text(lowest.Value)} to {Text(highest.Value)}, and none was {comparison} {Text(condition.Threshold)}.";
    }

    static string? AlwaysFires(ReplayResult replay)
    {
        var (inAlert, known) = (0L, 0L);
        foreach (var span in replay.Groups.SelectMany(group => group.Spans).Where(span => span.State != MonitorState.NoData))
        {
            known += span.ToUnixSeconds - span.FromUnixSeconds;
            if (span.State == MonitorState.Alert) inAlert += span.ToUnixSeconds - span.FromUnixSeconds;
        }
        return known > 0 && inAlert >= 0.95 * known ? $"It would have been in alert nearly all the time, {100 * inAlert / known} % of it: the threshold lies within what is usual." : null;
    }

    /// <summary>Such as <c>7 d</c>, <c>24 h</c>, <c>10 min</c>.</summary>
    public static string Length(long seconds) => seconds >= 2 * 86_400 ? $"{seconds / 86_400} d" : seconds >= 2 * 3_600 ? $"{seconds / 3_600} h" : seconds >= 120 ? $"{seconds / 60} min" : $"{seconds} s";

    static string Text(double number) => number.ToString("G6", CultureInfo.InvariantCulture);

    static string Count(int number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}
