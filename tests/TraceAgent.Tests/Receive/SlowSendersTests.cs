using System.Net;
using System.Net.Sockets;
using System.Text;
using Apm.TraceAgent.Receive;

namespace Apm.TraceAgent.Tests.Receive;

/// <summary>Senders that take their time, over real sockets with tiny limits.</summary>
public class SlowSendersTests
{
    [Fact]
    public async Task A_body_that_does_not_end_is_answered_408_and_counted()
    {
        await using var agent = await AgentFixture.Start(agent: new AgentSettings { RequestTimeout = TimeSpan.FromMilliseconds(200) });

        var answer = await SendAndRead(agent, "PUT /v0.4/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc");

        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
        Assert.Contains("timeout\nThe body did not end within 0.2 s; 3 bytes of it came. Send smaller batches, or allow more time with limits.request_timeout.", answer, StringComparison.Ordinal);
        Assert.Equal(1, agent.Parts.Counters.Read("payloads_rejected", "timeout"));
    }

    [Fact]
    public async Task Headers_that_do_not_end_close_the_connection()
    {
        await using var agent = await AgentFixture.Start(agent: new AgentSettings { HeaderTimeout = TimeSpan.FromMilliseconds(500) });

        var answer = await SendAndRead(agent, "PUT /v0.4/traces HTTP/1.1\r\nHost");

        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_without_a_request_is_closed()
    {
        await using var agent = await AgentFixture.Start(agent: new AgentSettings { IdleTimeout = TimeSpan.FromMilliseconds(500) });

        Assert.Equal("", await SendAndRead(agent, ""));
    }

    [Fact]
    public async Task A_byte_now_and_then_is_too_slow()
    {
        await using var agent = await AgentFixture.Start(agent: new AgentSettings { MinBodyBytesPerSecond = 1_000_000, SlowGrace = TimeSpan.FromSeconds(1.1) });

        var answer = await SendAndRead(agent, "PUT /v0.4/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na");

        Assert.Contains("timeout\nThe body came too slowly", answer, StringComparison.Ordinal);
        Assert.Equal(1, agent.Parts.Counters.Read("payloads_rejected", "timeout"));
    }

    [Fact]
    public async Task Many_slow_senders_do_not_keep_a_quick_one_out()
    {
        await using var agent = await AgentFixture.Start();
        var slow = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 200; i++)
            {
                var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, agent.UrlOf("agent").Port);
                await client.GetStream().WriteAsync("PUT /v0.4/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\nx"u8.ToArray());
                slow.Add(client);
            }

            Assert.Equal(HttpStatusCode.OK, (await agent.Send("/v0.4/traces", [0x90])).Status);
        }
        finally
        {
            foreach (var client in slow) client.Dispose();
        }
    }

    /// <summary>What came until the server closed, or until it had answered.</summary>
    static async Task<string> SendAndRead(AgentFixture agent, string text)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, agent.UrlOf("agent").Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var answer = new StringBuilder();
        var bytes = new byte[4096];
        while (!answer.ToString().EndsWith("\n0\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(bytes, patience.Token) is var read and > 0) answer.Append(Encoding.UTF8.GetString(bytes, 0, read));
        return answer.ToString();
    }
}
