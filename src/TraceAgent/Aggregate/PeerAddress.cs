using System.Net;
using System.Text.RegularExpressions;

namespace Apm.TraceAgent.Aggregate;

/// <summary>
/// Replaces addresses in peer tags by one word, so that statistics do not split by machine (trace-intake §3.7).
/// Addresses that name a role (loopback, metadata services) stay.
/// </summary>
static partial class PeerAddress
{
    const string Blocked = "blocked-ip-address";

    static readonly HashSet<string> Kept = ["127.0.0.1", "::1", "169.254.169.254", "fd00:ec2::254", "169.254.170.2"];

    /// <summary>The value with each address of its comma-separated list replaced; repeats in the list are removed.</summary>
    public static string Quantize(string value)
    {
        if (!MayHoldAddress(value)) return value;
        if (!value.Contains(',', StringComparison.Ordinal)) return Entry(value);
        return string.Join(',', value.Split(',').Select(Entry).Distinct());
    }

    static bool MayHoldAddress(string value) => value.AsSpan().ContainsAnyInRange('0', '9') || value.Contains(':', StringComparison.Ordinal);

    static string Entry(string entry)
    {
        var match = Shape().Match(entry);
        if (!match.Success) return entry;
        var address = match.Groups["v4"].Success ? V4(match.Groups["v4"].Value) : V6(match.Groups["v6"].Value);
        if (address is null || Kept.Contains(address)) return entry;
        return match.Groups["before"].Value + Blocked + match.Groups["after"].Value;
    }

    static string? V4(string text)
    {
        var parts = text.Split('.', '-', '_');
        return parts.All(part => int.Parse(part, System.Globalization.CultureInfo.InvariantCulture) <= 255) ? string.Join('.', parts) : null;
    }

    static string? V6(string text) => IPAddress.TryParse(text.Trim('[', ']'), out var address) ? address.ToString() : null;

    [GeneratedRegex(@"^(?<before>(?:(?:dnspoll|ftp|file|https?):///?)?(?:ip-)?)(?:(?<v4>\d{1,3}([.\-_])\d{1,3}\1\d{1,3}\1\d{1,3})(?!\d)|(?<v6>\[[0-9a-fA-F:.]+\]|[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*))(?<after>.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
