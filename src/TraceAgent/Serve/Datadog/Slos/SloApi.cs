using System.Globalization;
using System.Text.Json;
using Apm.Core.Slos;
using Apm.Core.Time;
using Apm.Monitors.Rules;
using Apm.Monitors.Slos;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog.Slos;

/// <summary>Service level objectives by Datadog's API: made, read, changed, deleted, and how they stood (docs/slos.md).</summary>
public sealed class SloApi(SloBook slos, SloReader reader, MonitorRules rules, DatadogGate gate, TimeProvider clock)
{
    /// <summary>Most objectives of a page of the list; Datadog's figure.</summary>
    public const int MaxSlosOfPage = 1_000;

    /// <summary>Longest history, in seconds; 92 days. A longer one is refused.</summary>
    public const long MaxHistorySeconds = 92L * 86_400;

    /// <summary>Most groups of a history. Further ones are left out; they count in what is said of the whole.</summary>
    public const int MaxGroupsOfHistory = 1_000;

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/slo", Before("slo_create", Create));
        routes.MapGet("/api/v1/slo", Before("slo_list", List));
        routes.MapGet("/api/v1/slo/can_delete", Before("slo_can_delete", CanDelete));
        routes.MapDelete("/api/v1/slo", Before("slo_delete_many", DeleteMany));
        routes.MapPost("/api/v1/slo/bulk_delete", Before("slo_bulk_delete", BulkDelete));
        routes.MapGet("/api/v1/slo/{id}", Before("slo_get", Get));
        routes.MapPut("/api/v1/slo/{id}", Before("slo_update", Update));
        routes.MapDelete("/api/v1/slo/{id}", Before("slo_delete", Delete));
        routes.MapGet("/api/v1/slo/{id}/history", Before("slo_history", History));
    }

    RequestDelegate Before(string name, RequestDelegate answer) => gate.Before(name, KeyNeed.ApiAndApplication, http => SloErrors.Answer(http, answer));

    async Task Create(HttpContext http)
    {
        var wanted = SloJson.Read(await DatadogBody.ReadNeeded(http), null) with { Creator = DatadogUser.Handle };
        await AnswerMany(http, [slos.Add(wanted)], withPage: false);
    }

    Task Get(HttpContext http)
    {
        var slo = Known(http);
        return Answer(http, json =>
        {
            json.WritePropertyName("data");
            SloJson.Write(json, slo);
            json.WriteTexts("errors", []);
        });
    }

    async Task Update(HttpContext http)
    {
        var before = Known(http);
        await AnswerMany(http, [slos.Replace(before.Id, SloJson.Read(await DatadogBody.ReadNeeded(http), before))], withPage: false);
    }

    Task Delete(HttpContext http)
    {
        var id = Known(http).Id;
        slos.Remove(id, DatadogParameters.Truth(http, "force"));
        return Answer(http, json =>
        {
            json.WriteTexts("data", [id]);
            json.WriteNull("errors");
        });
    }

    /// <summary><c>{"ids":["ID",…]}</c>: all of them go, or, when one is not there, none. One that is needed stays; the answer is then 409, and its errors say why by id.</summary>
    async Task DeleteMany(HttpContext http)
    {
        var ids = (await DatadogBody.ReadNeeded(http)).Texts("ids") is { Count: > 0 and <= MaxSlosOfPage } given ? given.Distinct().ToList() : throw new RefusedException($"The parameter 'ids' is required: a list of 1 to {MaxSlosOfPage} ids of objectives.");
        if (ids.Find(id => slos.Find(id) is null) is { } unknown) throw SloBook.NotFound(unknown);
        var (deleted, errors) = (new List<string>(), new List<(string Id, string Message)>());
        foreach (var id in ids)
        {
            try
            {
                slos.Remove(id, DatadogParameters.Truth(http, "force"));
                deleted.Add(id);
            }
            catch (SloException refused)
            {
                errors.Add((id, refused.Message));
            }
        }
        await JsonAnswer.Write(http, errors.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status409Conflict, json =>
        {
            json.WriteStartObject();
            json.WriteTexts("data", deleted);
            json.WriteStartObject("errors");
            foreach (var (id, message) in errors) json.WriteString(id, message);
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    /// <summary>
    /// <c>{"ID":["7d","30d"],…}</c>: those targets go, and an objective that has none left goes with them. What cannot be done is among the errors; the rest is done.
    /// </summary>
    async Task BulkDelete(HttpContext http)
    {
        var body = await DatadogBody.ReadNeeded(http);
        var (deleted, updated, errors) = (new List<string>(), new List<string>(), new List<(string Id, string Message, string Timeframe)>());
        foreach (var id in body.MemberNames.Take(MaxSlosOfPage))
        {
            var frames = body.Texts(id) ?? throw new RefusedException($"{id} must be a list of timeframes, such as [\"7d\",\"30d\"].");
            try
            {
                var slo = slos.Find(id) ?? throw SloBook.NotFound(id);
                if (frames.FirstOrDefault(frame => slo.Targets.All(target => target.Timeframe() != frame)) is { } unknown) throw new SloException(SloRefusal.Wrong, $"It has no target of \"{unknown}\". It has: {string.Join(", ", slo.Targets.Select(target => target.Timeframe()))}.");
                var left = slo.Targets.Where(target => !frames.Contains(target.Timeframe())).ToList();
                if (left.Count == 0) slos.Remove(id, force: false);
                else slos.Replace(id, slo with { Targets = left });
                (left.Count == 0 ? deleted : updated).Add(id);
            }
            catch (SloException refused)
            {
                errors.Add((id, refused.Message, frames.Count > 0 ? frames[0] : ""));
            }
        }
        await Answer(http, json =>
        {
            json.WriteStartObject("data");
            json.WriteTexts("deleted", deleted);
            json.WriteTexts("updated", updated);
            json.WriteEndObject();
            json.WriteStartArray("errors");
            foreach (var error in errors)
            {
                json.WriteStartObject();
                json.WriteString("id", error.Id);
                json.WriteString("message", error.Message);
                json.WriteString("timeframe", error.Timeframe);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }

    Task List(HttpContext http)
    {
        var ids = DatadogParameters.List(http, "ids");
        var (query, tags, metrics) = (DatadogParameters.Text(http, "query"), DatadogParameters.List(http, "tags_query"), DatadogParameters.Text(http, "metrics_query"));
        var limit = DatadogParameters.Number(http, "limit", MaxSlosOfPage, 1, MaxSlosOfPage);
        var offset = DatadogParameters.Number(http, "offset", 0, 0, int.MaxValue);
        var found = slos.All().Where(slo =>
            (ids.Count == 0 || ids.Contains(slo.Id))
            && slo.Name.Contains(query, StringComparison.OrdinalIgnoreCase)
            && tags.All(tag => slo.Tags.Contains(tag, StringComparer.OrdinalIgnoreCase))
            && (metrics.Length == 0 || $"{slo.GoodQuery} {slo.TotalQuery} {slo.Slices?.Query}".Contains(metrics, StringComparison.OrdinalIgnoreCase))).ToList();
        return AnswerMany(http, [.. found.Skip(offset).Take(limit)], withPage: true, found.Count);
    }

    Task CanDelete(HttpContext http)
    {
        var ids = DatadogParameters.List(http, "ids");
        if (ids.Count == 0) throw new RefusedException("The parameter 'ids' is missing. Write ids=ID1,ID2.");
        if (ids.FirstOrDefault(id => slos.Find(id) is null) is { } unknown) throw SloBook.NotFound(unknown);
        var kept = ids.Select(id => (Id: id, Reason: slos.WhyKept(id))).ToList();
        var isOk = kept.TrueForAll(one => one.Reason is null);
        return Answer(http, json =>
        {
            json.WriteStartObject("data");
            json.WriteTexts("ok", kept.Where(one => one.Reason is null).Select(one => one.Id));
            json.WriteEndObject();
            if (isOk)
            {
                json.WriteNull("errors");
                return;
            }
            json.WriteStartObject("errors");
            foreach (var (id, reason) in kept) if (reason is not null) json.WriteString(id, reason);
            json.WriteEndObject();
        }, isOk ? StatusCodes.Status200OK : StatusCodes.Status409Conflict);
    }

    Task History(HttpContext http)
    {
        var slo = Known(http);
        var (from, to) = (DatadogParameters.NeededSeconds(http, "from_ts"), Math.Min(DatadogParameters.NeededSeconds(http, "to_ts"), clock.NowUnixNanos() / UnixTime.NanosPerSecond));
        if (to <= from) throw new RefusedException("The parameter 'to_ts' must be after 'from_ts', and 'from_ts' in the past.");
        if (to - from > MaxHistorySeconds) throw new RefusedException($"The time from 'from_ts' to 'to_ts' is longer than the {MaxHistorySeconds / 86_400} days that are answered.");
        var isCorrected = DatadogParameters.Text(http, "apply_correction").Length == 0 || DatadogParameters.Truth(http, "apply_correction");
        var step = SloReports.StepOf(to - from);
        var series = reader.Read(slo, from, to, step, isCorrected, http.RequestAborted);
        IReadOnlyList<SloHistoryPart> parts = slo.Kind == SloKind.Monitor && slo.Groups.Count == 0
            ? [.. reader.ReadMonitors(slo, from, to, step, isCorrected).Select(monitor => (Known: rules.Find(monitor.MonitorId), monitor.Series)).Where(part => part.Known is not null).Select(part => new SloHistoryPart(part.Known!.Rule.Name, part.Known.Rule, part.Series))]
            : [.. reader.ReadGroups(slo, from, to, step, isCorrected, http.RequestAborted).Select(group => new SloHistoryPart(group.Group, null, group.Series)).Take(MaxGroupsOfHistory)];
        var targets = slo.Targets;
        if (DatadogParameters.Text(http, "target") is { Length: > 0 } text)
        {
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var percent) || percent is not (> 0 and < 100)) throw new RefusedException("The parameter 'target' must be above 0 and below 100.");
            targets = [slo.Targets[0] with { Percent = percent, WarningPercent = null }];
        }
        return Answer(http, json =>
        {
            json.WritePropertyName("data");
            SloHistoryJson.Write(json, slo, targets, from, to, series, parts);
            json.WriteTexts("errors", []);
        });
    }

    Slo Known(HttpContext http)
    {
        var id = DatadogParameters.Path(http, "id");
        return slos.Find(id) ?? throw SloBook.NotFound(id);
    }

    static Task AnswerMany(HttpContext http, IReadOnlyList<Slo> given, bool withPage, int count = 0) => Answer(http, json =>
    {
        json.WriteStartArray("data");
        foreach (var slo in given) SloJson.Write(json, slo);
        json.WriteEndArray();
        json.WriteTexts("errors", []);
        if (!withPage) return;
        json.WriteStartObject("metadata");
        json.WriteStartObject("page");
        json.WriteNumber("total_count", count);
        json.WriteNumber("total_filtered_count", count);
        json.WriteEndObject();
        json.WriteEndObject();
    });

    internal static Task Answer(HttpContext http, Action<Utf8JsonWriter> members, int status = StatusCodes.Status200OK) => JsonAnswer.Write(http, status, json =>
    {
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
    });
}
