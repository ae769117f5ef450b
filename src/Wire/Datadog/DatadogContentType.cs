using System.Net.Http.Headers;

namespace Apm.Wire.Datadog;

/// <summary>How the body of a trace route is written.</summary>
public enum DatadogBodyKind
{
    /// <summary>This route does not take msgpack: answer 415.</summary>
    Unsupported,

    MsgPack,
    Json,

    /// <summary>The client did not say anything useful: try JSON, and when that fails msgpack.</summary>
    JsonThenMsgPack,
}

/// <summary>Trace routes, by the version in their path.</summary>
public enum DatadogTraceRoute
{
    V01,
    V02,
    V03,
    V04,
    V05,
    V07,
    V1,
}

/// <summary>Chooses the decoder from a request's route and <c>Content-Type</c> (trace-intake §1.5).</summary>
public static class DatadogContentType
{
    /// <param name="contentType">The header as it came; null when there was none.</param>
    public static DatadogBodyKind Choose(DatadogTraceRoute route, string? contentType)
    {
        if (route is DatadogTraceRoute.V05 or DatadogTraceRoute.V07 or DatadogTraceRoute.V1) return DatadogBodyKind.MsgPack;
        var media = MediaTypeOf(contentType);
        return route switch
        {
            DatadogTraceRoute.V01 or DatadogTraceRoute.V02 => media == "application/msgpack" ? DatadogBodyKind.Unsupported : DatadogBodyKind.Json,
            _ => media switch
            {
                "application/msgpack" => DatadogBodyKind.MsgPack,
                "application/json" or "text/json" or "" => DatadogBodyKind.Json,
                _ => DatadogBodyKind.JsonThenMsgPack,
            },
        };
    }

    /// <summary>The media type in lower case without parameters; one that does not parse counts as JSON.</summary>
    static string MediaTypeOf(string? contentType)
    {
        if (string.IsNullOrWhiteSpace(contentType)) return "";
        return MediaTypeHeaderValue.TryParse(contentType, out var parsed) && parsed.MediaType is { } media
            ? media.ToLowerInvariant()
            : "application/json";
    }
}
