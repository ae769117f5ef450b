using System.Globalization;
using System.Text.Json;
using Apm.Core.Events;
using Apm.Core.Limits;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.TraceAgent.Receive;
using Apm.Wire.DatadogMetrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>Events and comments on them (metrics-monitors §4.6).</summary>
public sealed class EventsApi(IMetricIntake intake, IEventStore events, MemoryBudget memory, DatadogGate gate, TimeProvider clock)
{
    /// <summary>Events on a page.</summary>
    public const int MaxEventsOfPage = 1_000;

    const int MaxPage = 1_000_000;

    readonly BodyReader _bodies = new(new AgentSettings { MaxBytesInFlight = SubmissionSettings.MaxSmallUnpackedBytes * 4L }, memory, "api_event_bodies");

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/events", gate.Before("event_submission", KeyNeed.Api, Take));
        routes.MapGet("/api/v1/events", gate.Before("event_list", KeyNeed.ApiAndApplication, List));
        routes.MapGet("/api/v1/events/{id}", gate.Before("event_get", KeyNeed.ApiAndApplication, Get));
        routes.MapPost("/api/v1/comments", gate.Before("comment_create", KeyNeed.ApiAndApplication, AddComment));
        routes.MapPut("/api/v1/comments/{id}", gate.Before("comment_update", KeyNeed.ApiAndApplication, ChangeComment));
        routes.MapDelete("/api/v1/comments/{id}", gate.Before("comment_delete", KeyNeed.ApiAndApplication, RemoveComment));
    }

    long NowUnixSeconds => clock.NowUnixNanos() / UnixTime.NanosPerSecond;

    async Task Take(HttpContext http)
    {
        using var body = await _bodies.Read(http.Request, SubmissionSettings.Small, http.RequestAborted);
        var now = NowUnixSeconds;
        var came = EventDecoder.Decode(body.Memory, now);
        if (came.UnixSeconds < now - SubmissionSettings.MaxEventAgeSeconds) throw new RefusedException("Event too far in the past");
        if (came.UnixSeconds > now + SubmissionSettings.MaxEventAgeSeconds)
            throw new RefusedException("Event too far in the future: \"date_happened\" is more than 18 hours ahead. It is in Unix seconds, not milliseconds.");
        var kept = intake.Take(came);
        await JsonAnswer.Write(http, StatusCodes.Status202Accepted, json =>
        {
            json.WriteStartObject();
            json.WriteString("status", "ok");
            json.WriteStartObject("event");
            json.WriteNumber("id", kept.Id);
            json.WriteString("id_str", Text(kept.Id));
            json.WriteString("title", kept.Title);
            json.WriteString("text", kept.Text);
            json.WriteNumber("date_happened", kept.UnixSeconds);
            json.WriteNull("handle");
            json.WriteString("priority", kept.Priority);
            json.WriteNumberOrNull("related_event_id", kept.RelatedEventId == 0 ? null : kept.RelatedEventId);
            json.WriteTexts("tags", kept.Tags);
            json.WriteString("url", UrlOf(http, kept.Id));
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    Task Get(HttpContext http)
    {
        var happened = Find(http, "No event matches that event_id.");
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("event");
            WriteFields(json, http, happened);
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    Task List(HttpContext http)
    {
        var (start, end) = (DatadogParameters.NeededSeconds(http, "start"), DatadogParameters.NeededSeconds(http, "end"));
        if (end < start) throw new RefusedException($"The window is empty: 'end' ({end}) must not be before 'start' ({start}).");
        var priority = DatadogParameters.Text(http, "priority");
        if (priority is not ("" or "normal" or "low" or "all")) throw new RefusedException("The parameter 'priority' must be normal or low.");
        var tags = DatadogParameters.List(http, "tags");
        var search = new EventSearch(start, end)
        {
            Priority = priority == "all" ? "" : priority,
            Sources = DatadogParameters.List(http, "sources"),
            Tags = [.. tags.Where(tag => tag[0] != '-').Select(MetricNames.Tag).OfType<string>()],
            WithoutTags = [.. tags.Where(tag => tag[0] == '-').Select(tag => MetricNames.Tag(tag[1..])).OfType<string>()],
        };
        var skip = DatadogParameters.Number(http, "page", 0, 0, MaxPage) * (long)MaxEventsOfPage;
        IEnumerable<IReadOnlyList<EventRecord>> groups = DatadogParameters.Truth(http, "unaggregated") ? events.Search(search).Select(happened => (IReadOnlyList<EventRecord>)[happened]) : Aggregated(events.Search(search));
        if (DatadogParameters.Truth(http, "exclude_aggregate")) groups = groups.Where(group => group.Count == 1);
        var page = groups.Skip((int)Math.Min(int.MaxValue, skip)).Take(MaxEventsOfPage).ToList();
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("events");
            foreach (var group in page) Write(json, http, group);
            json.WriteEndArray();
            json.WriteString("status", "ok");
            json.WriteEndObject();
        });
    }

    /// <summary>Events of one source with the same key as one, at the place of the newest.</summary>
    static List<List<EventRecord>> Aggregated(IReadOnlyList<EventRecord> found)
    {
        var groups = new List<List<EventRecord>>();
        var byKey = new Dictionary<(string Source, string Key), List<EventRecord>>();
        foreach (var happened in found)
        {
            var key = (happened.Source, happened.AggregationKey);
            if (happened.AggregationKey.Length > 0 && byKey.TryGetValue(key, out var group))
            {
                group.Add(happened);
                continue;
            }
            groups.Add(group = [happened]);
            if (happened.AggregationKey.Length > 0) byKey.Add(key, group);
        }
        return groups;
    }

    void Write(Utf8JsonWriter json, HttpContext http, IReadOnlyList<EventRecord> group)
    {
        json.WriteStartObject();
        WriteFields(json, http, group[0]);
        json.WriteBoolean("is_aggregate", group.Count > 1);
        json.WriteString("source", group[0].Source);
        json.WriteStartArray("comments");
        foreach (var comment in events.CommentsOn(group[0].Id)) WriteComment(json, http, comment);
        json.WriteEndArray();
        json.WriteStartArray("children");
        foreach (var child in group.Count > 1 ? group : [])
        {
            json.WriteStartObject();
            json.WriteNumber("id", child.Id);
            json.WriteNumber("date_happened", child.UnixSeconds);
            json.WriteString("alert_type", child.AlertType);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteFields(Utf8JsonWriter json, HttpContext http, EventRecord happened)
    {
        json.WriteNumber("date_happened", happened.UnixSeconds);
        json.WriteString("alert_type", happened.AlertType);
        json.WriteString("resource", $"/api/v1/events/{Text(happened.Id)}");
        json.WriteString("title", happened.Title);
        json.WriteString("url", UrlOf(http, happened.Id));
        json.WriteString("text", happened.Text);
        json.WriteTexts("tags", happened.Tags);
        json.WriteTextOrNull("device_name", happened.DeviceName);
        json.WriteString("priority", happened.Priority);
        json.WriteTextOrNull("host", happened.Host);
        json.WriteNumber("id", happened.Id);
        json.WriteString("id_str", Text(happened.Id));
    }

    async Task AddComment(HttpContext http)
    {
        var body = await DatadogBody.ReadRoot(http);
        var message = MessageOf(body);
        var related = (long)Math.Clamp(body.Number("related_event_id") ?? 0, 0, 9e18);
        if (related != 0 && events.Find(related) is null) throw new RefusedException("No event matches that event_id.", StatusCodes.Status404NotFound);
        var kept = intake.Take(new EventRecord
        {
            Title = body.Text("handle") is { Length: > 0 } handle ? Cut(handle, EventDecoder.MaxNameChars) : "",
            Text = message,
            UnixSeconds = NowUnixSeconds,
            AlertType = "user_update",
            Source = EventRecord.CommentSource,
            RelatedEventId = related,
        });
        await AnswerComment(http, kept);
    }

    async Task ChangeComment(HttpContext http)
    {
        var comment = FindComment(http);
        var body = await DatadogBody.ReadRoot(http);
        var changed = comment with { Text = MessageOf(body), Title = body.Text("handle") is { Length: > 0 } handle ? Cut(handle, EventDecoder.MaxNameChars) : comment.Title };
        if (!events.Replace(changed)) throw NoComment();
        await AnswerComment(http, changed);
    }

    Task RemoveComment(HttpContext http)
    {
        if (!events.Remove(FindComment(http).Id)) throw NoComment();
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteEndObject();
        });
    }

    static string MessageOf(DatadogBody body) => body.Text("message") is { Length: > 0 } message
        ? Cut(message, EventDecoder.MaxTextChars)
        : throw new RefusedException("""The comment has no "message". Send {"message":"Looks better now","related_event_id":5}.""");

    static Task AnswerComment(HttpContext http, EventRecord comment) => JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
    {
        json.WriteStartObject();
        json.WritePropertyName("comment");
        WriteComment(json, http, comment);
        json.WriteEndObject();
    });

    static void WriteComment(Utf8JsonWriter json, HttpContext http, EventRecord comment)
    {
        json.WriteStartObject();
        json.WriteNumber("id", comment.Id);
        json.WriteString("resource", $"/api/v1/comments/{Text(comment.Id)}");
        json.WriteString("url", UrlOf(http, comment.Id));
        json.WriteString("message", comment.Text);
        json.WriteTextOrNull("handle", comment.Title);
        json.WriteNumberOrNull("related_event_id", comment.RelatedEventId == 0 ? null : comment.RelatedEventId);
        json.WriteNumber("date_happened", comment.UnixSeconds);
        json.WriteEndObject();
    }

    EventRecord Find(HttpContext http, string otherwise) =>
        (long.TryParse(DatadogParameters.Path(http, "id"), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? events.Find(id) : null)
        ?? throw new RefusedException(otherwise, StatusCodes.Status404NotFound);

    EventRecord FindComment(HttpContext http) => Find(http, NoComment().Message) is { Source: EventRecord.CommentSource } comment ? comment : throw NoComment();

    static RefusedException NoComment() => new("Comment not found", StatusCodes.Status404NotFound);

    static string UrlOf(HttpContext http, long id) => $"{DatadogParameters.Site(http)}/event/event?id={Text(id)}";

    static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);

    static string Cut(string text, int maxChars) => text.Length <= maxChars ? text : text[..maxChars];
}
