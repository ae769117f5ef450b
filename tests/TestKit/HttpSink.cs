using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Apm.TestKit;

/// <summary>A request that was sent to a sink.</summary>
public sealed record SunkRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>A web server on loopback that keeps what it is sent and answers with a status.</summary>
public sealed class HttpSink : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly ConcurrentQueue<SunkRequest> _requests = new();
    readonly Task _accepting;

    public HttpSink()
    {
        _listener.Start();
        _accepting = Accept();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Url(string host = "127.0.0.1") => new($"http://{host}:{Port}/hook");

    public IReadOnlyList<SunkRequest> Requests => [.. _requests];

    /// <summary>Status line and headers of the answer to the n-th request, from 1.</summary>
    public Func<int, string> Status { get; set; } = _ => "200 OK";

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
    }

    async Task Accept()
    {
        try
        {
            while (true) _ = Serve(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    async Task Serve(TcpClient client)
    {
        try
        {
            using var owned = client;
            using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
            var first = (await reader.ReadLineAsync() ?? "").Split(' ');
            if (first.Length < 2) return;
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            while (await reader.ReadLineAsync() is { Length: > 0 } line) headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            var bytesLeft = int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture);
            var body = new StringBuilder();
            while (bytesLeft > 0 && reader.Read() is var c and >= 0)
            {
                body.Append((char)c);
                bytesLeft -= Encoding.UTF8.GetByteCount([(char)c]);
            }
            _requests.Enqueue(new SunkRequest(first[0], first[1], headers, body.ToString()));
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {Status(_requests.Count)}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // The other side left.
        }
    }
}
