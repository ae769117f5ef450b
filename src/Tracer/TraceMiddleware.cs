using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Apm.Tracer;

/// <summary>
/// Adds to a request's span what only the pipeline knows: a service name of its own, the exception that an error handler
/// further out would hide, the trace id in the answer. The span itself is made by the framework.
/// </summary>
/// <remarks>Thread-safe: one instance serves all requests. Does nothing when the request is not traced.</remarks>
public sealed class TraceMiddleware(RequestDelegate next, TraceMiddlewareOptions options)
{
    /// <summary>Serves one request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var activity = Activity.Current;
        if (activity is not { IsAllDataRequested: true })
        {
            await next(context);
            return;
        }

        if (options.ServiceName is { } service) activity.SetTag("service.name", service);
        if (options.TraceIdHeader is { Length: > 0 } header) context.Response.Headers.TryAdd(header, activity.TraceId.ToHexString());
        try
        {
            await next(context);
        }
        catch (Exception exception) when (Remember(activity, exception))
        {
            throw; // Never reached: the filter only looks, so that the stack stays whole.
        }
    }

    static bool Remember(Activity activity, Exception exception)
    {
        activity.SetStatus(ActivityStatusCode.Error, exception.Message);
        foreach (var item in activity.Events)
            if (item.Name == "exception") return false;
        activity.AddException(exception);
        return false;
    }
}

/// <summary>What <see cref="TraceMiddleware"/> can be told.</summary>
public sealed class TraceMiddlewareOptions
{
    /// <summary>Service name of the requests that pass here; null: the process's.</summary>
    public string? ServiceName { get; set; }

    /// <summary>Response header that tells the trace id, for example <c>X-Trace-Id</c>; null: none, the default.</summary>
    public string? TraceIdHeader { get; set; }
}

/// <summary>Puts <see cref="TraceMiddleware"/> into an app's pipeline.</summary>
public static class ApmApplication
{
    /// <summary>Adds the middleware; early in the pipeline it sees the most.</summary>
    /// <param name="app">The app.</param>
    /// <param name="configure">Changes the options; null: the defaults.</param>
    /// <returns><paramref name="app"/>.</returns>
    public static IApplicationBuilder UseApmTracing(this IApplicationBuilder app, Action<TraceMiddlewareOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        var options = new TraceMiddlewareOptions();
        configure?.Invoke(options);
        return app.UseMiddleware<TraceMiddleware>(options);
    }
}
