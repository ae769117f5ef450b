using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Apm.TraceAgent.Receive;

/// <summary>Says who has a port, before we fail on it.</summary>
public static class PortCheck
{
    static readonly string[] TcpTables = ["/proc/net/tcp", "/proc/net/tcp6"], UdpTables = ["/proc/net/udp", "/proc/net/udp6"];

    /// <summary>States of a socket in these tables: one that listens, and one of UDP that is bound.</summary>
    const string Listening = "0A", Bound = "07";

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
        problem.SocketErrorCode == SocketError.AddressAlreadyInUse ? new PortTakenException(name, port, OwnerOf(port, UdpTables, Bound)) : new PortTakenException(name, port, null, problem.Message);

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

    /// <summary>The port itself; for 0 one that is free now.</summary>
    public static int Choose(int port)
    {
        if (port != 0) return port;
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>The process that listens on a port, as <c>pid 991 (python app.py)</c>; null when the system does not tell (another user's process, or no /proc).</summary>
    public static string? OwnerOf(int port) => OwnerOf(port, TcpTables, Listening);

    static string? OwnerOf(int port, string[] tables, string state)
    {
        if (!OperatingSystem.IsLinux()) return null;
        try
        {
            var inodes = SocketInodes(port, tables, state);
            foreach (var folder in Directory.EnumerateDirectories("/proc"))
            {
                if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) continue;
                if (HoldsAny(folder, inodes)) return $"pid {pid} ({CommandOf(folder)})";
            }
        }
        catch (IOException) { } // A process that ends while being asked.
        catch (UnauthorizedAccessException) { }
        return null;
    }

    static HashSet<string> SocketInodes(int port, string[] tables, string state)
    {
        var suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        var inodes = new HashSet<string>();
        foreach (var table in tables.Where(File.Exists))
            foreach (var line in File.ReadLines(table).Skip(1))
            {
                var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (columns.Length > 9 && columns[1].EndsWith(suffix, StringComparison.Ordinal) && columns[3] == state) inodes.Add($"socket:[{columns[9]}]");
            }
        return inodes;
    }

    static bool HoldsAny(string processFolder, HashSet<string> inodes)
    {
        try
        {
            return Directory.EnumerateFiles(Path.Combine(processFolder, "fd")).Any(fd => new FileInfo(fd).LinkTarget is { } target && inodes.Contains(target));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    static string CommandOf(string processFolder)
    {
        var command = File.ReadAllText(Path.Combine(processFolder, "cmdline")).TrimEnd('\0').Replace('\0', ' ');
        return command.Length > 80 ? command[..80] + "…" : command;
    }
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
