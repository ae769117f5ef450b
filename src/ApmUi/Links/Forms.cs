using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Links;

/// <summary>
/// Forms that change something. What was done leads back to the page (303); what was refused is answered with that very page, which says
/// on top what was not done, why, and what to do.
/// </summary>
public static class Forms
{
    /// <summary>The field that holds the address of the page on which a form stands.</summary>
    const string BackField = "back";

    static readonly object RefusalKey = new();

    /// <summary>Maps a form. It needs its token, so that a page of another site cannot send it.</summary>
    /// <param name="routes">Where it is added.</param>
    /// <param name="path">Where the form is sent.</param>
    /// <param name="handler">Takes the fields; those that may be missing are nullable.</param>
    /// <param name="what">What was not done when the token is refused, as a sentence.</param>
    public static void MapForm(this IEndpointRouteBuilder routes, string path, Delegate handler, string what) =>
        // The framework would answer a form without its token with an empty page.
        routes.MapPost(path, handler).DisableAntiforgery().AddEndpointFilter(async (call, next) =>
            await call.HttpContext.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(call.HttpContext)
                ? await next(call)
                : Refuse(call.HttpContext, StatusCodes.Status400BadRequest, new Refusal(what, "The form was too old, or came from another site. This page has a fresh one: do it again.")));

    /// <summary>Maps a form that a script sends and whose answer it shows: a refusal is a text. It needs its token too.</summary>
    /// <inheritdoc cref="MapForm"/>
    public static void MapTextForm(this IEndpointRouteBuilder routes, string path, Delegate handler, string what) =>
        routes.MapPost(path, handler).DisableAntiforgery().AddEndpointFilter(async (call, next) =>
            await call.HttpContext.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(call.HttpContext)
                ? await next(call)
                : Results.Text(what + " The form was too old, or came from another site. Load the page again, and do it once more.", statusCode: StatusCodes.Status400BadRequest));

    /// <summary>Leads back to the page on which the form stands.</summary>
    /// <param name="context">The request.</param>
    /// <param name="otherwise">A page for a form that does not say where it stands.</param>
    /// <param name="anchor">Place on that page, with <c>#</c>; "" for none.</param>
    public static IResult Done(HttpContext context, string otherwise, string anchor = "")
    {
        context.Response.Headers.Location = PageOf(context, otherwise) + anchor;
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }

    /// <summary>Answers with the page on which the form stands, and the refusal on top of it.</summary>
    /// <param name="context">The request, taken for one of that page from now on.</param>
    /// <param name="status">400 when the form is wrong, 404 when what it speaks of is gone, 503 when it may be tried again.</param>
    /// <param name="refusal">What to say.</param>
    /// <param name="otherwise">A page for a form that does not say where it stands.</param>
    public static IResult Refuse(HttpContext context, int status, Refusal refusal, string otherwise = "/")
    {
        var page = PageOf(context, otherwise);
        var question = page.IndexOf('?', StringComparison.Ordinal);
        (context.Request.Path, context.Request.QueryString) = question < 0
            ? (PathString.FromUriComponent(page), QueryString.Empty)
            : (PathString.FromUriComponent(page[..question]), new QueryString(page[question..]));
        context.Items[RefusalKey] = refusal;
        return new RazorComponentResult<App> { StatusCode = status };
    }

    /// <summary>What the page has to say of a form that was refused; null when it was asked for as usual.</summary>
    public static Refusal? RefusalOf(HttpContext? context) => context?.Items[RefusalKey] as Refusal;

    static string PageOf(HttpContext context, string otherwise) =>
        context.Request.HasFormContentType && context.Request.Form[BackField].ToString() is var back && PageUrl.IsOurs(back) ? PageUrl.Parse(back).ToString() : otherwise;
}

/// <summary>Why a form was refused.</summary>
/// <param name="What">What was not done, as a sentence.</param>
/// <param name="Why">The reason, and what to do.</param>
public sealed record Refusal(string What, string Why);
