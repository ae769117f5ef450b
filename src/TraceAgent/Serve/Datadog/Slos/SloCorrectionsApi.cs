using System.Globalization;
using System.Text.Json;
using Apm.Core.Slos;
using Apm.Core.Time;
using Apm.Monitors.Slos;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog.Slos;

/// <summary>Times that objectives do not count, by Datadog's API: <c>/api/v1/slo/correction</c> (docs/slos.md).</summary>
public sealed class SloCorrectionsApi(SloBook slos, DatadogGate gate)
{
    /// <summary>Most corrections of a page; all that there may be of one objective, and more.</summary>
    public const int MaxOfPage = 1_000;

    const string Type = "correction";

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/slo/correction", Before("slo_correction_create", Create));
        routes.MapGet("/api/v1/slo/correction", Before("slo_correction_list", http => List(http, slos.Corrections.All())));
        routes.MapGet("/api/v1/slo/correction/{id}", Before("slo_correction_get", http => AnswerOne(http, Known(http))));
        routes.MapPatch("/api/v1/slo/correction/{id}", Before("slo_correction_update", Update));
        routes.MapDelete("/api/v1/slo/correction/{id}", Before("slo_correction_delete", Delete));
        routes.MapGet("/api/v1/slo/{id}/corrections", Before("slo_corrections", OfSlo));
    }

    RequestDelegate Before(string name, RequestDelegate answer) => gate.Before(name, KeyNeed.ApiAndApplication, http => SloErrors.Answer(http, answer));

    async Task Create(HttpContext http)
    {
        var attributes = await Attributes(http);
        var sloId = attributes.Text("slo_id") ?? throw new RefusedException("data.attributes.slo_id is required: the id of an objective, as GET /api/v1/slo gives it.");
        if (slos.Find(sloId) is null) throw SloBook.NotFound(sloId);
        if (attributes.Text("category") is null) throw new RefusedException($"data.attributes.category is required: {string.Join(", ", SloCorrection.Categories)}.");
        if (Seconds(attributes, "start") is not { } start) throw new RefusedException("data.attributes.start is required, in Unix seconds.");
        await AnswerOne(http, slos.Corrections.Add(Read(attributes, new SloCorrection { SloId = sloId, Category = "", StartUnixSeconds = start, Creator = DatadogUser.Handle })));
    }

    async Task Update(HttpContext http)
    {
        var before = Known(http);
        var attributes = await Attributes(http);
        if (attributes.Text("slo_id") is { } sloId && sloId != before.SloId) throw new RefusedException($"data.attributes.slo_id is \"{sloId}\", and the correction is of \"{before.SloId}\": it stays with its objective. Delete it, and make one for the other.");
        await AnswerOne(http, slos.Corrections.Replace(before.Id, Read(attributes, before)));
    }

    Task Delete(HttpContext http)
    {
        slos.Corrections.Remove(Known(http).Id);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    Task OfSlo(HttpContext http)
    {
        var id = DatadogParameters.Path(http, "id");
        if (slos.Find(id) is null) throw SloBook.NotFound(id);
        return List(http, [.. slos.Corrections.All().Where(correction => correction.SloId == id)]);
    }

    static Task List(HttpContext http, IReadOnlyList<SloCorrection> all)
    {
        var (offset, limit) = (DatadogParameters.Number(http, "offset", 0, 0, int.MaxValue), DatadogParameters.Number(http, "limit", 25, 1, MaxOfPage));
        return SloApi.Answer(http, json =>
        {
            json.WriteStartArray("data");
            foreach (var correction in all.Skip(offset).Take(limit)) Write(json, correction);
            json.WriteEndArray();
            json.WriteStartObject("meta");
            json.WriteStartObject("page");
            json.WriteNumber("total_count", all.Count);
            json.WriteNumber("total_filtered_count", all.Count);
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    static async Task<DatadogBody> Attributes(HttpContext http)
    {
        var attributes = await DatadogBody.ReadAttributes(http, Type);
        return attributes.Exists ? attributes : throw new RefusedException("data.attributes is missing. Send {\"data\":{\"type\":\"correction\",\"attributes\":{\"slo_id\":\"…\",\"category\":\"Other\",\"start\":1700000000,\"end\":1700003600}}}.");
    }

    /// <summary>With what a body says; what it does not say stays. A recurrence takes the place of an end, and an end that of a recurrence.</summary>
    static SloCorrection Read(DatadogBody attributes, SloCorrection before)
    {
        var becomesOnce = !attributes.Names("rrule") && attributes.Names("end") && Seconds(attributes, "end") is not null;
        var rule = becomesOnce ? "" : attributes.Names("rrule") ? attributes.Text("rrule") ?? "" : before.Rule;
        return before with
        {
            Category = attributes.Text("category") ?? before.Category,
            Description = attributes.Names("description") ? attributes.Text("description") ?? "" : before.Description,
            StartUnixSeconds = Seconds(attributes, "start") ?? before.StartUnixSeconds,
            EndUnixSeconds = attributes.Names("end") ? Seconds(attributes, "end") : rule.Length > 0 ? null : before.EndUnixSeconds,
            DurationSeconds = attributes.Names("duration") ? Seconds(attributes, "duration") : rule.Length > 0 ? before.DurationSeconds : null,
            Rule = rule,
            TimeZone = attributes.Text("timezone") ?? before.TimeZone,
        };
    }

    static long? Seconds(DatadogBody attributes, string member) => attributes.Number(member) switch
    {
        null => null,
        { } seconds when seconds is >= 0 and < 9e9 && Math.Truncate(seconds) == seconds => (long)seconds,
        _ => throw new RefusedException($"data.attributes.{member} must be a whole number of seconds, such as {(member == "duration" ? "3600" : "1700000000")}."),
    };

    SloCorrection Known(HttpContext http)
    {
        var id = DatadogParameters.Path(http, "id");
        return slos.Corrections.Find(id) ?? throw SloCorrections.NotFound(id);
    }

    static Task AnswerOne(HttpContext http, SloCorrection correction) => SloApi.Answer(http, json =>
    {
        json.WritePropertyName("data");
        Write(json, correction);
    });

    static void Write(Utf8JsonWriter json, SloCorrection correction)
    {
        json.WriteStartObject();
        json.WriteString("id", correction.Id);
        json.WriteString("type", Type);
        json.WriteStartObject("attributes");
        json.WriteString("slo_id", correction.SloId);
        json.WriteString("category", correction.Category);
        json.WriteString("description", correction.Description);
        json.WriteNumber("start", correction.StartUnixSeconds);
        json.WriteNumberOrNull("end", correction.EndUnixSeconds);
        json.WriteNumberOrNull("duration", correction.DurationSeconds);
        json.WriteTextOrNull("rrule", correction.Rule.Length > 0 ? correction.Rule : null);
        json.WriteString("timezone", correction.TimeZone);
        json.WriteNumber("created_at", correction.CreatedUnixSeconds);
        json.WriteNumber("modified_at", correction.ModifiedUnixSeconds);
        json.WriteStartObject("creator");
        json.WriteStartObject("data");
        json.WriteString("type", "users");
        json.WriteString("id", correction.Creator);
        json.WriteStartObject("attributes");
        foreach (var name in (string[])["name", "handle", "email"]) json.WriteString(name, correction.Creator);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
