using System.Globalization;
using System.Text.Json.Nodes;
using Apm.Core.Dashboards;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog.Dashboards;

/// <summary><c>/api/v1/screen</c>: boards of widgets on a canvas, the old call (metrics-monitors §4.10).</summary>
public sealed class ScreenboardApi(DashboardBook book, DatadogGate gate)
{
    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/screen", gate.Before("screen_create", KeyNeed.ApiAndApplication, Create));
        routes.MapGet("/api/v1/screen", gate.Before("screen_list", KeyNeed.ApiAndApplication, List));
        routes.MapGet("/api/v1/screen/{id}", gate.Before("screen_get", KeyNeed.ApiAndApplication, Get));
        routes.MapPut("/api/v1/screen/{id}", gate.Before("screen_update", KeyNeed.ApiAndApplication, Update));
        routes.MapDelete("/api/v1/screen/{id}", gate.Before("screen_delete", KeyNeed.ApiAndApplication, Delete));
        routes.MapPost("/api/v1/screen/share/{id}", gate.Before("screen_share", KeyNeed.ApiAndApplication, Share));
        routes.MapDelete("/api/v1/screen/share/{id}", gate.Before("screen_unshare", KeyNeed.ApiAndApplication, Unshare));
    }

    async Task Create(HttpContext http)
    {
        var draft = await BoardCall.Read(http, ScreenboardJson.Read);
        await BoardCall.Answer(http, ScreenboardJson.Write(BoardCall.Try(() => book.Create(draft)), withAuthor: false));
    }

    Task Get(HttpContext http) => BoardCall.Answer(http, ScreenboardJson.Write(Find(http), withAuthor: true));

    async Task Update(HttpContext http)
    {
        var draft = await BoardCall.Read(http, ScreenboardJson.Read);
        await BoardCall.Answer(http, ScreenboardJson.Write(BoardCall.Try(() => book.Change(DatadogParameters.Path(http, "id"), _ => draft)) ?? throw NotFound(http), withAuthor: false));
    }

    Task Delete(HttpContext http) => BoardCall.Answer(http, ScreenboardJson.Write(book.Delete(DatadogParameters.Path(http, "id")) ?? throw NotFound(http), withAuthor: false));

    Task List(HttpContext http) => BoardCall.Answer(http, new JsonObject
    {
        ["screenboards"] = new JsonArray([.. book.All().Where(board => board.Form == BoardForm.Screenboard).OrderBy(board => board.Number).Select(Line)]),
    });

    /// <summary>The address of the board without the frame around it. It is there for whoever reaches this server, as all pages are.</summary>
    Task Share(HttpContext http)
    {
        var board = Find(http);
        return BoardCall.Answer(http, new JsonObject { ["board_id"] = board.Number, ["public_url"] = $"{DatadogParameters.Site(http)}/dashboards/{board.Id}?tv=1" });
    }

    Task Unshare(HttpContext http)
    {
        Find(http);
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json => json.WriteNullValue());
    }

    static JsonNode Line(Dashboard board)
    {
        var line = TimeboardJson.WriteHead(board);
        line["id"] = board.Number;
        line["resource"] = string.Create(CultureInfo.InvariantCulture, $"/api/v1/screen/{board.Number}");
        return line;
    }

    Dashboard Find(HttpContext http) => book.Find(DatadogParameters.Path(http, "id")) ?? throw NotFound(http);

    static RefusedException NotFound(HttpContext http) => new($"No screenboard matches that id: {DatadogParameters.Path(http, "id")}.", StatusCodes.Status404NotFound);
}
