using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Apm.TraceAgent.Normalize;

/// <summary>Names of links between spans follow the rule of operation names (trace-intake §1.15, §2.2 rule 17).</summary>
static class LinkNames
{
    static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The links, as JSON, with normal names; null when they stay as they are or are no such JSON.</summary>
    public static byte[]? Normalize(ReadOnlySpan<byte> links)
    {
        if (links.IndexOf("\"link.name\""u8) < 0) return null;
        try
        {
            if (JsonNode.Parse(links) is not JsonArray array) return null;
            var changed = false;
            foreach (var link in array)
            {
                if ((link as JsonObject)?["attributes"] is not JsonObject attributes || (attributes["link.name"] as JsonValue)?.TryGetValue<string>(out var name) != true) continue;
                var normal = Encoding.UTF8.GetString(NameRules.OperationName(Encoding.UTF8.GetBytes(name!)));
                if (normal == name) continue;
                attributes["link.name"] = normal;
                changed = true;
            }
            return changed ? Encoding.UTF8.GetBytes(array.ToJsonString(Plain)) : null;
        }
        catch (Exception problem) when (problem is JsonException or ArgumentException or InvalidOperationException)
        {
            return null; // A tag that somebody made up: it is shown as it came.
        }
    }
}
