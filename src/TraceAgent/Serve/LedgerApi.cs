using System.Globalization;
using System.Text.Json;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Time;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve;

/// <summary>
/// <c>GET /api/ledger?service=&amp;from=&amp;to=&amp;by=minute|hour|total</c>: what came in and what became of it
/// (docs/read-apis.md). Times are Unix seconds.
/// </summary>
public static class LedgerApi
{
    /// <summary>Longest window answered by minute; default 7 days.</summary>
    public const long MaxMinutesWindowSeconds = 7L * 86_400;

    const long DefaultWindowSeconds = 3_600;

    /// <summary>Maps the endpoint. Needs <see cref="ILedgerReader"/> and a <see cref="TimeProvider"/> from the services.</summary>
    public static IEndpointRouteBuilder MapLedgerApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/ledger", Answer);
        return routes;
    }

    static async Task Answer(HttpContext http)
    {
        var parameters = http.Request.Query;
        var now = http.RequestServices.GetRequiredService<TimeProvider>().NowUnixNanos() / UnixTime.NanosPerSecond;
        var by = parameters["by"].ToString() is { Length: > 0 } given ? given : "total";
        if (!TrySeconds(parameters["to"], now, out var to)) await JsonAnswer.Refuse(http, 400, "The parameter 'to' is no number. Give the window's end in Unix seconds, such as to=1700003600.");
        else if (!TrySeconds(parameters["from"], to - DefaultWindowSeconds, out var from)) await JsonAnswer.Refuse(http, 400, "The parameter 'from' is no number. Give the window's start in Unix seconds, such as from=1700000000.");
        else if (to <= from) await JsonAnswer.Refuse(http, 400, $"The window is empty: 'to' ({to}) must be later than 'from' ({from}).");
        else if (by is not ("minute" or "hour" or "total")) await JsonAnswer.Refuse(http, 400, $"by={by} is not known. Give by=minute, by=hour or by=total.");
        else if (by == "minute" && to - from > MaxMinutesWindowSeconds) await JsonAnswer.Refuse(http, 400, $"The window is {(to - from) / 86_400} days long; by minute at most {MaxMinutesWindowSeconds / 86_400} are answered. Ask by=hour, or move 'from' nearer to 'to'.");
        else await Answer(http, new TimeRange(from * UnixTime.NanosPerSecond, to * UnixTime.NanosPerSecond), by);
    }

    static async Task Answer(HttpContext http, TimeRange range, string by)
    {
        var service = http.Request.Query.TryGetValue("service", out var wanted) ? wanted.ToString() : null;
        IReadOnlyList<LedgerRow> rows;
        try
        {
            rows = http.RequestServices.GetRequiredService<ILedgerReader>().ReadLedger(range, service, by switch { "minute" => LedgerPage.MinuteNanos, "hour" => LedgerPage.HourNanos, _ => LedgerPage.WidthFor(range) });
        }
        catch (StoreUnavailableException unavailable)
        {
            await JsonAnswer.Refuse(http, 503, unavailable.Message);
            return;
        }
        await JsonAnswer.Write(http, 200, json => Write(json, range, by, rows));
    }

    static void Write(Utf8JsonWriter json, TimeRange range, string by, IReadOnlyList<LedgerRow> rows)
    {
        json.WriteStartObject();
        json.WriteNumber("from", range.FromUnixNanos / UnixTime.NanosPerSecond);
        json.WriteNumber("to", range.ToUnixNanos / UnixTime.NanosPerSecond);
        json.WriteString("by", by);
        json.WriteStartArray("rows");
        foreach (var group in rows.GroupBy(row => (Start: StartOf(row, by), row.Key.Service)).OrderBy(group => group.Key.Start).ThenBy(group => group.Key.Service, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            if (by != "total")
            {
                json.WriteNumber("start", group.Key.Start / UnixTime.NanosPerSecond);
                json.WriteNumber("seconds", group.Max(row => by == "hour" ? LedgerPage.HourNanos : row.WidthNanos) / UnixTime.NanosPerSecond);
            }
            json.WriteString("service", group.Key.Service);
            WriteSums(json, LedgerSums.Of(group));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("total");
        WriteSums(json, LedgerSums.Of(rows));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static long StartOf(LedgerRow row, string by) => by switch
    {
        "minute" => row.StartUnixNanos,
        "hour" => UnixTime.Floor(row.StartUnixNanos, LedgerPage.HourNanos),
        _ => 0,
    };

    static void WriteSums(Utf8JsonWriter json, LedgerSums sums)
    {
        json.WriteNumber("received", sums.ReceivedSpanCount);
        json.WriteNumber("stored", sums.StoredSpanCount);
        json.WriteNumber("sampled_out", sums.SampledOutSpanCount);
        json.WriteNumber("rejected", sums.RejectedSpanCount);
        json.WriteNumber("dropped", sums.DroppedSpanCount);
        json.WriteNumber("unread_payloads", sums.UnreadPayloadCount);
        json.WriteStartArray("reasons");
        foreach (var reason in sums.Reasons)
        {
            json.WriteStartObject();
            json.WriteString("outcome", LedgerReasons.Word(reason.Outcome).Replace(' ', '_'));
            json.WriteString("reason", reason.Reason);
            json.WriteNumber("spans", reason.SpanCount);
            if (reason.PayloadCount > 0) json.WriteNumber("payloads", reason.PayloadCount);
            json.WriteString("means", LedgerReasons.Sentence(reason.Outcome, reason.Reason));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static bool TrySeconds(string? text, long otherwise, out long seconds)
    {
        seconds = otherwise;
        return string.IsNullOrEmpty(text) || (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out seconds) && seconds is >= 0 and <= 9_000_000_000);
    }
}
