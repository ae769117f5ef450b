using Apm.Core.Downtimes;
using Ical.Net.CalendarComponents;
using Ical.Net.DataTypes;
using Ical.Net.Evaluation;

namespace Apm.Monitors.Downtimes;

/// <summary>
/// When a downtime holds. Rules are unfolded on the wall clock of its zone, each time then looked up in the zone, so that nine o'clock stays
/// nine o'clock when the clocks change (metrics-monitors §8.4).
/// </summary>
public static class Occurrences
{
    /// <summary>Most recurrences of one downtime, as version 2 of the API has it. A further one is refused.</summary>
    public const int MaxRecurrences = 5;

    /// <summary>Steps without a single hit after which a rule counts as one that has no further times: a leap day comes within eight years of days.</summary>
    const int MaxIdleSteps = 100_000;

    /// <summary>Times before and after these are not reckoned with: near the ends of the calendar an hour more has no date.</summary>
    static readonly DateTime Earliest = new(2, 1, 1), Latest = new(9990, 1, 1);

    /// <summary>The occurrences that end after a time, in order of their starts; endless when the rule is.</summary>
    /// <remarks>One that somebody ended is cut there, and none starts after it.</remarks>
    public static IEnumerable<DowntimeOccurrence> EndingAfter(Downtime downtime, long unixSeconds)
    {
        var all = downtime.IsRecurring() ? Recurring(downtime, unixSeconds) : [new DowntimeOccurrence(downtime.StartUnixSeconds, downtime.EndUnixSeconds ?? long.MaxValue)];
        foreach (var occurrence in all)
        {
            var end = occurrence.EndUnixSeconds;
            if (downtime.CanceledUnixSeconds is { } canceled)
            {
                if (occurrence.StartUnixSeconds >= canceled) yield break;
                end = Math.Min(end, canceled);
            }
            if (end > unixSeconds) yield return occurrence with { EndUnixSeconds = end };
        }
    }

    /// <summary>The occurrence that holds at a time or else the next; null when there is none any more.</summary>
    public static DowntimeOccurrence? CurrentOrNext(Downtime downtime, long unixSeconds)
    {
        foreach (var occurrence in EndingAfter(downtime, unixSeconds)) return occurrence;
        return null;
    }

    static IEnumerable<DowntimeOccurrence> Recurring(Downtime downtime, long unixSeconds)
    {
        var zone = WallClock.FindZone(downtime.TimeZone) ?? TimeZoneInfo.Utc;
        var streams = downtime.Recurrences.Select(recurrence => Of(recurrence, zone, unixSeconds).GetEnumerator()).Where(stream => stream.MoveNext()).ToList();
        while (streams.Count > 0)
        {
            var first = streams.MinBy(stream => stream.Current.StartUnixSeconds)!;
            yield return first.Current;
            if (!first.MoveNext()) streams.Remove(first);
        }
    }

    static IEnumerable<DowntimeOccurrence> Of(DowntimeRecurrence recurrence, TimeZoneInfo zone, long unixSeconds)
    {
        var rule = RecurrenceText.Parse(recurrence.Rule);
        foreach (var local in Starts(recurrence, rule, zone, unixSeconds))
        {
            if ((Latest - local).TotalSeconds < recurrence.DurationSeconds) yield break;
            var start = WallClock.UnixSecondsOf(local, zone);
            if (rule.Until is { } until && (rule.IsUntilUtc ? DateTimeOffset.FromUnixTimeSeconds(start).UtcDateTime > until : local > until)) yield break;
            // From what the clock really shows then: a start that had to move keeps its length.
            var end = WallClock.UnixSecondsOf(WallClock.At(start, zone).AddSeconds(recurrence.DurationSeconds), zone);
            if (end > start) yield return new DowntimeOccurrence(start, end);
        }
    }

    /// <summary>Starts on the wall clock, from about a duration before a time.</summary>
    static IEnumerable<DateTime> Starts(DowntimeRecurrence recurrence, RecurrenceText rule, TimeZoneInfo zone, long unixSeconds)
    {
        // A wall-clock day of slack: more than any change of a clock.
        var now = WallClock.At(Math.Clamp(unixSeconds, 0, 253_000_000_000L), zone);
        var from = (now - Earliest).TotalSeconds > recurrence.DurationSeconds ? now.AddSeconds(-recurrence.DurationSeconds).AddDays(-1) : Earliest;
        var first = DateTime.SpecifyKind(recurrence.StartLocal, DateTimeKind.Unspecified);
        var series = new CalendarEvent { Start = new CalDateTime(first), RecurrenceRule = new RecurrenceRule(rule.Pattern) };
        var options = new EvaluationOptions { MaxUnmatchedIncrementsLimit = MaxIdleSteps };
        using var found = series.GetOccurrences(new CalDateTime(from > first ? from : first), options).GetEnumerator();
        while (true)
        {
            try
            {
                if (!found.MoveNext()) yield break;
            }
            catch (Exception over) when (over is EvaluationLimitExceededException or EvaluationOutOfRangeException)
            {
                yield break; // Nothing fits any more, or nothing ever did.
            }
            yield return found.Current.Period.StartTime.Value;
        }
    }
}
