using System.Globalization;
using Apm.Core.Descriptions;
using Apm.Core.Hosts;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Query.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>Which metrics there are, what is said of them, and the search over their names and those of hosts (metrics-monitors §4.8).</summary>
public sealed class MetricCatalogueApi(IMetricReader metrics, MetricDescriptions descriptions, HostCatalogue hosts, DatadogGate gate)
{
    static readonly string[] Types = ["gauge", "count", "rate", "distribution"];

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/metrics", gate.Before("metric_list", KeyNeed.ApiAndApplication, List));
        routes.MapGet("/api/v1/metrics/{name}", gate.Before("metric_metadata_get", KeyNeed.ApiAndApplication, Get));
        routes.MapPut("/api/v1/metrics/{name}", gate.Before("metric_metadata_update", KeyNeed.ApiAndApplication, Set));
        routes.MapGet("/api/v1/search", gate.Before("search", KeyNeed.ApiAndApplication, Search));
    }

    Task List(HttpContext http)
    {
        var from = DatadogParameters.NeededSeconds(http, "from");
        var wanted = DatadogParameters.Text(http, "tag_filter").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)
            .Where(tag => !tag.Equals("AND", StringComparison.OrdinalIgnoreCase)).Select(MetricNames.Tag).OfType<string>().ToList();
        if (DatadogParameters.Text(http, "host") is { Length: > 0 } host && MetricNames.Tag("host:" + host) is { } hostTag) wanted.Add(hostTag);
        var names = metrics.Metrics(from).Select(metric => metric.Name).Where(name => wanted.Count == 0 || metrics.Series(name, from).Any(series => HasAll(series.Key.Tags, wanted))).ToList();
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("from", from.ToString(CultureInfo.InvariantCulture));
            json.WriteTexts("metrics", names);
            json.WriteEndObject();
        });
    }

    Task Get(HttpContext http)
    {
        var name = NameOf(http);
        var known = metrics.Find(name);
        var described = descriptions.Find(name);
        if (known is null && described is null) throw new RefusedException("metric not found", StatusCodes.Status404NotFound);
        return Answer(http, described ?? new MetricDescription { Metric = name }, known);
    }

    async Task Set(HttpContext http)
    {
        var name = NameOf(http);
        var body = await DatadogBody.ReadRoot(http);
        var before = descriptions.Find(name) ?? new MetricDescription { Metric = name };
        var described = before with
        {
            Type = body.Names("type") ? body.Word("type", Types) : before.Type,
            Description = Changed(body, "description", before.Description),
            ShortName = Changed(body, "short_name", before.ShortName),
            Unit = ChangedUnit(body, "unit", before.Unit),
            PerUnit = ChangedUnit(body, "per_unit", before.PerUnit),
            StatsdIntervalSeconds = !body.Names("statsd_interval") ? before.StatsdIntervalSeconds : body.Number("statsd_interval") is not { } seconds ? null
                : seconds is >= 1 and <= 86_400 ? (int)seconds : throw new RefusedException("statsd_interval must be a number of seconds from 1 to 86400."),
        };
        if (!descriptions.Set(described)) throw new RefusedException($"{MetricDescriptions.MaxMetrics} metrics are described already, the most that are kept.");
        await Answer(http, described, metrics.Find(name));
    }

    Task Search(HttpContext http)
    {
        var query = DatadogParameters.Text(http, "q");
        if (query.Length == 0) throw new RefusedException("The parameter 'q' is missing. Give a part of a name, such as q=metrics:my_ or q=hosts:box.");
        var (wantsMetrics, wantsHosts, word) = query.StartsWith("metrics:", StringComparison.Ordinal) ? (true, false, query[8..])
            : query.StartsWith("hosts:", StringComparison.Ordinal) ? (false, true, query[6..]) : (true, true, query);
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("results");
            if (wantsMetrics) json.WriteTexts("metrics", metrics.Metrics(0).Select(metric => metric.Name).Where(Matches));
            if (wantsHosts) json.WriteTexts("hosts", hosts.All().Where(host => Matches(host.Name) || host.Aliases.Any(Matches)).Select(host => host.Name));
            json.WriteEndObject();
            json.WriteEndObject();
        });

        bool Matches(string name) => name.Contains(word, StringComparison.OrdinalIgnoreCase);
    }

    static string NameOf(HttpContext http) => MetricNames.Metric(DatadogParameters.Path(http, "name")) ?? throw new RefusedException("metric not found", StatusCodes.Status404NotFound);

    static string? Changed(DatadogBody body, string member, string? before)
    {
        if (!body.Names(member)) return before;
        var text = body.Text(member);
        if (text?.Length > MetricDescriptions.MaxTextChars) throw new RefusedException($"{member} has {text.Length} characters; at most {MetricDescriptions.MaxTextChars} are kept.");
        return text is { Length: > 0 } ? text : null;
    }

    /// <summary>A unit that nobody knows would make the answers of queries say that there is none.</summary>
    static string? ChangedUnit(DatadogBody body, string member, string? before)
    {
        var unit = Changed(body, member, before);
        if (!body.Names(member) || unit is null || DatadogUnits.Names.Contains(unit)) return unit;
        var nearest = NearestWord.Find(unit.ToLowerInvariant(), DatadogUnits.Names);
        throw new RefusedException($"{member} \"{unit}\" is not known.{(nearest is null ? $" There are: {string.Join(", ", DatadogUnits.Names)}." : $" Did you mean \"{nearest}\"?")}");
    }

    static Task Answer(HttpContext http, MetricDescription described, MetricInfo? known) => JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
    {
        json.WriteStartObject();
        json.WriteTextOrNull("description", described.Description);
        json.WriteTextOrNull("short_name", described.ShortName);
        json.WriteTextOrNull("integration", described.Integration);
        json.WriteNumberOrNull("statsd_interval", described.StatsdIntervalSeconds);
        json.WriteTextOrNull("per_unit", described.PerUnit);
        json.WriteTextOrNull("type", described.Type ?? (known is null ? null : Types[known.Type switch { MetricType.Count => 1, MetricType.Rate => 2, MetricType.Distribution => 3, _ => 0 }]));
        json.WriteTextOrNull("unit", described.Unit);
        json.WriteEndObject();
    });

    bool HasAll(MetricTags tags, List<string> wanted)
    {
        IReadOnlyList<string>? ofHost = null;
        foreach (var tag in wanted)
        {
            if (tags.Contains(tag)) continue;
            ofHost ??= tags.ValueOf("host") is { Length: > 0 } host ? hosts.TagsOf(host) : [];
            if (!ofHost.Contains(tag)) return false;
        }
        return true;
    }
}
