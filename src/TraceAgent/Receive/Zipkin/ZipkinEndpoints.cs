using Apm.Core.Spans;
using Apm.TraceAgent.Intake;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Receive.Zipkin;

/// <summary>Zipkin v2 (trace-intake §8.1): 202 with an empty body, also for nothing at all.</summary>
public sealed class ZipkinEndpoints(PayloadReceiver receiver, AgentRoutes routes)
{
    public void Register()
    {
        routes.Map("/api/v2/spans", AnswerSpans);
        routes.Map("/api/v1/spans", context => routes.Refuse(context, StatusCodes.Status404NotFound, "old_protocol",
            "Zipkin v1 is not read here. Set the reporter to v2 (POST /api/v2/spans); every client since 2018 can."));
    }

    async Task AnswerSpans(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.Headers.Allow = "POST";
            await routes.Refuse(context, StatusCodes.Status405MethodNotAllowed, "wrong_method", $"Zipkin wants POST /api/v2/spans, not {context.Request.Method}.");
            return;
        }
        using var body = await receiver.Read(context);
        if (body.Length > 0)
        {
            var isProtobuf = (context.Request.ContentType ?? "").StartsWith("application/x-protobuf", StringComparison.OrdinalIgnoreCase);
            var payload = new Payload { Protocol = "zipkin v2", ReceivedUnixNanos = receiver.NowUnixNanos };
            await receiver.Keep(body, isProtobuf ? PayloadFormat.ZipkinProtobuf : PayloadFormat.ZipkinJson, payload);
        }
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.ContentLength = 0;
    }
}
