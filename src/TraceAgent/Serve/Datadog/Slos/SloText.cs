using System.Text.Json;
using Apm.Core.Json;
using Apm.Core.Slos;

namespace Apm.TraceAgent.Serve.Datadog.Slos;

/// <summary>Reads an objective that was written down as a call of the API has it.</summary>
public static class SloText
{
    /// <exception cref="JsonException">It is not JSON; says where.</exception>
    /// <exception cref="FormatException">It is no objective; the message is what the API would answer.</exception>
    public static Slo Read(string json)
    {
        using var document = StrictJson.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        if (document.RootElement.ValueKind != JsonValueKind.Object) throw new FormatException("An objective is an object: {\"type\":\"metric\",\"name\":\"…\",\"thresholds\":[…],\"query\":{…}}.");
        try
        {
            return SloJson.Read(DatadogBody.Of(document.RootElement), null);
        }
        catch (RefusedException refused)
        {
            throw new FormatException(refused.Message, refused);
        }
    }
}
