using System.Globalization;
using System.Text.Json;
using Apm.Core.Errors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve;

/// <summary>
/// <c>GET /api/errors?service=&amp;env=&amp;state=&amp;from=&amp;to=&amp;limit=</c>: issues with their counts (docs/read-apis.md). Times are Unix seconds.
/// </summary>
public static class ErrorsApi
{
    /// <summary>Most issues of one answer; default 500. <c>total</c> says how many there are.</summary>
    public const int MaxIssues = 500;

    const int DefaultIssues = 100;
    const long DefaultWindowSeconds = 3_600;

    /// <summary>Maps the endpoint. Needs <see cref="IssueQueries"/> and a <see cref="TimeProvider"/> from the services.</summary>
    public static IEndpointRouteBuilder MapErrorsApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/errors", http => ApiGuard.Answer(http, Answer, JsonAnswer.Refuse));
        return routes;
    }

    static Task Answer(HttpContext http)
    {
        var parameters = http.Request.Query;
        var now = http.RequestServices.GetRequiredService<TimeProvider>().NowUnixNanos() / UnixTime.NanosPerSecond;
        var to = Seconds(parameters["to"], now, "to");
        var from = Seconds(parameters["from"], to - DefaultWindowSeconds, "from");
        if (to <= from) throw new RefusedException($"The window is empty: 'to' ({to}) must be later than 'from' ({from}).");
        var limit = int.TryParse(parameters["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : parameters["limit"].Count == 0 ? DefaultIssues : -1;
        if (limit is < 1 or > MaxIssues) throw new RefusedException($"limit={parameters["limit"]} is not possible. Give a number from 1 to {MaxIssues}.");
        var states = StatesOf(parameters["state"]);
        var service = parameters["service"].ToString() is { Length: > 0 } named ? named : null;
        var env = parameters["env"].ToString() is { Length: > 0 } inEnv ? inEnv : null;
        var rows = http.RequestServices.GetRequiredService<IssueQueries>()
            .List(new TimeRange(from * UnixTime.NanosPerSecond, to * UnixTime.NanosPerSecond), env, service)
            .Where(row => states.Contains(row.Issue.Decision.State)).OrderByDescending(row => row.Count).ThenByDescending(row => row.Issue.Totals.LastSeenUnixNanos).ToList();
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("from", from);
            json.WriteNumber("to", to);
            json.WriteNumber("total", rows.Count);
            json.WriteStartArray("issues");
            foreach (var row in rows.Take(limit)) Write(json, row);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    static void Write(Utf8JsonWriter json, IssueRow row)
    {
        var issue = row.Issue;
        json.WriteStartObject();
        json.WriteString("id", issue.Id.ToString());
        json.WriteString("service", issue.Service);
        json.WriteString("type", issue.Type);
        json.WriteString("message", issue.Pattern);
        json.WriteString("frame", issue.TopFrame);
        if (issue.Place.Length > 0) json.WriteString("place", issue.Place);
        json.WriteString("state", Word(issue.Decision.State));
        if (issue.Decision.SinceUnixNanos > 0) json.WriteNumber("state_since", issue.Decision.SinceUnixNanos / UnixTime.NanosPerSecond);
        if (issue.Decision.ResolvedVersion.Length > 0) json.WriteString("resolved_version", issue.Decision.ResolvedVersion);
        json.WriteNumber("count", row.Count);
        json.WriteNumber("count_ever", issue.Totals.Count);
        json.WriteNumber("first_seen", issue.Totals.FirstSeenUnixNanos / UnixTime.NanosPerSecond);
        json.WriteNumber("last_seen", issue.Totals.LastSeenUnixNanos / UnixTime.NanosPerSecond);
        json.WriteStartArray("versions");
        foreach (var version in issue.Totals.Versions)
        {
            json.WriteStartObject();
            json.WriteString("version", version.Version);
            json.WriteNumber("count", version.Count);
            json.WriteNumber("first_seen", version.FirstSeenUnixNanos / UnixTime.NanosPerSecond);
            json.WriteNumber("last_seen", version.LastSeenUnixNanos / UnixTime.NanosPerSecond);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (issue.Totals.Newest is { } newest)
        {
            json.WriteString("newest_trace_id", newest.TraceId.ToString());
            json.WriteString("newest_span_id", newest.SpanId.ToString());
        }
        json.WriteEndObject();
    }

    static IssueState[] StatesOf(string? word) => word switch
    {
        null or "" or "open" => [IssueState.Open, IssueState.Regressed],
        "all" => Enum.GetValues<IssueState>(),
        "ignored" => [IssueState.Ignored],
        "resolved" => [IssueState.Resolved],
        "regressed" => [IssueState.Regressed],
        _ => throw new RefusedException($"state={word} is not known. Give open (with the regressed ones), regressed, resolved, ignored or all."),
    };

    static string Word(IssueState state) => state switch { IssueState.Ignored => "ignored", IssueState.Resolved => "resolved", IssueState.Regressed => "regressed", _ => "open" };

    static long Seconds(string? text, long otherwise, string name) =>
        string.IsNullOrEmpty(text) ? otherwise
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= 9_000_000_000 ? seconds
        : throw new RefusedException($"The parameter '{name}' is no number. Give it in Unix seconds, such as {name}=1700003600.");
}
