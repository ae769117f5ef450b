using System.Globalization;
using System.Net;
using Apm.Core.Checks;

namespace Apm.TraceAgent.Checks.HostMetrics;

/// <summary>The ports on which something listens, from the tables below <c>/proc/net</c>.</summary>
public static class ListeningPorts
{
    /// <summary>Most ports told; the lowest are. A machine that has more is scanned better with its own tools.</summary>
    public const int MaxPorts = 200;

    const string Listening = "0A", Unconnected = "07";

    static readonly (string File, string Protocol, string State)[] Tables = [("net/tcp", "tcp", Listening), ("net/tcp6", "tcp", Listening), ("net/udp", "udp", Unconnected), ("net/udp6", "udp", Unconnected)];

    /// <summary>All of this machine's, by number; empty where there are no such tables.</summary>
    public static IReadOnlyList<ListeningPort> Read(HostFiles files) =>
        [.. Tables.SelectMany(table => Parse(files.TryRead(table.File) ?? "", table.Protocol, table.State)).GroupBy(port => (port.Port, port.Protocol))
            .Select(same => new ListeningPort(same.Key.Port, same.Key.Protocol, same.Any(port => !port.IsLocalOnly))).OrderBy(port => port.Port).ThenBy(port => port.Protocol, StringComparer.Ordinal).Take(MaxPorts)];

    /// <summary>
    /// Reads <code>
    ///   sl  local_address rem_address   st …
    ///    0: 0100007F:1F90 00000000:0000 0A …
    /// </code>
    /// where addresses are words of four bytes, each with its lowest byte first.
    /// </summary>
    internal static IEnumerable<(int Port, string Protocol, bool IsLocalOnly)> Parse(string table, string protocol, string state)
    {
        foreach (var line in ProcText.Lines(table))
        {
            if (ProcText.Words(line) is not [_, var local, var remote, var found, ..] || found != state || !remote.EndsWith(":0000", StringComparison.Ordinal)) continue;
            var colon = local.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || !int.TryParse(local.AsSpan(colon + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var port) || AddressOf(local[..colon]) is not { } address) continue;
            yield return (port, protocol, IPAddress.IsLoopback(address));
        }
    }

    static IPAddress? AddressOf(string hex)
    {
        if (hex.Length is not (8 or 32) || !hex.All(char.IsAsciiHexDigit)) return null;
        var bytes = Convert.FromHexString(hex);
        for (var word = 0; word < bytes.Length; word += 4) Array.Reverse(bytes, word, 4);
        return new IPAddress(bytes);
    }
}
