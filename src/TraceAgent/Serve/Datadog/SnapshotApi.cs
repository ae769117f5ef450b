using System.Text.Json;
using System.Text.Json.Nodes;
using Apm.Core.Dashboards;
using Apm.Core.Json;
using Apm.Core.Ports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>Pictures of graphs: <c>/api/v1/graph/snapshot</c> (metrics-monitors §4.15), and the pictures themselves, which need no key but are not guessed.</summary>
public sealed class SnapshotApi(ISnapshots snapshots, DatadogGate gate)
{
    /// <summary>Queries on one picture; default 20.</summary>
    public const int MaxQueries = 20;

    const string ViewPath = Snapshot.PicturePath, Ending = Snapshot.PictureEnding;

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/graph/snapshot", gate.Before("graph_snapshot", KeyNeed.ApiAndApplication, Take));
        routes.MapGet("/api/v1/graph/snapshot_status/{**path}", gate.Before("graph_snapshot_status", KeyNeed.ApiAndApplication, Status));
        routes.Map("/api/v1/graph/embed/{**rest}", gate.Before("graph_embed", KeyNeed.ApiAndApplication, http =>
            JsonAnswer.Refuse(http, StatusCodes.Status404NotFound, "Graphs are not embedded here, so nothing answers /api/v1/graph/embed. Take a picture of one with GET /api/v1/graph/snapshot.")));
        routes.MapGet(ViewPath + "{id}" + Ending, View);
    }

    /// <summary>Where a picture is, seen from the site's root.</summary>
    public static string PathOf(string id) => ViewPath + id + Ending;

    Task Take(HttpContext http)
    {
        var query = DatadogParameters.Text(http, "metric_query");
        var graph = DatadogParameters.Text(http, "graph_def");
        if (query.Length == 0 && graph.Length == 0) throw new RefusedException("One of the parameters 'metric_query' and 'graph_def' is needed, such as metric_query=avg:system.load.1{*}.");
        var (queries, title, events) = graph.Length > 0 ? ReadGraph(graph) : ([query], "", "");
        var order = new SnapshotOrder(queries, DatadogParameters.NeededSeconds(http, "start"), DatadogParameters.NeededSeconds(http, "end"))
        {
            Title = DatadogParameters.Text(http, "title") is { Length: > 0 } asked ? asked : title,
            EventQuery = DatadogParameters.Text(http, "event_query") is { Length: > 0 } search ? search : events,
            Width = DatadogParameters.Number(http, "width", 0, SnapshotOrder.MinPixels, SnapshotOrder.MaxPixels),
            Height = DatadogParameters.Number(http, "height", 0, SnapshotOrder.MinPixels, SnapshotOrder.MaxPixels),
        };
        Snapshot taken;
        try
        {
            taken = snapshots.Take(order, http.RequestAborted);
        }
        catch (SnapshotException wrong)
        {
            throw new RefusedException(wrong.Message);
        }
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("snapshot_url", DatadogParameters.Site(http) + PathOf(taken.Id));
            json.WriteString("graph_def", graph.Length > 0 ? graph : JsonSerializer.Serialize(new { requests = new[] { new { q = query } } }));
            if (graph.Length == 0) json.WriteString("metric_query", query);
            if (order.EventQuery.Length > 0 && DatadogParameters.Text(http, "event_query").Length > 0) json.WriteString("event_query", order.EventQuery);
            json.WriteEndObject();
        });
    }

    /// <summary>The queries of a graph's definition, its title, and its search of events.</summary>
    /// <exception cref="RefusedException">It is no definition, or has no query.</exception>
    static (IReadOnlyList<string> Queries, string Title, string Events) ReadGraph(string text)
    {
        try
        {
            using var json = StrictJson.Parse(text);
            var graph = json.RootElement;
            if (graph.ValueKind != JsonValueKind.Object) throw new RefusedException("The parameter 'graph_def' must be a JSON object such as {\"requests\":[{\"q\":\"avg:system.load.1{*}\"}]}.");
            string[] queries = [.. WidgetReader.Read(WithType(graph)).Queries];
            if (queries.Length == 0) throw new RefusedException("The parameter 'graph_def' has no query: give \"requests\":[{\"q\":\"avg:system.load.1{*}\"}], or \"queries\" and \"formulas\" of metrics as boards have them.");
            if (queries.Length > MaxQueries) throw new RefusedException($"The parameter 'graph_def' has {queries.Length} queries; at most {MaxQueries} are drawn on one picture.");
            return (queries, TextOf(graph, "title"), string.Join(' ', Items(graph, "events").Select(search => TextOf(search, "q")).Where(search => search.Length > 0)));
        }
        catch (JsonException wrong)
        {
            throw new RefusedException($"The parameter 'graph_def' is not JSON, at byte {wrong.BytePositionInLine} of line {wrong.LineNumber + 1}. Send it as one JSON text, URL-encoded.");
        }
    }

    /// <summary>As the definition of a widget that it is: the call's own form has no type, or the old name of it.</summary>
    static string WithType(JsonElement graph)
    {
        var definition = JsonNode.Parse(graph.GetRawText())!.AsObject();
        definition["type"] = "timeseries";
        return definition.ToJsonString();
    }

    static IEnumerable<JsonElement> Items(JsonElement graph, string name) =>
        graph.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array ? items.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object) : [];

    static string TextOf(JsonElement of, string name) => of.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";

    Task Status(HttpContext http)
    {
        var name = DatadogParameters.Path(http, "path").Split('/')[^1];
        var id = name.EndsWith(Ending, StringComparison.Ordinal) ? name[..^Ending.Length] : name;
        if (snapshots.Find(id) is null) throw new RefusedException($"There is no snapshot {name}. Take one with GET /api/v1/graph/snapshot; the newest 2,000 are kept.", StatusCodes.Status404NotFound);
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("status_code", 200);
            json.WriteEndObject();
        });
    }

    async Task View(HttpContext http)
    {
        byte[]? png;
        try
        {
            png = snapshots.Png(DatadogParameters.Path(http, "id"));
        }
        catch (StoreUnavailableException unavailable)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await http.Response.WriteAsync(unavailable.Message, http.RequestAborted);
            return;
        }
        if (png is null)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            await http.Response.WriteAsync("There is no such snapshot, or no longer: the newest 2,000 are kept.", http.RequestAborted);
            return;
        }
        http.Response.ContentType = "image/png";
        http.Response.Headers.CacheControl = "private, max-age=86400, immutable";
        await http.Response.Body.WriteAsync(png, http.RequestAborted);
    }
}
