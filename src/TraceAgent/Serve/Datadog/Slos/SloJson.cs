using System.Globalization;
using System.Text.Json;
using Apm.Core.Slos;
using Apm.Monitors.Slos;

namespace Apm.TraceAgent.Serve.Datadog.Slos;

/// <summary>Objectives as Datadog's API reads and answers them.</summary>
static class SloJson
{
    static readonly string[] s_kinds = ["metric", "monitor", "time_slice"];
    static readonly string[] s_comparators = [">", ">=", "<", "<="];

    /// <summary>Seconds of a slice when nothing is said, Datadog's figure; the other choice is a minute.</summary>
    const int UsualSliceSeconds = 300;

    public static string WordOf(SloKind kind) => kind switch { SloKind.Metric => "metric", SloKind.Monitor => "monitor", _ => "time_slice" };

    /// <summary>Datadog's number for a kind.</summary>
    public static int NumberOf(SloKind kind) => kind switch { SloKind.Monitor => 0, SloKind.Metric => 1, _ => 2 };

    /// <summary>An objective by a body; what it does not say is as before.</summary>
    /// <exception cref="RefusedException">A member is missing, or of the wrong type.</exception>
    public static Slo Read(DatadogBody body, Slo? before)
    {
        var word = body.Word("type", s_kinds) ?? (before is null ? throw new RefusedException($"The parameter 'type' is required: {string.Join(", ", s_kinds)}.") : WordOf(before.Kind));
        var kind = word switch { "metric" => SloKind.Metric, "monitor" => SloKind.Monitor, _ => SloKind.TimeSlice };
        if (kind != SloKind.Monitor && body.Texts("groups") is { Count: > 0 }) throw new RefusedException("groups belongs to objectives of monitors. Group the queries instead, as in sum:hits{*} by {env}.as_count(): the history has each group.");
        return new Slo
        {
            Kind = kind,
            Name = (body.Text("name") ?? before?.Name ?? "").Trim(),
            Description = body.Names("description") ? body.Text("description") ?? "" : before?.Description ?? "",
            Tags = body.Names("tags") ? body.Texts("tags") ?? [] : before?.Tags ?? [],
            Targets = TargetsOf(body) ?? before?.Targets ?? [],
            GoodQuery = kind == SloKind.Metric ? QueryOf(body, "numerator") ?? before?.GoodQuery ?? "" : "",
            TotalQuery = kind == SloKind.Metric ? QueryOf(body, "denominator") ?? before?.TotalQuery ?? "" : "",
            MonitorIds = kind == SloKind.Monitor ? MonitorsOf(body) ?? before?.MonitorIds ?? [] : [],
            Groups = kind == SloKind.Monitor ? (body.Names("groups") ? body.Texts("groups") ?? [] : before?.Groups ?? []) : [],
            Slices = kind == SloKind.TimeSlice ? SlicesOf(body) ?? before?.Slices ?? throw new RefusedException("The parameter 'sli_specification' is required: {\"time_slice\":{\"query\":{…},\"comparator\":\">\",\"threshold\":5}}.") : null,
        };
    }

    public static void Write(Utf8JsonWriter json, Slo slo)
    {
        json.WriteStartObject();
        json.WriteString("id", slo.Id);
        json.WriteString("name", slo.Name);
        json.WriteString("description", slo.Description);
        json.WriteTexts("tags", slo.Tags);
        json.WriteString("type", WordOf(slo.Kind));
        json.WriteNumber("type_id", NumberOf(slo.Kind));
        WriteWhat(json, slo);
        json.WriteStartArray("thresholds");
        foreach (var target in slo.Targets) WriteTarget(json, target);
        json.WriteEndArray();
        json.WriteString("timeframe", slo.Targets[0].Timeframe());
        json.WriteNumber("target_threshold", slo.Targets[0].Percent);
        if (slo.Targets[0].WarningPercent is { } warning) json.WriteNumber("warning_threshold", warning);
        json.WriteTexts("monitor_tags", []);
        json.WriteStartObject("creator");
        json.WriteString("name", slo.Creator);
        json.WriteString("handle", slo.Creator);
        json.WriteString("email", slo.Creator);
        json.WriteEndObject();
        json.WriteNumber("created_at", slo.CreatedUnixSeconds);
        json.WriteNumber("modified_at", slo.ModifiedUnixSeconds);
        json.WriteEndObject();
    }

    /// <summary>A target, with its figures as Datadog shows them.</summary>
    public static void WriteTarget(Utf8JsonWriter json, SloTarget target)
    {
        json.WriteStartObject();
        json.WriteString("timeframe", target.Timeframe());
        json.WriteNumber("target", target.Percent);
        json.WriteString("target_display", Display(target.Percent));
        if (target.WarningPercent is { } warning)
        {
            json.WriteNumber("warning", warning);
            json.WriteString("warning_display", Display(warning));
        }
        json.WriteEndObject();
    }

