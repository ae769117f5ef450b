using System.Globalization;
using Apm.Core.Events;
using Apm.Core.Ids;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Scripts;
using Apm.Query.Text;

namespace Apm.Monitors.Scripts;

/// <summary>Events and spans of a script: of each line, how many there are at each step.</summary>
sealed class ScriptHappenings(IEventStore events, ITraceStore traces)
{
    /// <summary>Most events and spans of a script. More are refused.</summary>
    public const int MaxHappenings = 200_000;

    const long UsualDurationNanos = 100 * UnixTime.NanosPerMillisecond;

    int _count;
    ulong _lastId;

    /// <summary><c>deploy{source:ci,env:prod,host:a} 1 _ 2</c>: the title, then source, host, alert_type, priority and other tags.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public void AddEvents(ScriptLine line, int step, long start)
    {
        foreach (var (unixSeconds, text) in line.Present(step, start))
        {
            for (var left = CountOf(text); left > 0; left--)
            {
                events.Add(new EventRecord
                {
                    Title = line.Name, UnixSeconds = unixSeconds, Source = ValueOf(line, "source") ?? "", Host = ValueOf(line, "host") ?? "",
                    AlertType = ValueOf(line, "alert_type") ?? "info", Priority = ValueOf(line, "priority") ?? "normal",
                    Tags = [.. line.Tags.Where(tag => KeyOf(tag) is not ("host" or "alert_type" or "priority")).Select(tag => MetricNames.Tag(tag) ?? throw new FormatException($"\"{tag}\" is no tag."))],
                });
            }
        }
    }

    /// <summary><c>flask.request{service:web,resource_name:GET /,status:error,duration:250ms} 3*10</c>: each a trace of its own.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public void AddSpans(ScriptLine line, int step, long start)
    {
        var duration = ValueOf(line, "duration") is not { } text ? UsualDurationNanos
            : DurationText.TryParse(text, out var nanos) ? nanos : throw new FormatException($"\"{text}\" is no duration. Write one such as 250ms or 1.5s.");
        var batch = new SpanBatch();
        foreach (var (unixSeconds, count) in line.Present(step, start))
            for (var left = CountOf(count); left > 0; left--) Add(batch, line, unixSeconds * UnixTime.NanosPerSecond, duration);
        if (batch.SpanCount > 0) traces.Append(batch, default);
    }

    void Add(SpanBatch batch, ScriptLine line, long startUnixNanos, long durationNanos)
    {
        var strings = batch.Strings;
        var i = batch.AddSpan();
        (batch.TraceIdHigh[i], batch.TraceIdLow[i], batch.SpanIds[i]) = (1, ++_lastId, _lastId);
        (batch.StartUnixNanos[i], batch.DurationNanos[i]) = (startUnixNanos, durationNanos);
        (batch.Services[i], batch.Names[i], batch.Resources[i]) = (strings.Intern(ValueOf(line, "service") ?? "web"), strings.Intern(line.Name), strings.Intern(ValueOf(line, "resource_name") ?? "GET /"));
        (batch.Types[i], batch.Envs[i]) = (strings.Intern(ValueOf(line, "type") ?? "web"), strings.Intern(ValueOf(line, "env") ?? "none"));
        batch.Flags[i] = SpanFlags.TopLevel | (ValueOf(line, "status") == "error" ? SpanFlags.Error : SpanFlags.None);
        foreach (var tag in line.Tags)
            if (KeyOf(tag) is not ("service" or "resource_name" or "type" or "env" or "status" or "duration")) batch.SetTag(strings.Intern(KeyOf(tag)), strings.Intern(MetricTags.ValueIn(tag)));
    }

    int CountOf(string text)
    {
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)) throw new FormatException($"\"{text}\" is no number of events or spans. Write how many there are at each step, such as 2*5 _ 1.");
        return (_count += count) <= MaxHappenings && count <= MaxHappenings ? count : throw new FormatException($"A script has {MaxHappenings} events and spans at most.");
    }

    static string? ValueOf(ScriptLine line, string key) => line.Tags.FirstOrDefault(tag => KeyOf(tag) == key) is { } found ? MetricTags.ValueIn(found) : null;

    static string KeyOf(string tag) => MetricTags.KeyIn(tag);
}
