using Apm.Core.Downtimes;

namespace Apm.Monitors.Downtimes;

/// <summary>
/// The records of a downtime that version 1 of the API repeats: when an occurrence is over its record is closed, and a child with the next times
/// follows it (metrics-monitors §8.3). All of them are one downtime; each of their ids leads to it. Pure.
/// </summary>
/// <remarks>What was over before anybody could see it, as while Apm was not running, gets no record.</remarks>
public static class DowntimeSeries
{
    /// <summary>Most records of one downtime. The oldest but the first, whose id is the downtime's, go; counted in <c>downtime_records_forgotten</c>.</summary>
    public const int MaxRecords = 100;

    /// <summary>Whether it has records of single occurrences at all.</summary>
    public static bool Is(Downtime downtime) => downtime.Legacy is not null && downtime.IsRecurring();

    /// <summary>Whether its last record is over, so that another may follow.</summary>
    public static bool IsDue(Downtime downtime, long nowUnixSeconds) =>
        Is(downtime) && downtime.CanceledUnixSeconds is null && (downtime.Records.Count == 0 || downtime.Records[^1].EndUnixSeconds <= nowUnixSeconds);

    /// <summary>With the record that holds or comes next; the same when none comes any more.</summary>
    /// <param name="newId">The id that a child gets.</param>
    public static Downtime Advance(Downtime downtime, long nowUnixSeconds, long newId)
    {
        if (!IsDue(downtime, nowUnixSeconds) || Occurrences.CurrentOrNext(downtime, nowUnixSeconds) is not { } next) return downtime;
        var child = new DowntimeRecord(downtime.Records.Count == 0 ? downtime.Id : newId, next.StartUnixSeconds, next.EndUnixSeconds);
        var records = downtime.Records.Append(child).ToList();
        if (records.Count > MaxRecords) records.RemoveRange(1, records.Count - MaxRecords);
        return downtime with { Records = records };
    }

    /// <summary>After a change of its times: the last record has those of the occurrence that now holds or comes next.</summary>
    public static Downtime Renew(Downtime downtime, long nowUnixSeconds)
    {
        if (downtime.Records.Count == 0) return Advance(downtime, nowUnixSeconds, downtime.Id);
        var times = Occurrences.CurrentOrNext(downtime with { CanceledUnixSeconds = null }, nowUnixSeconds) ?? new DowntimeOccurrence(downtime.StartUnixSeconds, downtime.EndUnixSeconds ?? long.MaxValue);
        return downtime with { Records = [.. downtime.Records.SkipLast(1), downtime.Records[^1] with { StartUnixSeconds = times.StartUnixSeconds, EndUnixSeconds = times.EndUnixSeconds }] };
    }

    /// <summary>The record of an id; the last one for an id that is none of its records.</summary>
    public static DowntimeRecord RecordOf(Downtime downtime, long id, long nowUnixSeconds)
    {
        if (downtime.Records.Count > 0) return downtime.Records.FirstOrDefault(record => record.Id == id) ?? downtime.Records[^1];
        var times = downtime.IsRecurring() ? Occurrences.CurrentOrNext(downtime with { CanceledUnixSeconds = null }, downtime.CanceledUnixSeconds ?? nowUnixSeconds) : null;
        return times is { } at ? new DowntimeRecord(downtime.Id, at.StartUnixSeconds, at.EndUnixSeconds) : new DowntimeRecord(downtime.Id, downtime.StartUnixSeconds, downtime.EndUnixSeconds ?? long.MaxValue);
    }

    /// <summary>The record that holds or comes next.</summary>
    public static DowntimeRecord LastRecordOf(Downtime downtime, long nowUnixSeconds) => RecordOf(downtime, downtime.Records is [.., var last] ? last.Id : downtime.Id, nowUnixSeconds);

    /// <summary>Whether an id is the downtime's or one of its records'.</summary>
    public static bool Has(Downtime downtime, long id) => downtime.Id == id || downtime.Records.Any(record => record.Id == id);
}
