using System.Globalization;
using System.Text.Json;
using Apm.Core.Slos;
using Apm.Monitors.Slos;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog.Slos;

/// <summary>Objectives with how they stand, by Datadog's <c>GET /api/v1/slo/search</c> (docs/slos.md).</summary>
public sealed class SloSearchApi(SloBook slos, SloReports reports, DatadogGate gate)
{
    /// <summary>Most objectives of a page: each is counted, all its windows.</summary>
    public const int MaxOfPage = 100;

    const int DefaultOfPage = 10;
    const int Precision = 4;

    /// <summary>Maps the endpoint.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/v1/slo/search", gate.Before("slo_search", KeyNeed.ApiAndApplication, http => SloErrors.Answer(http, Search)));

    Task Search(HttpContext http)
    {
        var words = DatadogParameters.Text(http, "query").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var (size, number) = (DatadogParameters.Number(http, "page[size]", DefaultOfPage, 1, MaxOfPage), DatadogParameters.Number(http, "page[number]", 0, 0, int.MaxValue / MaxOfPage));
        var found = slos.All().Where(slo => words.All(word => Matches(slo, word))).ToList();
        var shown = found.Skip(number * size).Take(size).ToList();
        return SloApi.Answer(http, json =>
        {
            json.WriteStartObject("data");
            json.WriteString("type", "");
            json.WriteStartObject("attributes");
            if (DatadogParameters.Truth(http, "include_facets")) WriteFacets(json, found);
            json.WriteStartArray("slos");
            foreach (var slo in shown) Write(json, slo, reports.Of(slo, http.RequestAborted));
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
            WritePage(json, http, found.Count, size, number);
        });
    }

    /// <summary><c>type:metric</c>, <c>id:…</c>, <c>team:shop</c> and other tags, or a part of the name; <c>-</c> before it for the opposite.</summary>
    static bool Matches(Slo slo, string word)
    {
        if (word.StartsWith('-') && word.Length > 1) return !Matches(slo, word[1..]);
        var colon = word.IndexOf(':', StringComparison.Ordinal);
        var (key, value) = colon > 0 ? (word[..colon].ToLowerInvariant(), word[(colon + 1)..].Trim('"')) : ("", word.Trim('"'));
        return key switch
        {
            "" => slo.Name.Contains(value, StringComparison.OrdinalIgnoreCase),
            "type" or "slo_type" => SloJson.WordOf(slo.Kind).Equals(value, StringComparison.OrdinalIgnoreCase),
            "id" => slo.Id.Equals(value, StringComparison.OrdinalIgnoreCase),
            "name" => slo.Name.Contains(value, StringComparison.OrdinalIgnoreCase),
            _ => slo.Tags.Contains(word.Replace("\"", "", StringComparison.Ordinal), StringComparer.OrdinalIgnoreCase),
        };
    }

