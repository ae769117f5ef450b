using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Charts;

/// <summary>Answers of <c>/ui/data</c>: JSON with an ETag, 304 when nothing changed.</summary>
public static class DataAnswer
{
    /// <summary>How data for islands is written, also where it stands in a page itself.</summary>
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Writes a value, or 304 when the asker has it already.</summary>
    /// <param name="context">The request.</param>
    /// <param name="value">What is sent; says <c>complete</c> and <c>scanned</c> itself.</param>
    /// <param name="elapsedMs">How long it took; a header, as it would make equal answers differ.</param>
    public static async Task Write<T>(HttpContext context, T value, double elapsedMs)
    {
        if (context.Features.Get<WantedValue>() is { } wanted)
        {
            wanted.Value = value;
            return;
        }
        context.Response.Headers["Server-Timing"] = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"query;dur={elapsedMs:0.#}");
        var body = JsonSerializer.SerializeToUtf8Bytes(value, Options);
        var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 8))}\"";
        if (IsKnown(context, tag)) return;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>Sets the ETag, and 304 when the asker's is the same.</summary>
    public static bool IsKnown(HttpContext context, string tag)
    {
        context.Response.Headers.ETag = tag;
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (context.Request.Headers.IfNoneMatch != tag) return false;
        context.Response.StatusCode = StatusCodes.Status304NotModified;
        return true;
    }

    /// <summary>A failure as a sentence, which the island shows in its place.</summary>
    public static Task Fail(HttpContext context, int status, string sentence)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(sentence, context.RequestAborted);
    }
}
