using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Apm.Core.Counting;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Receive;

namespace Apm.TraceAgent.Metrics;

/// <summary>
/// The sockets of DogStatsD (metrics-monitors §2.1): UDP, and Unix sockets of datagrams and of streams when they are configured. What cannot be opened is
/// told in a sentence, and the rest works.
/// </summary>
/// <remarks>Each datagram socket has a thread of its own, which reads and sums up without waiting for anybody: the system keeps only some hundred packets.</remarks>
sealed class DogStatsDServer : IAsyncDisposable
{
    /// <summary>How long a thread may take to notice that it shall end.</summary>
    const int LookUpMillis = 250;

    readonly DogStatsDSettings _settings;
    readonly DogStatsDIntake _intake;
    readonly Counters _counters;
    readonly SparseProblems _problems;
    readonly CancellationTokenSource _stop = new();
    readonly List<Socket> _sockets = [];
    readonly List<Thread> _threads = [];
    readonly List<Task> _tasks = [];
    readonly List<string> _paths = [];
    int _connectionCount;

    DogStatsDServer(DogStatsDSettings settings, DogStatsDIntake intake, Counters counters, SparseProblems problems) => (_settings, _intake, _counters, _problems) = (settings, intake, counters, problems);

    /// <summary>The UDP port that is open; null when there is none.</summary>
    public int? Port { get; private set; }

    /// <summary>Opens what is configured.</summary>
    /// <param name="warn">Told in a sentence what could not be opened.</param>
    public static DogStatsDServer Start(DogStatsDSettings settings, DogStatsDIntake intake, Counters counters, SparseProblems problems, Action<string> warn)
    {
        var server = new DogStatsDServer(settings, intake, counters, problems);
        if (settings.Port is { } port) server.OpenUdp(port, warn);
        if (settings.SocketPath.Length > 0) server.OpenUnix(settings.SocketPath, SocketType.Dgram, warn, socket => server.Read(socket, "unixgram"));
        if (settings.StreamSocketPath.Length > 0)
            server.OpenUnix(settings.StreamSocketPath, SocketType.Stream, warn, socket =>
            {
                socket.Listen();
                server._tasks.Add(server.Accept(socket));
            });
        return server;
    }

