using System.Globalization;
using Apm.ApmUi.Charts;
using Apm.Core.Counting;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Queries;
using Apm.Query.Evaluate;
using Apm.Query.Text;

namespace Apm.ApmUi.Snapshots;

/// <summary>The charts in mails: of alerts what a metric monitor looked at, its group alone, with its thresholds; of snapshots the very picture that is kept.</summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class AlertPictures(Func<MetricQueries> queries, IPictureStore kept, Counters counters) : IChartPictures
{
    /// <inheritdoc/>
    public byte[]? DrawPng(AlertChart chart, CancellationToken cancel)
    {
        try
        {
            if (MonitorQueryParser.Parse(chart.Rule.Type, chart.Rule.Query) is not MetricMonitorQuery query) return null; // The others have no series.
            var range = new TimeRange(chart.FromUnixSeconds * UnixTime.NanosPerSecond, chart.ToUnixSeconds * UnixTime.NanosPerSecond);
            var answer = queries().Evaluate(query.Query.ToString(), range, new QueryOptions { GivesHints = false }, cancel);
            var ofGroup = answer with { Series = [.. answer.Series.Where(series => chart.GroupTags.All(series.TagSet.Contains))] };
            if (ofGroup.Series.Count == 0) return null;
            var drawn = MetricChart.Of(range, ofGroup);
            if (query.Algorithm is null && query.Change is null) drawn = drawn with { Levels = Levels(chart.Rule, query.Compared.Comparison.ToString(), drawn.Scale ?? 1) };
            return ChartPainter.PaintPng(drawn, new PictureFrame(query.Query.ToString(), TimeZoneInfo.Utc, chart.Width, chart.Height));
        }
        catch (Exception failure) when (failure is QueryTextException or QueryLimitException or MonitorQueryException or StoreUnavailableException)
        {
            counters.Add("alert_pictures_failed"); // The mail goes without: what it says matters more.
            return null;
        }
    }

    /// <inheritdoc/>
    public byte[]? KeptPng(string snapshotId)
    {
        try
        {
            return kept.Find(snapshotId);
        }
        catch (StoreUnavailableException)
        {
            counters.Add("alert_pictures_failed"); // The mail leads to it all the same.
            return null;
        }
    }

    static ChartLevel[] Levels(MonitorRule rule, string comparison, double scale)
    {
        var levels = new List<ChartLevel>();
        if (rule.Options.Thresholds.Critical is { } critical) levels.Add(Level(critical, "error", "alert"));
        if (rule.Options.Thresholds.Warning is { } warning) levels.Add(Level(warning, "warn", "warning"));
        return [.. levels];

        ChartLevel Level(double at, string color, string word) => new(at * scale, at * scale, color, string.Create(CultureInfo.InvariantCulture, $"{word} {comparison} {at}"), Dash: true);
    }
}
