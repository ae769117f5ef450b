using System.Text.Json;
using Apm.Core.Monitors;
using Apm.Core.Slos;

namespace Apm.TraceAgent.Serve.Datadog.Slos;

/// <summary>A part of an objective: a group of requests or of a monitor, or a monitor.</summary>
/// <param name="Name">The group's tags, or the monitor's name.</param>
/// <param name="Monitor">Null for a group.</param>
sealed record SloHistoryPart(string Name, MonitorRule? Monitor, SloSeries Series);

/// <summary>How an objective stood over some time, as Datadog's API answers it.</summary>
static class SloHistoryJson
{
    /// <summary>Datadog's number of decimals that are meant.</summary>
    const int Precision = 4;

    /// <param name="parts">The groups, or the monitors; none when there are none.</param>
    public static void Write(Utf8JsonWriter json, Slo slo, IReadOnlyList<SloTarget> targets, long from, long to, SloSeries series, IReadOnlyList<SloHistoryPart> parts)
    {
        json.WriteStartObject();
        json.WriteNumber("from_ts", from);
        json.WriteNumber("to_ts", to);
        json.WriteString("type", SloJson.WordOf(slo.Kind));
        json.WriteNumber("type_id", SloJson.NumberOf(slo.Kind));
        json.WriteStartObject("thresholds");
        foreach (var target in targets)
        {
            json.WritePropertyName(target.Timeframe());
            SloJson.WriteTarget(json, target);
        }
        json.WriteEndObject();
        json.WriteStartObject("overall");
        json.WriteString("name", slo.Name);
        WriteStanding(json, targets, series, slo.IsOfTime());
        json.WriteEndObject();
        if (slo.Kind == SloKind.Metric) WriteSeries(json, slo, series);
        if (parts.Count > 0) WriteParts(json, slo, targets, parts);
        json.WriteEndObject();
    }

    /// <summary>Groups under <c>groups</c>, with their keys; monitors under <c>monitors</c>.</summary>
    static void WriteParts(Utf8JsonWriter json, Slo slo, IReadOnlyList<SloTarget> targets, IReadOnlyList<SloHistoryPart> parts)
    {
        var isOfGroups = parts[0].Monitor is null;
        if (isOfGroups) json.WriteTexts("group_by", parts[0].Name.Split(',').Select(tag => tag.Split(':')[0]));
        json.WriteStartArray(isOfGroups ? "groups" : "monitors");
        foreach (var part in parts)
        {
            json.WriteStartObject();
            if (isOfGroups) json.WriteString("group", part.Name);
            json.WriteString("name", part.Name);
            if (part.Monitor is { } monitor)
            {
                json.WriteNumber("id", monitor.Id);
                json.WriteString("monitor_type", monitor.Type);
                json.WriteNumber("monitor_modified", monitor.ModifiedUnixMillis / 1000);
            }
            WriteStanding(json, targets, part.Series, slo.IsOfTime());
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static void WriteStanding(Utf8JsonWriter json, IReadOnlyList<SloTarget> targets, SloSeries series, bool isOfTime)
    {
        var tally = series.Sum();
        if (tally.Percent is { } percent) json.WriteNumber("sli_value", Math.Round(percent, Precision));
        else json.WriteNull("sli_value");
        json.WriteNumber("span_precision", Precision);
        json.WriteStartObject("precision");
        foreach (var target in targets) json.WriteNumber(target.Timeframe(), Precision);
        json.WriteEndObject();
        json.WriteStartObject("error_budget_remaining");
        foreach (var target in targets) if (tally.BudgetLeftPercent(target) is { } left) json.WriteNumber(target.Timeframe(), Math.Round(left, Precision));
        json.WriteEndObject();
        if (isOfTime) WriteTurns(json, series);
    }

    /// <summary>When it turned: 0 good, 1 not all good, 2 nothing known, each from its bucket on.</summary>
    static void WriteTurns(Utf8JsonWriter json, SloSeries series)
    {
        json.WriteStartArray("history");
        int? before = null;
        for (var i = 0; i < series.Buckets.Count; i++)
        {
            var bucket = series.Buckets[i];
            var now = bucket.Total == 0 ? 2 : bucket.Bad > 0 ? 1 : 0;
            if (now == before) continue;
            before = now;
            json.WriteStartArray();
            json.WriteNumberValue(series.TimeOf(i));
            json.WriteNumberValue(now);
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    static void WriteSeries(Utf8JsonWriter json, Slo slo, SloSeries series)
    {
        json.WriteStartObject("series");
        json.WriteString("res_type", "time_series");
        json.WriteNumber("resp_version", 2);
        json.WriteNumber("interval", series.StepSeconds);
        json.WriteString("query", $"{slo.GoodQuery}, {slo.TotalQuery}");
        json.WriteString("message", "");
        WriteColumn(json, "numerator", slo.GoodQuery, [.. series.Buckets.Select(bucket => bucket.Good)]);
        WriteColumn(json, "denominator", slo.TotalQuery, [.. series.Buckets.Select(bucket => bucket.Total)]);
        json.WriteStartArray("times");
        for (var i = 0; i < series.Buckets.Count; i++) json.WriteNumberValue(series.TimeOf(i) * 1000);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteColumn(Utf8JsonWriter json, string name, string query, IReadOnlyList<double> values)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", values.Count);
        json.WriteNumber("sum", values.Sum());
        json.WriteStartObject("metadata");
        json.WriteString("expression", query);
        json.WriteString("aggr", "sum");
        json.WriteEndObject();
        json.WriteStartArray("values");
        foreach (var value in values) json.WriteNumberValue(value);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
