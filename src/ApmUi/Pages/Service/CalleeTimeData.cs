using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using Apm.Core.Time;
using Apm.Query.Services;

namespace Apm.ApmUi.Pages.Service;

/// <summary>The chart of where a service's time goes: per request its own time, and what each callee took, stacked.</summary>
public static class CalleeTimeData
{
    /// <summary>Callees with a series of their own; default 6. Those with less time share one, which says how many they are.</summary>
    public const int MaxCallees = 6;

    /// <summary>Colours of services and series (ui.md §3).</summary>
    const int Colors = 12;

    /// <param name="service">Whose time it is.</param>
    /// <param name="colorOf">Token of a service's colour.</param>
    public static ChartData Chart(string service, TimeRange range, TimeByCallee time, Func<string, string> colorOf, string? behind, IReadOnlyList<ChartMark> marks)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var shown = time.Callees.Take(MaxCallees).ToList();
        var rest = time.Callees.Skip(MaxCallees).ToList();
        var requests = time.RequestCounts.Sum();
        List<ChartSeries> series = [Series("own time", Free(colorOf(service)), time.OwnNanos)];
        series.AddRange(shown.Select(callee => Series(callee.Peer, Free(colorOf(callee.Peer)), callee.Nanos)));
        if (rest.Count > 0) series.Add(Series(Figure.Of(rest.Count, "more callee"), "no-data", [.. Enumerable.Range(0, time.RequestCounts.Count).Select(i => rest.Sum(callee => callee.Nanos[i]))]));
        var all = time.OwnNanos.Sum() + time.Callees.Sum(callee => callee.TotalNanos);
        return new ChartData
        {
            Unit = "duration",
            FromMs = range.FromUnixNanos / UnixTime.NanosPerMillisecond,
            ToMs = range.ToUnixNanos / UnixTime.NanosPerMillisecond,
            StepMs = time.StepNanos / UnixTime.NanosPerMillisecond,
            Times = [.. time.StartUnixNanos.Select(start => start / UnixTime.NanosPerMillisecond)],
            Stacked = true,
            Behind = behind,
            Marks = marks,
            Series = requests > 0 ? series : [],
            Summary = requests <= 0 ? "No request in this time."
                : time.Callees.Count == 0 ? $"{Figure.Duration(all / requests)} a request, all of it own time: no call was told"
                : $"{Figure.Duration(all / requests)} a request, {Figure.Percent(time.OwnNanos.Sum() / Math.Max(1, all))} own time, {Figure.Percent(time.Callees[0].TotalNanos / Math.Max(1, all))} in {time.Callees[0].Peer}",
            Scanned = time.RequestCounts.Count,
        };

        ChartSeries Series(string name, string color, IReadOnlyList<double> nanos) =>
            new(name, color, "bars", ChartSeries.Values4(nanos.Select((sum, i) => time.RequestCounts[i] > 0 ? sum / time.RequestCounts[i] : double.NaN))) { Overall = nanos.Sum() / requests };

        // Two of one colour in one stack cannot be told apart: the later one takes the next that is free.
        string Free(string color)
        {
            var index = int.Parse(color.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
            for (var tried = 0; tried < Colors && !taken.Add("s" + index); tried++) index = (index + 1) % Colors;
            return "s" + index;
        }
    }
}
