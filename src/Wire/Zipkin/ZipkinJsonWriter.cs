using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Wire.Json;

namespace Apm.Wire.Zipkin;

/// <summary>
/// Writes stored spans in Zipkin's v2 JSON, what <see cref="ZipkinJsonDecoder"/> reads:
/// <code>
/// [ { traceId, parentId?, id, kind?, name, timestamp, duration, localEndpoint, remoteEndpoint?, annotations?, tags?, shared? } ]
/// </code>
/// </summary>
/// <remarks>
/// The name is the resource, since it tells endpoints apart; the operation stands in the tag <c>operation.name</c>. Times are microseconds;
/// a duration below one is 1, since Zipkin knows none of 0. A shared span, which is two spans here, becomes two of the same id again.
/// Events are annotations; their attributes stand behind the name as OpenTelemetry's collector writes them (<c>name|{…}|0</c>).
/// </remarks>
public static class ZipkinJsonWriter
{
    /// <summary>Tags that may name the other side of a call; the first that is there does. Those but the first only on the calling side: on the called side they name the span's own host.</summary>
    public static IReadOnlyList<string> RemoteServiceTags { get; } = [TagNames.PeerService, "peer.hostname", "out.host", "server.address", "http.server_name", "net.peer.name"];

    static readonly string[] RemoteAddressTags = ["net.peer.ip", "network.peer.address", "peer.ipv4", "peer.ipv6", "out.host"];
    static readonly string[] RemotePortTags = ["net.peer.port", "network.peer.port", "out.port", "server.port"];

    /// <summary>Said by fields of their own.</summary>
    static readonly string[] Fields = [TagNames.SpanLinks, TagNames.SpanEvents, TagNames.SpanKind, TagNames.PeerService, SharedSpanId.Tag, "net.host.ip", "net.host.port", "net.peer.ip", "net.peer.port"];

    /// <summary>Writes the spans of one trace as an array.</summary>
    /// <param name="spans">All of the trace, so that shared spans find their other half.</param>
    public static void WriteTrace(Utf8JsonWriter json, IReadOnlyList<Span> spans)
    {
        var halves = new Dictionary<SpanId, Span>(); // Server halves of shared spans, by their own id.
        foreach (var span in spans) if (IsServerHalf(span)) halves[span.Id] = span;
        var parents = halves.Count == 0 ? [] : spans.Where(span => !halves.ContainsKey(span.Id)).GroupBy(span => span.Id).ToDictionary(group => group.Key, group => group.First().ParentId);
        json.WriteStartArray();
        foreach (var span in spans)
        {
            var isShared = halves.ContainsKey(span.Id);
            var id = isShared ? span.ParentId : span.Id;
            var parent = isShared ? parents.GetValueOrDefault(span.ParentId) : halves.TryGetValue(span.ParentId, out var half) ? half.ParentId : span.ParentId;
            WriteSpan(json, span, id, parent, isShared);
        }
        json.WriteEndArray();
    }

    static bool IsServerHalf(Span span) => span.Tags.ContainsKey(SharedSpanId.Tag) && !span.ParentId.IsNone && span.Id.Value == SharedSpanId.Derive(span.ParentId.Value);

    static void WriteSpan(Utf8JsonWriter json, Span span, SpanId id, SpanId parent, bool isShared)
    {
        json.WriteStartObject();
        json.WriteString("traceId", span.TraceId.ToString());
        if (!parent.IsNone) json.WriteString("parentId", parent.ToString());
        json.WriteString("id", id.ToString());
        if (span.Kind is SpanKind.Client or SpanKind.Server or SpanKind.Producer or SpanKind.Consumer) json.WriteString("kind", span.Kind.ToString().ToUpperInvariant());
        json.WriteString("name", span.Resource);
        json.WriteNumber("timestamp", span.StartUnixNanos / 1000);
        json.WriteNumber("duration", Math.Max(1, span.DurationNanos / 1000));
        WriteEndpoint(json, "localEndpoint", span.Service, span.Tag("net.host.ip"), span.Tag("net.host.port"));
        WriteEndpoint(json, "remoteEndpoint", span.Kind is SpanKind.Client or SpanKind.Producer ? First(span, RemoteServiceTags) : span.Tag(TagNames.PeerService), First(span, RemoteAddressTags), First(span, RemotePortTags));
        WriteAnnotations(json, SpanEvent.Of(span));
        WriteTags(json, span);
        if (isShared) json.WriteBoolean("shared", true);
        json.WriteEndObject();
    }

    static void WriteEndpoint(Utf8JsonWriter json, string member, string? service, string? address, string? port)
    {
        var hasAddress = IPAddress.TryParse(address, out var ip);
        if (string.IsNullOrEmpty(service) && !hasAddress) return;
        json.WriteStartObject(member);
        if (!string.IsNullOrEmpty(service)) json.WriteString("serviceName", service);
        if (hasAddress) json.WriteString(ip!.AddressFamily == AddressFamily.InterNetwork ? "ipv4" : "ipv6", ip.ToString());
        if (double.TryParse(port, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= ushort.MaxValue) json.WriteNumber("port", (int)number);
        json.WriteEndObject();
    }

    static void WriteAnnotations(Utf8JsonWriter json, IReadOnlyList<SpanEvent> events)
    {
        if (events.Count == 0) return;
        json.WriteStartArray("annotations");
        foreach (var happening in events)
        {
            json.WriteStartObject();
            json.WriteNumber("timestamp", happening.UnixNanos / 1000);
            json.WriteString("value", happening.Attributes.Count == 0 ? happening.Name : $"{happening.Name}|{Text(happening.Attributes)}|0");
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static void WriteTags(Utf8JsonWriter json, Span span)
    {
        json.WriteStartObject("tags");
        var tags = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["operation.name"] = span.Name };
        if (span.Type.Length > 0) tags["span.type"] = span.Type;
        if (span.Env.Length > 0) tags[TagNames.Env] = span.Env;
        foreach (var (key, value) in span.Tags) if (!Fields.Contains(key)) tags[key] = value;
        foreach (var key in span.Numbers.Keys) if (!Fields.Contains(key)) tags[key] = span.Tag(key)!;
        if (span.IsError) tags["error"] = span.Tag(TagNames.ErrorMessage) ?? span.Tag(TagNames.ErrorMsg) ?? "true";
        var links = SpanLink.Of(span);
        for (var i = 0; i < links.Count; i++)
            tags[string.Create(CultureInfo.InvariantCulture, $"otlp.link.{i}")] = $"{links[i].TraceId}|{links[i].SpanId}|{links[i].TraceState}|{Text(links[i].Attributes)}|0";
        foreach (var (key, value) in tags) json.WriteString(key, value);
        json.WriteEndObject();
    }

    static string Text(IReadOnlyList<KeyValuePair<string, JsonElement>> attributes) =>
        "{" + string.Join(',', attributes.Select(attribute => $"{JsonSerializer.Serialize(attribute.Key)}:{attribute.Value.GetRawText()}")) + "}";

    static string? First(Span span, IReadOnlyList<string> tags)
    {
        foreach (var tag in tags) if (span.Tag(tag) is { Length: > 0 } value) return value;
        return null;
    }
}
