using System.Text.Json;
using Apm.Core.Json;
using Apm.Core.Monitors;

namespace Apm.TraceAgent.Serve.Datadog.Monitors;

/// <summary>Reads a monitor that was written down as a call of the API has it.</summary>
public static class MonitorText
{
    /// <exception cref="JsonException">It is not JSON; says where.</exception>
    /// <exception cref="FormatException">It is no monitor; the message is what the API would answer.</exception>
    public static MonitorRule Read(string json)
    {
        using var document = StrictJson.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        if (document.RootElement.ValueKind != JsonValueKind.Object) throw new FormatException("A monitor is an object: {\"type\":\"metric alert\",\"query\":\"…\",\"name\":\"…\"}.");
        try
        {
            return MonitorApi.RuleOf(DatadogBody.Of(document.RootElement), null);
        }
        catch (RefusedException refused)
        {
            throw new FormatException(refused.Message, refused);
        }
    }
}
