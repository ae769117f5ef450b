using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Apm.EndToEnd.Tests.Running;

/// <summary>
/// A line between the browser and a server of this machine that takes time: what goes in on one side comes out on the other half
/// a round trip later, in the same order and as fast as before. Opening a connection costs a whole round trip, as it does anywhere.
/// </summary>
/// <remarks>Bytes are read into a rented buffer and written from it. A side that falls behind holds up the other: <see cref="MaxPiecesUnderWay"/>.</remarks>
public sealed class SlowLine : IAsyncDisposable
{
    /// <summary>Pieces of at most 64 kB that one direction of a connection may hold; more wait in the sender's socket.</summary>
    const int MaxPiecesUnderWay = 1_024;

    readonly TimeSpan _oneWay;
    readonly TimeProvider _clock;
    readonly Uri _server;
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _closing = new();
    readonly Task _accepting;

    /// <param name="server">Where what is sent goes.</param>
    /// <param name="roundTrip">Added to what the machine itself takes.</param>
    public SlowLine(Uri server, TimeSpan roundTrip, TimeProvider clock)
    {
        (_server, _oneWay, _clock) = (server, roundTrip / 2, clock);
        _listener.Start();
        Address = new UriBuilder(server) { Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;
        _accepting = Accept();
    }

    /// <summary>The server's address on this side of the line.</summary>
    public Uri Address { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Stop();
        await _accepting;
        _closing.Dispose();
    }

    async Task Accept()
    {
        var lines = new List<Task>();
        try
        {
            while (true)
            {
                lines.RemoveAll(line => line.IsCompleted);
                lines.Add(Carry(await _listener.AcceptSocketAsync(_closing.Token)));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(lines);
        }
    }

    async Task Carry(Socket browser)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (browser)
        {
            browser.NoDelay = true;
            try
            {
                var open = _clock.GetTimestamp() + Ticks(2 * _oneWay);
                await server.ConnectAsync(_server.Host, _server.Port, _closing.Token);
                await Task.WhenAll(Direction(browser, server, open), Direction(server, browser, open));
            }
            catch (Exception end) when (end is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One side is gone: closing both tells the other.
            }
        }
    }

    /// <summary>One direction, until its sender ends it; an end is passed on as late as bytes are.</summary>
    /// <param name="open">Timestamp before which nothing sets out.</param>
    async Task Direction(Socket from, Socket to, long open)
    {
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        var underWay = Channel.CreateBounded<(byte[] Bytes, int Length, long Due)>(new BoundedChannelOptions(MaxPiecesUnderWay) { SingleReader = true, SingleWriter = true });
        var delivering = Deliver(underWay.Reader, to, broken);
        try
        {
            int length;
            do
            {
                var bytes = ArrayPool<byte>.Shared.Rent(65_536);
                length = await from.ReceiveAsync(bytes.AsMemory(), broken.Token);
                await underWay.Writer.WriteAsync((bytes, length, Math.Max(open, _clock.GetTimestamp()) + Ticks(_oneWay)), broken.Token);
            }
            while (length > 0);
        }
        catch (Exception end) when (end is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            from.Close(); // Reset, or the receiver is gone: no end to pass on in good order.
            to.Close();
        }
        underWay.Writer.TryComplete();
        await delivering;
    }

    async Task Deliver(ChannelReader<(byte[] Bytes, int Length, long Due)> underWay, Socket to, CancellationTokenSource broken)
    {
        try
        {
            await foreach (var (bytes, length, due) in underWay.ReadAllAsync(broken.Token))
            {
                var left = _clock.GetElapsedTime(_clock.GetTimestamp(), due);
                if (left > TimeSpan.Zero) await Task.Delay(left, _clock, broken.Token);
                if (length == 0) to.Shutdown(SocketShutdown.Send);
                for (var sent = 0; sent < length;) sent += await to.SendAsync(bytes.AsMemory(sent, length - sent), broken.Token);
                ArrayPool<byte>.Shared.Return(bytes);
            }
        }
        catch (Exception end) when (end is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            await broken.CancelAsync(); // The sender hears of it.
        }
    }

    long Ticks(TimeSpan time) => (long)(time.TotalSeconds * _clock.TimestampFrequency);
}
