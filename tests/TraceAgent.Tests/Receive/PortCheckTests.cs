using System.Net;
using System.Net.Sockets;
using Apm.TraceAgent.Receive;

namespace Apm.TraceAgent.Tests.Receive;

public class PortCheckTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void A_port_that_is_taken_on_either_loopback_names_its_owner(string address)
    {
        using var owner = new TcpListener(IPAddress.Parse(address), 0);
        owner.Start();
        var port = ((IPEndPoint)owner.LocalEndpoint).Port;

        var problem = PortCheck.WhyTaken("zipkin", port)!;

        Assert.StartsWith($"Port {port} (zipkin) is taken by pid {Environment.ProcessId} (", problem.Message, StringComparison.Ordinal);
        Assert.EndsWith("). Stop it, or choose another port with --port zipkin=N.", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_free_port_is_free() => Assert.Null(PortCheck.WhyTaken("agent", PortCheck.Choose(0)));

    [Fact]
    public void A_chosen_port_lies_below_those_of_outgoing_connections()
    {
        var random = new Random(1);

        Assert.All(Enumerable.Range(0, 50), _ => Assert.InRange(PortCheck.Choose(0, random), 1024, 32_767));
    }
}
