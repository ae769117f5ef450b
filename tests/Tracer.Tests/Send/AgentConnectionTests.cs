using System.Net;
using System.Net.Sockets;
using System.Text;
using Apm.StartupHook.Send;

namespace Apm.Tracer.Tests.Send;

public sealed class AgentConnectionTests
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200)]
    [InlineData("HTTP/1.1 429 \r\ncontent-length:0\r\n\r\n", 429)]
    [InlineData("HTTP/1.0 503 Busy\r\nConnection: close\r\n\r\n", 503)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 200)]
    public void Answers_are_understood_and_the_next_request_gets_through(string answer, int status)
    {
        using var server = new Server(answer);
        using var connection = new AgentConnection(server.Url, s_patience);
        Assert.Equal(status, connection.Post("/v0.4/traces", "X-Test: 1\r\n", "abc"u8));
        Assert.Equal(status, connection.Post("/v0.4/traces", "X-Test: 2\r\n", "defg"u8));
        var requests = server.Received; // Each was answered, so all of it has been read.
        Assert.StartsWith($"POST /v0.4/traces HTTP/1.1\r\nHost: {server.Url.Authority}\r\nX-Test: 1\r\nContent-Length: 3\r\n\r\nabc", requests, StringComparison.Ordinal);
        Assert.EndsWith("X-Test: 2\r\nContent-Length: 4\r\n\r\ndefg", requests, StringComparison.Ordinal);
    }

    [Fact]
    public void Somebody_else_on_the_port_is_an_error_that_says_so()
    {
        using var server = new Server("SSH-2.0-OpenSSH_9.9 Debian\r\n\r\n");
        using var connection = new AgentConnection(server.Url, s_patience);
        var error = Assert.Throws<IOException>(() => connection.Post("/", "", "x"u8));
        Assert.Equal("What listens at the agent's address does not speak HTTP.", error.Message);
    }

    [Fact]
    public void An_agent_that_does_not_answer_in_time_is_an_error()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var connection = new AgentConnection(new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"), TimeSpan.FromMilliseconds(50));
        Assert.Throws<SocketException>(() => connection.Post("/", "", "x"u8));
    }

    // Answers each request, known by its length, with the same bytes; ends a connection when the answer has no length.
    sealed class Server : IDisposable
    {
        readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        readonly StringBuilder _received = new();

        public Server(string answer)
        {
            _listener.Start();
            Url = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
            _ = Serve(answer);
        }

        public Uri Url { get; }

        public string Received
        {
            get
            {
                lock (_received) return _received.ToString();
            }
        }

        public void Dispose() => _listener.Dispose();

        async Task Serve(string answer)
        {
            try
            {
                while (true)
                {
                    using var socket = await _listener.AcceptSocketAsync();
                    var buffer = new byte[4096];
                    int read;
                    while ((read = await socket.ReceiveAsync(buffer)) > 0)
                    {
                        var text = Encoding.ASCII.GetString(buffer, 0, read);
                        lock (_received) _received.Append(text);
                        if (!text.EndsWith("\r\n\r\n", StringComparison.Ordinal)) await socket.SendAsync(Encoding.ASCII.GetBytes(answer));
                    }
                }
            }
            catch (Exception problem) when (problem is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The test is over.
            }
        }
    }
}
