using System.Globalization;
using System.Text.Json.Nodes;
using Apm.Core.Dashboards;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog.Dashboards;

/// <summary><c>/api/v1/dashboard/lists/manual</c>, and the boards on a list by version 2 of the same.</summary>
public sealed class DashboardListApi(DashboardLists lists, DashboardBook book, DatadogGate gate)
{
    const string V1 = "/api/v1/dashboard/lists/manual";
    const string V2 = "/api/v2/dashboard/lists/manual/{id}/dashboards";

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(V1, gate.Before("dashboard_list_create", KeyNeed.ApiAndApplication, Create));
        routes.MapGet(V1, gate.Before("dashboard_list_list", KeyNeed.ApiAndApplication, All));
        routes.MapGet(V1 + "/{id}", gate.Before("dashboard_list_get", KeyNeed.ApiAndApplication, http => Answer(http, Find(http))));
        routes.MapPut(V1 + "/{id}", gate.Before("dashboard_list_update", KeyNeed.ApiAndApplication, Rename));
        routes.MapDelete(V1 + "/{id}", gate.Before("dashboard_list_delete", KeyNeed.ApiAndApplication, Delete));
        routes.MapGet(V2, gate.Before("dashboard_list_items", KeyNeed.ApiAndApplication, Items));
        routes.MapPost(V2, gate.Before("dashboard_list_items_add", KeyNeed.ApiAndApplication, http => Change(http, "added_dashboards_to_list", (before, named) => [.. before, .. named.Except(before)], (before, named) => named.Except(before))));
        routes.MapPut(V2, gate.Before("dashboard_list_items_update", KeyNeed.ApiAndApplication, http => Change(http, "dashboards", (_, named) => [.. named.Distinct()], (_, named) => named.Distinct())));
        routes.MapDelete(V2, gate.Before("dashboard_list_items_delete", KeyNeed.ApiAndApplication, http => Change(http, "deleted_dashboards_from_list", (before, named) => [.. before.Except(named)], (before, named) => before.Intersect(named))));
    }

    async Task Create(HttpContext http)
    {
        var name = (await DatadogBody.ReadRoot(http)).Text("name") ?? "";
        await Answer(http, BoardCall.Try(() => lists.Create(name)));
    }

    async Task Rename(HttpContext http)
    {
        var id = Find(http).Id;
        var name = (await DatadogBody.ReadRoot(http)).Text("name") ?? "";
        await Answer(http, BoardCall.Try(() => lists.Change(id, list => list with { Name = name })) ?? throw NotFound());
    }

    Task Delete(HttpContext http)
    {
        var id = Find(http).Id;
        lists.Delete(id);
        return BoardCall.Answer(http, new JsonObject { ["deleted_dashboard_list_id"] = id });
    }

    Task All(HttpContext http) => BoardCall.Answer(http, new JsonObject { ["dashboard_lists"] = new JsonArray([.. lists.All().Select(list => (JsonNode)Write(list))]) });

    Task Items(HttpContext http)
    {
        var boards = Find(http).Boards.Select(book.Find).OfType<Dashboard>().ToList(); // A deleted board comes back to its list with it.
        return BoardCall.Answer(http, new JsonObject
        {
            ["dashboards"] = new JsonArray([.. boards.Select(board =>
            {
                var item = Item(board);
                item["title"] = board.Title;
                item["url"] = $"/dashboard/{board.Id}/{board.Slug()}";
                item["created"] = DashboardJson.Time(board.CreatedUnixNanos);
                item["modified"] = DashboardJson.Time(board.ModifiedUnixNanos);
                item["author"] = Author(board);
                item["is_read_only"] = board.IsReadOnly;
                return (JsonNode)item;
            })]),
            ["total"] = boards.Count,
        });
    }

    /// <summary>Puts other boards on a list.</summary>
    /// <param name="answer">The member of the answer that tells of the boards.</param>
    /// <param name="next">The list's boards of those before and those that were named.</param>
    /// <param name="told">The boards that the answer tells of.</param>
    async Task Change(HttpContext http, string answer, Func<IReadOnlyList<string>, IReadOnlyList<string>, IReadOnlyList<string>> next, Func<IReadOnlyList<string>, IReadOnlyList<string>, IEnumerable<string>> told)
    {
        var list = Find(http);
        var named = (await DatadogBody.ReadRoot(http)).Objects("dashboards").Select(item => Board(item).Id).ToList();
        IReadOnlyList<string> before = list.Boards;
        if (lists.Change(list.Id, present => present with { Boards = next(before = present.Boards, named) }) is null) throw NotFound();
        await BoardCall.Answer(http, new JsonObject { [answer] = new JsonArray([.. told(before, named).Select(book.Find).OfType<Dashboard>().Select(board => (JsonNode)Item(board))]) });
    }

    Dashboard Board(DatadogBody item)
    {
        var id = item.Scalar("id") ?? throw new RefusedException($"{item.Path} has no id.");
        return book.Find(id) ?? throw new RefusedException($"Dashboard with ID {id} not found", StatusCodes.Status404NotFound);
    }

    static Task Answer(HttpContext http, DashboardList list) => BoardCall.Answer(http, Write(list));

    DashboardList Find(HttpContext http) =>
        long.TryParse(DatadogParameters.Path(http, "id"), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && lists.Find(id) is { } list ? list : throw NotFound();

    static JsonObject Write(DashboardList list) => new()
    {
        ["id"] = list.Id,
        ["name"] = list.Name,
        ["type"] = "manual_dashboard_list",
        ["dashboard_count"] = list.Boards.Count,
        ["is_favorite"] = false,
        ["author"] = new JsonObject { ["handle"] = Dashboard.NobodysHandle, ["name"] = null, ["email"] = Dashboard.NobodysHandle },
        ["created"] = DashboardJson.Time(list.CreatedUnixNanos),
        ["modified"] = DashboardJson.Time(list.ModifiedUnixNanos),
    };

    static JsonObject Item(Dashboard board) => new() { ["id"] = board.Id, ["type"] = TypeOf(board) };

    static string TypeOf(Dashboard board) => board.IsFree ? "custom_screenboard" : "custom_timeboard";

    static JsonObject Author(Dashboard board) => new() { ["handle"] = board.Author, ["name"] = null, ["email"] = board.Author };

    static RefusedException NotFound() => new("Dashboard list not found", StatusCodes.Status404NotFound);
}
