using Apm.Cli.Launch;

namespace Apm.Cli.Tests.Launch;

public class LaunchEnvironmentTests
{
    static readonly InjectedParts Parts = new("/opt/apm/python-client", "/opt/apm/startup-hook/Apm.StartupHook.dll");
    static readonly Uri Agent = new("http://localhost:8126");

    [Fact]
    public void A_bare_environment_gets_all_that_tracers_read()
    {
        var variables = Make([], new LaunchIdentity(null, null, null));

        Assert.Equal("""
            DD_SERVICE=flaskapp
            DD_TRACE_AGENT_URL=http://localhost:8126
            DOTNET_STARTUP_HOOKS=/opt/apm/startup-hook/Apm.StartupHook.dll
            OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:8126
            OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
            OTEL_SERVICE_NAME=flaskapp
            PYTHONPATH=/opt/apm/python-client/apm_tracing/bootstrap:/opt/apm/python-client
            """, Draw(variables));
    }

    [Fact]
    public void What_the_user_set_stays_and_options_win()
    {
        var variables = Make(
            new()
            {
                ["PYTHONPATH"] = "/mine", ["DOTNET_STARTUP_HOOKS"] = "/other/hook.dll", ["DD_SERVICE"] = "mine", ["DD_TRACE_AGENT_URL"] = "http://agent:8126",
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://collector:4317", ["OTEL_RESOURCE_ATTRIBUTES"] = "team=a",
            },
            new LaunchIdentity("shop", "prod", "1.2"));

        Assert.Equal("""
            DD_ENV=prod
            DD_SERVICE=shop
            DD_VERSION=1.2
            DOTNET_STARTUP_HOOKS=/opt/apm/startup-hook/Apm.StartupHook.dll:/other/hook.dll
            OTEL_RESOURCE_ATTRIBUTES=team=a,deployment.environment.name=prod,service.version=1.2
            OTEL_SERVICE_NAME=shop
            PYTHONPATH=/opt/apm/python-client/apm_tracing/bootstrap:/opt/apm/python-client:/mine
            """, Draw(variables));
    }

    [Fact]
    public void Hooks_that_the_script_kept_from_apm_reach_the_app()
    {
        var variables = Make(new() { [LaunchEnvironment.AppsHooks] = "/other/hook.dll" }, new LaunchIdentity(null, null, null));

        Assert.Equal("/opt/apm/startup-hook/Apm.StartupHook.dll:/other/hook.dll", variables["DOTNET_STARTUP_HOOKS"]);
    }

    static IReadOnlyDictionary<string, string> Make(Dictionary<string, string> environment, LaunchIdentity identity) =>
        LaunchEnvironment.Make(new LaunchPlan("/usr/bin/python3", ["flaskapp.py"], ProgramKind.Python, "flaskapp"), identity, Agent, Agent, Parts, environment.GetValueOrDefault);

    static string Draw(IReadOnlyDictionary<string, string> variables) =>
        string.Join('\n', variables.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));
}
