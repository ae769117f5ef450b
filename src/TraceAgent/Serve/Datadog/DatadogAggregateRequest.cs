using System.Globalization;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Spans;
using Apm.Query.Text;
using Apm.Query.Traces;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>One number to compute.</summary>
/// <param name="IntervalNanos">Of a series; null for a total.</param>
sealed record DatadogCompute(string Aggregation, string? Metric, SpanCompute Compute, long? IntervalNanos);

/// <summary>One field to group by.</summary>
/// <param name="Sort">What orders: a number that may not be among those asked for; null by the value's text.</param>
/// <param name="Total">The value of the bucket over all groups; null for no such bucket.</param>
sealed record DatadogGroupBy(string Facet, SpanGroupBy By, SpanCompute? Sort, string? Total);

/// <summary>The body of <c>POST /api/v2/spans/analytics/aggregate</c>: <c>compute</c>, <c>filter</c>, <c>group_by</c>, <c>options</c>.</summary>
sealed record DatadogAggregateRequest(DatadogFilter Filter, IReadOnlyList<DatadogCompute> Computes, IReadOnlyList<DatadogGroupBy> GroupBy)
{
    /// <summary>Most stretches of one histogram; Datadog's own limit.</summary>
    public const int MaxHistogramBuckets = 100;

    /// <summary>Value of the bucket over all groups when <c>total</c> is just true.</summary>
    public const string TotalValue = "__TOTAL__";

    /// <summary>About so many points when a series has no interval.</summary>
    const int DefaultPointCount = 60;

    static readonly string[] Aggregations = ["count", "cardinality", "pc75", "pc90", "pc95", "pc98", "pc99", "sum", "min", "max", "avg", "median"];

    /// <exception cref="RefusedException">A part is wrong; says which.</exception>
    public static DatadogAggregateRequest Read(DatadogBody body, long nowUnixNanos)
    {
        var (filter, options) = (DatadogFilter.Of(body), DatadogFilter.OptionsOf(body));
        var zone = DatadogTime.Zone(options.Text("timezone"), options.Number("timeOffset"));
        var asked = DatadogFilter.Read(filter.Text("query"), filter.Text("from"), filter.Text("to"), zone, nowUnixNanos);
        var computes = body.Objects("compute").Select(compute => Compute(compute, asked.Range)).ToList();
        if (computes.Count == 0) computes.Add(new DatadogCompute("count", null, new SpanCompute(SpanFunction.Count), null));
        if (computes.Count >= SpanAggregation.MaxComputes) throw new RefusedException($"compute has {computes.Count} entries; at most {SpanAggregation.MaxComputes - 1} are computed at once.");
        var groups = body.Objects("group_by").Select(GroupOf).ToList();
        if (groups.Count > SpanAggregation.MaxGroupFields) throw new RefusedException($"group_by has {groups.Count} entries; at most {SpanAggregation.MaxGroupFields} are answered.");
        return new DatadogAggregateRequest(asked, computes, groups);
    }

    static DatadogCompute Compute(DatadogBody compute, TimeRange range)
    {
        compute.Only("aggregation", "metric", "type", "interval");
        var aggregation = compute.Word("aggregation", Aggregations) ?? throw new RefusedException($"{compute.Path}.aggregation is missing. There are: {string.Join(", ", Aggregations)}.");
        var metric = compute.Text("metric");
        var isSeries = compute.Word("type", ["total", "timeseries"]) == "timeseries";
        return new DatadogCompute(aggregation, metric, FunctionOf(aggregation, metric, compute.Path), isSeries ? Interval(compute, range) : null);
    }

