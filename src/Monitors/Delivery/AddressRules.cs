using System.Net;
using System.Net.Sockets;

namespace Apm.Monitors.Delivery;

/// <summary>Which addresses webhooks may connect to. Asked of each address behind a name at the time of connecting, so that no name can be changed in between.</summary>
public sealed class AddressRules(IReadOnlyList<IPNetwork> forbidden)
{
    /// <summary>
    /// Addresses of no host, link-local ones, where clouds keep their machines' credentials, and those for many. Loopback and private networks
    /// are not among them: who may write the settings of this machine may reach it anyway.
    /// </summary>
    public static IReadOnlyList<IPNetwork> DefaultForbidden { get; } =
    [
        .. new[] { "0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "192.0.0.192/32", "224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10", "fd00:ec2::254/128", "ff00::/8" }.Select(text => IPNetwork.Parse(text)),
    ];

    static readonly IPNetwork s_nat64 = IPNetwork.Parse("64:ff9b::/96");
    static readonly IPNetwork s_sixToFour = IPNetwork.Parse("2002::/16");

    /// <summary>Whether an address, or the one that is written inside it, must not be connected to.</summary>
    public bool Forbids(IPAddress address) => forbidden.Any(network => network.Contains(address)) || (Inner(address) is { } inner && forbidden.Any(network => network.Contains(inner)));

    /// <summary>Connects to the first address of a name that is allowed.</summary>
    /// <exception cref="ForbiddenAddressException">None of them is.</exception>
    public async ValueTask<Stream> Connect(DnsEndPoint endPoint, CancellationToken cancel)
    {
        var addresses = await Dns.GetHostAddressesAsync(endPoint.Host, cancel);
        var allowed = addresses.Where(address => !Forbids(address)).ToArray();
        if (allowed.Length == 0) throw new ForbiddenAddressException(addresses.Length == 0 ? $"{endPoint.Host} has no address." : $"{endPoint.Host} leads to {string.Join(", ", addresses.Select(address => address.ToString()))}, which webhooks must not reach (notifications.forbidden_networks).");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, endPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The IPv4 address that an IPv6 one stands for; null when it stands for itself.</summary>
    static IPAddress? Inner(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return null;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        return s_nat64.Contains(address) ? new IPAddress(bytes.AsSpan(12, 4)) : s_sixToFour.Contains(address) ? new IPAddress(bytes.AsSpan(2, 4)) : null;
    }
}

/// <summary>A webhook leads where it must not.</summary>
public sealed class ForbiddenAddressException(string message) : Exception(message);
