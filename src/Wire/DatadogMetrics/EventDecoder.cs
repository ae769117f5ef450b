using System.Text.Json;
using Apm.Core;
using Apm.Core.Events;

namespace Apm.Wire.DatadogMetrics;

/// <summary>
/// Decodes events: the body of <c>POST /api/v1/events</c> (metrics-monitors §4.6), and those that agents send to <c>/intake/</c>, whose
/// members are called <c>msg_title</c>, <c>msg_text</c> and <c>timestamp</c>.
/// </summary>
public static class EventDecoder
{
    /// <summary>Most characters of a text; what is behind is cut off. Datadog's figure.</summary>
    public const int MaxTextChars = 4_000;

    /// <summary>Most characters of a title; what is behind is cut off.</summary>
    public const int MaxTitleChars = 500;

    /// <summary>Most characters of an aggregation key; an event with a longer one is refused. Datadog's figure.</summary>
    public const int MaxAggregationKeyChars = 100;

    /// <summary>Most characters of host, source and device; what is behind is cut off.</summary>
    public const int MaxNameChars = 200;

    /// <summary>Most tags of an event; further ones are left out.</summary>
    public const int MaxTags = 100;

    const string Cure = """Send {"title":"Deploy","text":"v2 is out"}.""";

    static readonly string[] AlertTypes = ["error", "warning", "info", "success", "user_update", "recommendation", "snapshot"];

    /// <param name="body">JSON in UTF-8, not compressed.</param>
    /// <param name="arrivalUnixSeconds">Time of an event that names none.</param>
    /// <returns>The event, its tags as they came.</returns>
    /// <exception cref="PayloadException">The bytes are not such a body; the message names the member.</exception>
    public static EventRecord Decode(ReadOnlyMemory<byte> body, long arrivalUnixSeconds)
    {
        using var json = SubmittedJson.Parse(body, "event body", Cure);
        try
        {
            return Read(json.RootElement, arrivalUnixSeconds);
        }
        catch (DecodeFault wrong)
        {
            throw new PayloadException($"Unable to parse payload: event body: {wrong.Message}. {Cure}");
        }
    }

    static EventRecord Read(JsonElement item, long arrivalUnixSeconds)
    {
        if (item.ValueKind != JsonValueKind.Object) throw new DecodeFault(0, "an object is expected");
        if (!SubmittedJson.Has(item, "title", out _)) throw new DecodeFault(0, "it has no \"title\"");
        if (!SubmittedJson.Has(item, "text", out _)) throw new DecodeFault(0, "it has no \"text\"");
        var title = SubmittedJson.Text(item, "title");
        if (title.Trim().Length == 0) throw new DecodeFault(0, "\"title\" is empty");
        return Read(item, title, SubmittedJson.Text(item, "text"), SubmittedJson.Number(item, "date_happened"), arrivalUnixSeconds);
    }

    /// <summary>An event of <c>/intake/</c>.</summary>
    /// <param name="source">Of events that name none: what the list of events is called.</param>
    /// <param name="host">Of events that name none.</param>
    internal static EventRecord ReadOfAgent(JsonElement item, string source, string host, long arrivalUnixSeconds)
    {
        if (item.ValueKind != JsonValueKind.Object) throw new DecodeFault(0, "an object is expected");
        var title = SubmittedJson.Text(item, "msg_title") is { Length: > 0 } named ? named : SubmittedJson.Text(item, "title");
        var text = SubmittedJson.Text(item, "msg_text") is { Length: > 0 } said ? said : SubmittedJson.Text(item, "text");
        if (title.Length == 0 && text.Length == 0) throw new DecodeFault(0, "it has neither \"msg_title\" nor \"msg_text\"");
        var read = Read(item, title.Length > 0 ? title : Cut(text, MaxTitleChars), text, SubmittedJson.Number(item, "timestamp"), arrivalUnixSeconds);
        return read with { Source = read.Source.Length > 0 ? read.Source : Cut(source, MaxNameChars), Host = read.Host.Length > 0 ? read.Host : Cut(host, MaxNameChars) };
    }

    static EventRecord Read(JsonElement item, string title, string text, double? time, long arrivalUnixSeconds)
    {
        var priority = SubmittedJson.Text(item, "priority") is { Length: > 0 } said ? said : "normal";
        if (priority is not ("normal" or "low")) throw new DecodeFault(0, "\"priority\" must be normal or low");
        var alertType = SubmittedJson.Text(item, "alert_type") is { Length: > 0 } type ? type : "info";
        if (!AlertTypes.Contains(alertType)) throw new DecodeFault(0, $"\"alert_type\" must be one of {string.Join(", ", AlertTypes)}");
        var key = SubmittedJson.Text(item, "aggregation_key");
        if (key.Length > MaxAggregationKeyChars) throw new DecodeFault(0, $"\"aggregation_key\" has {key.Length} characters, at most {MaxAggregationKeyChars} are possible");
        var related = SubmittedJson.Number(item, "related_event_id") ?? 0;
        return new EventRecord
        {
            Title = Cut(title, MaxTitleChars),
            Text = Cut(text, MaxTextChars),
            UnixSeconds = time is { } seconds ? SeriesJson.Seconds(seconds) : arrivalUnixSeconds,
            Priority = priority,
            AlertType = alertType,
            Host = Cut(SubmittedJson.Text(item, "host"), MaxNameChars),
            Tags = [.. SubmittedJson.Texts(item, "tags").Take(MaxTags)],
            AggregationKey = key,
            Source = Cut(SubmittedJson.Text(item, "source_type_name"), MaxNameChars),
            DeviceName = Cut(SubmittedJson.Text(item, "device_name"), MaxNameChars),
            RelatedEventId = related is > 0 and < 9e18 ? (long)related : 0,
        };
    }

    static string Cut(string text, int maxChars) => text.Length <= maxChars ? text : text[..maxChars];
}
