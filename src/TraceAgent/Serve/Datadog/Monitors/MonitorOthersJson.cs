using System.Buffers;
using System.Text;
using System.Text.Json;
using Apm.Core.Monitors;

namespace Apm.TraceAgent.Serve.Datadog.Monitors;

/// <summary>Members of a monitor that Datadog's clients send, read back and compare, and that mean nothing here.</summary>
static class MonitorOthersJson
{
    /// <summary>Of a monitor without it null is answered.</summary>
    const string RestrictedRoles = "restricted_roles";

    static readonly string[] s_names = [RestrictedRoles, "draft_status", "assets"];

    /// <summary>What of them is kept: those that a body names as it has them, the others as they were before. One sent as null goes.</summary>
    public static string Read(DatadogBody body, string before)
    {
        using var old = before.Length > 0 ? JsonDocument.Parse(before) : null;
        var kept = new ArrayBufferWriter<byte>();
        var count = 0;
        using (var json = new Utf8JsonWriter(kept))
        {
            json.WriteStartObject();
            foreach (var name in s_names)
            {
                if (!(body.Names(name) ? body.Element : old?.RootElement ?? default).TryFind(name, out var value)) continue;
                json.WritePropertyName(name);
                value.WriteTo(json);
                count++;
            }
            json.WriteEndObject();
        }
        return count == 0 ? "" : Encoding.UTF8.GetString(kept.WrittenSpan);
    }

    public static void Write(Utf8JsonWriter json, MonitorRule rule)
    {
        using var others = rule.OthersJson.Length > 0 ? JsonDocument.Parse(rule.OthersJson) : null;
        foreach (var name in s_names)
        {
            if ((others?.RootElement ?? default).TryFind(name, out var value))
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }
            else if (name == RestrictedRoles) json.WriteNull(name);
        }
    }

    static bool TryFind(this JsonElement element, string name, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }
}
