using Apm.Core.Downtimes;
using Apm.Core.Monitors;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Rules;

namespace Apm.Monitors.Schedule;

/// <summary>When a monitor with a schedule of its own is evaluated: at the whole minutes of its rules, on the wall clock of their zones. Pure.</summary>
public static class CustomTimes
{
    /// <summary>Most rules of one monitor. A further one is refused.</summary>
    public const int MaxRules = 5;

    /// <summary>Whether it has one.</summary>
    public static bool Has(MonitorRule rule) => rule.Options.CustomSchedule is { Count: > 0 };

    /// <summary>The first after a time; null when none comes any more.</summary>
    public static long? FirstAfter(MonitorRule rule, long unixSeconds)
    {
        foreach (var time in After(rule, unixSeconds)) return time;
        return null;
    }

    /// <summary>Those after a time, in order; endless when a rule is.</summary>
    public static IEnumerable<long> After(MonitorRule rule, long unixSeconds)
    {
        var last = unixSeconds;
        var streams = rule.Options.CustomSchedule!.Select(recurrence => Occurrences.EndingAfter(AsDowntime(recurrence), unixSeconds).Select(MinuteOf).GetEnumerator()).Where(stream => stream.MoveNext()).ToList();
        while (streams.Count > 0)
        {
            var next = streams.MinBy(stream => stream.Current)!;
            if (next.Current > last) yield return last = next.Current;
            if (!next.MoveNext()) streams.Remove(next);
        }
    }

    /// <summary>When a monitor is evaluated from one time to another, both included: by its schedule, or every so many seconds.</summary>
    public static IEnumerable<long> Between(KnownRule known, long fromUnixSeconds, long toUnixSeconds)
    {
        if (Has(known.Rule)) return After(known.Rule, fromUnixSeconds - 1).TakeWhile(time => time <= toUnixSeconds);
        var period = known.Query!.PeriodSeconds;
        return Periods((fromUnixSeconds + period - 1) / period * period, toUnixSeconds, period);
    }

    static IEnumerable<long> Periods(long from, long to, int period)
    {
        for (var time = from; time <= to; time += period) yield return time;
    }

    static long MinuteOf(DowntimeOccurrence occurrence) => (occurrence.StartUnixSeconds + 59) / 60 * 60;

    /// <summary>They recur as downtimes do; each time is a moment.</summary>
    static Downtime AsDowntime(MonitorRecurrence recurrence) => new()
    {
        Id = 0, Uuid = "", StartUnixSeconds = 0, TimeZone = recurrence.TimeZone, Recurrences = [new DowntimeRecurrence(recurrence.StartLocal, DurationSeconds: 60, recurrence.Rule)],
    };
}
