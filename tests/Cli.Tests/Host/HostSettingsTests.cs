using Apm.Cli.Host;
using Apm.Cli.Settings;

namespace Apm.Cli.Tests.Host;

public class HostSettingsTests
{
    static HostSettings Read(string? dataFolder, IReadOnlyList<string> ports, Func<string, string?> environment)
    {
        var result = SettingsReader.Read(HostSettings.OptionsOf(dataFolder, ports), environment, file: null);
        if (result.Errors.Any()) throw new SettingsException(string.Join('\n', result.Errors));
        result.Settings.RefuseSharedPorts();
        return result.Settings;
    }

    [Fact]
    public void Without_options_the_fixed_ports_are_used()
    {
        var settings = Read(null, [], _ => null);

        Assert.Equal((8126, 4317, 4318, 9411, 8127), (settings.Agent.AgentPort, settings.Agent.OtlpGrpcPort, settings.Agent.OtlpHttpPort, settings.Agent.ZipkinPort, settings.UiPort));
        Assert.Equal(Path.GetFullPath("data"), settings.DataFolder);
    }

    [Fact]
    public void An_option_wins_over_the_environment_and_off_turns_a_port_off()
    {
        var settings = Read("/tmp/x", ["agent=9126", "zipkin=off"], name => name switch { "APM_PORT_AGENT" => "1", "APM_PORT_OTLP_HTTP" => "14318", "APM_DATA" => "/elsewhere", _ => null });

        Assert.Equal((9126, 14318, null, "/tmp/x"), (settings.Agent.AgentPort, settings.Agent.OtlpHttpPort, settings.Agent.ZipkinPort, settings.DataFolder));
    }

    [Theory]
    [InlineData("8126", "--port 8126: expected NAME=N, where NAME is one of agent, ui, otlp-grpc, otlp-http, zipkin, dogstatsd. For example --port agent=8126.")]
    [InlineData("agnet=8126", "--port agnet=8126: expected NAME=N, where NAME is one of agent, ui, otlp-grpc, otlp-http, zipkin, dogstatsd. For example --port agent=8126.")]
    [InlineData("agent=http", "option --port agent=http: \"http\" is not what ports.agent takes: a port from 0 to 65535.")]
    [InlineData("agent=70000", "option --port agent=70000: \"70000\" is not what ports.agent takes: a port from 0 to 65535.")]
    [InlineData("ui=8126", "Port 8126 is given to agent and to ui. Give each its own, or turn one off with --port ui=off.")]
    [InlineData("ui=off", "option --port ui=off: \"off\" is not what ports.ui takes: a port from 0 to 65535.")]
    public void A_wrong_port_says_what_to_write(string option, string expected)
    {
        var problem = Assert.Throws<SettingsException>(() => Read(null, [option], _ => null));

        Assert.Equal(expected, problem.Message);
    }
}
