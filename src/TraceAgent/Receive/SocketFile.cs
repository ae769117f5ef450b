using System.Net.Sockets;

namespace Apm.TraceAgent.Receive;

/// <summary>The file of a Unix socket, before and after somebody listens on it.</summary>
static class SocketFile
{
    /// <summary>Anybody on the machine may send, as over loopback (trace-intake §1.1).</summary>
    const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Removes what a process left that ended without doing so.</summary>
    /// <returns>False when somebody answers there; then nothing was removed.</returns>
    /// <exception cref="IOException">Something else than a socket has the name; it must not be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be removed.</exception>
    /// <exception cref="SocketException">It may not be asked.</exception>
    public static bool MakeRoom(string path, SocketType type)
    {
        if (IsAlive(path, type)) return false;
        File.Delete(path); // Passes over what is not there.
        return true;
    }

    /// <summary>Lets everybody connect.</summary>
    public static void OpenToAll(string path)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, Mode);
    }

    static bool IsAlive(string path, SocketType type)
    {
        if (!File.Exists(path)) return Directory.Exists(path) ? throw new IOException("it is a folder.") : false;
        using var probe = new Socket(AddressFamily.Unix, type, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException problem) when (problem.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return new FileInfo(path).Length > 0 ? throw new IOException("a file of that name is there.") : false;
        }
    }
}
