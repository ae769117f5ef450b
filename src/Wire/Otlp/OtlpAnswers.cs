using System.Text.Json;
using Apm.Wire.Protobuf;

namespace Apm.Wire.Otlp;

/// <summary>
/// The bodies that OTLP requests are answered with (trace-intake §7.3), in the encoding of the request:
/// <code>
/// Export…ServiceResponse { 1: partial_success { 1: rejected count, 2: error message } }
/// google.rpc.Status { 1: code, 2: message }
/// </code>
/// </summary>
public static class OtlpAnswers
{
    /// <summary>gRPC code of a request that cannot be decoded (HTTP 400).</summary>
    public const int InvalidArgument = 3;

    /// <summary>gRPC code of a request that is too large (HTTP 413).</summary>
    public const int ResourceExhausted = 8;

    /// <summary>gRPC code of a receiver that cannot take it now (HTTP 503, 429); clients come again.</summary>
    public const int Unavailable = 14;

    /// <summary>Content type of an answer: that of the request.</summary>
    public static string ContentType(bool isJson) => isJson ? "application/json" : "application/x-protobuf";

    /// <summary>Everything was accepted: no bytes in protobuf, <c>{}</c> in JSON.</summary>
    public static byte[] Success(bool isJson) => isJson ? "{}"u8.ToArray() : [];

    /// <summary>A part was rejected, which clients must not send again; or, with 0 rejected, all was accepted and there is something to say.</summary>
    /// <param name="signal">Decides the name of the count in JSON.</param>
    /// <param name="rejected">Spans, data points or log records.</param>
    /// <param name="message">Why; for people.</param>
    /// <param name="isJson">The encoding of the request.</param>
    public static byte[] PartialSuccess(OtlpSignal signal, long rejected, string message, bool isJson)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentOutOfRangeException.ThrowIfNegative(rejected);
        return isJson ? PartialSuccessJson(signal, rejected, message) : PartialSuccessProtobuf(rejected, message);
    }

    /// <summary>The answer to a decoded trace request: success, or what was rejected and why.</summary>
    public static byte[] ForTraces(OtlpDecodeResult result, bool isJson) => result.RejectedSpans == 0
        ? Success(isJson)
        : PartialSuccess(OtlpSignal.Traces, result.RejectedSpans, $"{result.RejectedSpans} spans were not stored. The first: {result.FirstReason}.", isJson);

    /// <summary>A <c>google.rpc.Status</c>, the body of any answer that is not 200.</summary>
    /// <param name="code">A gRPC code, such as <see cref="InvalidArgument"/>.</param>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="isJson">The encoding of the request.</param>
    public static byte[] Status(int code, string message, bool isJson)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentOutOfRangeException.ThrowIfNegative(code);
        if (!isJson) return new ProtoWriter().Varint(1, (ulong)code).Text(2, message).ToArray();
        return WriteJson(json =>
        {
            json.WriteNumber("code"u8, code);
            json.WriteString("message"u8, message);
        });
    }

    static byte[] PartialSuccessProtobuf(long rejected, string message)
    {
        var partial = new ProtoWriter();
        if (rejected > 0) partial.Varint(1, (ulong)rejected);
        return new ProtoWriter().Bytes(1, partial.Text(2, message).ToArray()).ToArray();
    }

    static byte[] PartialSuccessJson(OtlpSignal signal, long rejected, string message) => WriteJson(json =>
    {
        json.WriteStartObject("partialSuccess"u8);
        var name = signal switch
        {
            OtlpSignal.Metrics => "rejectedDataPoints",
            OtlpSignal.Logs => "rejectedLogRecords",
            _ => "rejectedSpans",
        };
        // A 64-bit number is a text in protobuf's JSON.
        if (rejected > 0) json.WriteString(name, rejected.ToString(System.Globalization.CultureInfo.InvariantCulture));
        json.WriteString("errorMessage"u8, message);
        json.WriteEndObject();
    });

    static byte[] WriteJson(Action<Utf8JsonWriter> writeMembers)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, OtlpAnyJson.Plain))
        {
            json.WriteStartObject();
            writeMembers(json);
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }
}
