using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.TestKit;
using Apm.TraceAgent.Metrics;

namespace Apm.TraceAgent.Tests.Metrics;

/// <summary>Real sockets on free ports and paths of their own; time is the system's.</summary>
public sealed class DogStatsDServerTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly string _folder = Directory.CreateTempSubdirectory("dsd").FullName;
    readonly Counters _counters = new();
    readonly RecentProblems _problems = new();
    readonly RecordingMetricStore _store = new();
    readonly List<string> _warnings = [];

    public void Dispose()
    {
        _store.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Packets_over_udp_on_either_loopback(string address)
    {
        var port = PortThatIsFreeOnBoth();
        await using (var stats = Start(new DogStatsDSettings { Port = port }))
        {
            Assert.Equal(port, stats.Port);
            using var client = new UdpClient(IPAddress.Parse(address).AddressFamily);
            await client.SendAsync("a:1|c\na:2|c\n"u8.ToArray(), new IPEndPoint(IPAddress.Parse(address), port));
            await Received("udp", 1);
        }

        Assert.Equal("a{host:box} 0.3", Sums());
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task What_a_node_client_sent_is_taken_and_what_is_wrong_in_it_is_told()
    {
        var packets = RecordedRequest.All("node-hot-shots").Where(request => request.Listener == "dogstatsd").ToList();
        await using (var stats = Start(new DogStatsDSettings { Port = 0, TakesTimestamps = false, MaxPacketBytes = 65_535 }))
        {
            using var client = new UdpClient(AddressFamily.InterNetwork);
            foreach (var (packet, i) in packets.Select((packet, i) => (packet, i)))
            {
                await client.SendAsync(packet.Body, new IPEndPoint(IPAddress.Loopback, stats.Port!.Value));
                await Received("udp", i + 1);
            }
        }

        Assert.Contains("acc.mwtz8x2w.nl.b{host:box} 0.5", Sums(), StringComparison.Ordinal);
        Assert.Equal((3, 5), (_counters.Read("events_received"), _counters.Read("service_checks_received")));
        Assert.Equal(9, _counters.Read("dogstatsd_lines_rejected"));
    }

    [Fact]
    public async Task The_line_that_is_cut_does_not_count()
    {
        await using (var stats = Start(new DogStatsDSettings { Port = 0, MaxPacketBytes = 20 }))
        {
            using var client = new UdpClient(AddressFamily.InterNetwork);
            await client.SendAsync("whole:1|c\ncut.off:1234567|c"u8.ToArray(), new IPEndPoint(IPAddress.Loopback, stats.Port!.Value));
            await client.SendAsync(Encoding.ASCII.GetBytes(new string('x', 60_000)), new IPEndPoint(IPAddress.Loopback, stats.Port!.Value));
            await Until.True("both packets are read", Patience, () => Task.FromResult(_counters.Read("dogstatsd_packets_cut", "udp") == 2));
        }

        Assert.Equal("whole{host:box} 0.1", Sums());
        Assert.Contains(_problems.ReadAll(), problem => problem.Sentence ==
            "A packet by udp is longer than 20 bytes: of \"cut.off:123\" what is behind is lost. Have the client send smaller packets, or raise dogstatsd.max_packet_bytes.");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_with_its_owner_and_the_rest_works()
    {
        using var owner = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)owner.Client.LocalEndPoint!).Port;

        await using var stats = Start(new DogStatsDSettings { Port = port });
        stats.Intake.Take("a:1|c"u8, "http");

        var warning = Assert.Single(_warnings);
        Assert.StartsWith($"Port {port} (dogstatsd) is taken by pid {Environment.ProcessId} (", warning, StringComparison.Ordinal);
        Assert.EndsWith("). Stop it, or choose another port with --port dogstatsd=N.", warning, StringComparison.Ordinal);
        Assert.Equal(warning, Assert.Single(_problems.ReadAll()).Sentence);
        Assert.Null(stats.Port);
        Assert.Equal(1, _counters.Read("dogstatsd_packets", "http"));
    }

    [Fact]
    public async Task Packets_over_a_unix_datagram_socket_also_when_one_was_left_over()
    {
        var path = Path.Combine(_folder, "dsd.socket");
        using (var left = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)) left.Bind(new UnixDomainSocketEndPoint(path));
        await using (Start(new DogStatsDSettings { Port = null, SocketPath = path }))
        {
            using var client = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            client.Connect(new UnixDomainSocketEndPoint(path));
            client.Send("a:1|c"u8);
            await Received("unixgram", 1);
        }

        Assert.Equal("a{host:box} 0.1", Sums());
        Assert.Empty(_warnings);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task Frames_over_a_unix_stream_socket_until_one_is_too_large()
    {
        var path = Path.Combine(_folder, "dsd.stream");
        await using (Start(new DogStatsDSettings { Port = null, StreamSocketPath = path, MaxPacketBytes = 100, MaxStreamConnections = 1 }))
        {
            using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            client.Connect(new UnixDomainSocketEndPoint(path));
            client.Send([.. Frame("a:1|c\na:2|c"), .. Frame("a:3|c"), .. Frame("")[..2]]);
            await Received("unixstream", 2);
            using var second = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            second.Connect(new UnixDomainSocketEndPoint(path));
            await Closed(second); // There may be one.
            client.Send([0, 0, .. Frame(new string('x', 101))]);
            await Closed(client);
        }

        Assert.Equal("a{host:box} 0.6", Sums());
        Assert.Equal((1, 1), (_counters.Read("dogstatsd_connections_refused"), _counters.Read("dogstatsd_packets_cut", "unixstream")));
        Assert.Contains(_problems.ReadAll(), problem => problem.Sentence.StartsWith("A frame on the stream socket claims 101 bytes, more than 100: the connection is closed.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_socket_that_cannot_be_opened_is_told()
    {
        var file = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(file, "precious");

        await using var stats = Start(new DogStatsDSettings { Port = null, SocketPath = file, StreamSocketPath = Path.Combine(_folder, "no", "such") });

        Assert.Equal($"The socket {file} (DogStatsD) cannot be opened: a file of that name is there. Choose a path in a folder that exists and may be written, of at most 107 bytes.", _warnings[0]);
        Assert.StartsWith($"The socket {Path.Combine(_folder, "no", "such")} (DogStatsD) cannot be opened: ", _warnings[1], StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task A_socket_that_somebody_reads_is_left_to_him()
    {
        var path = Path.Combine(_folder, "dsd.socket");
        await using var first = Start(new DogStatsDSettings { Port = null, SocketPath = path });

        await using var second = Start(new DogStatsDSettings { Port = null, SocketPath = path });

        Assert.Equal($"The socket {path} (DogStatsD) is in use by another process. Stop it, or choose another path.", Assert.Single(_warnings));
    }

    DogStatsD Start(DogStatsDSettings settings)
    {
        var intake = new MetricIntake(new MetricSinks(_store, happened => happened, _ => { }), new MetricIntakeSettings(), _counters, _problems, TimeProvider.System);
        return DogStatsD.Start(settings, new HistogramSettings(), new DogStatsDParts(intake, MemoryBudget.None(), _counters, _problems, TimeProvider.System) { Host = "box" }, _warnings.Add);
    }

    Task<TimeSpan> Received(string transport, int packets) => Until.True($"{packets} packets are read", Patience, () => Task.FromResult(_counters.Read("dogstatsd_packets", transport) >= packets));

    /// <summary>Of each series the sum of what was written: a test may run over the end of a bucket.</summary>
    string Sums() => string.Join('\n', _store.Written.GroupBy(series => $"{series.Key.Metric}{{{series.Key.Tags}}}")
        .Select(group => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{group.Key} {Math.Round(group.Sum(series => series.Points.Sum(point => point.Value)), 6)}")).Order(StringComparer.Ordinal));

    /// <summary>Waits for the other side to close; with bytes of ours unread, the system says so by an error.</summary>
    static async Task Closed(Socket socket)
    {
        try
        {
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        }
        catch (SocketException problem)
        {
            Assert.Equal(SocketError.ConnectionReset, problem.SocketErrorCode);
        }
    }

    static byte[] Frame(string lines)
    {
        var frame = new byte[4 + lines.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)lines.Length);
        Encoding.ASCII.GetBytes(lines, frame.AsSpan(4));
        return frame;
    }

    static int PortThatIsFreeOnBoth()
    {
        using var probe = new UdpClient(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        return ((IPEndPoint)probe.Client.LocalEndPoint!).Port;
    }
}
