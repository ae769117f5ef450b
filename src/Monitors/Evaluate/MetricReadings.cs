using System.Globalization;
using Apm.Core.Monitors;
using Apm.Core.Time;
using Apm.Monitors.Queries;
using Apm.Query.Evaluate;
using Apm.Query.Frames;
using Apm.Query.Language;

namespace Apm.Monitors.Evaluate;

/// <summary>Reads what metric monitors compare (metrics-monitors §6.4): the query over the window, reduced to one value per group.</summary>
/// <remarks>Any thread. Exceptions of the query come through.</remarks>
public sealed class MetricReadings(MetricQueries queries)
{
    /// <summary>With <c>require_full_window</c>, so many empty buckets are still full; Datadog's figure.</summary>
    const int MostEmptyBuckets = 3;

    /// <summary>Width of the points that <c>anomalies</c> judges when the query does not say.</summary>
    const int AnomalySeconds = 60;

    /// <param name="endUnixSeconds">The end of the window: the time of the evaluation less its delay.</param>
    public MonitorReading Read(MetricMonitorQuery asked, MonitorOptions options, long endUnixSeconds, CancellationToken cancel)
    {
        endUnixSeconds -= endUnixSeconds % asked.PeriodSeconds; // A delay that is no whole number of buckets must not let in what came after it.
        var window = asked.Window.At(endUnixSeconds - asked.ShiftSeconds, options.CurrentStart);
        var groups = asked.Algorithm?.Name switch
        {
            "anomalies" => Anomalous(asked, options, window, cancel),
            "outliers" => Outlying(asked, window, cancel),
            "forecast" => Forecast(asked, endUnixSeconds, cancel),
            _ when asked.Change is { } change => Changed(asked, change, options, window, endUnixSeconds, cancel),
            _ => Reduced(asked, options, window, cancel),
        };
        return new MonitorReading(window, groups);
    }

    /// <summary>
    /// The value of each group. Where counts are divided, and for percentiles, the totals of the window are computed with; everything else is
    /// bucket by bucket, then reduced (§5.6).
    /// </summary>
    List<GroupReading> Reduced(MetricMonitorQuery asked, MonitorOptions options, TimeRange window, CancellationToken cancel)
    {
        if (asked.Aggregator == TimeAggregator.Percentile || (asked.Query is not MetricQuery && asked.Query.MetricQueries.Any(IsCount))) return Totals(asked, window, cancel);
        var frame = queries.Evaluate(asked.Query, window, Options(asked), [], cancel);
        return Groups(frame, (group, line) => group with
        {
            Value = Value(asked.Aggregator, line.Values),
            LastDataUnixSeconds = LastData(frame.Grid, line.Values, window),
            IsFull = !options.RequireFullWindow || IsFull(frame.Grid, line.Values, window, asked.Window.BucketSeconds),
        });
    }

    List<GroupReading> Totals(MetricMonitorQuery asked, TimeRange window, CancellationToken cancel)
    {
        var aggregator = asked.Aggregator.ToString().ToLowerInvariant();
        var parts = asked.Query.MetricQueries.Select(part => ((QueryNode)part, asked.Aggregator == TimeAggregator.Percentile ? MetricQueries.Percentile : IsCount(part) ? "sum" : aggregator)).ToList();
        var frame = queries.Scalars(parts, [asked.Query], window, Options(asked), [], cancel)[0];
        return Groups(frame, (group, line) => group with { Value = Finite(line.Values[0]), LastDataUnixSeconds = double.IsFinite(line.Values[0]) ? Seconds(window.ToUnixNanos) : null });
    }

    List<GroupReading> Changed(MetricMonitorQuery asked, ChangeOver change, MonitorOptions options, TimeRange window, long end, CancellationToken cancel)
    {
        var before = Reduced(asked, options, asked.Window.At(end - change.ShiftSeconds, options.CurrentStart), cancel).ToDictionary(group => group.Group, group => group.Value, StringComparer.Ordinal);
        return [.. Reduced(asked, options, window, cancel).Select(now =>
        {
            var difference = now.Value - before.GetValueOrDefault(now.Group);
            return now with { Value = Finite(change.IsPercent ? difference / before.GetValueOrDefault(now.Group) * 100 : difference) };
        })];
    }

