using System.Text;
using Apm.ApmUi.Links;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Charts;

/// <summary>Takes the value of an answer in place of its JSON, when it is asked for inside this process.</summary>
public sealed class WantedValue
{
    public object? Value { get; set; }
}

/// <summary>
/// Asks an address of <c>/ui/data</c> inside this process, for the very value that an island on a page would draw: pictures are made of it. So every
/// chart can be a picture, whatever it shows, and shows on it what it shows on its page.
/// </summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class InsideData(EndpointDataSource endpoints, IServiceScopeFactory scopes, IHttpContextAccessor accessor)
{
    const string Root = "/ui/data/";

    /// <summary>Longest that a chart may take which is drawn as a picture; default 20 s. A longer one is refused, in words.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The value; a chart, a heat map or whatever the address answers with.</summary>
    /// <param name="source">Such as <c>/ui/data/metric?q=…&amp;from=…&amp;to=…</c>.</param>
    /// <param name="asker">The request for whose viewer it is: zone and patience are theirs.</param>
    /// <exception cref="InsideDataException">There is no such address, or it refuses; the message is for whoever asked.</exception>
    public async Task<object> Read(string source, HttpContext asker)
    {
        if (!PageUrl.IsOurs(source) || !source.StartsWith(Root, StringComparison.Ordinal)) throw new InsideDataException("This is no chart of a page here.");
        var url = PageUrl.Parse(source);
        var endpoint = endpoints.Endpoints.OfType<RouteEndpoint>().FirstOrDefault(one => "/" + one.RoutePattern.RawText?.TrimStart('/') == url.Path)
            ?? throw new InsideDataException($"No chart is drawn from {url.Path}. Load the page again.");
        await using var scope = scopes.CreateAsyncScope();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(asker.RequestAborted);
        patience.CancelAfter(Patience);
        var wanted = new WantedValue();
        using var words = new MemoryStream();
        var inside = new DefaultHttpContext { RequestServices = scope.ServiceProvider, RequestAborted = patience.Token };
        (inside.Request.Method, inside.Request.Path, inside.Request.QueryString) = (HttpMethods.Get, url.Path, new QueryString(source[url.Path.Length..]));
        inside.Request.Headers.Cookie = asker.Request.Headers.Cookie;
        inside.Response.Body = words;
        inside.Features.Set(wanted);
        accessor.HttpContext = inside; // Pages' state is read off it.
        try
        {
            await endpoint.RequestDelegate!(inside);
        }
        catch (OperationCanceledException) when (!asker.RequestAborted.IsCancellationRequested)
        {
            throw new InsideDataException($"The chart took more than {Patience.TotalSeconds:0} s to draw. Choose a shorter time.");
        }
        finally
        {
            accessor.HttpContext = asker;
        }
        return wanted.Value ?? throw new InsideDataException(words.Length > 0 && inside.Response.StatusCode >= 400 ? Encoding.UTF8.GetString(words.ToArray()) : "This is no chart that can be drawn as a picture.");
    }
}

/// <summary>A chart cannot be had; the message is for whoever asked.</summary>
public sealed class InsideDataException(string message) : Exception(message);
