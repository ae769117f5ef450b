using System.Globalization;
using Apm.ApmUi.Links;
using Apm.Core.Diagnosis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Pages.Doctor;

/// <summary>The doctor's two buttons: a test trace, and one request to an app.</summary>
/// <remarks>Forms with a token: a page of another site cannot send them.</remarks>
public static class DoctorForms
{
    const string Page = "/doctor";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapForm("/ui/doctor/test", Test, "No test trace was sent.");
        routes.MapForm("/ui/doctor/call", Call, "No request was sent.");
    }

    static async Task<IResult> Test(HttpContext context)
    {
        if (context.RequestServices.GetService<IDoctor>() is not { } doctor) return NoDoctor(context, "No test trace was sent.");
        var test = await doctor.SendTestTrace(context.RequestAborted);
        return SeeOther(context, PageUrl.Parse(Page).With("test", test.TraceId));
    }

    static async Task<IResult> Call(HttpContext context, IFormCollection form)
    {
        if (context.RequestServices.GetService<IDoctor>() is not { } doctor) return NoDoctor(context, "No request was sent.");
        var call = await doctor.Call(form["runtime"].ToString(), form["path"].ToString(), context.RequestAborted);
        if (call.Status == 0) return Forms.Refuse(context, StatusCodes.Status409Conflict, new Refusal(call.WasSent ? "The app did not answer." : "No request was sent.", call.Sentence), Page);
        return SeeOther(context, PageUrl.Parse(Page).With("sent", new Uri(call.Url).PathAndQuery).With("status", call.Status.ToString(CultureInfo.InvariantCulture)));
    }

    static IResult SeeOther(HttpContext context, PageUrl url)
    {
        context.Response.Headers.Location = url.ToString();
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }

    static IResult NoDoctor(HttpContext context, string what) => Forms.Refuse(context, StatusCodes.Status503ServiceUnavailable, new Refusal(what, "No doctor runs in this process."), Page);
}
