using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Checks;
using Apm.Core.Hosts;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Receive;
using Apm.Wire.DatadogMetrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>
/// What programs and Datadog's agents send: series, distributions, answers of checks, the agent's own bodies (metrics-monitors §4.1–4.5,
/// §4.16). A series that is wrong in itself is dropped and counted, its neighbours are kept.
/// </summary>
public sealed class SubmissionApi(IMetricIntake intake, HostCatalogue hosts, MemoryBudget memory, DatadogGate gate, Counters counters, RecentProblems problems, TimeProvider clock)
{
    /// <summary>Memory to reserve for decoding, for each byte of a body: series as objects take several times what they take as text.</summary>
    const int DecodedBytesPerBodyByte = 4;

    /// <summary>Paths of an agent that there is nothing to do for; answered so that it keeps quiet (§4.16).</summary>
    static readonly string[] QuietPaths = ["/api/v1/metadata", "/api/v1/collector", "/api/v1/container", "/api/v1/discovery", "/support/flare"];

    static readonly HashSet<string> IntakePaths =
        new(["/api/v1/series", "/api/v2/series", "/api/v1/distribution_points", "/api/beta/sketches", "/api/v1/sketches", "/api/v1/check_run", "/intake", "/api/v1/events", .. QuietPaths], StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a request only sends something in: nothing that is kept can be read by it.</summary>
    public static bool TakesIn(string method, string path) =>
        HttpMethods.IsPost(method) && IntakePaths.Contains(path.TrimEnd('/')) || (HttpMethods.IsGet(method) && path.Equals("/api/v1/validate", StringComparison.OrdinalIgnoreCase));

    readonly BodyReader _bodies = new(new AgentSettings { MaxBytesInFlight = SubmissionSettings.MaxBytesInFlight }, memory, "api_bodies");
    readonly MemoryAccount _decoded = memory.OpenWork("api_decoded", SubmissionSettings.MaxBytesInFlight);

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/validate", gate.Before("validate", KeyNeed.Api, http => JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("valid", true);
            json.WriteEndObject();
        })));
        Post("/api/v1/series", "series", http => TakeSeries(http, SubmissionSettings.V1, static body => SeriesV1Decoder.Decode(body.Span), AnswerV1));
        Post("/api/v2/series", "series", http => TakeSeries(http, SubmissionSettings.V2, IsProtobuf(http) ? static body => SeriesV2ProtobufDecoder.Decode(body.Span) : static body => SeriesV2JsonDecoder.Decode(body.Span), AnswerV2));
        Post("/api/v1/distribution_points", "distribution_points", http => TakeSeries(http, SubmissionSettings.V1, static body => DistributionPointsDecoder.Decode(body.Span), AnswerV1));
        foreach (var path in new[] { "/api/beta/sketches", "/api/v1/sketches" })
            Post(path, "sketches", http => TakeSeries(http, SubmissionSettings.V1, static body => SketchPayloadDecoder.Decode(body.Span), AnswerV1));
        Post("/api/v1/check_run", "check_run", TakeChecks);
        Post("/intake", "intake", TakeIntake);
        foreach (var path in QuietPaths) Post(path, "quiet", TakeQuietly);

        void Post(string path, string name, RequestDelegate answer) => routes.MapPost(path, gate.Before(name, KeyNeed.Api, answer));
    }

    async Task TakeSeries(HttpContext http, BodyLimits limits, Func<ReadOnlyMemory<byte>, SubmittedSeries> decode, Func<HttpContext, Task> answer)
    {
        using var body = await _bodies.Read(http.Request, limits, http.RequestAborted);
        await WithMemory(body, async () =>
        {
            var series = decode(body.Memory);
            NoteDropped(http, "metric_series_dropped", series.DroppedSeriesCount, series.FirstReason);
            if (series.Series.Count > 0) await intake.TakeAsync(series.Series, CancellationToken.None); // Once begun it is finished, whether or not the sender waits.
        });
        await answer(http);
    }

    async Task TakeChecks(HttpContext http)
    {
        using var body = await _bodies.Read(http.Request, SubmissionSettings.Small, http.RequestAborted);
        await WithMemory(body, () =>
        {
            var checks = CheckRunDecoder.Decode(body.Memory, NowUnixSeconds);
            NoteDropped(http, "service_checks_dropped", checks.DroppedCount, checks.FirstReason);
            Take(checks.Runs);
            return Task.CompletedTask;
        });
        await AnswerV1(http);
    }

    async Task TakeIntake(HttpContext http)
    {
        using var body = await _bodies.Read(http.Request, SubmissionSettings.Small, http.RequestAborted);
        await WithMemory(body, async () =>
        {
            var came = IntakeDecoder.Decode(body.Memory, NowUnixSeconds);
            NoteDropped(http, "intake_items_dropped", came.DroppedCount, came.FirstReason);
            if (came.Series.Series.Count > 0) await intake.TakeAsync(came.Series.Series, CancellationToken.None);
            foreach (var happened in came.Events) intake.Take(happened);
            Take(came.Checks);
            if (came.Host is { } report) hosts.Saw(report, NowUnixSeconds);
        });
        await Answer(http, "application/json", """{"status":"ok"}""");
    }

    async Task TakeQuietly(HttpContext http)
    {
        using var body = await _bodies.Read(http.Request, new BodyLimits(SubmissionSettings.MaxV1SentBytes, SubmissionSettings.MaxV1UnpackedBytes), http.RequestAborted);
        counters.Add("bytes_taken_without_use", http.Request.Path.Value!.TrimEnd('/'), body.Length);
        await Answer(http, "application/json", """{"status":"ok"}""");
    }

    void Take(IReadOnlyList<ServiceCheckRun> runs)
    {
        var now = NowUnixSeconds;
        foreach (var run in runs)
        {
            if (run.UnixSeconds < now - SubmissionSettings.MaxCheckAgeSeconds) counters.Add("service_checks_dropped", "too_old");
            else if (run.UnixSeconds > now + SubmissionSettings.MaxCheckAgeSeconds) counters.Add("service_checks_dropped", "too_new");
            else intake.Take(run);
        }
    }

    async Task WithMemory(PooledBody body, Func<Task> work)
    {
        var reserved = (long)body.Length * DecodedBytesPerBodyByte;
        if (!_decoded.TryReserve(reserved)) throw OverloadedException.OutOfMemory(memory);
        try
        {
            counters.Add("payloads_received", "datadog api");
            counters.Add("bytes_received", "datadog api", body.Length);
            await work();
        }
        finally
        {
            _decoded.Release(reserved);
        }
    }

    void NoteDropped(HttpContext http, string counter, int count, string reason)
    {
        if (count == 0) return;
        counters.Add(counter, "malformed", count);
        problems.Add($"POST {http.Request.Path}", string.Create(CultureInfo.InvariantCulture, $"{count} of what one request held cannot be used and was left out. The first: {reason}."), clock.NowUnixNanos());
    }

    long NowUnixSeconds => clock.NowUnixNanos() / UnixTime.NanosPerSecond;

    static bool IsProtobuf(HttpContext http) => (http.Request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant() is "application/x-protobuf" or "application/protobuf";

    static Task AnswerV1(HttpContext http) => Answer(http, "text/json", """{"status": "ok"}""");

    static Task AnswerV2(HttpContext http) => Answer(http, "application/json", """{"errors":[]}""");

    static Task Answer(HttpContext http, string contentType, string body)
    {
        http.Response.StatusCode = StatusCodes.Status202Accepted;
        http.Response.ContentType = contentType;
        return http.Response.WriteAsync(body, http.RequestAborted);
    }
}
