using Apm.Core;
using Apm.Core.Counting;
using Apm.Core.Spans;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Sample;
using Apm.Wire.Datadog;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Receive.Datadog;

/// <summary>The trace agent's own endpoints (trace-intake §1.2–1.8, §1.14, §1.19–1.22). Any method works on each.</summary>
public sealed class DatadogEndpoints(AgentSettings settings, AgentInfo info, PayloadReceiver receiver, TelemetryReceiver telemetry, AgentRoutes routes, Counters counters, IDogStatsDIntake? dogStatsD = null)
{
    /// <summary>Paths that a local agent has nothing to do for; they are answered so that tracers keep quiet (§1.19, §1.22).</summary>
    static readonly string[] QuietPaths =
    [
        "/v0.1/pipeline_stats", "/profiling/v1/input", "/debugger/v1/input", "/debugger/v1/diagnostics", "/debugger/v2/input",
        "/symdb/v1/input", "/tracer_flare/v1", "/openlineage/api/v1/lineage",
    ];

    static readonly string[] DogStatsDPaths = ["/dogstatsd/v1/proxy", "/dogstatsd/v2/proxy"];

    static readonly string[] QuietPrefixes = ["/evp_proxy/v1/", "/evp_proxy/v2/", "/evp_proxy/v3/", "/evp_proxy/v4/"];

    public void Register()
    {
        routes.Map("/info", AnswerInfo);
        routes.Map("/v0.1/spans", context => AnswerText(context, DatadogTraceRoute.V01));
        routes.Map("/spans", context => AnswerText(context, DatadogTraceRoute.V01));
        routes.Map("/v0.2/traces", context => AnswerText(context, DatadogTraceRoute.V02));
        routes.Map("/v0.3/traces", context => AnswerText(context, DatadogTraceRoute.V03));
        routes.Map("/v0.4/traces", context => AnswerRates(context, DatadogTraceRoute.V04));
        routes.Map("/v0.5/traces", context => AnswerRates(context, DatadogTraceRoute.V05));
        routes.Map("/v0.7/traces", context => AnswerRates(context, DatadogTraceRoute.V07));
        routes.Map("/v1.0/traces", context => AnswerRates(context, DatadogTraceRoute.V1)); // Answered, and not yet listed in /info.
        foreach (var path in new[] { "/v0.1/services", "/services", "/v0.2/services", "/v0.3/services", "/v0.4/services" }) routes.Map(path, AnswerServices);
        routes.Map("/v0.6/stats", AnswerStats);
        routes.Map("/v0.7/config", context => WithAgentHeaders(context, telemetry.AnswerRemoteConfig));
        routes.MapPrefix("/telemetry/proxy/", context => WithAgentHeaders(context, telemetry.Answer));
        foreach (var path in DogStatsDPaths) routes.Map(path, dogStatsD is null ? AnswerQuietly : context => AnswerDogStatsD(context, dogStatsD));
        foreach (var path in QuietPaths) routes.Map(path, AnswerQuietly);
        foreach (var prefix in QuietPrefixes) routes.MapPrefix(prefix, AnswerQuietly);
    }

    Task AnswerInfo(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = info.Body.Length;
        return context.Response.Body.WriteAsync(info.Body, context.RequestAborted).AsTask();
    }

    /// <summary>v0.1–v0.3: text answer, which old clients read as "no rates".</summary>
    async Task AnswerText(HttpContext context, DatadogTraceRoute route)
    {
        if (!await Receive(context, route)) return;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync("OK\n", context.RequestAborted);
    }

    /// <summary>v0.4 and later: JSON with rates; <c>{}</c> when the tracer holds them already (§1.8).</summary>
    async Task AnswerRates(HttpContext context, DatadogTraceRoute route)
    {
        if (!await Receive(context, route)) return;
        var known = context.Request.Headers["Datadog-Rates-Payload-Version"].ToString();
        var rates = receiver.Rates;
        if (known.Length > 0) context.Response.Headers["Datadog-Rates-Payload-Version"] = rates.Version;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(known == rates.Version ? RatesAnswer.Unchanged : rates.Body, context.RequestAborted);
    }

