using System.Globalization;
using System.Text.Json;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Spans;
using Apm.Query.TraceQl;
using Apm.Query.Traces;
using Apm.Wire.Otlp;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve.Tempo;

/// <summary>
/// <c>GET /tempo/api/metrics/query_range</c> and <c>/query</c>: series of numbers by TraceQL. A point stands at the start of its step;
/// durations are seconds. Counted in stored spans, so sampled traces are not in it; <c>trace.*</c> metrics count all.
/// </summary>
static class TempoMetrics
{
    /// <summary>Points of a series when no step is asked for, about.</summary>
    const int DefaultPointCount = 120;

    public static Task Answer(HttpContext http, bool isInstant)
    {
        var query = http.Request.Query;
        KnownParameters.Check(query, "q", "query", "start", "end", "since", "step", "limit", "exemplars");
        var text = query["q"].ToString() is { Length: > 0 } q ? q : query["query"].ToString();
        if (text.Length == 0) throw new RefusedException("parameter q is required: a TraceQL query that makes series, such as { status = error } | rate() by(resource.service.name)");
        var plan = TraceQlPlan.Of(text);
        if (plan.Metric is not { } metric) throw new RefusedException($"\"{text}\" makes no series. Add a stage such as | rate(), or ask /tempo/api/search for traces.");
        var range = TempoRequest.RangeOf(http);
        var step = TempoRequest.Duration(query, "step") ?? TimeSteps.For(range, DefaultPointCount, UnixTime.NanosPerSecond);
        if (!isInstant && (step <= 0 || range.LengthNanos / step > SpanAggregation.MaxPoints - 1))
            throw new RefusedException($"a series has at most {SpanAggregation.MaxPoints} points; choose a longer step, or a shorter range");
        var isHistogram = metric.Function == "histogram_over_time";
        if (metric.By.Count + (isHistogram ? 1 : 0) > SpanAggregation.MaxGroupFields) throw new RefusedException($"by() at column {metric.At.Column} has {metric.By.Count} fields; at most {SpanAggregation.MaxGroupFields - (isHistogram ? 1 : 0)} are answered");
        if (metric.Quantiles.Count > SpanAggregation.MaxComputes) throw new RefusedException($"{metric.Function} at column {metric.At.Column} has {metric.Quantiles.Count} quantiles; at most {SpanAggregation.MaxComputes} are answered");
        var measure = metric.Field is { } field ? TraceQlFields.OneOf(field, metric.At) : (SpanField?)null;
        var groupBy = metric.By.Select(by => new SpanGroupBy(TraceQlFields.OneOf(by, metric.At)) { Limit = SpanAggregation.MaxGroupsGiven, Missing = "nil" }).ToList();
        if (isHistogram) groupBy.Add(new SpanGroupBy(measure!.Value) { Limit = SpanAggregation.MaxGroupsGiven, InPowersOfTwo = true });
        var found = new SpanAggregation(http.RequestServices.GetRequiredService<ITraceReader>(), http.RequestServices.GetRequiredService<TimeProvider>()).Aggregate(new SpanAggregationRequest
        {
            Range = range,
            Filter = plan.Filter,
            Computes = Computes(metric, measure),
            GroupBy = groupBy,
            IntervalNanos = isInstant ? null : step,
        }, http.RequestAborted);
        SearchHeaders.Write(http, found.GroupCount, found.Report.ScannedSpanCount, found.Report.IncompleteReason);
        var scale = measure?.Field == FilterField.Duration ? 1.0 / UnixTime.NanosPerSecond : 1;
        var series = Series(found, metric, scale, isInstant);
        if (plan.Top is { } top) series = Best(series, top);
        return JsonAnswer.Write(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("series");
            foreach (var one in series) WriteSeries(json, one, found.StartUnixNanos, isInstant);
            json.WriteEndArray();
            json.WriteStartObject("metrics");
            json.WriteString("inspectedSpans", found.Report.ScannedSpanCount.ToString(CultureInfo.InvariantCulture));
            json.WriteNumber("completedJobs", found.Report.IsComplete ? 1 : 0);
            json.WriteNumber("totalJobs", 1);
            json.WriteEndObject();
            if (found.Report.IncompleteReason is { } reason)
            {
                json.WriteString("status", "PARTIAL");
                json.WriteString("message", reason);
            }
            json.WriteEndObject();
        });
    }

    static IReadOnlyList<SpanCompute> Computes(TraceQlMetric metric, SpanField? measure) => metric.Function switch
    {
        "rate" => [new SpanCompute(SpanFunction.Rate)],
        "count_over_time" or "histogram_over_time" => [new SpanCompute(SpanFunction.Count)],
        "min_over_time" => [new SpanCompute(SpanFunction.Min, measure)],
        "max_over_time" => [new SpanCompute(SpanFunction.Max, measure)],
        "avg_over_time" => [new SpanCompute(SpanFunction.Average, measure)],
        "sum_over_time" => [new SpanCompute(SpanFunction.Sum, measure)],
        _ => [.. metric.Quantiles.Select(quantile => new SpanCompute(SpanFunction.Percentile, measure, quantile * 100))],
    };

    /// <param name="Labels">Key and value; a value is a text or, for the quantile, a number.</param>
    sealed record Line(IReadOnlyList<(string Key, object Value)> Labels, double?[] Values);

    /// <summary>The label of a histogram's series: the upper end of its stretch, durations in seconds; Tempo's own name.</summary>
    const string BucketLabel = "__bucket";

    static List<Line> Series(SpanAggregationResult found, TraceQlMetric metric, double scale, bool isInstant)
    {
        var series = new List<Line>();
        foreach (var group in found.Groups)
        {
            for (var i = 0; i < group.Numbers.Count; i++)
            {
                var labels = metric.By.Select((by, at) => (by.ToString(), (object)group.Values[at])).ToList();
                var isBucket = group.Values.Count > labels.Count;
                if (isBucket) labels.Add((BucketLabel, double.Parse(group.Values[^1], CultureInfo.InvariantCulture) * scale));
                if (metric.Quantiles.Count > 0) labels.Add(("p", metric.Quantiles[i]));
                else if (labels.Count == 0) labels.Add(("__name__", metric.Function));
                series.Add(new Line(labels, [.. (isInstant ? [group.Numbers[i]] : group.Series[i]).Select(value => isBucket ? value : value * scale)]));
            }
        }
        // The stretches of a histogram in their order, within the order of the groups.
        return metric.Function == "histogram_over_time" ? [.. series.GroupBy(line => string.Join('\0', line.Labels.SkipLast(1))).SelectMany(group => group.OrderBy(line => (double)line.Labels[^1].Value))] : series;
    }

    /// <summary>At each point those with the highest or lowest values; what is never among them is left out.</summary>
    static List<Line> Best(List<Line> series, TraceQlTop top)
    {
        var points = series.Count == 0 ? 0 : series[0].Values.Length;
        var kept = series.Select(line => line with { Values = new double?[points] }).ToList();
        for (var at = 0; at < points; at++)
        {
            var order = Enumerable.Range(0, series.Count).Where(i => series[i].Values[at] is not null);
            order = top.IsTop ? order.OrderByDescending(i => series[i].Values[at]) : order.OrderBy(i => series[i].Values[at]);
            foreach (var i in order.Take(top.Count)) kept[i].Values[at] = series[i].Values[at];
        }
        return [.. kept.Where(line => line.Values.Any(value => value is not null))];
    }

    static void WriteSeries(Utf8JsonWriter json, Line line, IReadOnlyList<long> starts, bool isInstant)
    {
        json.WriteStartObject();
        json.WriteStartArray("labels");
        foreach (var (key, value) in line.Labels)
        {
            json.WriteStartObject();
            json.WriteString("key", key);
            json.WritePropertyName("value");
            OtlpJsonTraceWriter.WriteValue(json, value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("promLabels", "{" + string.Join(", ", line.Labels.Select(label => string.Create(CultureInfo.InvariantCulture, $"{PromName(label.Key)}={JsonSerializer.Serialize(string.Create(CultureInfo.InvariantCulture, $"{label.Value}"))}"))) + "}");
        if (isInstant)
        {
            if (line.Values[0] is { } value) json.WriteNumber("value", value);
        }
        else
        {
            json.WriteStartArray("samples");
            for (var i = 0; i < line.Values.Length; i++)
            {
                if (line.Values[i] is not { } value || !double.IsFinite(value)) continue;
                json.WriteStartObject();
                json.WriteString("timestampMs", (starts[i] / UnixTime.NanosPerMillisecond).ToString(CultureInfo.InvariantCulture));
                json.WriteNumber("value", value);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    static string PromName(string key) => key.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? key : $"\"{key}\"";
}
