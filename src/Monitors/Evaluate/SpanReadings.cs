using System.Globalization;
using Apm.Core.Ports;
using Apm.Monitors.Queries;
using Apm.Query.Filters;
using Apm.Query.Spans;

namespace Apm.Monitors.Evaluate;

/// <summary>Computes numbers of spans for trace-analytics monitors (metrics-monitors §6.1). Durations are nanoseconds.</summary>
/// <remarks>Any thread.</remarks>
public sealed class SpanReadings(ITraceReader traces, TimeProvider clock)
{
    readonly SpanAggregation _spans = new(traces, clock);

    /// <exception cref="StoreUnavailableException">The spans cannot be read. Safe to retry.</exception>
    public MonitorReading Read(SearchMonitorQuery asked, long endUnixSeconds, CancellationToken cancel)
    {
        var window = asked.Window.At(endUnixSeconds);
        var found = _spans.Aggregate(new SpanAggregationRequest
        {
            Range = window,
            Filter = asked.Search.Trim() is "" or "*" ? TraceFilter.Empty : TraceFilterParser.Parse(asked.Search),
            Computes = [ComputeOf(asked)],
            GroupBy = [.. asked.By.Select(key => new SpanGroupBy(SpanField.Parse(key)) { Limit = SpanAggregation.MaxGroups })],
            MaxGroupsGiven = SpanAggregation.MaxGroups,
        }, cancel);
        if (found.InexactReason is { } reason) return MonitorReading.Skipped(window, reason);
        return new MonitorReading(window, [.. found.Groups.Select(group =>
        {
            string[] tags = [.. group.Values.Select((value, i) => $"{asked.By[i].TrimStart('@')}:{value}")];
            return GroupReading.Of(tags) with { Value = group.Numbers[0], LastDataUnixSeconds = group.Numbers[0] is null ? null : endUnixSeconds };
        })]) { LeftOutGroupCount = found.LeftOutGroupCount };
    }

    static SpanCompute ComputeOf(SearchMonitorQuery asked)
    {
        SpanField? measure = asked.Measure.Length == 0 ? null : SpanField.Parse(asked.Measure);
        return asked.Method switch
        {
            "count" => new SpanCompute(SpanFunction.Count, measure),
            "cardinality" => new SpanCompute(SpanFunction.Cardinality, measure),
            "avg" => new SpanCompute(SpanFunction.Average, measure),
            "sum" => new SpanCompute(SpanFunction.Sum, measure),
            "min" => new SpanCompute(SpanFunction.Min, measure),
            "max" => new SpanCompute(SpanFunction.Max, measure),
            "median" => new SpanCompute(SpanFunction.Percentile, measure, 50),
            _ => new SpanCompute(SpanFunction.Percentile, measure, double.Parse(asked.Method.AsSpan(2), CultureInfo.InvariantCulture)),
        };
    }
}
