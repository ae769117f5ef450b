using System.Globalization;
using System.Text.Json;
using Apm.Core.Keys;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>
/// Keys, in the shape of Datadog's v2 (docs/metrics-api.md): list, create, revoke. A key itself stands in one answer only, that to its creation.
/// </summary>
public sealed class KeysApi(ApiKeys keys, DatadogGate gate)
{
    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        MapKind("/api/v2/api_keys", KeyKind.Api);
        MapKind("/api/v2/application_keys", KeyKind.Application);
        MapKind("/api/v2/current_user/application_keys", KeyKind.Application); // What newer clients call.

        void MapKind(string path, KeyKind kind)
        {
            routes.MapGet(path, gate.Before("keys_list", KeyNeed.ApiAndApplication, http => List(http, kind)));
            routes.MapPost(path, gate.Before("keys_create", KeyNeed.ApiAndApplication, http => Create(http, kind)));
            routes.MapDelete(path + "/{id}", gate.Before("keys_revoke", KeyNeed.ApiAndApplication, http => Revoke(http, kind)));
        }
    }

    Task List(HttpContext http, KeyKind kind) => JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("data");
        foreach (var key in keys.All(kind)) Write(json, key, secret: null);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    async Task Create(HttpContext http, KeyKind kind)
    {
        var attributes = await DatadogBody.ReadAttributes(http, TypeOf(kind));
        ApiKey key;
        string secret;
        try
        {
            key = keys.Create(kind, attributes.Text("name") ?? "", out secret);
        }
        catch (ApiKeyException refused)
        {
            throw new RefusedException(refused.Message);
        }
        http.Response.Headers.CacheControl = "no-store";
        await JsonAnswer.Write(http, StatusCodes.Status201Created, json =>
        {
            json.WriteStartObject();
            json.WritePropertyName("data");
            Write(json, key, secret);
            json.WriteEndObject();
        });
    }

    Task Revoke(HttpContext http, KeyKind kind)
    {
        try
        {
            if (!keys.Revoke(kind, DatadogParameters.Path(http, "id"))) throw new RefusedException("Key not found", StatusCodes.Status404NotFound);
        }
        catch (ApiKeyException refused)
        {
            throw new RefusedException(refused.Message, StatusCodes.Status409Conflict);
        }
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    static string TypeOf(KeyKind kind) => kind == KeyKind.Api ? "api_keys" : "application_keys";

    static void Write(Utf8JsonWriter json, ApiKey key, string? secret)
    {
        json.WriteStartObject();
        json.WriteString("type", TypeOf(key.Kind));
        json.WriteString("id", key.Id);
        json.WriteStartObject("attributes");
        json.WriteString("name", key.Name);
        if (secret is not null) json.WriteString("key", secret);
        json.WriteString("last4", key.Last4);
        json.WriteString("masked", key.Masked());
        json.WriteString("created_at", DateTimeOffset.FromUnixTimeSeconds(key.CreatedUnixSeconds).ToString("yyyy-MM-dd'T'HH:mm:ss'+00:00'", CultureInfo.InvariantCulture));
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
