using System.Globalization;
using Apm.ApmUi.Links;
using Apm.ApmUi.Charts;
using Apm.Core.Ports;
using Apm.Core.Slos;
using Apm.Monitors.Rules;
using Apm.Monitors.Slos;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>Makes, changes and deletes objectives from their pages, and makes monitors that watch them.</summary>
/// <remarks>Forms with a token: a page of another site cannot send them.</remarks>
public static class SloForms
{
    /// <summary>Names the field at which the page is to show a refusal.</summary>
    const string FieldHeader = "Apm-Field";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapTextForm("/ui/slos", Save, "The objective was not saved.");
        routes.MapTextForm("/ui/slos/delete", Delete, "The objective was not deleted.");
        routes.MapTextForm("/ui/slos/watch", Watch, "No monitor was made.");
        routes.MapTextForm("/ui/slos/correction", Correct, "No correction was made.");
        routes.MapTextForm("/ui/slos/correction/delete", DeleteCorrection, "The correction was not deleted.");
    }

    /// <summary>The objective that a form says.</summary>
    /// <exception cref="SloException">A field is no number.</exception>
    public static Slo Read(IFormCollection form)
    {
        string Field(string name) => form[name].ToString().Trim();
        var kind = Field("type") switch { "monitor" => SloKind.Monitor, "time_slice" => SloKind.TimeSlice, _ => SloKind.Metric };
        return new Slo
        {
            Kind = kind,
            Name = Field("name"),
            Description = Field("description").ReplaceLineEndings("\n"),
            Tags = Field("tags").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
            Targets = [.. SloTarget.AllDays.Where(days => Field($"target{days}").Length > 0).Select(days => new SloTarget(days, Number(Field($"target{days}"), $"The target over {days} days")!.Value, Number(Field($"warning{days}"), $"The warning over {days} days")))],
            GoodQuery = Field("good"),
            TotalQuery = Field("total"),
            MonitorIds = [.. form["monitors"].Select(id => long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)],
            Groups = kind == SloKind.Monitor ? Field("groups").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [],
            Slices = kind == SloKind.TimeSlice ? SlicesOf(Field) : null,
            Creator = "apm@localhost",
        };
    }

    static SloSlices SlicesOf(Func<string, string> field) =>
        new(field("query"), field("comparator") is { Length: > 0 } sign ? sign : "<", Number(field("threshold"), "What the query is compared with") ?? throw new SloException(SloRefusal.Wrong, "Say with which number the query is compared."), field("slice") == "60" ? 60 : 300)
        {
            Queries = [new SloNamedQuery("query1", field("query"))],
            Formula = "query1",
        };

    static double? Number(string text, string what)
    {
        if (text.Length == 0) return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : throw new SloException(SloRefusal.Wrong, $"{what} is no number: {text}. Write it with a point, such as 99.9.");
    }

    static Task Save(HttpContext context, IFormCollection form) => Answer(context, slos =>
    {
        var wanted = Read(form);
        var id = form["id"].ToString();
        return "/slos/" + (id.Length > 0 ? slos.Replace(id, wanted) : slos.Add(wanted)).Id;
    });

    static Task Delete(HttpContext context, [FromForm] string id) => Answer(context, slos =>
    {
        slos.Remove(id, force: false);
        return "/slos";
    });

    static Task Watch(HttpContext context, IFormCollection form) => Answer(context, slos =>
    {
        var slo = slos.Find(form["id"].ToString()) ?? throw SloBook.NotFound(form["id"].ToString());
        _ = int.TryParse(form["days"], NumberStyles.None, CultureInfo.InvariantCulture, out var days);
        var offer = SloOffer.All.FirstOrDefault(one => one.Name == form["kind"].ToString()) ?? SloOffer.All[0];
        context.RequestServices.GetRequiredService<MonitorRules>().Add(offer.RuleFor(slo, slo.TargetOf(days) ?? slo.Targets[0], form["message"].ToString().Trim()) with { Creator = "apm@localhost" });
        return "/slos/" + slo.Id;
    });

    static Task Correct(HttpContext context, IFormCollection form) => Answer(context, slos =>
    {
        var slo = slos.Find(form["id"].ToString()) ?? throw SloBook.NotFound(form["id"].ToString());
        var wanted = CorrectionForm.Read(form).Apply(slo.Id);
        try
        {
            slos.Corrections.Add(wanted);
        }
        catch (SloException wrong) when (wrong.Field.Length > 0)
        {
            throw new FieldException(CorrectionForm.FieldOf(wrong.Field), wrong.Message);
        }
        return $"/slos/{slo.Id}#corrections";
    });

    static Task DeleteCorrection(HttpContext context, [FromForm] string id, [FromForm] string correction) => Answer(context, slos =>
    {
        slos.Corrections.Remove(correction);
        return $"/slos/{id}#corrections";
    });

    static async Task Answer(HttpContext context, Func<SloBook, string> change)
    {
        string next;
        try
        {
            next = change(context.RequestServices.GetRequiredService<SloBook>());
        }
        catch (FieldException wrong)
        {
            context.Response.Headers[FieldHeader] = wrong.Field;
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, wrong.Message);
            return;
        }
        catch (SloException wrong)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, wrong.Message);
            return;
        }
        catch (MonitorRuleException wrong)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, wrong.Message);
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
