using System.Text.Json;
using Apm.Core.Diagnosis;
using Apm.Core.Time;
using Apm.TraceAgent.Doctor;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve;

/// <summary><c>GET /api/doctor</c>: what is wrong, and where on the way (docs/doctor.md). <c>POST /api/doctor/facts</c>: what a launcher sees.</summary>
public static class DoctorApi
{
    /// <summary>Largest body of a launcher's facts, in bytes; 256 KiB. A larger one is answered 413.</summary>
    public const int MaxFactsBytes = 262_144;

    static readonly JsonSerializerOptions Reading = new(JsonSerializerDefaults.Web) { MaxDepth = 16, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    /// <summary>Maps both. Needs <see cref="DoctorReporter"/> from the services.</summary>
    public static IEndpointRouteBuilder MapDoctorApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/doctor", http => ApiGuard.Answer(http, Answer, JsonAnswer.Refuse));
        routes.MapPost("/api/doctor/facts", http => ApiGuard.Answer(http, TakeFacts, JsonAnswer.Refuse));
        return routes;
    }

    static Task Answer(HttpContext http)
    {
        var doctor = http.RequestServices.GetRequiredService<DoctorReporter>();
        return JsonAnswer.Write(http, 200, json => Write(json, doctor.Report(), doctor.Arrivals()));
    }

    static async Task TakeFacts(HttpContext http)
    {
        // A page of another site can send text, never JSON, without asking first; and browsers say where a request comes from.
        if (http.Request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "none" or "same-origin")) throw new RefusedException("Facts are taken from a launcher, not from a page.", 403);
        if (!http.Request.HasJsonContentType()) throw new RefusedException("Send the facts as application/json.", 415);
        // A body that says how long it is can be refused and drained; one that does not is cut off.
        if (http.Request.ContentLength is null && http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = MaxFactsBytes;
        if (http.Request.ContentLength > MaxFactsBytes) throw new RefusedException($"Facts of an app take at most {MaxFactsBytes} bytes.", 413);
        LauncherFacts facts;
        try
        {
            facts = await JsonSerializer.DeserializeAsync<LauncherFacts>(http.Request.Body, Reading, http.RequestAborted) ?? throw new JsonException("null");
        }
        catch (JsonException problem)
        {
            throw new RefusedException($"These are no facts of a launcher: {Wrong(problem)}", 400);
        }
        catch (BadHttpRequestException problem) when (problem.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new RefusedException($"Facts of an app take at most {MaxFactsBytes} bytes.", 413);
        }
        if (facts.ProcessId <= 0) throw new RefusedException("host and processId say which app it is.", 400);
        var told = http.RequestServices.GetRequiredService<DoctorReporter>().Told(facts);
        await JsonAnswer.Write(http, 200, json => WriteCase(json, told));
    }

    /// <summary>Where and what; the reader's own words name types that no sender knows.</summary>
    static string Wrong(JsonException problem) => problem switch
    {
        { Path: { Length: > 1 } path, InnerException: null } => $"{path} is missing, is not of its type, or lacks a member.",
        _ => "they must be a JSON object of at most 16 levels with host (a text) and processId (a number).",
    } + " docs/doctor.md says where they come from; `apm doctor` and apm-run send them.";

    static void Write(Utf8JsonWriter json, DoctorReport report, IReadOnlyList<Arrival> arrivals)
    {
        json.WriteStartObject();
        json.WriteNumber("now_unix_nanos", report.NowUnixNanos);
        json.WriteBoolean("healthy", report.Headline is null);
        WriteVerdict(json, "verdict", report.Headline);
        if (report.HeadlineCase is { } about) json.WriteString("about", about.Service);
        json.WritePropertyName("overall");
        WriteCase(json, report.Overall);
        json.WriteStartArray("apps");
        foreach (var one in report.Cases) WriteCase(json, one);
        json.WriteEndArray();
        json.WriteNumber("apps_left_out", report.LeftOutCount);
        json.WriteStartArray("arrived");
        foreach (var arrival in arrivals)
        {
            json.WriteStartObject();
            json.WriteString("trace_id", arrival.TraceId);
            json.WriteString("service", arrival.Service);
            json.WriteString("resource", arrival.Resource);
            json.WriteString("host", arrival.Host);
            json.WriteNumber("pid", arrival.ProcessId);
            json.WriteNumber("start_unix_nanos", arrival.StartUnixNanos);
            json.WriteNumber("received_unix_nanos", arrival.ReceivedUnixNanos);
            json.WriteBoolean("out_of_time", arrival.IsOutOfTime);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteCase(Utf8JsonWriter json, DoctorCase one)
    {
        json.WriteStartObject();
        if (!one.Facts.IsOverall)
        {
            json.WriteString("service", one.Service);
            json.WriteString("env", one.Facts.Process?.Info.Env ?? one.Facts.Launcher?.Env ?? "");
            json.WriteString("host", one.Facts.Process?.Info.Hostname ?? one.Facts.Launcher?.Host ?? "");
            json.WriteNumber("pid", one.ProcessId);
            json.WriteString("runtime_id", one.Facts.Process?.Info.RuntimeId ?? "");
            json.WriteBoolean("launched", one.Facts.Launcher is not null);
            json.WriteNumber("spans", one.Facts.Announced.Sum(process => process.Info.SpanCount));
            json.WriteNumber("announced", one.Facts.Announced.Count);
        }
        json.WriteBoolean("traces_flow", one.Facts.TracesFlow);
        WriteVerdict(json, "verdict", one.Judgement.First);
        WriteVerdicts(json, "runners_up", one.Judgement.RunnersUp);
        WriteVerdicts(json, "notes", one.Judgement.Notes);
        json.WriteStartArray("stages");
        foreach (var stage in one.Stages)
        {
            json.WriteStartObject();
            json.WriteString("stage", stage.Stage.ToString());
            json.WriteString("health", stage.Health.ToString());
            json.WriteString("count", stage.Count);
            json.WriteString("sentence", stage.Sentence);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteVerdicts(Utf8JsonWriter json, string name, IReadOnlyList<Verdict> verdicts)
    {
        json.WriteStartArray(name);
        foreach (var verdict in verdicts) WriteVerdict(json, null, verdict);
        json.WriteEndArray();
    }

    static void WriteVerdict(Utf8JsonWriter json, string? name, Verdict? verdict)
    {
        if (name is not null) json.WritePropertyName(name);
        if (verdict is null)
        {
            json.WriteNullValue();
            return;
        }
        json.WriteStartObject();
        json.WriteString("code", verdict.Code);
        json.WriteString("sentence", verdict.Sentence);
        json.WriteString("stage", verdict.Stage.ToString());
        json.WriteStartArray("evidence");
        foreach (var line in verdict.Evidence) json.WriteStringValue(line);
        json.WriteEndArray();
        json.WriteString("fix", verdict.Fix);
        json.WriteString("there", verdict.ThereUrl);
        json.WriteEndObject();
    }
}
