using System.Globalization;
using Apm.Core.Downtimes;
using Apm.Core.Ports;
using Apm.Monitors.Downtimes;

namespace Apm.ApmUi.Pages.Downtimes;

/// <summary>A downtime in the list.</summary>
/// <param name="Kind">Of its state, for the sign.</param>
/// <param name="Next">The occurrence that holds and those that follow, in words of its zone.</param>
public sealed record DowntimeRow(Downtime Downtime, DowntimeStatus Status, string Kind, string Monitors, string Times, string Repeats, IReadOnlyList<string> Next)
{
    public bool CanCancel => Status is DowntimeStatus.Active or DowntimeStatus.Scheduled;
}

/// <summary>A day of the calendar.</summary>
/// <param name="Parts">Where in the day something is silent, in percent, and what.</param>
public sealed record CalendarCell(string Day, string Date, bool IsWeekend, IReadOnlyList<(double Left, double Width, string Title)> Parts);

/// <summary>What the page of downtimes shows.</summary>
public sealed record DowntimesView(IReadOnlyList<DowntimeRow> Rows, int OverCount, IReadOnlyList<CalendarCell> Days)
{
    /// <summary>Occurrences shown of each.</summary>
    public const int NextCount = 5;

    /// <summary>Days on the calendar.</summary>
    public const int DayCount = 30;

    /// <param name="withOver">Whether those that are over are among the rows.</param>
    /// <param name="zone">On whose wall clock the calendar's days begin.</param>
    public static DowntimesView Of(DowntimeBook book, IMonitorRules rules, bool withOver, TimeZoneInfo zone)
    {
        var now = book.NowUnixSeconds;
        var all = book.All();
        var rows = all.Select(downtime => RowOf(downtime, book, rules, now)).ToList();
        var shown = rows.Where(row => withOver || row.CanCancel).OrderBy(row => row.Status switch { DowntimeStatus.Active => 0, DowntimeStatus.Scheduled => 1, _ => 2 })
            .ThenBy(row => Occurrences.CurrentOrNext(row.Downtime, now)?.StartUnixSeconds ?? -row.Downtime.ModifiedUnixMillis).ToList();
        var days = DowntimeCalendar.Days([.. rows.Where(row => row.CanCancel).Select(row => row.Downtime)], now, DayCount, zone);
        return new DowntimesView(shown, rows.Count(row => !row.CanCancel), [.. days.Select(day => CellOf(day, rules))]);
    }

    static DowntimeRow RowOf(Downtime downtime, DowntimeBook book, IMonitorRules rules, long now)
    {
        var status = book.StatusOf(downtime);
        var zone = downtime.DisplayTimeZone.Length > 0 ? downtime.DisplayTimeZone : downtime.TimeZone;
        var next = DowntimeCalendar.Next(downtime, now, NextCount);
        var shown = next.Count > 0 ? next[0] : new DowntimeOccurrence(downtime.StartUnixSeconds, downtime.CanceledUnixSeconds ?? downtime.EndUnixSeconds ?? long.MaxValue);
        return new DowntimeRow(
            downtime, status, status switch { DowntimeStatus.Active => "warn", DowntimeStatus.Scheduled => "ok", _ => "none" }, Silences(downtime, rules),
            Span(shown, zone), downtime.IsRecurring() ? RecurrenceWords.Of(downtime) : "", [.. next.Select(occurrence => Span(occurrence, zone))]);
    }

    static string Silences(Downtime downtime, IMonitorRules rules) =>
        downtime.MonitorId is { } id ? rules.Find(id)?.Name ?? $"monitor {id}, which is gone" : downtime.MonitorTags is [DowntimeScope.Everything] ? "all monitors" : "monitors tagged " + string.Join(", ", downtime.MonitorTags);

    static string Span(DowntimeOccurrence occurrence, string zoneName)
    {
        var start = RecurrenceWords.Time(occurrence.StartUnixSeconds, zoneName);
        return occurrence.EndUnixSeconds == long.MaxValue ? $"from {start} until somebody ends it" : $"{start[..start.LastIndexOf(" (", StringComparison.Ordinal)]} – {RecurrenceWords.Time(occurrence.EndUnixSeconds, zoneName)}";
    }

    static CalendarCell CellOf(CalendarDay day, IMonitorRules rules) => new(
        day.Date.ToString("ddd", CultureInfo.InvariantCulture), day.Date.ToString("d MMM", CultureInfo.InvariantCulture), day.Date.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday,
        [.. day.Parts.Select(part => (part.FromRatio * 100, (part.ToRatio - part.FromRatio) * 100, $"{Silences(part.Downtime, rules)}, {part.Downtime.ScopeText()}"))]);
}
