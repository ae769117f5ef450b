using System.Globalization;
using System.Text.Json.Nodes;
using Apm.Core.Dashboards;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog.Dashboards;

/// <summary><c>/api/v1/dash</c>: boards of graphs, the old call (metrics-monitors §4.9).</summary>
public sealed class TimeboardApi(DashboardBook book, DatadogGate gate)
{
    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/dash", gate.Before("dash_create", KeyNeed.ApiAndApplication, Create));
        routes.MapGet("/api/v1/dash", gate.Before("dash_list", KeyNeed.ApiAndApplication, List));
        routes.MapGet("/api/v1/dash/{id}", gate.Before("dash_get", KeyNeed.ApiAndApplication, Get));
        routes.MapPut("/api/v1/dash/{id}", gate.Before("dash_update", KeyNeed.ApiAndApplication, Update));
        routes.MapDelete("/api/v1/dash/{id}", gate.Before("dash_delete", KeyNeed.ApiAndApplication, Delete));
    }

    async Task Create(HttpContext http)
    {
        var draft = await BoardCall.Read(http, TimeboardJson.Read);
        await BoardCall.Answer(http, Envelope(BoardCall.Try(() => book.Create(draft))));
    }

    Task Get(HttpContext http) => BoardCall.Answer(http, Envelope(book.Find(DatadogParameters.Path(http, "id")) ?? throw NotFound(http)));

    async Task Update(HttpContext http)
    {
        var draft = await BoardCall.Read(http, TimeboardJson.Read);
        await BoardCall.Answer(http, Envelope(BoardCall.Try(() => book.Change(DatadogParameters.Path(http, "id"), _ => draft)) ?? throw NotFound(http)));
    }

    Task Delete(HttpContext http) => book.Delete(DatadogParameters.Path(http, "id")) is null ? throw NotFound(http) : BoardCall.NoContent(http);

    Task List(HttpContext http) => BoardCall.Answer(http, new JsonObject
    {
        ["dashes"] = new JsonArray([.. book.All().Where(board => board.Form == BoardForm.Timeboard).OrderBy(board => board.Number).Select(Line)]),
    });

    static JsonNode Line(Dashboard board)
    {
        var line = TimeboardJson.WriteHead(board);
        line["id"] = board.Number.ToString(CultureInfo.InvariantCulture); // A text here, a number in the other answers.
        line["resource"] = Resource(board);
        return line;
    }

    static JsonObject Envelope(Dashboard board) => new()
    {
        ["dash"] = TimeboardJson.Write(board),
        ["url"] = string.Create(CultureInfo.InvariantCulture, $"/dash/{board.Number}/{board.Slug()}"),
        ["resource"] = Resource(board),
    };

    static string Resource(Dashboard board) => string.Create(CultureInfo.InvariantCulture, $"/api/v1/dash/{board.Number}");

    static RefusedException NotFound(HttpContext http) => new($"No dashboard matches that dash_id: {DatadogParameters.Path(http, "id")}.", StatusCodes.Status404NotFound);
}
