using System.Buffers.Binary;
using Apm.Core;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.TraceAgent.Intake;
using Apm.Wire.Otlp;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Receive.Otlp;

/// <summary>
/// OTLP over gRPC (trace-intake §7.1, §7.3): unary calls, one length-prefixed message each way, status in trailers.
/// Done on bare HTTP/2, because the message goes to our own decoder as bytes (docs/adr/0002).
/// </summary>
public sealed class OtlpGrpcEndpoints(PayloadReceiver receiver, AgentRoutes routes, Counters counters, IOtlpMetricIntake? metrics = null)
{
    const int PrefixBytes = 5;

    /// <summary>gRPC status 0.</summary>
    const int Ok = 0;

    public void Register()
    {
        routes.Map("/opentelemetry.proto.collector.trace.v1.TraceService/Export", context => Answer(context, OtlpSignal.Traces));
        routes.Map("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", context => Answer(context, OtlpSignal.Metrics));
        routes.Map("/opentelemetry.proto.collector.logs.v1.LogsService/Export", context => Answer(context, OtlpSignal.Logs));
    }

    async Task Answer(HttpContext context, OtlpSignal signal)
    {
        context.Response.ContentType = "application/grpc";
        try
        {
            using var framed = signal == OtlpSignal.Traces ? await receiver.Read(context) : await receiver.Bodies.Read(context.Request, context.RequestAborted);
            using var message = Unframe(context, framed, signal);
            var answer = signal == OtlpSignal.Traces ? await Keep(context, message)
                : signal == OtlpSignal.Metrics && metrics is not null ? await metrics.Take(message.Memory, isJson: false)
                : OtlpEndpoints.CountOnly(signal, message.Memory.Span, isJson: false, counters);
            await WriteMessage(context, answer);
            End(context, Ok, "");
        }
        catch (PayloadException problem) { Fail(context, OtlpAnswers.InvalidArgument, "undecodable", problem.Message); }
        catch (BodyTooLargeException problem) { Fail(context, OtlpAnswers.ResourceExhausted, "too_large", problem.Message); }
        catch (OverloadedException problem) { Fail(context, OtlpAnswers.Unavailable, problem.Reason, problem.Message); }
        catch (StoreUnavailableException problem) { Fail(context, OtlpAnswers.Unavailable, problem.Reason, problem.Message); }
    }

    async Task<byte[]> Keep(HttpContext context, PooledBody message)
    {
        var decoded = await receiver.Keep(message, PayloadFormat.OtlpProtobuf, OtlpEndpoints.Describe(context, "otlp/grpc", receiver.NowUnixNanos));
        return OtlpEndpoints.Accepted(decoded.Note, isJson: false);
    }

    /// <summary>Takes the five bytes off: compressed or not, and the length.</summary>
    /// <returns>The same body unless it was compressed.</returns>
    PooledBody Unframe(HttpContext context, PooledBody framed, OtlpSignal signal)
    {
        try
        {
            return Unframe(context, framed);
        }
        catch (Exception problem)
        {
            if (signal == OtlpSignal.Traces) receiver.RefuseUnread(RefusalReasons.Of(problem));
            throw;
        }
    }

    PooledBody Unframe(HttpContext context, PooledBody framed)
    {
        var bytes = framed.Memory.Span;
        if (bytes.Length < PrefixBytes) throw new PayloadException($"gRPC: a message begins with 5 bytes of flag and length; {bytes.Length} came. Use OTLP/HTTP on port 4318 if the exporter is not a gRPC client.");
        var length = BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]);
        if (length != bytes.Length - PrefixBytes) throw new PayloadException($"gRPC: the prefix announces {length} bytes, {bytes.Length - PrefixBytes} came. Export sends one message per call.");
        framed.TakeOff(PrefixBytes);
        return bytes[0] switch
        {
            0 => framed,
            1 => receiver.Bodies.Decompress(framed.Memory, context.Request.Headers["grpc-encoding"].ToString()),
            var flag => throw new PayloadException($"gRPC: the first byte of a message is 0 or 1, not {flag}. Use OTLP/HTTP on port 4318 if the exporter is not a gRPC client."),
        };
    }

    static Task WriteMessage(HttpContext context, byte[] message)
    {
        var framed = new byte[PrefixBytes + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(framed.AsSpan(1), (uint)message.Length);
        message.CopyTo(framed, PrefixBytes);
        return context.Response.Body.WriteAsync(framed, 0, framed.Length, context.RequestAborted);
    }

    void Fail(HttpContext context, int code, string reason, string sentence)
    {
        routes.Remember(context, reason, sentence);
        End(context, code, sentence);
    }

    static void End(HttpContext context, int code, string sentence)
    {
        var status = code.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (!context.Response.SupportsTrailers())
        {
            context.Response.Headers["grpc-status"] = status;
            if (sentence.Length > 0) context.Response.Headers["grpc-message"] = Uri.EscapeDataString(sentence);
            return;
        }
        context.Response.AppendTrailer("grpc-status", status);
        if (sentence.Length > 0) context.Response.AppendTrailer("grpc-message", Uri.EscapeDataString(sentence));
    }
}
