using System.Net;
using System.Net.Sockets;
using Apm.TraceAgent.Doctor.Witness;

namespace Apm.TraceAgent.Receive;

/// <summary>Says who has a port, before we fail on it.</summary>
public static class PortCheck
{
    // Above the ports of well-known programs and of the Datadog agent's parts, below what systems give to outgoing connections.
    const int LowestChoice = 20_000;
    const int PastHighestChoice = 32_000;
    const int ChoiceTries = 100;

    static readonly ProcessTable Processes = new();

    /// <summary>Null when the port is free on loopback, IPv4 and IPv6 (or 0).</summary>
    public static PortTakenException? WhyTaken(string name, int port)
    {
        if (port == 0) return null;
        var problem = WhyNot(IPAddress.Loopback, port) ?? (Socket.OSSupportsIPv6 ? WhyNot(IPAddress.IPv6Loopback, port) : null);
        return problem is null ? null
            : problem.SocketErrorCode == SocketError.AddressAlreadyInUse ? new PortTakenException(name, port, OwnerOf(port))
            : new PortTakenException(name, port, null, problem.Message);
    }

    /// <summary>Says of a UDP port that could not be bound who has it.</summary>
    public static PortTakenException UdpTaken(string name, int port, SocketException problem) =>
        problem.SocketErrorCode == SocketError.AddressAlreadyInUse ? new PortTakenException(name, port, Processes.UdpHoldersOf(port) is [var holder, ..] ? holder.ToString() : null) : new PortTakenException(name, port, null, problem.Message);

    static SocketException? WhyNot(IPAddress address, int port)
    {
        try
        {
            using var probe = new TcpListener(address, port);
            probe.Start();
            return null;
        }
        catch (SocketException problem) when (problem.SocketErrorCode == SocketError.AddressNotAvailable && address.Equals(IPAddress.IPv6Loopback))
        {
            return null; // The system speaks IPv6, but has no such loopback.
        }
        catch (SocketException problem)
        {
            return problem;
        }
    }

    /// <summary>
    /// The port itself; for 0 one that is free now on loopback. It is looked for below the ports that systems give to outgoing connections (Linux from 32768 on), for
    /// between being chosen and being opened such a connection could take it.
    /// </summary>
    /// <param name="random">Where to look; null for the shared generator.</param>
    public static int Choose(int port, Random? random = null)
    {
        if (port != 0) return port;
        for (var tries = 0; tries < ChoiceTries; tries++)
        {
            var candidate = (random ?? Random.Shared).Next(LowestChoice, PastHighestChoice);
            if (WhyNot(IPAddress.Loopback, candidate) is null && (!Socket.OSSupportsIPv6 || WhyNot(IPAddress.IPv6Loopback, candidate) is null)) return candidate;
        }
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>The process that listens on a port, as <c>pid 991 (python app.py)</c>; null when the system does not tell (another user's process, or no /proc).</summary>
    public static string? OwnerOf(int port) => Processes.HoldersOf(port) is [var holder, ..] ? holder.ToString() : null;
}

/// <summary>A port cannot be opened; the message says who has it and what to do.</summary>
public sealed class PortTakenException(string name, int port, string? owner, string? systemMessage = null)
    : Exception(systemMessage is not null
        ? $"Port {port} ({name}) cannot be opened: {systemMessage}. Choose another with --port {name}=N."
        : $"Port {port} ({name}) is taken by {owner ?? "a process that this user may not see"}. Stop it, or choose another port with --port {name}=N.")
{
    public string Name { get; } = name;
    public int Port { get; } = port;
}
