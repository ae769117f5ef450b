using Apm.Core;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.TraceAgent.Intake;
using Apm.Wire.Otlp;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Receive.Otlp;

/// <summary>
/// OTLP over HTTP, protobuf and JSON (trace-intake §7.1–7.4). Logs (and metrics where nobody keeps them) are read and counted, and answered
/// with a warning that they are not kept: an exporter that is told "accepted" must not believe that they are.
/// </summary>
public sealed class OtlpEndpoints(PayloadReceiver receiver, AgentRoutes routes, Counters counters, IOtlpMetricIntake? metrics = null)
{
    public void Register()
    {
        routes.Map("/v1/traces", AnswerTraces);
        routes.Map("/v1/metrics", context => metrics is null ? AnswerCounted(context, OtlpSignal.Metrics) : AnswerMetrics(context, metrics));
        routes.Map("/v1/logs", context => AnswerCounted(context, OtlpSignal.Logs));
    }

    Task AnswerTraces(HttpContext context) => Guard(context, async isJson =>
    {
        var decoded = await receiver.Receive(context, isJson ? PayloadFormat.OtlpJson : PayloadFormat.OtlpProtobuf, now => Describe(context, isJson ? "otlp/http json" : "otlp/http", now));
        await Write(context, StatusCodes.Status200OK, isJson, Accepted(decoded.Note, isJson));
    });

    Task AnswerMetrics(HttpContext context, IOtlpMetricIntake metrics) => Guard(context, async isJson =>
    {
        using var body = await receiver.Bodies.Read(context.Request, context.RequestAborted);
        await Write(context, StatusCodes.Status200OK, isJson, await metrics.Take(body.Memory, isJson));
    });

    Task AnswerCounted(HttpContext context, OtlpSignal signal) => Guard(context, async isJson =>
    {
        using var body = await receiver.Bodies.Read(context.Request, context.RequestAborted);
        await Write(context, StatusCodes.Status200OK, isJson, CountOnly(signal, body.Memory.Span, isJson, counters));
    });

    /// <summary>Counts what a later version will keep, and says so in the answer.</summary>
    public static byte[] CountOnly(OtlpSignal signal, ReadOnlySpan<byte> body, bool isJson, Counters counters)
    {
        var count = signal == OtlpSignal.Metrics ? OtlpCounts.CountMetrics(body, isJson) : OtlpCounts.CountLogs(body, isJson);
        counters.Add("otlp_not_kept", signal == OtlpSignal.Metrics ? "metric data points" : "log records", count);
        if (count == 0) return OtlpAnswers.Success(isJson);
        return OtlpAnswers.PartialSuccess(signal, 0, $"Apm keeps traces and metrics; {count} {(signal == OtlpSignal.Metrics ? "data points" : "log records")} were counted, not kept.", isJson);
    }

    /// <summary>Success, or the spans that had to be left out and why.</summary>
    public static byte[] Accepted(DecodeNote note, bool isJson) =>
        note.RejectedSpanCount == 0 ? OtlpAnswers.Success(isJson) : OtlpAnswers.PartialSuccess(OtlpSignal.Traces, note.RejectedSpanCount, note.Reason, isJson);

    /// <summary>What the headers of an OTLP request say; the rest stands in its resources.</summary>
    public static Payload Describe(HttpContext context, string protocol, long receivedUnixNanos) => new()
    {
        Protocol = protocol,
        ReceivedUnixNanos = receivedUnixNanos,
        ClientComputedStats = Datadog.DatadogHeaders.IsSet(context.Request.Headers["datadog-client-computed-stats"]),
        ClientComputedTopLevel = Datadog.DatadogHeaders.IsSet(context.Request.Headers["datadog-client-computed-top-level"]),
    };

    /// <summary>Checks method and content type, and answers failures as OTLP wants them: google.rpc.Status in the request's encoding.</summary>
    async Task Guard(HttpContext context, Func<bool, Task> answer)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.Headers.Allow = "POST";
            await routes.Refuse(context, StatusCodes.Status405MethodNotAllowed, "wrong_method", $"OTLP wants POST {context.Request.Path}, not {context.Request.Method}.");
            return;
        }
        var type = (context.Request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();
        if (type is not ("application/json" or "application/x-protobuf" or "application/protobuf" or ""))
        {
            if (context.Request.Path == "/v1/traces") receiver.RefuseUnread("wrong_content_type");
            await routes.Refuse(context, StatusCodes.Status415UnsupportedMediaType, "wrong_content_type", $"OTLP wants Content-Type application/x-protobuf or application/json, not \"{type}\".");
            return;
        }
        var isJson = type == "application/json";
        try
        {
            await answer(isJson);
        }
        catch (PayloadException problem)
        {
            await Fail(context, StatusCodes.Status400BadRequest, OtlpAnswers.InvalidArgument, "undecodable", problem.Message, isJson);
        }
        catch (BodyTooLargeException problem)
        {
            await Fail(context, StatusCodes.Status413PayloadTooLarge, OtlpAnswers.ResourceExhausted, "too_large", problem.Message, isJson);
        }
        catch (OverloadedException problem)
        {
            context.Response.Headers.RetryAfter = "1";
            await Fail(context, StatusCodes.Status429TooManyRequests, OtlpAnswers.Unavailable, "overloaded", problem.Message, isJson);
        }
        catch (StoreUnavailableException problem)
        {
            context.Response.Headers.RetryAfter = "5";
            await Fail(context, StatusCodes.Status503ServiceUnavailable, OtlpAnswers.Unavailable, problem.Reason, problem.Message, isJson);
        }
    }

    Task Fail(HttpContext context, int httpStatus, int code, string reason, string sentence, bool isJson)
    {
        routes.Remember(context, reason, sentence);
        return Write(context, httpStatus, isJson, OtlpAnswers.Status(code, sentence, isJson));
    }

    static Task Write(HttpContext context, int status, bool isJson, byte[] body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = OtlpAnswers.ContentType(isJson);
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, 0, body.Length, context.RequestAborted);
    }
}
