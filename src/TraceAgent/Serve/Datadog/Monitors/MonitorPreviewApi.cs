using System.Text.Json;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Delivery;
using Apm.Monitors.Messages;
using Apm.Monitors.Notify;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog.Monitors;

/// <summary>
/// What a monitor would have done: <c>POST /api/monitors/preview</c> takes the body that makes one, and perhaps <c>from</c> and <c>to</c> in Unix
/// seconds. Nothing is kept or told.
/// </summary>
/// <param name="settings">Where notices can be delivered; null when that is not known.</param>
public sealed class MonitorPreviewApi(MonitorRules rules, MonitorReplay replay, DatadogGate gate, TimeProvider clock, DeliverySettings? settings = null)
{
    /// <summary>Maps the endpoint.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/monitors/preview", gate.Before("monitor_preview", KeyNeed.ApiAndApplication, http => MonitorErrors.Answer(http, Preview)));

    async Task Preview(HttpContext http)
    {
        var body = await DatadogBody.ReadNeeded(http);
        var known = rules.Check(MonitorApi.RuleOf(body, null));
        var now = clock.NowUnixNanos() / UnixTime.NanosPerSecond / 60 * 60;
        var to = Seconds(body, "to", now) ?? now;
        var from = Seconds(body, "from", now);
        if (to > now + 60) throw new RefusedException($"'to' ({to}) lies ahead of now ({now}). It is in Unix seconds, not milliseconds.");
        if (from >= to) throw new RefusedException($"'from' ({from}) must be before 'to' ({to}).");
        var result = from is { } begin ? replay.Between(known, begin, to, http.RequestAborted) : replay.Latest(known, to, http.RequestAborted);
        IReadOnlyList<string> warnings = MessageAdvice.Of(known.Rule, ((IMonitorRules)rules).All(), settings);
        await JsonAnswer.Write(http, StatusCodes.Status200OK, json => Write(json, known, result, warnings));
    }

    /// <summary>A time in Unix seconds; null when it is not there.</summary>
    static long? Seconds(DatadogBody body, string member, long now) => body.Number(member) switch
    {
        null => null,
        // What is replayed before it begins must have a date too.
        { } seconds when seconds > 2 * MonitorReplay.MaxLength.TotalSeconds && seconds < 1e12 => (long)seconds,
        { } other => throw new RefusedException($"'{member}' ({other}) is no time of ours. It is in Unix seconds, such as {now}."),
    };

    static void Write(Utf8JsonWriter json, KnownRule known, ReplayResult result, IReadOnlyList<string> warnings)
    {
        json.WriteStartObject();
        json.WriteString("sentence", RuleSentence.Of(known.Rule, known.Query!));
        json.WriteTexts("advice", ReplayAdvice.Of(known, result, null));
        json.WriteTexts("warnings", warnings);
        json.WriteNumber("from", result.FromUnixSeconds);
        json.WriteNumber("to", result.ToUnixSeconds);
        if (result.StoppedReason.Length > 0) json.WriteString("stopped", result.StoppedReason);
        else json.WriteNull("stopped");
        json.WriteNumber("evaluations", result.EvaluationCount);
        json.WriteNumber("skipped", result.SkippedCount);
        json.WriteNumber("muted", result.MutedCount);
        json.WriteNumber("told_count", result.ToldCount);
        json.WriteStartArray("told");
        foreach (var told in result.Told)
        {
            json.WriteStartObject();
            json.WriteNumber("at", told.AtUnixSeconds);
            json.WriteString("kind", AlertWords.KindOf(told));
            json.WriteString("group", told.Group);
            json.WriteString("from", told.From.Word());
            json.WriteString("to", told.To.Word());
            WriteNumber(json, "value", told.Value);
            json.WriteBoolean("at_start", result.IsAtStart(told));
            if (told.MissingReason.Length > 0) json.WriteString("missing_reason", told.MissingReason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteValue(json, "highest", result.Highest);
        WriteValue(json, "lowest", result.Lowest);
        json.WriteNumber("slot_seconds", result.SlotSeconds);
        json.WriteNumber("left_out_groups", result.LeftOutGroupCount);
        json.WriteStartArray("groups");
        foreach (var group in result.Groups) WriteGroup(json, group);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteGroup(Utf8JsonWriter json, ReplayGroup group)
    {
        json.WriteStartObject();
        json.WriteString("name", group.Group);
        json.WriteStartArray("states");
        foreach (var span in group.Spans)
        {
            json.WriteStartObject();
            json.WriteNumber("from", span.FromUnixSeconds);
            json.WriteNumber("to", span.ToUnixSeconds);
            json.WriteString("state", span.State.Word());
            json.WriteBoolean("muted", span.IsMuted);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("values");
        foreach (var value in group.Values)
        {
            if (value is { } number) json.WriteNumberValue(number);
            else json.WriteNullValue();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteValue(Utf8JsonWriter json, string name, ReplayValue? value)
    {
        if (value is not { } there)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        json.WriteNumber("value", there.Value);
        json.WriteNumber("at", there.AtUnixSeconds);
        json.WriteString("group", there.Group);
        json.WriteEndObject();
    }

    static void WriteNumber(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }
}
