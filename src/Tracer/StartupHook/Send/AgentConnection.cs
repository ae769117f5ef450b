using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Apm.StartupHook.Send;

/// <summary>
/// One kept-alive HTTP/1.1 connection to the agent, written by hand on a socket: the app's own HttpClient settings,
/// metrics and traces never see it, and no thread of the app's pool is used.
/// </summary>
/// <remarks>Not thread-safe: the sender owns it. Blocks at most for the time-out per read or write.</remarks>
internal sealed class AgentConnection(Uri agent, TimeSpan timeout) : IDisposable
{
    const int MaxResponseHeaderBytes = 16 * 1024;

    readonly byte[] _buffer = new byte[MaxResponseHeaderBytes];
    Socket? _socket;

    /// <summary>Sends a body.</summary>
    /// <param name="path">Path on the agent, with its leading slash.</param>
    /// <param name="headers">Header lines, each ended by CR LF.</param>
    /// <param name="body">The body.</param>
    /// <returns>The status code.</returns>
    /// <exception cref="SocketException">The agent cannot be reached, or is too slow.</exception>
    /// <exception cref="IOException">It answered something that is not HTTP, or closed the connection.</exception>
    public int Post(string path, string headers, ReadOnlySpan<byte> body)
    {
        // A connection that lay idle may be closed on the other side already: that alone is no failure.
        var isReused = _socket is not null;
        try
        {
            return PostOnce(path, headers, body);
        }
        catch (Exception problem) when (isReused && problem is (SocketException { SocketErrorCode: not SocketError.TimedOut } or ConnectionClosedException))
        {
            return PostOnce(path, headers, body);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    int PostOnce(string path, string headers, ReadOnlySpan<byte> body)
    {
        _socket ??= Connect();
        var host = agent.Scheme == "unix" ? "localhost" : agent.Authority;
        var head = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {body.Length}\r\n\r\n"));
        try
        {
            SendAll(_socket, head);
            SendAll(_socket, body);
            return ReadAnswer(_socket);
        }
        catch
        {
            Close();
            throw;
        }
    }

    static void SendAll(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[socket.Send(bytes)..];
    }

    Socket Connect()
    {
        var socket = agent.Scheme == "unix"
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SendTimeout = socket.ReceiveTimeout = (int)timeout.TotalMilliseconds;
            if (agent.Scheme == "unix") socket.Connect(new UnixDomainSocketEndPoint(agent.AbsolutePath));
            else socket.Connect(agent.DnsSafeHost, agent.Port);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    int ReadAnswer(Socket socket)
    {
        var length = 0;
        int end;
        while ((end = _buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (length == _buffer.Length) throw new IOException("The agent's answer has more than 16 KiB of headers.");
            var read = socket.Receive(_buffer.AsSpan(length));
            if (read == 0) throw length == 0 ? new ConnectionClosedException() : new IOException("The agent closed the connection within its answer.");
            length += read;
        }

        var head = Encoding.ASCII.GetString(_buffer, 0, end);
        if (!head.StartsWith("HTTP/1.", StringComparison.Ordinal) || head.Length < 12
            || !int.TryParse(head.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            throw new IOException("What listens at the agent's address does not speak HTTP.");

        // Only an answer of known length leaves the connection usable; otherwise it is not worth reading on.
        var left = ContentLength(head) - (length - end - 4);
        if (left is null or < 0 || head.Contains("\r\nConnection: close", StringComparison.OrdinalIgnoreCase))
        {
            Close();
            return status;
        }
        while (left > 0)
        {
            var read = socket.Receive(_buffer.AsSpan(0, (int)Math.Min(left.Value, _buffer.Length)));
            if (read == 0)
            {
                Close();
                break;
            }
            left -= read;
        }
        return status;
    }

    static long? ContentLength(string head)
    {
        const string name = "\r\nContent-Length:";
        var at = head.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        if (at < 0) return null;
        var line = head.AsSpan(at + name.Length);
        var lineEnd = line.IndexOf('\r');
        if (lineEnd >= 0) line = line[..lineEnd];
        return long.TryParse(line.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : null;
    }

    void Close()
    {
        _socket?.Dispose();
        _socket = null;
    }

    sealed class ConnectionClosedException() : IOException("The agent closed the connection without an answer.");
}