    /// <summary>What it is made of: queries, monitors or slices.</summary>
    public static void WriteWhat(Utf8JsonWriter json, Slo slo)
    {
        if (slo.Kind == SloKind.Metric)
        {
            json.WriteStartObject("query");
            json.WriteString("numerator", slo.GoodQuery);
            json.WriteString("denominator", slo.TotalQuery);
            json.WriteEndObject();
        }
        else if (slo.Kind == SloKind.Monitor)
        {
            json.WriteStartArray("monitor_ids");
            foreach (var id in slo.MonitorIds) json.WriteNumberValue(id);
            json.WriteEndArray();
            if (slo.Groups.Count > 0) json.WriteTexts("groups", slo.Groups);
        }
        else if (slo.Slices is { } slices) WriteSlices(json, slices);
    }

    static void WriteSlices(Utf8JsonWriter json, SloSlices slices)
    {
        json.WriteStartObject("sli_specification");
        json.WriteStartObject("time_slice");
        json.WriteString("comparator", slices.Comparator);
        json.WriteNumber("threshold", slices.Threshold);
        json.WriteNumber("query_interval_seconds", slices.SliceSeconds);
        json.WriteStartObject("query");
        json.WriteStartArray("formulas");
        json.WriteStartObject();
        json.WriteString("formula", slices.Formula);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartArray("queries");
        foreach (var query in slices.Queries)
        {
            json.WriteStartObject();
            json.WriteString("data_source", "metrics");
            json.WriteString("name", query.Name);
            json.WriteString("query", query.Query);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static IReadOnlyList<SloTarget>? TargetsOf(DatadogBody body)
    {
        if (body.Names("thresholds")) return [.. body.Objects("thresholds").Select(target => TargetOf(target, "target", "warning"))];
        return body.Names("timeframe") ? [TargetOf(body, "target_threshold", "warning_threshold")] : null;
    }

    static SloTarget TargetOf(DatadogBody body, string target, string warning)
    {
        var frames = SloTarget.AllDays.Select(days => $"{days}d").ToList();
        var frame = body.Word("timeframe", frames) ?? throw new RefusedException($"{PathOf(body, "timeframe")} is required: {string.Join(", ", frames)}.");
        return new SloTarget(SloTarget.AllDays[frames.IndexOf(frame)], body.Number(target) ?? throw new RefusedException($"{PathOf(body, target)} is required, in percent, such as 99.9."), body.Number(warning));
    }

    static string? QueryOf(DatadogBody body, string member) => body.Object("query").Text(member)?.Trim();

    static IReadOnlyList<long>? MonitorsOf(DatadogBody body)
    {
        if (!body.Names("monitor_ids")) return null;
        var given = body.Element.GetProperty("monitor_ids");
        if (given.ValueKind != JsonValueKind.Array) throw new RefusedException("monitor_ids must be a list of numbers.");
        return [.. given.EnumerateArray().Select(id => id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out var number) ? number : throw new RefusedException("monitor_ids must be a list of numbers.")).Distinct()];
    }

    static SloSlices? SlicesOf(DatadogBody body)
    {
        var slice = body.Object("sli_specification").Object("time_slice");
        if (!slice.Exists) return null;
        var asked = slice.Object("query");
        var queries = asked.Objects("queries").Select(query => new SloNamedQuery(query.Text("name") ?? "", query.Text("query") ?? throw new RefusedException($"{PathOf(query, "query")} is required."))).ToList();
        if (queries.Count == 0) throw new RefusedException($"{PathOf(asked, "queries")} is required: at least one {{\"data_source\":\"metrics\",\"name\":\"query1\",\"query\":\"…\"}}.");
        var formula = asked.Objects("formulas").Select(one => one.Text("formula")).FirstOrDefault() ?? queries[0].Name;
        var seconds = slice.Number("query_interval_seconds") ?? UsualSliceSeconds;
        if (seconds is not (60 or 300)) throw new RefusedException($"{PathOf(slice, "query_interval_seconds")} must be 60 or 300.");
        return new SloSlices(
            SloQueries.Filled(formula, queries),
            slice.Word("comparator", s_comparators) ?? throw new RefusedException($"{PathOf(slice, "comparator")} is required: {string.Join(", ", s_comparators)}."),
            slice.Number("threshold") ?? throw new RefusedException($"{PathOf(slice, "threshold")} is required."),
            (int)seconds) { Queries = queries, Formula = formula };
    }

    static string PathOf(DatadogBody body, string member) => body.Path.Length == 0 ? member : $"{body.Path}.{member}";

    /// <summary>As Datadog shows it: <c>99.9</c>, with as many digits as there are.</summary>
    static string Display(double percent) => percent.ToString("0.0##########", CultureInfo.InvariantCulture);
}
