using System.Globalization;
using System.Text;
using System.Text.Json;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Spans;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>
/// <c>POST /api/v2/spans/analytics/aggregate</c>: numbers of spans, of all or by group, in all or over time. Totals and each interval are one
/// question to the engine; their answers are put together by group.
/// </summary>
static class DatadogAggregate
{
    public static async Task Answer(HttpContext http)
    {
        var clock = http.RequestServices.GetRequiredService<TimeProvider>();
        var started = clock.GetTimestamp();
        var request = DatadogAggregateRequest.Read(await DatadogBody.ReadSearch(http, "aggregate_request", "compute", "filter", "group_by", "options"), clock.NowUnixNanos());
        var engine = new SpanAggregation(http.RequestServices.GetRequiredService<ITraceReader>(), clock);
        var buckets = new List<Bucket>();
        var reasons = new HashSet<string>(StringComparer.Ordinal);
        var (groupCount, scanned) = (0, 0L);
        // With every choice of fields that are taken together instead of one by one.
        foreach (var totals in TotalsOf(request.GroupBy))
        {
            var found = Buckets(engine, request, totals, http.RequestAborted);
            buckets.AddRange(found.Buckets);
            scanned += found.ScannedSpanCount;
            if (totals.Count == 0) groupCount = found.GroupCount;
            reasons.UnionWith(found.Reasons);
        }
        var reason = reasons.Count == 0 ? null : string.Join(' ', reasons);
        SearchHeaders.Write(http, groupCount, scanned, reason);
        await JsonAnswer.Write(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var bucket in buckets) WriteBucket(json, bucket, request);
            json.WriteEndArray();
            DatadogAnswer.WriteMeta(json, http, clock.GetElapsedTime(started).TotalMilliseconds, after: null, reason);
            json.WriteEndObject();
        });
    }

    /// <param name="By">Facets with their values.</param>
    /// <param name="Values">By compute: a number, null for none, or points.</param>
    sealed record Bucket(IReadOnlyList<(string Facet, string Value)> By, object?[] Values);

    sealed record Found(List<Bucket> Buckets, int GroupCount, long ScannedSpanCount, IReadOnlyList<string> Reasons);

    /// <summary>First none, then each set of fields that have a total.</summary>
    static IEnumerable<HashSet<int>> TotalsOf(IReadOnlyList<DatadogGroupBy> groupBy)
    {
        var withTotal = Enumerable.Range(0, groupBy.Count).Where(i => groupBy[i].Total is not null).ToList();
        for (var set = 0; set < 1 << withTotal.Count; set++) yield return [.. withTotal.Where((_, i) => (set >> i & 1) == 1)];
    }

    static Found Buckets(SpanAggregation engine, DatadogAggregateRequest request, HashSet<int> totals, CancellationToken cancel)
    {
        var kept = Enumerable.Range(0, request.GroupBy.Count).Where(i => !totals.Contains(i)).ToList();
        var buckets = new Dictionary<string, Bucket>(StringComparer.Ordinal);
        var order = new List<Bucket>();
        var reasons = new List<string>();
        var (groupCount, scanned) = (0, 0L);
        foreach (var batch in request.Computes.Select((compute, at) => (compute, at)).GroupBy(pair => pair.compute.IntervalNanos))
        {
            var computes = batch.Select(pair => pair.compute.Compute).ToList();
            var by = kept.Select(i => WithSort(request.GroupBy[i], computes)).ToList();
            var found = engine.Aggregate(new SpanAggregationRequest { Range = request.Filter.Range, Filter = request.Filter.Filter, Computes = computes, GroupBy = by, IntervalNanos = batch.Key }, cancel);
            groupCount = Math.Max(groupCount, found.GroupCount);
            scanned = Math.Max(scanned, found.Report.ScannedSpanCount);
            if (found.Report.IncompleteReason is { } reason) reasons.Add(reason);
            foreach (var group in found.Groups)
            {
                var key = string.Join('\0', group.Values);
                if (!buckets.TryGetValue(key, out var bucket))
                {
                    bucket = new Bucket(By(request.GroupBy, kept, group.Values), new object?[request.Computes.Count]);
                    buckets.Add(key, bucket);
                    order.Add(bucket);
                }
                var i = 0;
                foreach (var (_, at) in batch)
                {
                    bucket.Values[at] = batch.Key is null ? group.Numbers[i] : found.StartUnixNanos.Zip(group.Series[i]).ToList();
                    i++;
                }
            }
        }
        return new Found(order, groupCount, scanned, reasons);
    }

    /// <summary>The field's sort as the place of its number among the computes; a number that is not asked for is computed as well.</summary>
    static SpanGroupBy WithSort(DatadogGroupBy by, List<SpanCompute> computes)
    {
        if (by.Sort is not { } sort) return by.By with { SortBy = -1 };
        var at = computes.IndexOf(sort);
        if (at < 0 && computes.Count == SpanAggregation.MaxComputes) throw new RefusedException($"compute and the sorts of group_by have more than {SpanAggregation.MaxComputes} numbers together. Ask for fewer.");
        if (at < 0) computes.Add(sort);
        return by.By with { SortBy = at < 0 ? computes.Count - 1 : at };
    }

    static List<(string, string)> By(IReadOnlyList<DatadogGroupBy> groupBy, List<int> kept, IReadOnlyList<string> values) =>
        [.. groupBy.Select((by, i) => (by.Facet, kept.IndexOf(i) is var at && at >= 0 ? values[at] : by.Total!))];

    static void WriteBucket(Utf8JsonWriter json, Bucket bucket, DatadogAggregateRequest request)
    {
        json.WriteStartObject();
        json.WriteString("id", Convert.ToBase64String(Encoding.UTF8.GetBytes(string.Join('\0', bucket.By.Select(pair => pair.Value)))));
        json.WriteString("type", "bucket");
        json.WriteStartObject("attributes");
        json.WriteStartObject("by");
        foreach (var (facet, value) in bucket.By.DistinctBy(pair => pair.Facet)) json.WriteString(facet, value);
        json.WriteEndObject();
        // Documented under the one name, answered by the original under the other: both are given.
        foreach (var member in (string[])["compute", "computes"])
        {
            json.WriteStartObject(member);
            for (var i = 0; i < request.Computes.Count; i++) WriteValue(json, string.Create(CultureInfo.InvariantCulture, $"c{i}"), bucket.Values[i]);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void WriteValue(Utf8JsonWriter json, string name, object? value)
    {
        if (value is double number && double.IsFinite(number)) json.WriteNumber(name, number);
        else if (value is List<(long First, double? Second)> points)
        {
            json.WriteStartArray(name);
            foreach (var (start, point) in points)
            {
                if (point is not { } known || !double.IsFinite(known)) continue;
                json.WriteStartObject();
                json.WriteString("time", DatadogSpanJson.Iso(start));
                json.WriteNumber("value", known);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
    }
}