    static void Write(Utf8JsonWriter json, Slo slo, SloReport report)
    {
        json.WriteStartObject();
        json.WriteStartObject("data");
        json.WriteString("id", slo.Id);
        json.WriteString("type", "slo");
        json.WriteStartObject("attributes");
        json.WriteString("name", slo.Name);
        json.WriteString("description", slo.Description);
        json.WriteString("slo_type", SloJson.WordOf(slo.Kind));
        json.WriteTexts("all_tags", slo.Tags);
        foreach (var key in (string[])["env", "service", "team"]) json.WriteTexts(key + "_tags", slo.Tags.Where(tag => tag.StartsWith(key + ":", StringComparison.Ordinal)));
        json.WriteNumber("created_at", slo.CreatedUnixSeconds);
        json.WriteNumber("modified_at", slo.ModifiedUnixSeconds);
        json.WriteStartObject("creator");
        json.WriteNumber("id", 1);
        json.WriteString("name", slo.Creator);
        json.WriteString("email", slo.Creator);
        json.WriteEndObject();
        json.WriteStartArray("thresholds");
        foreach (var target in slo.Targets) SloJson.WriteTarget(json, target);
        json.WriteEndArray();
        SloJson.WriteWhat(json, slo);
        json.WriteStartArray("overall_status");
        foreach (var window in report.Windows) WriteStatus(json, slo, window, report.AtUnixSeconds, isOfList: true);
        json.WriteEndArray();
        json.WritePropertyName("status");
        if (report.Windows.Count > 0) WriteStatus(json, slo, report.Windows[0], report.AtUnixSeconds, isOfList: false);
        else WriteProblem(json, report);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void WriteProblem(Utf8JsonWriter json, SloReport report)
    {
        json.WriteStartObject();
        json.WriteString("calculation_error", report.Problem);
        json.WriteString("state", "no_data");
        json.WriteEndObject();
    }

    static void WriteStatus(Utf8JsonWriter json, Slo slo, SloWindow window, long at, bool isOfList)
    {
        var (tally, target) = (window.Tally, window.Target);
        json.WriteStartObject();
        json.WriteNull(isOfList ? "error" : "calculation_error");
        WriteNumber(json, "error_budget_remaining", tally.BudgetLeftPercent(target));
        json.WriteStartObject("raw_error_budget_remaining");
        json.WriteString("unit", slo.IsOfTime() ? "seconds" : "requests");
        json.WriteNumber("value", Math.Round(tally.BudgetLeft(target), Precision));
        json.WriteEndObject();
        json.WriteNumber("indexed_at", at);
        json.WriteNumber("span_precision", Precision);
        json.WriteString("state", window.Status switch { SloStatus.Ok => "ok", SloStatus.Warning => "warning", SloStatus.Breached => "breached", _ => "no_data" });
        WriteNumber(json, isOfList ? "status" : "sli", tally.Percent);
        if (isOfList)
        {
            json.WriteNumber("target", target.Percent);
            json.WriteString("timeframe", target.Timeframe());
        }
        json.WriteEndObject();
    }

    static void WriteNumber(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number) json.WriteNumber(name, Math.Round(number, Precision));
        else json.WriteNull(name);
    }

    static void WriteFacets(Utf8JsonWriter json, IReadOnlyList<Slo> found)
    {
        json.WriteStartObject("facets");
        WriteCounts(json, "all_tags", found.SelectMany(slo => slo.Tags));
        foreach (var key in (string[])["env", "service", "team"]) WriteCounts(json, key + "_tags", found.SelectMany(slo => slo.Tags).Where(tag => tag.StartsWith(key + ":", StringComparison.Ordinal)));
        WriteCounts(json, "slo_type", found.Select(slo => SloJson.WordOf(slo.Kind)));
        WriteCounts(json, "target", found.SelectMany(slo => slo.Targets).Select(target => target.Percent.ToString(CultureInfo.InvariantCulture)));
        WriteCounts(json, "timeframe", found.SelectMany(slo => slo.Targets).Select(target => target.Timeframe()));
        json.WriteEndObject();
    }

    static void WriteCounts(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values.CountBy(value => value).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("name", value.Key);
            json.WriteNumber("count", value.Value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static void WritePage(Utf8JsonWriter json, HttpContext http, int total, int size, int number)
    {
        var last = Math.Max(0, (total - 1) / size);
        string Link(int page)
        {
            var others = http.Request.Query.Where(pair => !pair.Key.StartsWith("page[", StringComparison.Ordinal) && !pair.Key.EndsWith("_key", StringComparison.Ordinal)).Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value.ToString())}&");
            return string.Create(CultureInfo.InvariantCulture, $"{DatadogParameters.Site(http)}/api/v1/slo/search?{string.Concat(others)}page%5Bsize%5D={size}&page%5Bnumber%5D={page}");
        }
        json.WriteStartObject("links");
        json.WriteString("self", Link(number));
        json.WriteString("first", Link(0));
        json.WriteString("last", Link(last));
        json.WriteTextOrNull("next", number < last ? Link(number + 1) : null);
        json.WriteTextOrNull("prev", number > 0 ? Link(number - 1) : null);
        json.WriteEndObject();
        json.WriteStartObject("meta");
        json.WriteStartObject("pagination");
        json.WriteString("type", "number_size");
        json.WriteNumber("number", number);
        json.WriteNumber("size", size);
        json.WriteNumber("total", total);
        json.WriteNumber("first_number", 0);
        json.WriteNumber("last_number", last);
        json.WriteNumberOrNull("next_number", number < last ? number + 1 : null);
        json.WriteNumberOrNull("prev_number", number > 0 ? number - 1 : null);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
