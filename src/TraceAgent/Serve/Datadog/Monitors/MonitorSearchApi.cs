using System.Text.Json;
using Apm.Core.Monitors;
using Apm.Core.Time;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Apm.Monitors.Search;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog.Monitors;

/// <summary>Searching monitors and their groups (metrics-monitors §4.12).</summary>
public sealed class MonitorSearchApi(MonitorRules rules, MonitorStates states, DowntimeBook downtimes, IMuteAll muteAll, DatadogGate gate, TimeProvider clock)
{
    /// <summary>Most results of a page.</summary>
    public const int MaxResultsOfPage = 1_000;

    const int DefaultResultsOfPage = 30;

    static readonly string[] s_sorts = ["name", "status", "type", "tags"];

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/monitor/search", gate.Before("monitor_search", KeyNeed.ApiAndApplication, Search));
        routes.MapGet("/api/v1/monitor/groups/search", gate.Before("monitor_group_search", KeyNeed.ApiAndApplication, SearchGroups));
    }

    Task Search(HttpContext http)
    {
        var node = MonitorSearchParser.Parse(DatadogParameters.Text(http, "query"));
        var found = Sorted(http, Cards().Select(pair => pair.Card).Where(node.Holds), card => card).ToList();
        return Answer(http, found, (json, page) =>
        {
            json.WriteStartObject("counts");
            WriteCounts(json, "status", found.Select(card => card.Status));
            json.WriteStartArray("muted");
            foreach (var group in found.GroupBy(card => card.IsMuted))
            {
                json.WriteStartObject();
                json.WriteNumber("count", group.Count());
                json.WriteBoolean("name", group.Key);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            WriteCounts(json, "tag", found.SelectMany(card => card.Rule.Tags));
            WriteCounts(json, "type", found.Select(card => card.Classification));
            json.WriteEndObject();
            json.WriteStartArray("monitors");
            foreach (var card in page) Write(json, card);
            json.WriteEndArray();
        });
    }

    Task SearchGroups(HttpContext http)
    {
        var node = MonitorSearchParser.Parse(DatadogParameters.Text(http, "query"));
        var found = Sorted(http, Cards().SelectMany(pair => pair.Groups.Select(group => (Card: pair.Card.With(group) with { IsMuted = IsMuted(pair.Card.Rule, [group]) }, Group: group))).Where(pair => node.Holds(pair.Card)), pair => pair.Card).ToList();
        return Answer(http, found, (json, page) =>
        {
            json.WriteStartObject("counts");
            WriteCounts(json, "status", found.Select(pair => pair.Card.Status));
            WriteCounts(json, "type", found.Select(pair => pair.Card.Classification));
            json.WriteEndObject();
            json.WriteStartArray("groups");
            foreach (var (card, group) in page)
            {
                json.WriteStartObject();
                json.WriteNumber("monitor_id", card.Rule.Id);
                json.WriteString("monitor_name", card.Rule.Name);
                json.WriteString("group", group.Group);
                json.WriteTexts("group_tags", group.Tags);
                json.WriteString("status", card.Status);
                json.WriteNumberOrNull("last_triggered_ts", group.LastTriggeredUnixSeconds);
                json.WriteNumberOrNull("last_nodata_ts", group.LastNoDataUnixSeconds);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }

    IEnumerable<(MonitorCard Card, IReadOnlyList<GroupState> Groups)> Cards()
    {
        foreach (var known in rules.All())
        {
            if (states.Find(known.Rule.Id) is not { } monitor) continue; // Deleted meanwhile.
            yield return (MonitorCard.Of(monitor, known.Query, IsMuted(known.Rule, monitor.Groups)), monitor.Groups);
        }
    }

    bool IsMuted(MonitorRule rule, IReadOnlyList<GroupState> groups) => muteAll.IsMuted(clock.NowUnixNanos() / UnixTime.NanosPerSecond) || downtimes.MutesSome(rule, [.. groups.Select(group => group.Tags)]);

    static IEnumerable<T> Sorted<T>(HttpContext http, IEnumerable<T> found, Func<T, MonitorCard> cardOf)
    {
        string[] sort = [.. DatadogParameters.List(http, "sort")];
        if (sort.Length == 0) return found;
        var (by, order) = (sort[0], sort.Length == 1 ? "asc" : sort[1]);
        if (!s_sorts.Contains(by) || sort.Length > 2 || order is not ("asc" or "desc")) throw new RefusedException($"The parameter 'sort' must be one of {string.Join(", ", s_sorts)}, with ,asc or ,desc behind it.");
        string Key(T one) => by switch
        {
            "status" => cardOf(one).Status,
            "type" => cardOf(one).Classification,
            "tags" => string.Join(',', cardOf(one).Rule.Tags),
            _ => cardOf(one).Rule.Name,
        };
        return order == "desc" ? found.OrderByDescending(Key, StringComparer.OrdinalIgnoreCase) : found.OrderBy(Key, StringComparer.OrdinalIgnoreCase);
    }

    static Task Answer<T>(HttpContext http, List<T> found, Action<Utf8JsonWriter, IEnumerable<T>> write)
    {
        var page = DatadogParameters.Number(http, "page", 0, 0, int.MaxValue / MaxResultsOfPage);
        var size = DatadogParameters.Number(http, "per_page", DefaultResultsOfPage, 1, MaxResultsOfPage);
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            write(json, found.Skip(page * size).Take(size));
            json.WriteStartObject("metadata");
            json.WriteNumber("page", page);
            json.WriteNumber("page_count", (found.Count + size - 1) / size);
            json.WriteNumber("per_page", size);
            json.WriteNumber("total_count", found.Count);
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    static void Write(Utf8JsonWriter json, MonitorCard card)
    {
        json.WriteStartObject();
        json.WriteString("classification", card.Classification);
        DatadogUser.WriteCreator(json, card.Rule.Creator);
        json.WriteNumber("id", card.Rule.Id);
        json.WriteNumberOrNull("last_triggered_ts", card.LastTriggeredUnixSeconds);
        json.WriteTexts("metrics", card.Metrics);
        json.WriteString("name", card.Rule.Name);
        json.WriteStartArray("notifications");
        foreach (var handle in card.Handles)
        {
            json.WriteStartObject();
            json.WriteString("handle", handle);
            json.WriteString("name", handle);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("org_id", MonitorJson.OrgId);
        json.WriteString("query", card.Rule.Query);
        json.WriteTexts("scopes", card.Scopes);
        json.WriteString("status", card.Status);
        json.WriteTexts("tags", card.Rule.Tags);
        json.WriteString("type", card.Rule.Type);
        json.WriteEndObject();
    }

    static void WriteCounts(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var group in values.GroupBy(value => value, StringComparer.Ordinal).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteNumber("count", group.Count());
            json.WriteString("name", group.Key);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
