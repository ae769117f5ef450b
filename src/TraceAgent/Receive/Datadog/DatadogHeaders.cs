using System.Globalization;
using Apm.Core.Spans;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Receive.Datadog;

/// <summary>What a Datadog tracer says in its headers (trace-intake §1.3).</summary>
static class DatadogHeaders
{
    public static Payload Read(IHeaderDictionary headers, string protocol, long receivedUnixNanos) => new()
    {
        Protocol = protocol,
        ReceivedUnixNanos = receivedUnixNanos,
        Language = headers["Datadog-Meta-Lang"].ToString(),
        LanguageVersion = headers["Datadog-Meta-Lang-Version"].ToString(),
        TracerVersion = headers["Datadog-Meta-Tracer-Version"].ToString(),
        ContainerId = headers["Datadog-Container-ID"].ToString(),
        ClientComputedTopLevel = IsSet(headers["Datadog-Client-Computed-Top-Level"]),
        ClientComputedStats = IsSet(headers["Datadog-Client-Computed-Stats"]),
        ClientDroppedTraceCount = Count(headers["Datadog-Client-Dropped-P0-Traces"]),
        ClientDroppedSpanCount = Count(headers["Datadog-Client-Dropped-P0-Spans"]),
        ClientObfuscatedStats = IsSet(headers["Datadog-Obfuscation-Version"]),
    };

    /// <summary>0 for whatever is no number that can be meant.</summary>
    static long Count(string? value) => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= int.MaxValue ? count : 0;

    /// <summary>A flag is false when absent, empty, or one of the spellings of false; any other text is true.</summary>
    public static bool IsSet(string? value) => value is not (null or "" or "0" or "f" or "F" or "FALSE" or "False" or "false");
}
