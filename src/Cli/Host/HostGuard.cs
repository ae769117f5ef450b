using System.Net;
using Apm.Core.Counting;
using Apm.TraceAgent.Serve.Datadog;

namespace Apm.Cli.Host;

/// <summary>
/// Refuses requests for the screens and read APIs that name another machine than this one. A page of another site can give its own name the
/// address 127.0.0.1 and then read what answers there (DNS rebinding); its requests still carry that name.
/// </summary>
/// <param name="more">Further names that are right, as <c>ui.hosts</c> has them.</param>
/// <remarks>What clients send in by Datadog's API is taken under any name: from a container it is <c>host.docker.internal</c> and the like, and nothing can be read that way.</remarks>
public sealed class HostGuard(IReadOnlyList<string> more, Counters counters)
{
    /// <summary>Most characters of a name that is repeated in the answer; default 100.</summary>
    const int MaxToldChars = 100;

    /// <summary>Answers 421, or lets it pass.</summary>
    public Task Answer(HttpContext http, RequestDelegate next)
    {
        var host = http.Request.Host.Host;
        if (IsRight(host) || SubmissionApi.TakesIn(http.Request.Method, http.Request.Path.Value ?? "")) return next(http);
        counters.Add("requests_refused", "foreign_host");
        http.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
        return http.Response.WriteAsync($"This is Apm, which answers to localhost, and was asked for \"{(host.Length <= MaxToldChars ? host : host[..MaxToldChars] + "…")}\". A page of another site could read it by a name of its own (DNS rebinding), so other names are refused. Open http://localhost:{http.Connection.LocalPort}, or, when the name is yours, write it under ui.hosts in the settings.\n");
    }

    /// <summary>Whether a name is this machine's own: localhost and what is below it, a loopback address, none at all, or one that was set.</summary>
    public bool IsRight(string host)
    {
        var name = host.TrimEnd('.');
        if (name.Length == 0 || name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)) return true;
        return IPAddress.TryParse(name.Trim('[', ']'), out var address) ? IPAddress.IsLoopback(address) || Named(name) : Named(name);
    }

    bool Named(string name) => more.Any(one => one.Trim().TrimEnd('.').Equals(name, StringComparison.OrdinalIgnoreCase));
}
