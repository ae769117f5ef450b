using System.Text.Json;
using Apm.ApmUi.Charts;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Dashboards;
using Apm.Core.Ports;
using Apm.Query.Functions;
using Apm.Query.Language;
using Apm.Query.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Board;

/// <summary>Makes, changes, imports, exports and deletes boards, and goes on to the page. The addresses of the original lead to ours.</summary>
/// <remarks>Forms with a token: a page of another site cannot send them.</remarks>
public static class BoardData
{
    /// <summary>Longest JSON of a board that is imported or written in the editor, in characters; default 1 Mi. A longer one is refused.</summary>
    public const int MaxJsonChars = 1 << 20;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapTextForm("/ui/dashboards/new", Create, "No dashboard was made.");
        routes.MapTextForm("/ui/dashboards/import", Import, "Nothing was imported.");
        routes.MapTextForm("/ui/dashboards/copy", Copy, "No copy was made.");
        routes.MapTextForm("/ui/dashboards/save", Save, "The dashboard was not saved.");
        routes.MapTextForm("/ui/dashboards/widget", SaveWidget, "The widget was not saved.");
        routes.MapTextForm("/ui/dashboards/widget/remove", RemoveWidget, "The widget was not removed.");
        routes.MapTextForm("/ui/dashboards/version", GoBack, "The version was not changed.");
        routes.MapTextForm("/ui/dashboards/remove", Remove, "The dashboard was not deleted.");
        routes.MapTextForm("/ui/dashboards/restore", Restore, "The dashboard was not brought back.");
        routes.MapGet("/ui/dashboards/{id}.json", Export);
        routes.MapGet("/ui/fragment/widget", Preview);
        foreach (var old in new[] { "dash", "screen", "dashboard" }) routes.MapGet($"/{old}/{{id}}/{{slug?}}", Lead);
    }

    static Task Create(HttpContext context, DashboardBook book, [FromForm] string? title) => Answer(context, () =>
        PageOf(book.Create(new Dashboard { Title = Titled(title) })) + "?edit=1&widget=new");

    static Task Import(HttpContext context, DashboardBook book, [FromForm] string? json) => Answer(context, () =>
    {
        var text = json ?? "";
        if (context.Request.Form.Files.GetFile("file") is { Length: > 0 } file) // Not a parameter: the form may come without one.
        {
            if (file.Length > MaxJsonChars) throw TooLong();
            using var reader = new StreamReader(file.OpenReadStream());
            text = reader.ReadToEnd();
        }
        return PageOf(book.Create(Read(text))) + "?view=report";
    });

    static Task Copy(HttpContext context, DashboardBook book, ShownBoards boards, [FromForm] string id) => Answer(context, () =>
    {
        var board = boards.Find(id) ?? throw Gone();
        return Back(context, book.Create(board with { Title = board.Title.Length < DashboardJson.MaxTitleChars - 10 ? board.Title + " (copy)" : board.Title, Form = BoardForm.Dashboard, IsReadOnly = false }));
    });

    static Task Save(HttpContext context, DashboardBook book, [FromForm] string id, [FromForm] int version, [FromForm] string? json) => Answer(context, () =>
    {
        var draft = Read(json ?? "");
        return Back(context, book.Change(id, _ => draft, version) ?? throw Gone());
    });

    static Task SaveWidget(HttpContext context, DashboardBook book, [FromForm] string id, [FromForm] int version, [FromForm] string widget) => Answer(context, () =>
    {
        var form = FormOf(name => context.Request.Form[name]);
        if (WhyBad(form, out _) is { } bad) throw new DashboardException(bad.Message);
        return Back(context, book.Change(id, board => WithWidget(board, widget, form), version) ?? throw Gone(), isEdited: true);
    });

    static Task RemoveWidget(HttpContext context, DashboardBook book, [FromForm] string id, [FromForm] int version, [FromForm] long widget) => Answer(context, () =>
        Back(context, book.Change(id, board => board with { Widgets = [.. board.Widgets.Where(one => one.Id != widget)] }, version) ?? throw Gone(), isEdited: true));

    static Task GoBack(HttpContext context, DashboardBook book, [FromForm] string id, [FromForm] int version) => Answer(context, () =>
        Back(context, book.BringBack(id, version) ?? throw new DashboardException("That version is not kept any more.")));

    static Task Remove(HttpContext context, DashboardBook book, [FromForm] string id) => Answer(context, () =>
    {
        book.Delete(id);
        return "/dashboards";
    });

    static Task Restore(HttpContext context, DashboardBook book, [FromForm] string id) => Answer(context, () => PageOf(book.Restore(id) ?? throw Gone()));

    static async Task Export(HttpContext context, ShownBoards boards, string id)
    {
        if (boards.Find(id) is not { } board)
        {
            await DataAnswer.Fail(context, StatusCodes.Status404NotFound, "This dashboard is not there any more.");
            return;
        }
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{FileNames.Of(board.Title, "dashboard")}.json\"";
        await context.Response.WriteAsync(WidgetWords.Pretty(DashboardJson.WriteContent(board)), context.RequestAborted);
    }

    static RazorComponentResult<WidgetPreview> Preview(HttpContext context)
    {
        var form = FormOf(name => context.Request.Query[name]);
        var bad = WhyBad(form, out var query);
        return new RazorComponentResult<WidgetPreview>(new { Content = WidgetReader.Read(form.Definition(null)), Bad = bad is null ? null : BadQuery.Of(query, bad) });
    }

    /// <summary>An address as the original has it, with its names of time.</summary>
    static IResult Lead(HttpContext context, string id)
    {
        var old = PageUrl.Of(context.Request);
        var url = old.At("/dashboards/" + PageUrl.Segment(id)).Without("from_ts", "to_ts", "live");
        if (old["from_ts"] is { } from) url = url.With("from", from);
        if (old["to_ts"] is { } to && old["live"] != "true") url = url.With("to", to);
        return Results.Redirect(url.ToString());
    }

    static Dashboard WithWidget(Dashboard board, string id, WidgetForm form)
    {
        // Places are kept as they are seen, so that a new widget comes beneath the others.
        var placed = BoardView.Of(board, new PageUrl("", [])).WithPlaces();
        if (id == "new") return placed with { Widgets = [.. placed.Widgets, new Widget(0, form.Definition(null)) { Layout = NewPlace(placed, form) }] };
        return placed.Widgets.Any(widget => $"{widget.Id}" == id)
            ? placed with { Widgets = [.. placed.Widgets.Select(widget => $"{widget.Id}" == id ? widget with { Definition = form.Definition(widget.Definition), Sent = null } : widget)] }
            : throw new DashboardException("This widget is not on the dashboard any more, or stands in a group: change it in the board's JSON.");
    }

    static WidgetLayout NewPlace(Dashboard board, WidgetForm form)
    {
        var rows = BoardGrid.RowsOf(board.Widgets.Select(widget => widget.Layout!));
        var (width, height) = form.Type switch { "query_value" => (3, 3), "note" => (4, 3), "timeseries" or "heatmap" => (6, 7), _ => (6, 6) };
        return new WidgetLayout(0, rows, width, height);
    }

    static WidgetForm FormOf(Func<string, Microsoft.Extensions.Primitives.StringValues> field) => new()
    {
        Type = field("type").ToString(), Title = field("title").ToString(), Formula = field("formula").ToString(),
        Draw = field("draw") is [{ Length: > 0 } draw] ? draw : "line", Aggregator = field("aggregator") is [{ Length: > 0 } aggregator] ? aggregator : "avg", Text = field("text").ToString(), Objective = field("slo").ToString(), Mode = WidgetForm.ModeOf(field("mode").ToString()),
        Query = WithoutEmptyEnd([.. field("q").Select(query => query ?? "")]),
    };

    static List<string> WithoutEmptyEnd(List<string> queries)
    {
        while (queries is [.., ""]) queries.RemoveAt(queries.Count - 1);
        return queries;
    }

    /// <summary>The first query of a form that cannot be read; null when all can.</summary>
    static QueryTextException? WhyBad(WidgetForm form, out string query)
    {
        query = "";
        if (!form.HasQueries) return null;
        foreach (var text in WidgetReader.Read(form.Definition(null)).Queries)
        {
            query = text;
            try
            {
                foreach (var node in MetricQueryParser.Parse(text).Queries) QueryFunctions.Check(node);
            }
            catch (QueryTextException wrong)
            {
                return wrong;
            }
        }
        return null;
    }

    static Dashboard Read(string text) => text.Length > MaxJsonChars ? throw TooLong() : DashboardJson.Read(text);

    static string Titled(string? title) => title?.Trim() is { Length: > 0 } given ? given[..Math.Min(given.Length, DashboardJson.MaxTitleChars)] : throw new DashboardException("A dashboard needs a title.");

    static DashboardException TooLong() => new($"The JSON has more than {MaxJsonChars} characters, the most that is taken.");

    static DashboardException Gone() => new("This dashboard is not there any more.");

    /// <summary>The board as it is now, with the time and the variables that were chosen.</summary>
    static string Back(HttpContext context, Dashboard board, bool isEdited = false)
    {
        var from = context.Request.Form["back"].ToString();
        var url = (PageUrl.IsOurs(from) ? PageUrl.Parse(from) : new PageUrl("/", [])).At(PageOf(board)).Without("edit", "widget", "view", "version", "full");
        return (isEdited ? url.With("edit", "1") : url).ToString();
    }

    static string PageOf(Dashboard board) => "/dashboards/" + board.Id;

    static async Task Answer(HttpContext context, Func<string> change)
    {
        string next;
        try
        {
            next = change();
        }
        catch (Exception problem) when (problem is DashboardException or JsonException)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, problem.Message);
            return;
        }
        catch (StoreUnavailableException problem)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, "Nothing was changed: " + problem.Message);
            return;
        }
        context.Response.Headers.Location = next;
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
    }
}
