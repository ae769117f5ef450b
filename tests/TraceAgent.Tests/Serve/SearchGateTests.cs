using Apm.Core.Counting;
using Apm.TestKit;
using Apm.TraceAgent.Serve;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Tests.Serve;

public class SearchGateTests
{
    [Fact]
    public async Task More_searches_than_places_and_waiting_ones_are_refused_and_counted_and_the_others_answered()
    {
        var counters = new Counters();
        using var gate = new SearchGate(counters, TimeProvider.System);
        var end = new TaskCompletionSource();
        var begun = Enumerable.Range(0, SearchGate.MaxRunning + SearchGate.MaxWaiting).Select(_ => gate.Answer(Request("/tempo/api/search"), _ => end.Task)).ToList();

        var refused = Request("/traces");
        await gate.Answer(refused, _ => throw new InvalidOperationException("It must not run."));
        var isTraceAnswered = false;
        await gate.Answer(Request("/tempo/api/traces/abc"), _ => { isTraceAnswered = true; return Task.CompletedTask; });

        foreach (var path in (string[])["/tempo/api/v2/search/tag/resource.service.name/values", "/jaeger/api/services/web/operations", "/jaeger/api/traces/", "/Zipkin/api/v2/remoteservices"])
        {
            var other = Request(path);
            await gate.Answer(other, _ => throw new InvalidOperationException("It must not run."));
            Assert.Equal(503, other.Response.StatusCode);
        }

        var shaped = Request("/jaeger/api/traces");
        shaped.Response.Body = new MemoryStream();
        await gate.Answer(shaped, _ => throw new InvalidOperationException("It must not run."));
        Assert.Equal((503, "application/json"), (shaped.Response.StatusCode, shaped.Response.ContentType));
        Assert.StartsWith("""{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":503,"msg":""", System.Text.Encoding.UTF8.GetString(((MemoryStream)shaped.Response.Body).ToArray()), StringComparison.Ordinal);

        Assert.Equal((503, "1"), (refused.Response.StatusCode, refused.Response.Headers.RetryAfter.ToString()));
        Assert.Equal(6, counters.Read(SearchGate.RefusedCounter));
        Assert.True(isTraceAnswered);
        Assert.DoesNotContain(begun, one => one.IsCompleted);

        end.SetResult();
        await Task.WhenAll(begun);
        await gate.Answer(Request("/jaeger/api/traces"), _ => Task.CompletedTask);
        Assert.Equal(6, counters.Read(SearchGate.RefusedCounter));
    }

    [Fact]
    public async Task A_search_that_fails_gives_its_place_back()
    {
        using var gate = new SearchGate(new Counters(), new FixedClock(Some.Hour.ToUnixNanos));

        for (var i = 0; i < SearchGate.MaxRunning + 1; i++)
            await Assert.ThrowsAsync<IOException>(() => gate.Answer(Request("/traces"), _ => throw new IOException("A disk.")));
    }

    static DefaultHttpContext Request(string path)
    {
        var http = new DefaultHttpContext();
        http.Request.Path = path;
        return http;
    }
}
