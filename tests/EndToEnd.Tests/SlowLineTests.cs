using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Apm.EndToEnd.Tests.Running;

namespace Apm.EndToEnd.Tests;

/// <summary>The line over which browser tests run with a round trip.</summary>
public class SlowLineTests
{
    static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(80);

    [Fact]
    public async Task What_goes_in_comes_back_whole_in_order_and_late_and_an_end_is_passed_on()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var echo = Echo(listener);
        await using var line = new SlowLine(new Uri($"http://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}"), RoundTrip, TimeProvider.System);
        using var client = new TcpClient();
        var started = TimeProvider.System.GetTimestamp();
        await client.ConnectAsync(IPAddress.Loopback, line.Address.Port);
        var stream = client.GetStream();
        var sent = RandomNumberGenerator.GetBytes(3_000_000);
        var received = new byte[sent.Length];
        var reading = stream.ReadExactlyAsync(received).AsTask();
        await stream.WriteAsync(sent);
        client.Client.Shutdown(SocketShutdown.Send);
        await reading;

        Assert.Equal(sent, received);
        Assert.True(TimeProvider.System.GetElapsedTime(started) >= 2 * RoundTrip - TimeSpan.FromMilliseconds(5), "a connection costs one round trip, and what is sent over it another");
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
        await echo;
    }

    [Fact]
    public async Task Where_nobody_listens_the_line_is_closed()
    {
        await using var line = new SlowLine(new Uri($"http://localhost:{Built.FreePort()}"), RoundTrip, TimeProvider.System);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, line.Address.Port);

        var end = await Record.ExceptionAsync(async () => Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1])));

        Assert.True(end is null or IOException, end?.ToString());
    }

    static async Task Echo(TcpListener listener)
    {
        using var one = await listener.AcceptTcpClientAsync();
        await one.GetStream().CopyToAsync(one.GetStream());
        one.Client.Shutdown(SocketShutdown.Send);
    }
}
