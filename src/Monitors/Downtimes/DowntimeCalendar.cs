using Apm.Core.Downtimes;

namespace Apm.Monitors.Downtimes;

/// <summary>A part of a day in which a downtime holds.</summary>
/// <param name="FromRatio">Where in the day it begins, 0 to 1.</param>
/// <param name="ToRatio">Where it ends.</param>
public readonly record struct CalendarPart(Downtime Downtime, double FromRatio, double ToRatio);

/// <summary>One day on the wall clock of a zone.</summary>
public sealed record CalendarDay(DateOnly Date, IReadOnlyList<CalendarPart> Parts);

/// <summary>When downtimes hold, for people to look at: the next times, and days on a calendar.</summary>
public static class DowntimeCalendar
{
    /// <summary>Most occurrences of one downtime looked at for a calendar. Later ones are left out.</summary>
    const int MostOccurrences = 2_000;

    /// <summary>The occurrence that holds now, if one does, and those that follow.</summary>
    public static IReadOnlyList<DowntimeOccurrence> Next(Downtime downtime, long nowUnixSeconds, int count) => downtime.IsDisabled ? [] : [.. Occurrences.EndingAfter(downtime, nowUnixSeconds).Take(count)];

    /// <summary>The days from today on.</summary>
    /// <param name="zone">On whose wall clock a day begins.</param>
    public static IReadOnlyList<CalendarDay> Days(IReadOnlyList<Downtime> downtimes, long nowUnixSeconds, int dayCount, TimeZoneInfo zone)
    {
        var first = DateOnly.FromDateTime(WallClock.At(nowUnixSeconds, zone));
        var starts = Enumerable.Range(0, dayCount + 1).Select(i => WallClock.UnixSecondsOf(first.AddDays(i).ToDateTime(TimeOnly.MinValue), zone)).ToArray();
        var parts = Enumerable.Range(0, dayCount).Select(_ => new List<CalendarPart>()).ToArray();
        foreach (var downtime in downtimes.Where(downtime => !downtime.IsDisabled))
            foreach (var occurrence in Occurrences.EndingAfter(downtime, starts[0]).TakeWhile(occurrence => occurrence.StartUnixSeconds < starts[^1]).Take(MostOccurrences))
                for (var day = 0; day < dayCount; day++)
                {
                    var (from, to) = (Math.Max(occurrence.StartUnixSeconds, starts[day]), Math.Min(occurrence.EndUnixSeconds, starts[day + 1]));
                    if (from >= to) continue;
                    double length = starts[day + 1] - starts[day]; // 23 or 25 hours when the clock changes.
                    parts[day].Add(new CalendarPart(downtime, (from - starts[day]) / length, (to - starts[day]) / length));
                }
        return [.. parts.Select((day, i) => new CalendarDay(first.AddDays(i), day))];
    }
}
