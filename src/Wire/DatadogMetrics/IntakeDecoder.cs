using System.Text.Json;
using Apm.Core;
using Apm.Core.Checks;
using Apm.Core.Events;
using Apm.Core.Hosts;
using Apm.Core.Metrics;

namespace Apm.Wire.DatadogMetrics;

/// <summary>What an agent's body to <c>/intake/</c> held.</summary>
/// <param name="Host">Null when it names no host.</param>
/// <param name="DroppedCount">Series, events and answers of checks that cannot be used; their neighbours are kept.</param>
/// <param name="FirstReason">What is wrong with the first of those; "" when there are none.</param>
public sealed record IntakeBody(
    HostReport? Host, IReadOnlyList<EventRecord> Events, SubmittedSeries Series, IReadOnlyList<ServiceCheckRun> Checks, int DroppedCount, string FirstReason);

/// <summary>
/// Decodes the body of <c>POST /intake/</c> (metrics-monitors §4.16, §4.6): what an agent tells of its host, its events, and of agents of
/// version 5 also metrics and service checks:
/// <code>
/// { internalHostname, agentVersion, systemStats: { … }, meta: { … }, host-tags: { system: [ … ] }, gohai: "{…}",
///   events: { source: [ {msg_title, msg_text, timestamp, …}, … ] },
///   metrics: [ [name, time, value, {type, hostname, tags, device_name}], … ], service_checks: [ {…}, … ], agent_checks: [ [name, …], … ] }
/// </code>
/// </summary>
public static class IntakeDecoder
{
    const string Cure = "Send one JSON object, as Datadog's agent does.";

    /// <summary>What agents call the tags of their own file.</summary>
    const string SystemTags = "system";

    /// <summary>Where an agent tells the version of its operating system, by kind of system.</summary>
    static readonly string[] SystemVersions = ["nixV", "macV", "winV", "fbsdV"];

