using Apm.Core;
using Apm.TraceAgent.Intake;
using Apm.Core.Counting;
using Apm.Core.Diagnosis;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.TraceAgent.Doctor.Witness;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Receive;

/// <summary>
/// Which path is answered by whom, on every port of the agent alike: a client that mixes up the ports is served all the same.
/// Whatever goes wrong is answered in words, counted, and remembered for the screens; it never ends the connection's process.
/// </summary>
public sealed class AgentRoutes(Counters counters, RecentProblems problems, TimeProvider clock, FactBook? facts = null)
{
    readonly Dictionary<string, RequestDelegate> _exact = new(StringComparer.Ordinal);
    readonly List<(string Prefix, RequestDelegate Handler)> _prefixes = [];

    /// <summary>Answers a path, whatever the method (trace-intake §1.1).</summary>
    public void Map(string path, RequestDelegate handler) => _exact.Add(path, handler);

    /// <summary>Answers all paths that begin so. The prefix ends in a slash.</summary>
    public void MapPrefix(string prefix, RequestDelegate handler) => _prefixes.Add((prefix, handler));

    /// <summary>Answers a request.</summary>
    public async Task Answer(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "/";
        var handler = Find(path);
        if (handler is null && PathMending.Mend(path, context.Request.ContentType ?? "", context.Request.Method is "POST" or "PUT", _exact.Keys, [.. _prefixes.Select(entry => entry.Prefix)]) is { } meant)
        {
            counters.Add("paths_mended", KnownPathOf(meant));
            context.Request.Path = path = meant;
            handler = Find(path);
        }
        counters.Add("requests", handler is null ? "unknown path" : KnownPathOf(path));
        if (handler is null)
        {
            await Refuse(context, StatusCodes.Status404NotFound, "unknown_path",
                $"Nothing answers {path} here. Paths: {string.Join(", ", _exact.Keys.Order(StringComparer.Ordinal))}; and below {string.Join(", ", _prefixes.Select(entry => entry.Prefix))}.");
            return;
        }
        try
        {
            await handler(context);
        }
        catch (PayloadException problem)
        {
            await Refuse(context, StatusCodes.Status400BadRequest, "undecodable", problem.Message);
        }
        catch (BodyTooLargeException problem)
        {
            await Refuse(context, StatusCodes.Status413PayloadTooLarge, "too_large", $"payload-too-large\n{problem.Message}");
        }
        catch (OverloadedException problem)
        {
            context.Response.Headers.RetryAfter = "1";
            await Refuse(context, StatusCodes.Status429TooManyRequests, problem.Reason, problem.Message);
        }
        catch (OutOfMemoryException)
        {
            context.Response.Headers.RetryAfter = "1";
            await Refuse(context, StatusCodes.Status429TooManyRequests, OverloadedException.NoMemory,
                "Apm has no memory left for this payload below its ceiling (memory.max_bytes). Nothing of it was kept; retry in a second.");
        }
        catch (StoreUnavailableException problem)
        {
            context.Response.Headers.RetryAfter = "5";
            await Refuse(context, StatusCodes.Status503ServiceUnavailable, problem.Reason, problem.Message);
        }
        catch (SlowBodyException problem)
        {
            await Refuse(context, StatusCodes.Status408RequestTimeout, "timeout", $"timeout\n{problem.Message}");
        }
        catch (BadHttpRequestException problem) when (problem.StatusCode == StatusCodes.Status408RequestTimeout)
        {
            await Refuse(context, problem.StatusCode, "timeout", "timeout\nThe body came too slowly, a few bytes a second. Send it at once, or allow less with limits.min_body_bytes_per_second.");
        }
        catch (BadHttpRequestException problem)
        {
            await Refuse(context, problem.StatusCode, "broken_request", $"The request broke off or is not HTTP as it should be: {problem.Message}");
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            counters.Add("payloads_rejected", "client_went_away");
        }
        catch (Exception problem)
        {
            await Refuse(context, StatusCodes.Status500InternalServerError, "internal_fault",
                $"Apm failed on this request, which is its own fault: {problem.GetType().Name}: {problem.Message} Nothing of it was kept; please report it.");
        }
    }

    /// <summary>Answers a refusal as text, counts it, and remembers the sentence.</summary>
    public Task Refuse(HttpContext context, int status, string reason, string sentence)
    {
        Remember(context, reason, sentence, status);
        if (context.Response.HasStarted) return Task.CompletedTask;
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(sentence + "\n", context.RequestAborted);
    }

    /// <summary>Counts a refusal and remembers its sentence; somebody else writes the answer.</summary>
    public void Remember(HttpContext context, string reason, string sentence, int status = StatusCodes.Status400BadRequest)
    {
        counters.Add("payloads_rejected", reason);
        problems.Add($"{context.Request.Method} {SecretText.Masked(context.Request.Path)}", SecretText.Masked(sentence), clock.NowUnixNanos());
        var path = context.Request.Path.Value ?? "/";
        facts?.Refused(new RefusalFacts(path, status, reason, sentence, ClientOf(context.Request), 1, 0) { Bytes = context.Request.ContentLength ?? 0 }, context.Connection.RemotePort, context.Connection.LocalPort, Find(path) is not null);
    }

    /// <summary>"python tracer 0.16", as the sender says; "" when it does not.</summary>
    static string ClientOf(HttpRequest request)
    {
        var (language, version) = (request.Headers["Datadog-Meta-Lang"].ToString(), request.Headers["Datadog-Meta-Tracer-Version"].ToString());
        return language.Length > 0 ? $"{language} tracer {version}".TrimEnd() : request.Headers.UserAgent.ToString();
    }

    RequestDelegate? Find(string path)
    {
        if (_exact.TryGetValue(path, out var handler)) return handler;
        foreach (var (prefix, prefixHandler) in _prefixes)
            if (path.StartsWith(prefix, StringComparison.Ordinal)) return prefixHandler;
        return null;
    }

    string KnownPathOf(string path) => _exact.ContainsKey(path) ? path : _prefixes.Find(entry => path.StartsWith(entry.Prefix, StringComparison.Ordinal)).Prefix;
}