    /// <summary>Closes all sockets; what was read is with the aggregator.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var thread in _threads) thread.Join(); // Before the sockets go that they read.
        foreach (var socket in _sockets) socket.Dispose();
        await Task.WhenAll(_tasks);
        foreach (var path in _paths) File.Delete(path);
        _stop.Dispose();
    }

    void OpenUdp(int port, Action<string> warn)
    {
        try
        {
            var first = Bind(_settings.IsOpenToOthers ? IPAddress.Any : IPAddress.Loopback, port);
            Port = ((IPEndPoint)first.LocalEndPoint!).Port;
            Read(first, "udp");
        }
        catch (SocketException problem)
        {
            warn(PortCheck.UdpTaken("dogstatsd", port, problem).Message);
            return;
        }
        if (!Socket.OSSupportsIPv6) return;
        try
        {
            Read(Bind(_settings.IsOpenToOthers ? IPAddress.IPv6Any : IPAddress.IPv6Loopback, Port.Value), "udp");
        }
        catch (SocketException problem) when (problem.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            // The system speaks IPv6, but has no such loopback.
        }
        catch (SocketException problem)
        {
            if (port != 0) warn($"{PortCheck.UdpTaken("dogstatsd", port, problem).Message} This concerns IPv6 only; 127.0.0.1 works."); // One that the system chose was chosen for IPv4.
        }
    }

    Socket Bind(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = false;
            SetBuffer(socket);
            socket.Bind(new IPEndPoint(address, port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    void SetBuffer(Socket socket)
    {
        if (_settings.ReceiveBufferBytes > 0) socket.ReceiveBufferSize = _settings.ReceiveBufferBytes;
    }

    void OpenUnix(string path, SocketType type, Action<string> warn, Action<Socket> use)
    {
        var socket = new Socket(AddressFamily.Unix, type, ProtocolType.Unspecified);
        try
        {
            if (!SocketFile.MakeRoom(path, type))
            {
                socket.Dispose();
                warn($"The socket {path} (DogStatsD) is in use by another process. Stop it, or choose another path.");
                return;
            }
            SetBuffer(socket);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            SocketFile.OpenToAll(path);
            _paths.Add(path);
            use(socket);
            if (!_sockets.Contains(socket)) _sockets.Add(socket);
        }
        catch (Exception problem) when (problem is SocketException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            socket.Dispose();
            warn($"The socket {path} (DogStatsD) cannot be opened: {problem.Message} Choose a path in a folder that exists and may be written, of at most 107 bytes.");
        }
    }

    /// <summary>Reads datagrams on a thread of its own.</summary>
    void Read(Socket socket, string transport)
    {
        socket.ReceiveTimeout = LookUpMillis;
        _sockets.Add(socket);
        var thread = new Thread(() => ReadDatagrams(socket, transport)) { IsBackground = true, Name = $"dogstatsd {transport}", Priority = ThreadPriority.AboveNormal };
        _threads.Add(thread);
        thread.Start();
    }

    void ReadDatagrams(Socket socket, string transport)
    {
        var buffer = new byte[_settings.MaxPacketBytes + 1]; // One more, to notice what is longer.
        while (!_stop.IsCancellationRequested)
        {
            var length = socket.Receive(buffer, SocketFlags.None, out var error);
            if (error is SocketError.TimedOut or SocketError.WouldBlock or SocketError.Interrupted) continue;
            if (error is not (SocketError.Success or SocketError.MessageSize))
            {
                if (_stop.IsCancellationRequested) return;
                _counters.Add("dogstatsd_receive_failures", error.ToString());
                _problems.Add(() => $"Reading from the {transport} socket failed with {error}; it goes on.");
                continue;
            }
            Take(buffer.AsSpan(0, length), transport);
        }
    }

    void Take(ReadOnlySpan<byte> packet, string transport)
    {
        try
        {
            if (packet.Length > _settings.MaxPacketBytes)
            {
                // A line that is cut may still read as a line, with another number or tag: it must not count.
                var whole = packet[..(packet.LastIndexOf((byte)'\n') + 1)];
                _intake.NoteCut(packet[whole.Length..], transport);
                packet = whole;
            }
            _intake.Take(packet, transport);
        }
        catch (Exception problem)
        {
            _counters.Add("dogstatsd_receive_failures", "internal_fault");
            _problems.Add(() => $"A packet could not be worked off, which is a fault of Apm: {problem.GetType().Name}: {problem.Message} It is left out; please report it.");
        }
    }

    async Task Accept(Socket listener)
    {
        var connections = new List<Task>();
        while (true)
        {
            Socket connection;
            try
            {
                connection = await listener.AcceptAsync(_stop.Token);
            }
            catch (Exception problem) when (problem is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                break;
            }
            connections.RemoveAll(static task => task.IsCompleted);
            if (_connectionCount >= _settings.MaxStreamConnections)
            {
                _counters.Add("dogstatsd_connections_refused");
                connection.Dispose();
                continue;
            }
            Interlocked.Increment(ref _connectionCount);
            connections.Add(ReadStream(connection));
        }
        await Task.WhenAll(connections);
    }

    /// <summary>Frames: a length of four bytes, the lowest first, and so many bytes of lines.</summary>
    async Task ReadStream(Socket connection)
    {
        const string Transport = "unixstream";
        try
        {
            await using var stream = new NetworkStream(connection, ownsSocket: true);
            var length = new byte[4];
            var buffer = new byte[_settings.MaxPacketBytes];
            while (true)
            {
                await stream.ReadExactlyAsync(length, _stop.Token);
                var size = BinaryPrimitives.ReadUInt32LittleEndian(length);
                if (size > buffer.Length)
                {
                    _counters.Add("dogstatsd_packets_cut", Transport);
                    _problems.Add(() => $"A frame on the stream socket claims {size} bytes, more than {_settings.MaxPacketBytes}: the connection is closed. Each frame is a length of 4 bytes, lowest first, then lines; send smaller frames, or raise dogstatsd.max_packet_bytes.");
                    return;
                }
                var frame = buffer.AsMemory(0, (int)size);
                await stream.ReadExactlyAsync(frame, _stop.Token);
                Take(frame.Span, Transport);
            }
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The client went away, or we do; a frame that is not whole counts for nothing.
        }
        finally
        {
            Interlocked.Decrement(ref _connectionCount);
        }
    }
}
