using System.Text.Json;
using Apm.Core.Endpoints;
using Apm.Core.Ports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve;

/// <summary>
/// <c>/api/endpoints/templates</c>: which names of endpoints stand for many, why, and what people decided otherwise (docs/endpoints.md).
/// GET lists, POST decides.
/// </summary>
/// <remarks>POST takes JSON only, which no page of another site can send without asking first; one that tries is refused.</remarks>
public static class EndpointTemplatesApi
{
    /// <summary>Largest body of a decision in bytes; default 16 KiB. A larger one is answered 400.</summary>
    public const int MaxBodyBytes = 16_384;

    static readonly (string Word, TemplateDecision Decision)[] Decisions =
        [("keep_apart", TemplateDecision.KeepApart), ("fold", TemplateDecision.Fold), ("default", TemplateDecision.Default)];

    sealed record Request(string? Service, string? Path, string? Decision);

    /// <summary>Maps the endpoints. Needs <see cref="EndpointNames"/> from the services.</summary>
    public static IEndpointRouteBuilder MapEndpointTemplatesApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/endpoints/templates", List);
        routes.MapPost("/api/endpoints/templates", Decide);
        return routes;
    }

    static Task List(HttpContext http)
    {
        var names = http.RequestServices.GetRequiredService<EndpointNames>();
        if (http.Request.Query["service"].ToString() is not { Length: > 0 } service)
            return Refuse(http, $"The parameter 'service' is missing. Services with paths in their resources: {(names.Services() is { Count: > 0 } known ? string.Join(", ", known.Take(20)) : "none yet")}.");
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("service", service);
            json.WriteStartArray("templates");
            foreach (var template in names.Templates(service)) Write(json, template);
            json.WriteEndArray();
            json.WriteStartArray("decisions");
            foreach (var decision in names.Overrides(service))
            {
                json.WriteStartObject();
                json.WriteString("path", decision.Path);
                json.WriteString("decision", Decisions.First(entry => entry.Decision == decision.Decision).Word);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    static void Write(Utf8JsonWriter json, EndpointTemplate template)
    {
        json.WriteStartObject();
        json.WriteString("resource", template.Name);
        json.WriteNumber("raw_names", template.RawNameCount);
        json.WriteStartArray("rules");
        foreach (var rule in template.Rules)
        {
            json.WriteStartObject();
            json.WriteString("path", rule.Path);
            json.WriteString("why", rule.Why);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("examples");
        foreach (var example in template.Examples) json.WriteStringValue(example);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static async Task Decide(HttpContext http)
    {
        if (http.Request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site" || !http.Request.HasJsonContentType())
        {
            await Refuse(http, "Send the decision as application/json, from a program or from this page's own site.");
            return;
        }
        var request = await Read(http);
        var decision = Array.Find(Decisions, entry => entry.Word == request?.Decision);
        if (request is not { Service.Length: > 0, Path.Length: > 0 } || decision.Word is null)
        {
            await Refuse(http, "The body is no decision. Send {\"service\":\"web\",\"path\":\"/users/{id}\",\"decision\":\"keep_apart\"}; decisions are keep_apart, fold and default.");
            return;
        }
        try
        {
            http.RequestServices.GetRequiredService<EndpointNames>().Decide(request.Service, new TemplateOverride(request.Path, decision.Decision));
        }
        catch (TemplateOverrideException problem)
        {
            await Refuse(http, problem.Message);
            return;
        }
        catch (StoreUnavailableException problem)
        {
            await Refuse(http, $"The decision holds, but is not on disk yet: {problem.Message}", StatusCodes.Status503ServiceUnavailable);
            return;
        }
        await JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("note", "It holds for spans that come from now on; earlier ones keep their names.");
            json.WriteEndObject();
        });
    }

    /// <summary>Null when the body is no JSON object of that shape, or too large.</summary>
    static async Task<Request?> Read(HttpContext http)
    {
        if (http.Request.ContentLength is not (> 0 and <= MaxBodyBytes)) return null;
        try
        {
            return await JsonSerializer.DeserializeAsync<Request>(http.Request.Body, JsonSerializerOptions.Web, http.RequestAborted);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static Task Refuse(HttpContext http, string sentence, int status = StatusCodes.Status400BadRequest) => JsonAnswer.Refuse(http, status, sentence);
}
