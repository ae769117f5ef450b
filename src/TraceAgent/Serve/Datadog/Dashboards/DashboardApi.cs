using System.Text.Json.Nodes;
using Apm.Core.Dashboards;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog.Dashboards;

/// <summary><c>/api/v1/dashboard</c> (metrics-monitors §4.11). Boards that were made by the old calls are there too, in this form.</summary>
public sealed class DashboardApi(DashboardBook book, DatadogGate gate)
{
    /// <summary>Boards in one answer unless another number is asked for; 100, as the original has it.</summary>
    const int UsualCount = 100;

    const string Type = "dashboard";

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/dashboard", gate.Before("dashboard_create", KeyNeed.ApiAndApplication, Create));
        routes.MapGet("/api/v1/dashboard", gate.Before("dashboard_list", KeyNeed.ApiAndApplication, List));
        routes.MapDelete("/api/v1/dashboard", gate.Before("dashboard_delete_many", KeyNeed.ApiAndApplication, DeleteMany));
        routes.MapPatch("/api/v1/dashboard", gate.Before("dashboard_restore", KeyNeed.ApiAndApplication, Restore));
        routes.MapGet("/api/v1/dashboard/{id}", gate.Before("dashboard_get", KeyNeed.ApiAndApplication, Get));
        routes.MapPut("/api/v1/dashboard/{id}", gate.Before("dashboard_update", KeyNeed.ApiAndApplication, Update));
        routes.MapDelete("/api/v1/dashboard/{id}", gate.Before("dashboard_delete", KeyNeed.ApiAndApplication, Delete));
    }

    async Task Create(HttpContext http)
    {
        var draft = await BoardCall.Read(http, DashboardJson.Read);
        await BoardCall.Answer(http, DashboardJson.Write(BoardCall.Try(() => book.Create(draft))));
    }

    Task Get(HttpContext http) => BoardCall.Answer(http, DashboardJson.Write(book.Find(DatadogParameters.Path(http, "id")) ?? throw NotFound(DatadogParameters.Path(http, "id"))));

    async Task Update(HttpContext http)
    {
        var id = DatadogParameters.Path(http, "id");
        var draft = await BoardCall.Read(http, DashboardJson.Read);
        await BoardCall.Answer(http, DashboardJson.Write(BoardCall.Try(() => book.Change(id, _ => draft)) ?? throw NotFound(id)));
    }

    Task Delete(HttpContext http)
    {
        var id = DatadogParameters.Path(http, "id");
        var board = book.Delete(id) ?? throw NotFound(id);
        return BoardCall.Answer(http, new JsonObject { ["deleted_dashboard_id"] = board.Id });
    }

    Task List(HttpContext http)
    {
        var isDeleted = DatadogParameters.Truth(http, "filter[deleted]");
        // Nothing is shared with people outside: who reaches this server sees all.
        var boards = DatadogParameters.Truth(http, "filter[shared]") ? [] : isDeleted ? book.Deleted() : book.All();
        var (start, count) = (DatadogParameters.Number(http, "start", 0, 0, int.MaxValue), DatadogParameters.Number(http, "count", UsualCount, 0, int.MaxValue));
        return BoardCall.Answer(http, new JsonObject { ["dashboards"] = new JsonArray([.. boards.Skip(start).Take(count).Select(Line)]) });
    }

    async Task DeleteMany(HttpContext http)
    {
        foreach (var id in await Named(http)) book.Delete(id);
        await BoardCall.NoContent(http);
    }

    async Task Restore(HttpContext http)
    {
        var ids = await Named(http);
        foreach (var id in ids) _ = book.Find(id) ?? book.Restore(id) ?? throw NotFound(id);
        await BoardCall.NoContent(http);
    }

    /// <summary>The ids of a body such as <c>{"data":[{"id":"abc-def-ghj","type":"dashboard"}]}</c>.</summary>
    static async Task<IReadOnlyList<string>> Named(HttpContext http)
    {
        var data = (await DatadogBody.ReadRoot(http)).Objects("data");
        if (data.Count == 0) throw new RefusedException("""The parameter 'data' is required: {"data":[{"id":"abc-def-ghj","type":"dashboard"}]}.""");
        foreach (var item in data) item.Word("type", [Type]);
        return [.. data.Select(item => item.Text("id") ?? throw new RefusedException($"{item.Path} has no id."))];
    }

    static JsonNode Line(Dashboard board) => new JsonObject
    {
        ["id"] = board.Id,
        ["title"] = board.Title,
        ["description"] = board.Description,
        ["author_handle"] = board.Author,
        ["created_at"] = DashboardJson.Time(board.CreatedUnixNanos),
        ["modified_at"] = DashboardJson.Time(board.ModifiedUnixNanos),
        ["layout_type"] = board.IsFree ? "free" : "ordered",
        ["url"] = $"/dashboard/{board.Id}/{board.Slug()}",
        ["is_read_only"] = board.IsReadOnly,
    };

    static RefusedException NotFound(string id) => new($"Dashboard with ID {id} not found", StatusCodes.Status404NotFound);
}