    /// <summary>The share of anomalous points, of the trigger window and of the recovery window.</summary>
    List<GroupReading> Anomalous(MetricMonitorQuery asked, MonitorOptions options, TimeRange window, CancellationToken cancel)
    {
        var trigger = (MonitorWindow.Of(options.TriggerWindow ?? Argument(asked, "alert_window") ?? "") ?? asked.Window).LengthSeconds;
        var recovery = (MonitorWindow.Of(options.RecoveryWindow ?? "") is { } said ? said.LengthSeconds : trigger);
        var looked = window with { FromUnixNanos = Math.Max(0, window.ToUnixNanos - Math.Max(trigger, recovery) * UnixTime.NanosPerSecond) };
        var step = int.TryParse(Argument(asked, "interval"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 ? seconds : AnomalySeconds;
        var frame = queries.Evaluate(asked.Query, looked, Options(asked) with { StepSeconds = step }, [], cancel);
        return Groups(frame, (group, line) => group with
        {
            Value = AnomalousShare(frame.Grid, line, Seconds(looked.ToUnixNanos) - trigger),
            RecoveryValue = AnomalousShare(frame.Grid, line, Seconds(looked.ToUnixNanos) - recovery),
            LastDataUnixSeconds = LastData(frame.Grid, line.Values, looked),
        });
    }

    static double? AnomalousShare(TimeGrid grid, FrameLine line, long fromUnixSeconds)
    {
        var (points, anomalous) = (0, 0);
        for (var i = Math.Max(0, grid.IndexOf(fromUnixSeconds)); i < line.Values.Length; i++)
        {
            if (grid.TimeOf(i) < fromUnixSeconds) continue;
            var isAnomalous = line.Anomalous?[i] == true;
            if (isAnomalous) anomalous++;
            if (isAnomalous || !double.IsNaN(line.Values[i])) points++;
        }
        return points == 0 ? null : (double)anomalous / points;
    }

    List<GroupReading> Outlying(MetricMonitorQuery asked, TimeRange window, CancellationToken cancel)
    {
        var frame = queries.Evaluate(asked.Query, window, Options(asked), [], cancel);
        return Groups(frame, (group, line) => group with { Value = line.IsEmpty ? null : line.IsOutlier == true ? 1 : 0, LastDataUnixSeconds = LastData(frame.Grid, line.Values, window) });
    }

    /// <summary>The forecast values of the window ahead. A chart continues its window by half, so twice as much is drawn before it.</summary>
    List<GroupReading> Forecast(MetricMonitorQuery asked, long end, CancellationToken cancel)
    {
        var past = new TimeRange(Math.Max(0, end - 2 * asked.Window.LengthSeconds) * UnixTime.NanosPerSecond, end * UnixTime.NanosPerSecond);
        var frame = queries.Evaluate(asked.Query, past, Options(asked), [], cancel);
        return Groups(frame, (group, line) =>
        {
            if (line.ForecastFromUnixSeconds is not { } from) return group;
            var first = Math.Max(frame.Grid.IndexOf(Math.Max(from, end)), 0);
            var last = Math.Min(frame.Grid.IndexOf(end + asked.Window.LengthSeconds), line.Values.Length);
            return group with { Value = first < last ? Value(asked.Aggregator, line.Values.AsSpan(first, last - first)) : null, LastDataUnixSeconds = Math.Min(from, end) };
        });
    }

    static List<GroupReading> Groups(SeriesFrame frame, Func<GroupReading, FrameLine, GroupReading> read)
    {
        var groups = new List<GroupReading>(frame.Lines.Count);
        foreach (var line in frame.Lines)
        {
            if (line.Group.Contains(FrameLine.NoValue)) continue; // It lacks a tag that makes groups, so it is in none.
            var tags = new string[line.Group.Count];
            for (var i = 0; i < tags.Length; i++) tags[i] = $"{frame.Keys[i]}:{line.Group[i]}";
            groups.Add(read(GroupReading.Of(tags), line));
        }
        return groups;
    }

    /// <summary>
    /// Buckets are as long as the time between evaluations (§6.4): they meet the window, and each holds a point of all hosts that report so often, whenever in it they do.
    /// </summary>
    static QueryOptions Options(MetricMonitorQuery asked) => new() { GivesHints = false, StepSeconds = asked.PeriodSeconds };

    static bool IsCount(MetricQuery query) => query.Modifiers.Any(modifier => modifier.Name == Modifier.AsCount);

    static double? Value(TimeAggregator aggregator, ReadOnlySpan<double> values) => Finite(new Reducer(aggregator switch
    {
        TimeAggregator.Sum => BucketMethod.Sum,
        TimeAggregator.Min => BucketMethod.Min,
        TimeAggregator.Max => BucketMethod.Max,
        _ => BucketMethod.Avg,
    }).Of(values));

    static long? LastData(TimeGrid grid, double[] values, TimeRange window)
    {
        var last = Array.FindLastIndex(values, value => !double.IsNaN(value));
        return last < 0 ? null : Math.Min(grid.TimeOf(last) + grid.StepSeconds, Seconds(window.ToUnixNanos));
    }

    static bool IsFull(TimeGrid grid, double[] values, TimeRange window, int bucketSeconds)
    {
        var from = Seconds(window.FromUnixNanos);
        var isFilled = new bool[Math.Max(1, (int)((Seconds(window.ToUnixNanos) - from + bucketSeconds - 1) / bucketSeconds))];
        for (var i = 0; i < values.Length; i++)
            if (!double.IsNaN(values[i]) && (int)((grid.TimeOf(i) - from) / bucketSeconds) is >= 0 and var bucket && bucket < isFilled.Length) isFilled[bucket] = true;
        return isFilled[0] && isFilled.Count(filled => !filled) <= MostEmptyBuckets;
    }

    static string? Argument(MetricMonitorQuery asked, string name) => asked.Algorithm!.Arguments.OfType<TextArgument>().FirstOrDefault(argument => argument.Name == name)?.Text;

    static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;

    static long Seconds(long unixNanos) => unixNanos / UnixTime.NanosPerSecond;
}
