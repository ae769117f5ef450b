using System.Net;
using System.Net.Sockets;
using Apm.Core.Checks;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.Tcp;

namespace Apm.TraceAgent.Tests.Checks.Tcp;

public class TcpCheckTests
{
    static async Task<RecordingOutput> RunAsync(params (string Key, object? Value)[] keys)
    {
        var output = new RecordingOutput();
        await using var check = new TcpCheckKind(TimeProvider.System).Create(Instance.Of([("name", "db"), .. keys]));
        await check.RunAsync(output, CancellationToken.None);
        return output;
    }

    [Fact]
    public async Task A_port_that_is_open()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var output = await RunAsync(("host", "127.0.0.1"), ("port", (long)port), ("collect_response_time", true), ("tags", Instance.List("env:prod")));

        Assert.Equal(["network.tcp.can_connect", "network.tcp.response_time"], output.Names);
        Assert.Equal(1, output["network.tcp.can_connect"]);
        Assert.All(output.Metrics, sent => Assert.Equal($"env:prod url:127.0.0.1:{port} instance:db", sent.Tags));
        Assert.Equal(("tcp.can_connect", CheckStatus.Ok, $"env:prod instance:db target_host:127.0.0.1 port:{port}", ""), Assert.Single(output.ServiceChecks));
    }

    [Fact]
    public async Task A_port_that_is_closed_is_the_answer_not_a_failed_run()
    {
        var output = await RunAsync(("host", "127.0.0.1"), ("port", "1"), ("collect_response_time", "yes"));

        Assert.Equal(["Gauge network.tcp.can_connect 0 url:127.0.0.1:1 instance:db"], output.Lines);
        Assert.Equal((CheckStatus.Critical, "127.0.0.1:1 takes no connection: Connection refused."), output.ServiceChecks.Select(answer => (answer.Status, answer.Message)).Single());
    }

    [Fact]
    public async Task A_name_without_address()
    {
        var output = await RunAsync(("host", "nowhere.invalid"), ("port", 80L), ("timeout", 5L));

        Assert.StartsWith("The name nowhere.invalid has no address", Assert.Single(output.ServiceChecks).Message, StringComparison.Ordinal);
        Assert.Equal(0, output["network.tcp.can_connect"]);
    }

    [Fact]
    public async Task Every_address_answers_for_itself()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var output = await RunAsync(("host", "localhost"), ("port", (long)port), ("multiple_ips", true));

        Assert.Contains($"Gauge network.tcp.can_connect 1 url:localhost:{port} instance:db address:127.0.0.1", output.Lines);
    }

    [Theory]
    [InlineData("host", null, "tcp_check: `host` is needed, such as `host: db.example.com`.")]
    [InlineData("port", null, "tcp_check: `port` is needed, such as `port: 5432`.")]
    [InlineData("port", "70000", "tcp_check: `port: 70000` cannot be used; it must be a number from 1 to 65535.")]
    [InlineData("timeout", "soon", "tcp_check: `timeout: soon` cannot be used; it must be a number from 0.001 to 3600.")]
    public void What_cannot_be_used_is_said(string key, string? value, string sentence)
    {
        var keys = new Dictionary<string, object?> { ["name"] = "n", ["host"] = "h", ["port"] = 1L, [key] = value };

        Assert.Equal(sentence, Assert.Throws<CheckFailedException>(() => new TcpCheckKind(TimeProvider.System).Create(new CheckSettings(new Dictionary<string, object?>(), keys, ""))).Message);
    }
}
