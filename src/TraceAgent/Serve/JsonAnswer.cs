using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve;

/// <summary>
/// Writes a JSON answer: a small one whole, with its length, so that a failure while writing never leaves half an answer; a large
/// one piece by piece, so that it never stands in memory whole. There a failure breaks the connection off, which no client takes for an end.
/// </summary>
static class JsonAnswer
{
    /// <summary>Text stays readable: an answer is JSON, never part of a page.</summary>
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task Write(HttpContext http, int status, Action<Utf8JsonWriter> write)
    {
        var body = new Pieces(http, status);
        try
        {
            using (var json = new Utf8JsonWriter(body, Options)) write(json);
        }
        catch when (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }
        if (!http.Response.HasStarted)
        {
            Begin(http, status);
            http.Response.ContentLength = body.Waiting.Length;
        }
        await http.Response.Body.WriteAsync(body.Waiting, http.RequestAborted);
    }

    /// <summary><c>{"errors":["…"]}</c>, as Datadog's API has it and ours too.</summary>
    /// <param name="sentence">What is wrong and what to do.</param>
    public static Task Refuse(HttpContext http, int status, string sentence) => Write(http, status, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("errors");
        json.WriteStringValue(sentence);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    static void Begin(HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.Headers["X-Content-Type-Options"] = "nosniff";
    }

    /// <summary>Holds up to <see cref="PieceBytes"/>, then sends them, waiting for a client that reads slowly.</summary>
    sealed class Pieces(HttpContext http, int status) : IBufferWriter<byte>
    {
        const int PieceBytes = 1_048_576;

        readonly ArrayBufferWriter<byte> _waiting = new(4096);

        public ReadOnlyMemory<byte> Waiting => _waiting.WrittenMemory;

        public void Advance(int count)
        {
            _waiting.Advance(count);
            if (_waiting.WrittenCount >= PieceBytes) Send();
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => _waiting.GetMemory(sizeHint);

        public Span<byte> GetSpan(int sizeHint = 0) => _waiting.GetSpan(sizeHint);

        void Send()
        {
            http.RequestAborted.ThrowIfCancellationRequested();
            if (!http.Response.HasStarted) Begin(http, status);
            http.Response.Body.WriteAsync(_waiting.WrittenMemory, http.RequestAborted).AsTask().GetAwaiter().GetResult(); // The JSON writer only knows waiting.
            _waiting.ResetWrittenCount();
        }
    }
}
