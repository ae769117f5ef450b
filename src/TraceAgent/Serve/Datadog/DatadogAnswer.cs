using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>What Datadog's answers have in common: <c>meta</c>, and errors: texts, but JSON:API's objects for lists of spans.</summary>
static class DatadogAnswer
{
    /// <summary><c>{"errors":[{"detail":"…","status":"400","title":"…"}]}</c>, which the official clients read for lists of spans.</summary>
    public static Task RefuseJsonApi(HttpContext http, int status, string sentence) => JsonAnswer.Write(http, status, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("errors");
        json.WriteStartObject();
        json.WriteString("detail", sentence);
        json.WriteString("status", status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        json.WriteString("title", Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status));
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>Writes <c>meta</c>. A search that ended early has the status <c>timeout</c> and a warning that says why.</summary>
    /// <param name="after">Cursor of the next page; null on the last.</param>
    /// <param name="warnings">What else there is to say.</param>
    public static void WriteMeta(Utf8JsonWriter json, HttpContext http, double elapsedMilliseconds, string? after, string? incompleteReason, IReadOnlyList<string>? warnings = null)
    {
        json.WriteStartObject("meta");
        json.WriteNumber("elapsed", (long)elapsedMilliseconds);
        if (after is not null)
        {
            json.WriteStartObject("page");
            json.WriteString("after", after);
            json.WriteEndObject();
        }
        json.WriteString("request_id", http.TraceIdentifier);
        json.WriteString("status", incompleteReason is null ? "done" : "timeout");
        if (incompleteReason is not null || warnings is { Count: > 0 })
        {
            json.WriteStartArray("warnings");
            if (incompleteReason is not null) WriteWarning(json, "incomplete", "The search ended early", incompleteReason);
            foreach (var warning in warnings ?? []) WriteWarning(json, "notice", "Not as asked", warning);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    static void WriteWarning(Utf8JsonWriter json, string code, string title, string detail)
    {
        json.WriteStartObject();
        json.WriteString("code", code);
        json.WriteString("detail", detail);
        json.WriteString("title", title);
        json.WriteEndObject();
    }
}
