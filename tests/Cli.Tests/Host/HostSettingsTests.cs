using Apm.Cli.Host;

namespace Apm.Cli.Tests.Host;

public class HostSettingsTests
{
    [Fact]
    public void Without_options_the_fixed_ports_are_used()
    {
        var settings = HostSettings.Read(null, [], _ => null);

        Assert.Equal((8126, 4317, 4318, 9411, 8127), (settings.Agent.AgentPort, settings.Agent.OtlpGrpcPort, settings.Agent.OtlpHttpPort, settings.Agent.ZipkinPort, settings.UiPort));
        Assert.Equal(Path.GetFullPath("data"), settings.DataFolder);
    }

    [Fact]
    public void An_option_wins_over_the_environment_and_off_turns_a_port_off()
    {
        var settings = HostSettings.Read("/tmp/x", ["agent=9126", "zipkin=off"], name => name switch { "APM_PORT_AGENT" => "1", "APM_PORT_OTLP_HTTP" => "14318", "APM_DATA" => "/elsewhere", _ => null });

        Assert.Equal((9126, 14318, null, "/tmp/x"), (settings.Agent.AgentPort, settings.Agent.OtlpHttpPort, settings.Agent.ZipkinPort, settings.DataFolder));
    }

    [Theory]
    [InlineData("8126", "--port 8126: expected NAME=N, where NAME is one of agent, ui, otlp-grpc, otlp-http, zipkin. For example --port agent=8126.")]
    [InlineData("agnet=8126", "--port agnet=8126: expected NAME=N, where NAME is one of agent, ui, otlp-grpc, otlp-http, zipkin. For example --port agent=8126.")]
    [InlineData("agent=http", "Port agent=http: expected a number from 0 to 65535 (0 lets the system choose), or off.")]
    [InlineData("agent=70000", "Port agent=70000: expected a number from 0 to 65535 (0 lets the system choose), or off.")]
    [InlineData("ui=8126", "Port 8126 is given to agent and to ui. Give each its own, or turn one off with --port ui=off.")]
    [InlineData("ui=off", "Port ui cannot be off: without it there is nothing to run.")]
    public void A_wrong_port_says_what_to_write(string option, string expected)
    {
        var problem = Assert.Throws<SettingsException>(() => HostSettings.Read(null, [option], _ => null));

        Assert.Equal(expected, problem.Message);
    }
}
