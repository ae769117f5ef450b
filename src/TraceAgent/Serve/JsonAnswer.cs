using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve;

/// <summary>Writes a JSON answer whole, with its length, so that a failure while writing never leaves half an answer.</summary>
static class JsonAnswer
{
    /// <summary>Text stays readable: an answer is JSON, never part of a page.</summary>
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task Write(HttpContext http, int status, Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(body, Options)) write(json);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.Headers["X-Content-Type-Options"] = "nosniff";
        http.Response.ContentLength = body.WrittenCount;
        await http.Response.Body.WriteAsync(body.WrittenMemory, http.RequestAborted);
    }
}
