using System.Collections.Concurrent;
using Apm.Core.Ports;
using Apm.Core.Slos;
using Apm.Core.Time;
using Apm.Query.Evaluate;
using Apm.Query.Text;

namespace Apm.Monitors.Slos;

/// <summary>A target with what was counted in its window.</summary>
public sealed record SloWindow(SloTarget Target, long FromUnixSeconds, long ToUnixSeconds, SloSeries Series)
{
    public SloTally Tally => Series.Sum();

    public SloStatus Status => SloStanding.Of(Tally, Target);
}

/// <summary>How an objective stands at a time, by all its targets in their order.</summary>
/// <param name="Windows">None when nothing could be read.</param>
/// <param name="Problem">Why nothing could be read, a sentence; "" when it could.</param>
public sealed record SloReport(Slo Slo, long AtUnixSeconds, IReadOnlyList<SloWindow> Windows, string Problem)
{
    /// <summary>The worst of its targets.</summary>
    public SloStatus Status => Windows.Select(window => window.Status).DefaultIfEmpty(SloStatus.NoData).Max();

    /// <summary>The window with the least of its budget left; null when nothing could be read.</summary>
    public SloWindow? Worst() => Windows.MinBy(window => window.Tally.BudgetLeftPercent(window.Target) ?? double.MaxValue);
}

/// <summary>A part of an objective with what was counted of it in a window: a group, or a monitor of several.</summary>
/// <param name="Group">"" of a monitor.</param>
/// <param name="MonitorId">Of a monitor, and of the groups of one; null of groups of requests.</param>
public sealed record SloPart(string Group, long? MonitorId, SloTally Tally);

/// <summary>The parts of an objective.</summary>
/// <param name="Worst">Those with the least of their budget left, at most <see cref="SloReports.MaxParts"/>; those of which nothing is known last.</param>
/// <param name="Count">How many there are.</param>
public sealed record SloParts(IReadOnlyList<SloPart> Worst, int Count)
{
    /// <summary>Of an objective that has none.</summary>
    public static SloParts None { get; } = new([], 0);
}

/// <summary>How objectives stand, worked out when somebody asks, and at most once a minute.</summary>
/// <remarks>Any thread.</remarks>
public sealed class SloReports(SloReader reader, TimeProvider clock)
{
    /// <summary>Most parts of one objective that are told of; default 100, the worst. How many there are is told as well.</summary>
    public const int MaxParts = 100;

    static readonly TimeSpan s_fresh = TimeSpan.FromMinutes(1);
    const long DaySeconds = 86_400;

    readonly ConcurrentDictionary<string, (SloReport Report, object Corrections)> _reports = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<(string Id, int Days), (SloParts Parts, SloWindow Window)> _parts = new();

    public SloReport Of(Slo slo, CancellationToken cancel = default) => Of(slo, s_fresh, cancel);

    /// <param name="maxAge">How old the answer may be, for those who need not know it to the minute.</param>
    public SloReport Of(Slo slo, TimeSpan maxAge, CancellationToken cancel = default)
    {
        var now = clock.NowUnixNanos() / UnixTime.NanosPerSecond;
        var corrections = reader.CorrectionsVersion;
        if (_reports.TryGetValue(slo.Id, out var kept) && kept.Corrections == corrections && kept.Report is var known && known.Slo == slo && now >= known.AtUnixSeconds && now < known.AtUnixSeconds + (long)maxAge.TotalSeconds) return known;
        var report = Read(slo, now, cancel);
        if (slo.Id.Length > 0) _reports[slo.Id] = (report, corrections);
        foreach (var (id, old) in _reports) if (now >= old.Report.AtUnixSeconds + DaySeconds) _reports.TryRemove(id, out _); // Deleted, or of no interest.
        return report;
    }

    /// <summary>Whether an objective has parts at all: groups that it names, several monitors, or queries that are both grouped. In some window there may be none all the same.</summary>
    public static bool HasParts(Slo slo) => slo.Groups.Count > 0 || slo.MonitorIds.Count > 1 || slo.Kind == SloKind.Metric && SloQueries.IsGrouped(slo.GoodQuery) && SloQueries.IsGrouped(slo.TotalQuery);

    /// <summary>The parts of an objective in a window of its report: its groups, or its monitors when it has several.</summary>
    /// <exception cref="QueryLimitException">A query asks for more than is answered.</exception>
    /// <exception cref="StoreUnavailableException">The numbers cannot be read. Safe to retry.</exception>
    public SloParts PartsOf(Slo slo, SloWindow window, CancellationToken cancel = default)
    {
        if (_parts.TryGetValue((slo.Id, window.Target.Days), out var kept) && ReferenceEquals(kept.Window, window)) return kept.Parts;
        var step = StepOf(window.ToUnixSeconds - window.FromUnixSeconds);
        IReadOnlyList<SloPart> all = slo.Groups.Count == 0 && slo.MonitorIds.Count > 1
            ? [.. reader.ReadMonitors(slo, window.FromUnixSeconds, window.ToUnixSeconds, step).Select(monitor => new SloPart("", monitor.MonitorId, monitor.Series.Sum()))]
            : [.. reader.ReadGroups(slo, window.FromUnixSeconds, window.ToUnixSeconds, step, isCorrected: true, cancel).Select(group => new SloPart(group.Group, slo.MonitorIds is [var only] ? only : null, group.Series.Sum()))];
        var parts = all.Count == 0 ? SloParts.None : new SloParts([.. all.OrderBy(part => part.Tally.BudgetLeftPercent(window.Target) ?? double.MaxValue).Take(MaxParts)], all.Count);
        foreach (var (key, old) in _parts) if (window.ToUnixSeconds >= old.Window.ToUnixSeconds + DaySeconds) _parts.TryRemove(key, out _); // Deleted, or of no interest.
        _parts[(slo.Id, window.Target.Days)] = (parts, window);
        return parts;
    }

    /// <summary>Width of the buckets of a window, in seconds: as many as a chart can show.</summary>
    public static int StepOf(long windowSeconds) => windowSeconds switch { <= 3_600 => 60, <= DaySeconds => 300, <= 7 * DaySeconds => 600, <= 30 * DaySeconds => 1_800, _ => 7_200 };

    SloReport Read(Slo slo, long now, CancellationToken cancel)
    {
        try
        {
            return new SloReport(slo, now, [.. slo.Targets.Select(target => WindowOf(slo, target, now, cancel))], "");
        }
        catch (Exception wrong) when (wrong is QueryTextException or QueryLimitException or StoreUnavailableException)
        {
            return new SloReport(slo, now, [], wrong.Message);
        }
    }

    SloWindow WindowOf(Slo slo, SloTarget target, long now, CancellationToken cancel)
    {
        var from = now - target.Days * DaySeconds;
        return new SloWindow(target, from, now, reader.Read(slo, from, now, StepOf(now - from), cancel));
    }
}
