using Apm.ApmUi.Charts;
using Apm.ApmUi.Links;
using Apm.ApmUi.Search;
using Apm.ApmUi.Time;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Frame;

/// <summary>What the bar at the top asks: the pulse, the time popover, the search box.</summary>
public static class FrameEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/ui/data/pulse", ReadPulse);
        routes.MapGet("/ui/time", ShowTime);
        routes.MapGet("/ui/fragment/time", PreviewTime);
        routes.MapGet("/ui/search", Jump);
        routes.MapGet("/ui/fragment/search", Suggest);
    }

    static Task ReadPulse(HttpContext context, Pulse pulse)
    {
        var now = pulse.Now();
        return DataAnswer.IsKnown(context, $"\"{now.Text}\"")
            ? Task.CompletedTask
            : DataAnswer.Write(context, new { version = now.Text, spans = now.SpanCount, complete = true, scanned = 0 }, 0);
    }

    /// <summary>Sends back to where the popover was opened, in the time that was entered; unchanged when it cannot be read.</summary>
    static RedirectHttpResult ShowTime(HttpContext context, PageState state)
    {
        var back = PageUrl.Parse(context.Request.Query["back"].ToString() is var text && PageUrl.IsOurs(text) ? text : "/");
        if (Entered(state) is { } window) back = back.With("from", window.FromParameter).With("to", window.ToParameter);
        return TypedResults.Redirect(back.ToString());
    }

    static RazorComponentResult<TimePreview> PreviewTime(PageState state)
    {
        var typed = state.Url["text"] is not null;
        var window = Entered(state);
        var good = window is not null;
        var label = window is null ? "Not a time. " + TimeEntry.Help : window.Label(state.Zone) + (window.IsLive && typed ? ", moving on" : "");
        return new RazorComponentResult<TimePreview>(new Dictionary<string, object?> { [nameof(TimePreview.Text)] = label, [nameof(TimePreview.IsGood)] = good });
    }

    static RedirectHttpResult Jump(PageState state, JumpSearch search) => TypedResults.Redirect(search.Jump(state, state.Url["text"] ?? ""));

    static RazorComponentResult<JumpTargets> Suggest(PageState state, JumpSearch search) =>
        new(new Dictionary<string, object?> { [nameof(JumpTargets.Targets)] = search.Targets(state, state.Url["text"] ?? "") });

    /// <summary>The line when something stands in it, else the two fields.</summary>
    static TimeWindow? Entered(PageState state)
    {
        if (state.Url["text"] is { } text) return TimeEntry.Read(text, state.Now, state.Zone);
        return TimeText.TryParse(state.Url["from"], state.Now, state.Zone, out var from) && TimeText.TryParse(state.Url["to"], state.Now, state.Zone, out var to) && from < to
            ? TimeWindow.Read(state.Url["from"], state.Url["to"], state.Now, state.Zone)
            : null;
    }
}
