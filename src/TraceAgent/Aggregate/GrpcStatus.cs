using System.Globalization;

namespace Apm.TraceAgent.Aggregate;

/// <summary>gRPC status names as numbers (trace-intake §3.6).</summary>
static class GrpcStatus
{
    static readonly string[] Names =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    /// <summary>The number as text for a number or a name in any case, with or without underscores or <c>StatusCode.</c>; "" for anything else.</summary>
    public static string Parse(string text)
    {
        if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number.ToString(CultureInfo.InvariantCulture);
        const string prefix = "StatusCode.";
        if (text.StartsWith(prefix, StringComparison.Ordinal)) text = text[prefix.Length..];
        var name = text.ToUpperInvariant();
        if (name == "CANCELED") return "1";
        for (var i = 0; i < Names.Length; i++)
            if (name == Names[i] || name == Names[i].Replace("_", "", StringComparison.Ordinal)) return i.ToString(CultureInfo.InvariantCulture);
        return "";
    }
}
