using System.Net;
using System.Net.Sockets;
using System.Text;
using Apm.Core.Counting;
using Apm.Core.Services;
using Apm.Storage.InMemory;
using Apm.TestKit;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Receive;
using Microsoft.Extensions.Logging.Abstractions;

namespace Apm.TraceAgent.Tests.Receive;

public class ConnectionLimitTests
{
    [Fact]
    public async Task One_connection_too_many_is_closed_and_counted_and_room_is_made_when_another_ends()
    {
        var parts = Parts();
        await using var pipeline = new TracePipeline(parts, new PipelineSettings());
        pipeline.Start();
        var settings = new AgentSettings { AgentPort = 0, OtlpGrpcPort = null, OtlpHttpPort = null, ZipkinPort = null, MaxConnections = 1 };
        await using var server = await AgentServer.Start(settings, parts, pipeline, NullLoggerFactory.Instance, _ => { });
        var port = server.Listeners[0].Port;

        using (var first = await Connect(port))
        {
            Assert.StartsWith("HTTP/1.1 200", await Ask(first), StringComparison.Ordinal);
            using var second = await Connect(port);

            Assert.Equal("", await Ask(second));
            Assert.Equal(1, parts.Counters.Read("connections_refused", "agent"));
        }

        var answer = "";
        while (answer.Length == 0) // The server sees the end of the first a moment later.
        {
            using var third = await Connect(port);
            answer = await Ask(third);
        }
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
    }

    static async Task<TcpClient> Connect(int port)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        return client;
    }

    /// <summary>The first bytes of the answer to GET /info; empty when the connection is closed without one.</summary>
    static async Task<string> Ask(TcpClient client)
    {
        try
        {
            await client.GetStream().WriteAsync("GET /info HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            var bytes = new byte[64];
            return Encoding.ASCII.GetString(bytes, 0, await client.GetStream().ReadAsync(bytes));
        }
        catch (IOException)
        {
            return ""; // Closed while we wrote.
        }
    }

    static PipelineParts Parts() => new()
    {
        Log = new InMemoryPayloadLog(),
        Traces = new InMemoryTraceStore(),
        Stats = new InMemoryStatsStore(),
        Catalogue = new ServiceCatalogue(new MemoryDocuments()),
        Counters = new Counters(),
        Problems = new RecentProblems(),
        Clock = TimeProvider.System,
    };
}