    /// <param name="body">JSON in UTF-8, not compressed.</param>
    /// <param name="arrivalUnixSeconds">Time of what names none.</param>
    /// <exception cref="PayloadException">The bytes are no JSON object, or hold too much; the message says where.</exception>
    public static IntakeBody Decode(ReadOnlyMemory<byte> body, long arrivalUnixSeconds)
    {
        using var json = SubmittedJson.Parse(body, "intake body", Cure);
        var root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object) throw new PayloadException($"Unable to parse payload: intake body: an object is expected. {Cure}");
        var host = SubmittedJson.TextOrNone(root, "internalHostname");
        var dropped = new DroppedItems();
        var events = ReadEvents(root, host, arrivalUnixSeconds, dropped);
        var series = ReadMetrics(root, host);
        var checks = SubmittedJson.Has(root, "service_checks", out var runs) && runs.ValueKind == JsonValueKind.Array
            ? CheckRunDecoder.Read(runs.EnumerateArray(), arrivalUnixSeconds, host)
            : new SubmittedChecks([], 0, "");
        dropped.Add(series.DroppedSeriesCount, series.FirstReason);
        dropped.Add(checks.DroppedCount, checks.FirstReason);
        return new IntakeBody(host.Length > 0 ? ReadHost(root, host) : null, events, series, checks.Runs, dropped.Count, dropped.FirstReason);
    }

    static List<EventRecord> ReadEvents(JsonElement root, string host, long arrivalUnixSeconds, DroppedItems dropped)
    {
        var events = new List<EventRecord>();
        if (!SubmittedJson.Has(root, "events", out var bySource) || bySource.ValueKind != JsonValueKind.Object) return events;
        foreach (var source in bySource.EnumerateObject())
        {
            if (source.Value.ValueKind != JsonValueKind.Array) continue;
            foreach (var item in source.Value.EnumerateArray())
            {
                if (events.Count >= SubmissionLimits.MaxItems) throw new PayloadException($"Unable to parse payload: intake body: there are more than {SubmissionLimits.MaxItems} events. Send them in several requests.");
                try
                {
                    events.Add(EventDecoder.ReadOfAgent(item, source.NameOrNone(), host, arrivalUnixSeconds));
                }
                catch (DecodeFault wrong)
                {
                    dropped.Add(1, $"event of {source.NameOrNone()}: {wrong.Message}");
                }
            }
        }
        return events;
    }

    static SubmittedSeries ReadMetrics(JsonElement root, string host)
    {
        var reading = new SeriesReading("intake body", Cure);
        if (!SubmittedJson.Has(root, "metrics", out var metrics) || metrics.ValueKind != JsonValueKind.Array) return reading.Result();
        foreach (var item in metrics.EnumerateArray())
        {
            reading.NextSeries();
            try
            {
                ReadMetric(item, host, reading);
            }
            catch (DecodeFault wrong)
            {
                reading.Drop(wrong.Message);
            }
        }
        return reading.Result();
    }

    /// <summary><c>[name, time, value, {…}]</c>.</summary>
    static void ReadMetric(JsonElement item, string host, SeriesReading reading)
    {
        if (item.ValueKind != JsonValueKind.Array || item.GetArrayLength() < 3) throw new DecodeFault(0, "a list of name, time, value and attributes is expected");
        var draft = reading.Draft;
        draft.Metric = item[0].ValueKind == JsonValueKind.String ? item[0].TextOrNone() : throw new DecodeFault(0, "the name must be a text");
        var time = SubmittedJson.NumberOf(item[1]) ?? throw new DecodeFault(0, "a time in Unix seconds is expected");
        var value = SubmittedJson.NumberOf(item[2]) ?? throw new DecodeFault(0, "a number as the value is expected");
        var attributes = item.GetArrayLength() > 3 ? item[3] : default;
        var has = attributes.ValueKind == JsonValueKind.Object;
        draft.Host = has && SubmittedJson.Text(attributes, "hostname") is { Length: > 0 } named ? named : host;
        if (has)
        {
            draft.Device = SubmittedJson.Text(attributes, "device_name");
            draft.SetInterval((long)Math.Clamp(SubmittedJson.Number(attributes, "interval") ?? 0, 0, int.MaxValue));
            foreach (var tag in SubmittedJson.Texts(attributes, "tags")) reading.AddTag(tag);
        }
        draft.HasPoints = true;
        reading.AddPoint(SeriesJson.Seconds(time), value);
        reading.Finish(has ? SeriesV1Decoder.TypeOf(SubmittedJson.Text(attributes, "type"), 0) : MetricType.Gauge);
    }

    static HostReport ReadHost(JsonElement root, string host)
    {
        var meta = Object(root, "meta");
        var tags = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var source in Members(Object(root, "host-tags")))
            if (TextsOrNone(source.Value) is { } texts) tags[source.NameOrNone() == SystemTags ? HostCatalogue.AgentSource : source.NameOrNone()] = texts;
        var aliases = TextsOrNone(meta is { } described && SubmittedJson.Has(described, "host_aliases", out var named) ? named : default) ?? [];
        var version = SubmittedJson.TextOrNone(root, "agentVersion");
        var apps = ChecksOf(root);
        return new HostReport(host, aliases, tags, version.Length > 0 ? ["agent", .. apps] : apps, ReadFacts(root, meta, version));
    }

    /// <summary>Null when the body says nothing of the machine, as one with events only.</summary>
    static HostFacts? ReadFacts(JsonElement root, JsonElement? meta, string version)
    {
        var system = Object(root, "systemStats");
        var gohai = SubmittedJson.TextOrNone(root, "gohai");
        if (system is null && gohai.Length == 0 && version.Length == 0) return null;
        return new HostFacts
        {
            AgentVersion = version,
            Machine = Short(system, "machine"),
            Platform = Short(system, "platform") is { Length: > 0 } platform ? platform : SubmittedJson.TextOrNone(root, "os"),
            Processor = Short(system, "processor"),
            PythonVersion = Short(system, "pythonV"),
            CpuCores = system is { } stats && SubmittedJson.Has(stats, "cpuCores", out var cores) && SubmittedJson.NumberOf(cores) is { } count and >= 0 and <= 1_000_000 ? (int)count : 0,
            SystemVersion = system is { } versions
                ? [.. SystemVersions.Select(name => TextsOrNone(SubmittedJson.Has(versions, name, out var parts) ? parts : default)).FirstOrDefault(parts => parts is { Count: > 0 }) ?? []]
                : [],
            SocketHostname = Short(meta, "socket-hostname"),
            SocketFqdn = Short(meta, "socket-fqdn"),
            Gohai = gohai,
        };
    }

    /// <summary>The checks that ran: each entry of <c>agent_checks</c> begins with its name.</summary>
    static IReadOnlyList<string> ChecksOf(JsonElement root)
    {
        if (!SubmittedJson.Has(root, "agent_checks", out var checks) || checks.ValueKind != JsonValueKind.Array) return [];
        return [.. checks.EnumerateArray().Where(check => check.ValueKind == JsonValueKind.Array && check.GetArrayLength() > 0 && check[0].ValueKind == JsonValueKind.String)
            .Select(check => Cut(check[0].TextOrNone())).Where(name => name.Length > 0).Distinct().Take(HostCatalogue.MaxNamesOfHost)];
    }

    static JsonElement? Object(JsonElement root, string member) => SubmittedJson.Has(root, member, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    static IEnumerable<JsonProperty> Members(JsonElement? item) => item is { } there ? there.EnumerateObject() : Enumerable.Empty<JsonProperty>();

    static IReadOnlyList<string>? TextsOrNone(JsonElement list) =>
        list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Where(text => text.ValueKind == JsonValueKind.String).Select(text => Cut(text.TextOrNone())).Take(HostCatalogue.MaxTagsOfSource)] : null;

    static string Short(JsonElement? item, string member) => item is { } there ? Cut(SubmittedJson.TextOrNone(there, member)) : "";

    static string Cut(string text) => text.Length <= HostCatalogue.MaxNameChars ? text : text[..HostCatalogue.MaxNameChars];

    sealed class DroppedItems
    {
        public int Count { get; private set; }
        public string FirstReason { get; private set; } = "";

        public void Add(int count, string reason)
        {
            Count += count;
            if (FirstReason.Length == 0) FirstReason = reason;
        }
    }
}
