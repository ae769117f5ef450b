using System.Globalization;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
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
public sealed record DowntimesView(IReadOnlyList<DowntimeRow> Rows, ListPage Page, int OpenCount, int OverCount, IReadOnlyList<CalendarCell> Days)
{
    /// <summary>Occurrences shown of each.</summary>
    public const int NextCount = 5;

    /// <summary>Days on the calendar.</summary>
    public const int DayCount = 30;

    /// <summary>Downtimes of a page of the list; default 100.</summary>
    public const int PageSize = 100;

    /// <param name="withOver">Whether those that are over are among the rows.</param>
    public static DowntimesView Of(PageState state, DowntimeBook book, IMonitorRules rules, bool withOver)
    {
        var now = book.NowUnixSeconds;
        var all = book.All().Select(downtime => (Downtime: downtime, Status: book.StatusOf(downtime))).ToList();
        var open = all.Where(one => IsOpen(one.Status)).ToList();
        var listed = (withOver ? all : open).OrderBy(one => one.Status switch { DowntimeStatus.Active => 0, DowntimeStatus.Scheduled => 1, _ => 2 })
            .ThenBy(one => IsOpen(one.Status) ? Occurrences.CurrentOrNext(one.Downtime, now)?.StartUnixSeconds ?? 0 : -one.Downtime.ModifiedUnixMillis).ToList();
        var page = ListPage.Of(state, listed.Count, PageSize);
        var days = DowntimeCalendar.Days([.. open.Select(one => one.Downtime)], now, DayCount, state.Zone);
        return new DowntimesView([.. listed.Skip(page.Skip).Take(page.Size).Select(one => RowOf(one.Downtime, one.Status, rules, now))], page, open.Count, all.Count - open.Count, [.. days.Select(day => CellOf(day, rules))]);
    }

    /// <summary>When it comes next, in words of its zone; empty when it never does.</summary>
    public static IReadOnlyList<string> NextOf(Downtime downtime, long nowUnixSeconds) => [.. DowntimeCalendar.Next(downtime, nowUnixSeconds, NextCount).Select(occurrence => Span(occurrence, ZoneOf(downtime)))];

    /// <summary>What it silences, and how often.</summary>
    public static string SentenceOf(Downtime downtime, IMonitorRules rules) =>
        $"Silences {Silences(downtime, rules)}{(downtime.ScopeText() == DowntimeScope.Everything ? "" : $" for {downtime.ScopeText()}")}, {RecurrenceWords.Of(downtime)}.";

    static bool IsOpen(DowntimeStatus status) => status is DowntimeStatus.Active or DowntimeStatus.Scheduled;

    static string ZoneOf(Downtime downtime) => downtime.DisplayTimeZone.Length > 0 ? downtime.DisplayTimeZone : downtime.TimeZone;

    static DowntimeRow RowOf(Downtime downtime, DowntimeStatus status, IMonitorRules rules, long now)
    {
        var zone = ZoneOf(downtime);
        var next = DowntimeCalendar.Next(downtime, now, NextCount);
        var shown = next.Count > 0 ? next[0] : new DowntimeOccurrence(downtime.StartUnixSeconds, downtime.CanceledUnixSeconds ?? downtime.EndUnixSeconds ?? long.MaxValue);
        return new DowntimeRow(
            downtime, status, status == DowntimeStatus.Active ? "muted" : "none", Silences(downtime, rules),
            Span(shown, zone), downtime.IsRecurring() ? RecurrenceWords.Of(downtime) : "", [.. next.Select(occurrence => Span(occurrence, zone))]);
    }

    static string Silences(Downtime downtime, IMonitorRules rules) =>
        downtime.MonitorId is { } id ? rules.Find(id)?.Name ?? $"monitor {id}, which is gone" : downtime.MonitorTags is [DowntimeScope.Everything] ? "all monitors" : "monitors tagged " + string.Join(", ", downtime.MonitorTags);

    /// <summary>From when until when, in words of a zone.</summary>
    public static string Span(DowntimeOccurrence occurrence, string zoneName)
    {
        var start = RecurrenceWords.Time(occurrence.StartUnixSeconds, zoneName);
        return occurrence.EndUnixSeconds == long.MaxValue ? $"from {start} until somebody ends it" : $"{start[..start.LastIndexOf(" (", StringComparison.Ordinal)]} – {RecurrenceWords.Time(occurrence.EndUnixSeconds, zoneName)}";
    }

    static CalendarCell CellOf(CalendarDay day, IMonitorRules rules) => new(
        day.Date.ToString("ddd", CultureInfo.InvariantCulture), day.Date.ToString("d MMM", CultureInfo.InvariantCulture), day.Date.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday,
        [.. day.Parts.Select(part => (part.FromRatio * 100, (part.ToRatio - part.FromRatio) * 100, $"{Silences(part.Downtime, rules)}, {part.Downtime.ScopeText()}"))]);
}
