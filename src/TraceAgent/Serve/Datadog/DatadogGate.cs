using Apm.Core;
using Apm.Core.Counting;
using Apm.Core.Keys;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Text;
using Apm.TraceAgent.Intake;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>Which keys a call needs (metrics-monitors §3.1).</summary>
public enum KeyNeed
{
    /// <summary>An API key: sending.</summary>
    Api,

    /// <summary>An API key and an application key: reading and managing.</summary>
    ApiAndApplication,
}

/// <summary>
/// What stands before every call of Datadog's API: keys, the rate-limit headers, and how what goes wrong is answered
/// (metrics-monitors §3.1–3.3). Nobody is refused for asking too often.
/// </summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class DatadogGate(ApiKeys keys, Counters counters, RecentProblems problems, TimeProvider clock)
{
    /// <summary>Calls in a period, as the headers say. Nothing happens beyond it.</summary>
    public const int StatedLimit = 1_000_000;

    /// <summary>Length of a period.</summary>
    public const int PeriodSeconds = 10;

    /// <summary>Calls that read by Datadog's API and that need no key until one is created, so that they can be tried out with a plain address.</summary>
    static readonly string[] OpenUntilKeys = ["/api/v1/query", "/api/v2/query", "/api/v2/spans", "/api/v1/service_dependencies"];

    readonly Lock _lock = new();
    readonly Dictionary<string, (long Period, int Count)> _calls = new(StringComparer.Ordinal);

    /// <summary>Puts the gate before an endpoint.</summary>
    /// <param name="name">What the call is named in the rate-limit headers, such as <c>series_submission</c>.</param>
    public RequestDelegate Before(string name, KeyNeed need, RequestDelegate answer) => http => Answer(http, name, need, answer);

    /// <summary>Stands before all endpoints: reading by Datadog's API needs both keys once any was created.</summary>
    public Task Guard(HttpContext http, RequestDelegate next)
    {
        if (!keys.HasAny || !Array.Exists(OpenUntilKeys, path => http.Request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase)) || WhyRefused(http, KeyNeed.ApiAndApplication) is not { } refusal) return next(http);
        counters.Add("api_calls_refused", "keys");
        return JsonAnswer.Refuse(http, StatusCodes.Status403Forbidden, refusal);
    }

    async Task Answer(HttpContext http, string name, KeyNeed need, RequestDelegate answer)
    {
        AddRateHeaders(http, name);
        if (WhyRefused(http, need) is { } refusal)
        {
            counters.Add("api_calls_refused", "keys");
            await JsonAnswer.Refuse(http, StatusCodes.Status403Forbidden, refusal);
            return;
        }
        try
        {
            await answer(http);
        }
        catch (RefusedException refused)
        {
            await Refuse(http, refused.Status, "refused", refused.Message, isSubmission: false);
        }
        catch (QueryTextException wrong)
        {
            await Refuse(http, StatusCodes.Status400BadRequest, "refused", wrong.Message, isSubmission: false);
        }
        catch (PayloadException problem)
        {
            await Refuse(http, StatusCodes.Status400BadRequest, RefusalReasons.Of(problem), problem.Message);
        }
        catch (BodyTooLargeException problem)
        {
            await Refuse(http, StatusCodes.Status413PayloadTooLarge, RefusalReasons.Of(problem), problem.Message);
        }
        catch (SlowBodyException problem)
        {
            await Refuse(http, StatusCodes.Status408RequestTimeout, RefusalReasons.Of(problem), problem.Message);
        }
        catch (OverloadedException problem)
        {
            http.Response.Headers.RetryAfter = "1";
            await Refuse(http, StatusCodes.Status429TooManyRequests, problem.Reason, problem.Message);
        }
        catch (StoreUnavailableException problem)
        {
            http.Response.Headers.RetryAfter = "5";
            await Refuse(http, StatusCodes.Status503ServiceUnavailable, problem.Reason, problem.Message);
        }
        catch (BadHttpRequestException problem)
        {
            await Refuse(http, problem.StatusCode, RefusalReasons.Of(problem), $"The request broke off or is not HTTP as it should be: {problem.Message}");
        }
    }

    /// <summary>The answer to a call that lacks a key; null when it may pass.</summary>
    string? WhyRefused(HttpContext http, KeyNeed need)
    {
        // Any key is good until one is created, so a page of another site could else write here through the user's browser.
        if (http.Request.Headers["Sec-Fetch-Site"] == "cross-site") return "Forbidden";
        var api = Presented(http, "DD-API-KEY", "api_key");
        if (api.Length == 0) return "API key required";
        if (!keys.IsGood(KeyKind.Api, api)) return "Forbidden";
        return need == KeyNeed.Api || keys.IsGood(KeyKind.Application, Presented(http, "DD-APPLICATION-KEY", "application_key")) ? null : "Forbidden";
    }

    /// <summary>A header wins over a parameter.</summary>
    static string Presented(HttpContext http, string header, string parameter) =>
        http.Request.Headers[header].ToString() is { Length: > 0 } sent ? sent : http.Request.Query[parameter].ToString();

    void AddRateHeaders(HttpContext http, string name)
    {
        var now = clock.NowUnixNanos() / UnixTime.NanosPerSecond;
        var period = now / PeriodSeconds;
        int count;
        lock (_lock)
        {
            var (known, before) = _calls.GetValueOrDefault(name);
            count = known == period ? before + 1 : 1;
            _calls[name] = (period, count);
        }
        var headers = http.Response.Headers;
        headers["X-RateLimit-Limit"] = Text(StatedLimit);
        headers["X-RateLimit-Period"] = Text(PeriodSeconds);
        headers["X-RateLimit-Remaining"] = Text(Math.Max(0, StatedLimit - count));
        headers["X-RateLimit-Reset"] = Text((period + 1) * PeriodSeconds - now);
        headers["X-RateLimit-Name"] = name;
    }

    Task Refuse(HttpContext http, int status, string reason, string sentence, bool isSubmission = true)
    {
        if (isSubmission)
        {
            counters.Add("payloads_rejected", reason);
            problems.Add($"{http.Request.Method} {http.Request.Path}", sentence, clock.NowUnixNanos());
        }
        return http.Response.HasStarted ? Task.CompletedTask : JsonAnswer.Refuse(http, status, sentence);
    }

    static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
