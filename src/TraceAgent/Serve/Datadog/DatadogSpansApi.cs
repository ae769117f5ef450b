using System.Globalization;
using System.Text.Json;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Spans;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>
/// Spans in Datadog's v2: <c>POST /api/v2/spans/events/search</c>, <c>GET /api/v2/spans/events</c>, <c>POST /api/v2/spans/analytics/aggregate</c>.
/// Keys are not asked for: the port is open on loopback only.
/// </summary>
public static class DatadogSpansApi
{
    /// <summary>Spans of a page when no limit is asked for; Datadog's own default.</summary>
    public const int DefaultPageLimit = 10;

    /// <summary>Maps the endpoints. Needs <see cref="ITraceReader"/> and <see cref="TimeProvider"/> from the services.</summary>
    public static IEndpointRouteBuilder MapDatadogSpansApi(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v2/spans/events/search", http => ApiGuard.Answer(http, SearchByBody, DatadogAnswer.RefuseJsonApi));
        routes.MapGet("/api/v2/spans/events", http => ApiGuard.Answer(http, SearchByQuery, DatadogAnswer.RefuseJsonApi));
        routes.MapPost("/api/v2/spans/analytics/aggregate", http => ApiGuard.Answer(http, DatadogAggregate.Answer, JsonAnswer.Refuse));
        return routes;
    }

    static async Task SearchByBody(HttpContext http)
    {
        var body = await DatadogBody.ReadSearch(http, "search_request", "filter", "options", "page", "sort");
        var (filter, options, page) = (DatadogFilter.Of(body), DatadogFilter.OptionsOf(body), body.Object("page").Only("cursor", "limit"));
        var zone = DatadogTime.Zone(options.Text("timezone"), options.Number("timeOffset"));
        await Answer(http, DatadogFilter.Read(filter.Text("query"), filter.Text("from"), filter.Text("to"), zone, Now(http)), body.Text("sort"), page.Scalar("limit"), page.Text("cursor"));
    }

    static Task SearchByQuery(HttpContext http)
    {
        KnownParameters.Check(http.Request.Query, "filter[query]", "filter[from]", "filter[to]", "sort", "page[limit]", "page[cursor]", "api_key", "application_key");
        string? Of(string name) => http.Request.Query[name].ToString() is { Length: > 0 } text ? text : null;
        var filter = DatadogFilter.Read(Of("filter[query]"), Of("filter[from]"), Of("filter[to]"), TimeZoneInfo.Utc, Now(http));
        return Answer(http, filter, Of("sort"), Of("page[limit]"), Of("page[cursor]"));
    }

    static Task Answer(HttpContext http, DatadogFilter filter, string? sort, string? limit, string? cursor)
    {
        var order = sort switch
        {
            null or "-timestamp" => SpanSort.Newest,
            "timestamp" => SpanSort.Oldest,
            _ => throw new RefusedException($"sort \"{sort}\" is not known. There are: timestamp, -timestamp."),
        };
        var count = DefaultPageLimit;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > SpanSearch.MaxLimit))
            throw new RefusedException($"page.limit \"{limit}\" must be a number from 1 to {SpanSearch.MaxLimit}.");
        SpanCursor? after = cursor is null ? null
            : SpanCursor.TryParse(cursor, out var place) && place.Sort == order ? place
            : throw new RefusedException("page.cursor is not one that this search gave. Begin again without it, or keep query, range and sort as they were.");
        var found = new SpanSearch(http.RequestServices.GetRequiredService<ITraceReader>(), http.RequestServices.GetRequiredService<TimeProvider>())
            .Search(new SpanSearchRequest { Range = filter.Range, Filter = filter.Filter, Sort = order, Limit = count, After = after }, http.RequestAborted);
        SearchHeaders.Write(http, found.MatchedSpanCount, found.Report.ScannedSpanCount, found.Report.IncompleteReason);
        var next = found.Next?.ToString();
        return JsonAnswer.Write(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var span in found.Spans) DatadogSpanJson.Write(json, span);
            json.WriteEndArray();
            if (next is not null)
            {
                json.WriteStartObject("links");
                json.WriteString("next", NextLink(http, filter, order, count, next));
                json.WriteEndObject();
            }
            DatadogAnswer.WriteMeta(json, http, found.Report.ElapsedMilliseconds, next, found.Report.IncompleteReason);
            json.WriteEndObject();
        });
    }

    /// <summary>The same search by GET, its range fixed, from the cursor on.</summary>
    static string NextLink(HttpContext http, DatadogFilter filter, SpanSort order, int limit, string cursor)
    {
        var request = http.Request;
        string Millis(long nanos) => (nanos / UnixTime.NanosPerMillisecond).ToString(CultureInfo.InvariantCulture);
        return $"{request.Scheme}://{request.Host}/api/v2/spans/events?filter[query]={Uri.EscapeDataString(filter.Query)}&filter[from]={Millis(filter.Range.FromUnixNanos)}&filter[to]={Millis(filter.Range.ToUnixNanos + UnixTime.NanosPerMillisecond - 1)}"
            + $"&sort={(order == SpanSort.Oldest ? "timestamp" : "-timestamp")}&page[limit]={limit.ToString(CultureInfo.InvariantCulture)}&page[cursor]={Uri.EscapeDataString(cursor)}";
    }

    static long Now(HttpContext http) => http.RequestServices.GetRequiredService<TimeProvider>().NowUnixNanos();
}