    async Task<bool> Receive(HttpContext context, DatadogTraceRoute route)
    {
        AddAgentHeaders(context);
        if (context.Request.Headers["Sec-Fetch-Site"] == "cross-site")
        {
            receiver.RefuseUnread("from_a_web_page");
            await routes.Refuse(context, StatusCodes.Status403Forbidden, "from_a_web_page", "Spans from a page of another site are refused. Send them from a program, or through your own server.");
            return false;
        }
        var kind = DatadogContentType.Choose(route, context.Request.ContentType);
        if (kind == DatadogBodyKind.Unsupported)
        {
            receiver.RefuseUnread("wrong_content_type");
            await routes.Refuse(context, StatusCodes.Status415UnsupportedMediaType, "wrong_content_type", $"Datadog {NameOf(route)} is JSON only; send application/json, or use /v0.4/traces for msgpack.");
            return false;
        }
        using var body = await receiver.Read(context);
        if (body.Length == 0) // Nothing to say is a valid payload (trace-intake §12, 24).
        {
            receiver.TookNothing($"datadog {NameOf(route)}");
            return true;
        }
        var payload = DatadogHeaders.Read(context.Request.Headers, $"datadog {NameOf(route)}", receiver.NowUnixNanos);
        await (kind switch
        {
            DatadogBodyKind.Json => receiver.Keep(body, JsonFormat(route), payload),
            DatadogBodyKind.MsgPack => receiver.Keep(body, MsgPackFormat(route), payload),
            _ => KeepEither(body, payload),
        });
        return true;
    }

    /// <summary>A content type that names neither is tried as JSON, then as msgpack (§1.5).</summary>
    async Task<DecodedPayload> KeepEither(PooledBody body, Payload payload)
    {
        try
        {
            return await receiver.Keep(body, PayloadFormat.DatadogJson, payload, isLastTry: false);
        }
        catch (PayloadException)
        {
            return await receiver.Keep(body, PayloadFormat.DatadogMsgPack, payload);
        }
    }

    static PayloadFormat JsonFormat(DatadogTraceRoute route) => route == DatadogTraceRoute.V01 ? PayloadFormat.DatadogJsonSpans : PayloadFormat.DatadogJson;

    static PayloadFormat MsgPackFormat(DatadogTraceRoute route) => route switch
    {
        DatadogTraceRoute.V05 => PayloadFormat.DatadogV05,
        DatadogTraceRoute.V07 => PayloadFormat.DatadogV07,
        DatadogTraceRoute.V1 => PayloadFormat.DatadogV1,
        _ => PayloadFormat.DatadogMsgPack,
    };

    static string NameOf(DatadogTraceRoute route) => route switch
    {
        DatadogTraceRoute.V01 => "v0.1",
        DatadogTraceRoute.V02 => "v0.2",
        DatadogTraceRoute.V03 => "v0.3",
        DatadogTraceRoute.V05 => "v0.5",
        DatadogTraceRoute.V07 => "v0.7",
        DatadogTraceRoute.V1 => "v1.0",
        _ => "v0.4",
    };

    /// <summary>Old tracers describe their services; there is nothing in it that the spans do not say (§1.14).</summary>
    async Task AnswerServices(HttpContext context)
    {
        AddAgentHeaders(context);
        using var body = await receiver.Bodies.Read(context.Request, context.RequestAborted);
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync("OK\n", context.RequestAborted);
    }

    async Task AnswerStats(HttpContext context)
    {
        AddAgentHeaders(context);
        using var body = await receiver.Read(context);
        if (body.Length > 0) await receiver.Keep(body, PayloadFormat.ClientStats, DatadogHeaders.Read(context.Request.Headers, "datadog stats", receiver.NowUnixNanos));
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("{}\n", context.RequestAborted);
    }

    async Task AnswerQuietly(HttpContext context)
    {
        AddAgentHeaders(context);
        using var body = await receiver.Bodies.Read(context.Request, context.RequestAborted);
        counters.Add("bytes_taken_without_use", PathLabel(context.Request.Path.Value ?? ""), body.Length);
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("{}\n", context.RequestAborted);
    }

    /// <summary>Lines as they would come over UDP; tracers of browsers and functions send them so. What is wrong with a line is counted and told there, as for any other.</summary>
    async Task AnswerDogStatsD(HttpContext context, IDogStatsDIntake lines)
    {
        AddAgentHeaders(context);
        using (var body = await receiver.Bodies.Read(context.Request, context.RequestAborted)) lines.Take(body.Memory.Span, "http");
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("{}\n", context.RequestAborted);
    }

    Task WithAgentHeaders(HttpContext context, RequestDelegate answer)
    {
        AddAgentHeaders(context);
        return answer(context);
    }

    /// <summary>A path of ours, never one that a client made up.</summary>
    static string PathLabel(string path) => Array.Find(QuietPrefixes, prefix => path.StartsWith(prefix, StringComparison.Ordinal)) ?? path;

    void AddAgentHeaders(HttpContext context)
    {
        context.Response.Headers["Datadog-Agent-Version"] = settings.AgentVersion;
        context.Response.Headers["Datadog-Agent-State"] = info.StateHash;
    }
}
