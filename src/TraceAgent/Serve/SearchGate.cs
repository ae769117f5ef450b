using Apm.Core.Counting;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve;

/// <summary>
/// Lets only so many searches run at once, so that questions do not take the processors from what comes in. Those beyond wait a little, then
/// are answered with 503 and when to ask again.
/// </summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class SearchGate(Counters counters, TimeProvider clock) : IDisposable
{
    /// <summary>Searches that run at once; default half of the processors, at least 2. Each reads with all processors by itself.</summary>
    public static readonly int MaxRunning = Math.Max(2, Environment.ProcessorCount / 2);

    /// <summary>Searches that wait for a place; default 32. Further ones are refused at once.</summary>
    public const int MaxWaiting = 32;

    /// <summary>Longest wait for a place; default 5 s, as long as a search may run.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    /// <summary>The counter of those that were refused.</summary>
    public const string RefusedCounter = "searches_refused";

    /// <summary>What goes through many spans. One trace by its id does not, and is not held up.</summary>
    static readonly HashSet<string> Searches = new(StringComparer.OrdinalIgnoreCase)
    {
        "/traces",
        "/api/v1/service_dependencies",
        "/api/v1/query", "/api/v2/query/timeseries", "/api/v2/query/scalar",
        "/api/v2/spans/events", "/api/v2/spans/events/search", "/api/v2/spans/analytics/aggregate",
        "/jaeger/api/traces", "/jaeger/api/operations", "/jaeger/api/dependencies", "/jaeger/api/v3/operations", "/jaeger/api/v3/traces", "/jaeger/api/v3/trace-summaries",
        "/tempo/api/search", "/tempo/api/metrics/query", "/tempo/api/metrics/query_range",
        "/zipkin/api/v2/traces", "/zipkin/api/v2/dependencies", "/zipkin/api/v2/spans", "/zipkin/api/v2/remoteServices", "/zipkin/api/v2/autocompleteValues",
    };

    /// <summary>Likewise, with a name in the middle of the path: beginning and end.</summary>
    static readonly (string Begin, string End)[] SearchesOfName =
        [("/tempo/api/search/tag/", "/values"), ("/tempo/api/v2/search/tag/", "/values"), ("/jaeger/api/services/", "/operations")];

    static bool IsSearch(string path)
    {
        path = path.TrimEnd('/'); // Routes do not mind one.
        return Searches.Contains(path) || SearchesOfName.Any(one => path.StartsWith(one.Begin, StringComparison.OrdinalIgnoreCase) && path.EndsWith(one.End, StringComparison.OrdinalIgnoreCase));
    }

    readonly SemaphoreSlim _places = new(MaxRunning, MaxRunning);
    int _waiting;

    /// <summary>Answers a request: at once what is no search, and a search when it has a place.</summary>
    public async Task Answer(HttpContext http, RequestDelegate next)
    {
        if (!IsSearch(http.Request.Path.Value ?? ""))
        {
            await next(http);
            return;
        }
        if (!await Enter(http.RequestAborted))
        {
            await Refuse(http);
            return;
        }
        try
        {
            // On a thread of its own: a search works without pause, and a pool whose threads are taken lets what comes in wait for seconds.
            await Task.Factory.StartNew(() => next(http), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose() => _places.Dispose();

    async Task<bool> Enter(CancellationToken aborted)
    {
        if (_places.Wait(TimeSpan.Zero, CancellationToken.None)) return true;
        if (Interlocked.Increment(ref _waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return false;
        }
        using var patience = new CancellationTokenSource(MaxWait, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, aborted);
        try
        {
            await _places.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    Task Refuse(HttpContext http)
    {
        counters.Add(RefusedCounter);
        http.Response.Headers.RetryAfter = "1";
        var sentence = $"{MaxRunning} searches are running and others wait; this one was not begun, so that what comes in is not slowed down. Ask again in a second, or for a shorter range.";
        if (ApiShape.Of(http.Request.Path) is { } refuse) return refuse(http, StatusCodes.Status503ServiceUnavailable, sentence);
        http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return http.Response.WriteAsync(sentence + "\n", http.RequestAborted);
    }
}
