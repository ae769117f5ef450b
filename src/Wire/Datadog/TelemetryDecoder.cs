using System.Text.Json;
using Apm.Core;

namespace Apm.Wire.Datadog;

/// <summary>
/// Decodes the JSON body of <c>POST /telemetry/proxy/api/v2/apmtelemetry</c> (trace-intake §1.21):
/// <code>
/// object { request_type, tracer_time, runtime_id, application { … }, host { … }, payload { … } }
///   payload of message-batch   array of object { request_type, payload }
/// </code>
/// Lenient: members that are missing or of another type than expected count as absent.
/// </summary>
public static class TelemetryDecoder
{
    /// <summary>Most entries read of each list, and most messages of a batch; the rest is left out.</summary>
    public const int MaxEntries = 10_000;

    /// <summary>Longest text kept, in characters; longer ones are cut.</summary>
    public const int MaxTextChars = 1_000;

    /// <summary>The messages of a body: one, or those of its batch.</summary>
    /// <exception cref="PayloadException">The bytes are no JSON object.</exception>
    public static IReadOnlyList<TelemetryMessage> Decode(ReadOnlySpan<byte> json)
    {
        using var document = JsonBody.Parse(json, "Datadog telemetry");
        var root = document.RootElement;
        var common = new TelemetryMessage
        {
            RequestType = root.Text("request_type"),
            TracerTimeUnixSeconds = root.Number("tracer_time"),
            RuntimeId = root.Text("runtime_id"),
            Application = ReadApplication(root.Object("application")),
            Host = ReadHost(root.Object("host")),
        };
        if (common.RequestType != "message-batch") return [ReadPayload(common, root.Object("payload"))];
        var messages = new List<TelemetryMessage>();
        foreach (var part in root.Elements("payload").Take(MaxEntries))
            messages.Add(ReadPayload(common with { RequestType = part.Text("request_type") }, part.Object("payload")));
        return messages;
    }

    static TelemetryMessage ReadPayload(TelemetryMessage message, JsonElement payload) => message with
    {
        Configuration = [.. payload.Elements("configuration").Take(MaxEntries)
            .Select(setting => new TelemetrySetting(setting.Text("name"), setting.ValueText("value"), setting.Text("origin")))
            .Where(setting => setting.Name.Length > 0)],
        Routes = [.. payload.Elements("endpoints").Take(MaxEntries)
            .Select(route => new TelemetryRoute(route.Text("method"), route.Text("path"), route.Text("resource_name")))
            .Where(route => route.Path.Length > 0 || route.ResourceName.Length > 0)],
        DependencyCount = payload.Elements("dependencies").Count(),
    };

    static TelemetryApplication ReadApplication(JsonElement application) => new()
    {
        ServiceName = application.Text("service_name"),
        Env = application.Text("env"),
        ServiceVersion = application.Text("service_version"),
        TracerVersion = application.Text("tracer_version"),
        LanguageName = application.Text("language_name"),
        LanguageVersion = application.Text("language_version"),
        RuntimeName = application.Text("runtime_name"),
        RuntimeVersion = application.Text("runtime_version"),
        ProcessTags = application.Text("process_tags") is { Length: > 0 } tags ? tags : Joined(application.Object("process_tags")),
    };

    /// <summary>Node sends process tags as an object, the others as text.</summary>
    static string Joined(JsonElement tags) => string.Join(',', tags.Pairs());

    static TelemetryHost ReadHost(JsonElement host) => new()
    {
        Hostname = host.Text("hostname"),
        Os = host.Text("os"),
        OsVersion = host.Text("os_version"),
        Architecture = host.Text("architecture"),
        KernelName = host.Text("kernel_name"),
        KernelRelease = host.Text("kernel_release"),
        KernelVersion = host.Text("kernel_version"),
        ContainerId = host.Text("container_id"),
    };
}
