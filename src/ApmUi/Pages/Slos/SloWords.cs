using System.Globalization;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Monitors;
using Apm.Core.Slos;
using Apm.Core.Time;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Slos;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>Objectives in words and figures, the same on all their pages.</summary>
static class SloWords
{
    const double DaySeconds = 86_400;

    public static string KindOf(SloKind kind) => kind switch { SloKind.Metric => "requests", SloKind.Monitor => "monitors", _ => "time slices" };

    /// <summary>The sign and the word of a state.</summary>
    public static (string Kind, string Word) StateOf(SloStatus status) => status switch
    {
        SloStatus.Ok => ("ok", "Met"),
        SloStatus.Warning => ("warn", "Warning"),
        SloStatus.Breached => ("error", "Breached"),
        _ => ("none", "No data"),
    };

    /// <summary>What a monitor is called that was deleted.</summary>
    public static string GoneMonitor(long id) => string.Create(CultureInfo.InvariantCulture, $"Monitor {id}, which is gone");

    /// <summary>Where a monitor is found.</summary>
    /// <param name="monitor">Null when it is gone: then the list of all.</param>
    public static string LinkOf(PageState state, long id, MonitorSnapshot? monitor) => state.Link(monitor is null ? "/monitors" : string.Create(CultureInfo.InvariantCulture, $"/monitors/{id}"));

    /// <summary>A share in percent with the digits that matter beside 99.9: <c>99.953 %</c>. Never rounded up to 100.</summary>
    public static string Percent(double? percent)
    {
        if (percent is not { } value) return Figure.None;
        var rounded = Math.Round(value, 3);
        if (rounded >= 100 && value < 100) rounded = 99.999;
        return rounded.ToString("0.###", CultureInfo.InvariantCulture) + " %";
    }

    /// <summary>A part of a budget, in percent.</summary>
    public static string BudgetPercent(double? percent) => percent is not { } value ? Figure.None : (Math.Abs(value) < 10 ? Math.Round(value, 1) : Math.Round(value)).ToString("#,0.#", CultureInfo.InvariantCulture).Replace('-', '−') + " %";

    /// <summary>So many requests, or so long.</summary>
    public static string Amount(Slo slo, double amount)
    {
        var sign = amount < 0 ? "−" : "";
        var size = Math.Abs(amount);
        if (!slo.IsOfTime()) return sign + (size < 10 ? Figure.Plain(size) : Figure.Whole(Math.Floor(size))) + (size == 1 ? " request" : " requests");
        return sign + Time(size);
    }

    /// <summary>A part of an amount: <c>641 of 1,000 requests</c>.</summary>
    public static string Part(Slo slo, double part, double whole)
    {
        var text = Amount(slo, part);
        return $"{(slo.IsOfTime() ? text : text[..text.LastIndexOf(' ')])} of {Amount(slo, whole)}";
    }

    /// <summary>A time: <c>43 min 12 s</c>.</summary>
    public static string Time(double seconds) => seconds == 0 ? "0 s" : Figure.Duration(seconds * UnixTime.NanosPerSecond);

    /// <summary>How much of a window is not counted, and why; "" when all of it is.</summary>
    public static string CorrectedOf(SloCorrections corrections, SloWindow window, string sloId)
    {
        var times = corrections.Between(sloId, window.FromUnixSeconds, window.ToUnixSeconds);
        if (times.Count == 0) return "";
        var why = corrections.All().Where(correction => correction.SloId == sloId).Select(correction => correction.Category).Distinct();
        return $"Not counted: {Time(times.Sum(time => time.ToUnixSeconds - time.FromUnixSeconds))} of this window, by corrections ({string.Join(", ", why)}).";
    }

    /// <summary>How much of a window is known, when that is not nearly all of it; "" otherwise.</summary>
    public static string KnownOf(SloWindow window)
    {
        var known = window.Series.Buckets.Count(bucket => bucket.Total > 0);
        if (known == 0 || known >= window.Series.Buckets.Count * 0.98) return "";
        var first = 0;
        while (window.Series.Buckets[first].Total == 0) first++;
        var days = (window.ToUnixSeconds - window.Series.TimeOf(first)) / DaySeconds;
        return days < window.Target.Days * 0.98 ? $"Data reaches back {Time(window.ToUnixSeconds - window.Series.TimeOf(first))}; the budget is that of what is known." : $"{known} of {window.Series.Buckets.Count} parts of the window have data; the others are left out.";
    }
}