    static SpanCompute FunctionOf(string aggregation, string? metric, string path)
    {
        SpanField? measure = string.IsNullOrEmpty(metric) ? null : FieldOf(metric, path + ".metric");
        if (measure is null && aggregation != "count") throw new RefusedException($"{path}.metric is missing: {aggregation} needs one, such as @duration.");
        return aggregation switch
        {
            "count" => new SpanCompute(SpanFunction.Count, measure),
            "cardinality" => new SpanCompute(SpanFunction.Cardinality, measure),
            "sum" => new SpanCompute(SpanFunction.Sum, measure),
            "min" => new SpanCompute(SpanFunction.Min, measure),
            "max" => new SpanCompute(SpanFunction.Max, measure),
            "avg" => new SpanCompute(SpanFunction.Average, measure),
            "median" => new SpanCompute(SpanFunction.Percentile, measure, 50),
            _ => new SpanCompute(SpanFunction.Percentile, measure, double.Parse(aggregation.AsSpan(2), CultureInfo.InvariantCulture)),
        };
    }

    static long Interval(DatadogBody compute, TimeRange range)
    {
        var text = compute.Text("interval");
        if (string.IsNullOrEmpty(text)) return TimeSteps.For(range, DefaultPointCount, UnixTime.NanosPerSecond);
        if (!DurationText.TryParse(text, out var nanos) || nanos < UnixTime.NanosPerMillisecond) throw new RefusedException($"{compute.Path}.interval \"{text}\" is not a duration, such as 30s, 5m, 1h.");
        if (range.LengthNanos / nanos > SpanAggregation.MaxPoints - 1) throw new RefusedException($"{compute.Path}.interval \"{text}\" cuts the range into more than {SpanAggregation.MaxPoints} points. Choose a longer one, or a shorter range.");
        return nanos;
    }

    static DatadogGroupBy GroupOf(DatadogBody by)
    {
        by.Only("facet", "limit", "sort", "total", "missing", "histogram");
        var facet = by.Text("facet") is { Length: > 0 } text ? text : throw new RefusedException($"{by.Path}.facet is missing, such as service or @http.status_code.");
        var limit = by.Number("limit") ?? 10;
        if (limit is < 1 or > SpanAggregation.MaxGroupsGiven || limit != Math.Floor(limit)) throw new RefusedException($"{by.Path}.limit must be a whole number from 1 to {SpanAggregation.MaxGroupsGiven}.");
        var sort = by.Object("sort").Only("type", "order", "aggregation", "metric");
        var type = sort.Word("type", ["alphabetical", "measure"]);
        var order = sort.Word("order", ["asc", "desc"]);
        var isByText = type == "alphabetical";
        var sortBy = isByText ? null : FunctionOf(sort.Word("aggregation", Aggregations) ?? "count", sort.Text("metric"), sort.Path);
        var total = by.Scalar("total");
        return new DatadogGroupBy(
            facet,
            new SpanGroupBy(FieldOf(facet, by.Path + ".facet"))
            {
                Limit = (int)limit,
                IsAscending = order is null ? isByText : order == "asc",
                Missing = by.Scalar("missing"),
                Histogram = Histogram(by.Object("histogram")),
            },
            sortBy,
            total switch { null or "false" => null, "true" => TotalValue, _ => total });
    }

    static SpanHistogram? Histogram(DatadogBody histogram)
    {
        histogram.Only("interval", "min", "max");
        if (histogram.Number("interval") is not { } interval) return null;
        var (min, max) = (histogram.Number("min") ?? 0, histogram.Number("max") ?? throw new RefusedException($"{histogram.Path}.max is missing."));
        if (!(interval > 0) || !(max > min)) throw new RefusedException($"{histogram.Path} needs an interval above 0, and max above min.");
        return (max - min) / interval <= MaxHistogramBuckets ? new SpanHistogram(min, max, interval)
            : throw new RefusedException($"{histogram.Path} has more than {MaxHistogramBuckets} buckets; (max - min) / interval may be at most {MaxHistogramBuckets}.");
    }

    static SpanField FieldOf(string text, string path)
    {
        try
        {
            return SpanField.Parse(text);
        }
        catch (QueryTextException wrong)
        {
            throw new RefusedException($"{path}: {wrong.Message}");
        }
    }
}
