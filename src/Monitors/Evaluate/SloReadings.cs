using System.Globalization;
using Apm.Core.Monitors;
using Apm.Core.Slos;
using Apm.Core.Time;
using Apm.Monitors.Queries;
using Apm.Monitors.Slos;

namespace Apm.Monitors.Evaluate;

/// <summary>
/// Reads what monitors of objectives compare. A burn rate is that of the long window, but no more than that of the short one: it is high
/// when much was spent, and falls soon when nothing is spent any more. Of a budget it is the part that is spent, in percent.
/// </summary>
/// <remarks>Any thread. Exceptions of queries come through.</remarks>
/// <param name="uptime">Knows when nothing was evaluated: what did not come while Apm was away says nothing.</param>
public sealed class SloReadings(SloBook slos, SloReader reader, UptimeBook uptime)
{
    const long DaySeconds = 86_400;
    const int BurnStepSeconds = 60;

    public MonitorReading Read(SloMonitorQuery asked, long endUnixSeconds, CancellationToken cancel)
    {
        var window = new TimeRange((endUnixSeconds - asked.WindowSeconds) * UnixTime.NanosPerSecond, endUnixSeconds * UnixTime.NanosPerSecond);
        if (slos.WhyNotWatched(asked) is { } reason) return MonitorReading.Skipped(window, reason);
        var slo = slos.Find(asked.SloId)!;
        var target = slo.TargetOf(asked.Days)!;
        var words = new Dictionary<string, string>
        {
            ["slo.id"] = slo.Id, ["slo.name"] = slo.Name, ["slo.timeframe"] = target.Timeframe(), ["slo.target"] = Text(target.Percent),
        };
        var value = asked.Kind == SloMonitorQuery.BurnRate ? BurnRate(asked, slo, target, endUnixSeconds, words, cancel) : Spent(slo, target, endUnixSeconds, words, cancel);
        return new MonitorReading(window, [GroupReading.Whole with { Value = value, LastDataUnixSeconds = value is null ? null : endUnixSeconds, Sample = words }]);
    }

    double? BurnRate(SloMonitorQuery asked, Slo slo, SloTarget target, long end, Dictionary<string, string> words, CancellationToken cancel)
    {
        var (longer, shorter) = (asked.LongWindow!.Value, asked.ShortWindow!.Value);
        var series = reader.Read(slo, end - longer.LengthSeconds, end, BurnStepSeconds, cancel);
        var (ofLong, ofShort) = (series.SumFrom(end - longer.LengthSeconds).BurnRate(target), series.SumFrom(end - shorter.LengthSeconds).BurnRate(target));
        if (ofLong is { } fast) words["slo.burn_rate_long"] = Text(fast);
        if (ofShort is { } now) words["slo.burn_rate_short"] = Text(now);
        if (ofLong is not { } rate) return null;
        // Where no request came nothing is spent; of time that nobody knows of, as while Apm was not running, or that is not counted, nothing can be said.
        var isKnown = !slo.IsOfTime() && !uptime.HasGap(end - shorter.LengthSeconds, end) && slos.Corrections.Between(slo.Id, end - shorter.LengthSeconds, end).Count == 0;
        return (ofShort ?? (isKnown ? 0 : null)) is { } recent ? Math.Min(rate, recent) : null;
    }

    double? Spent(Slo slo, SloTarget target, long end, Dictionary<string, string> words, CancellationToken cancel)
    {
        var seconds = target.Days * DaySeconds;
        var tally = reader.Read(slo, end - seconds, end, SloReports.StepOf(seconds), cancel).Sum();
        if (tally.BudgetLeftPercent(target) is not { } left) return null;
        words["slo.sli"] = Text(tally.Percent!.Value);
        words["slo.budget_left"] = Text(left);
        return 100 - left;
    }

    static string Text(double number) => Math.Round(number, 4).ToString(CultureInfo.InvariantCulture);
}
