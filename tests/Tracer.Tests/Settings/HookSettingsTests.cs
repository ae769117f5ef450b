using Apm.StartupHook.Settings;

namespace Apm.Tracer.Tests.Settings;

public sealed class HookSettingsTests
{
    [Fact]
    public void Nothing_set_means_the_defaults()
    {
        var settings = Read();
        Assert.Equal(("MyApp", true, "", "", "http://localhost:8126/"), (settings.Service, settings.IsServiceGuessed, settings.Env, settings.Version, settings.AgentUrl.ToString()));
        Assert.True(settings is { IsEnabled: true, UsesAllSources: true, YieldsToOpenTelemetry: true, SendsTelemetry: true, IsDebug: false });
        Assert.Equal((TimeSpan.FromMilliseconds(200), 4 * 1024 * 1024, QueryStringMode.Keys), (settings.FlushInterval, settings.MaxQueueBytes, settings.QueryString));
    }

    [Theory]
    [InlineData("DD_SERVICE=a;OTEL_SERVICE_NAME=b;DD_TAGS=service:c", "a")]
    [InlineData("OTEL_SERVICE_NAME=b;DD_TAGS=service:c", "b")]
    [InlineData("DD_TAGS=team:x service:c", "c")]
    [InlineData("OTEL_RESOURCE_ATTRIBUTES=service.name=d,x=y", "d")]
    [InlineData("DD_SERVICE= ", "MyApp")]
    public void The_service_comes_from_the_first_that_names_it(string variables, string service) => Assert.Equal(service, Read(variables).Service);

    [Theory]
    [InlineData("DD_TRACE_AGENT_URL=http://agent:1;DD_AGENT_HOST=other", "http://agent:1/")]
    [InlineData("DD_AGENT_HOST=agent", "http://agent:8126/")]
    [InlineData("DD_TRACE_AGENT_PORT=1234", "http://localhost:1234/")]
    [InlineData("DD_AGENT_HOST=::1", "http://[::1]:8126/")]
    [InlineData("DD_TRACE_AGENT_URL=unix:///tmp/apm.socket", "unix:///tmp/apm.socket")]
    [InlineData("DD_TRACE_AGENT_URL=nonsense;DD_TRACE_AGENT_PORT=high", "http://localhost:8126/")]
    public void The_agent_is_found(string variables, string url) => Assert.Equal(url, Read(variables).AgentUrl.ToString());

    [Fact]
    public void Tags_are_pairs_split_at_the_first_colon()
    {
        var settings = Read("DD_TAGS=team:core,url:http://x,lonely,env:prod,version:2");
        Assert.Equal("team=core url=http://x lonely=", string.Join(' ', settings.Tags.Select(tag => $"{tag.Key}={tag.Value}")));
        Assert.Equal(("prod", "2"), (settings.Env, settings.Version));
    }

    [Theory]
    [InlineData("DD_TRACE_BATCH_INTERVAL=fast;APM_MAX_QUEUE_BYTES=-1;DD_TRACE_ENABLED=maybe")]
    [InlineData("DD_TRACE_BATCH_INTERVAL=1;APM_MAX_QUEUE_BYTES=1;DD_TRACE_ENABLED=")]
    public void A_value_that_makes_no_sense_counts_as_not_set(string variables)
    {
        var settings = Read(variables);
        Assert.Equal((TimeSpan.FromMilliseconds(200), 4 * 1024 * 1024, true), (settings.FlushInterval, settings.MaxQueueBytes, settings.IsEnabled));
    }

    [Theory]
    [InlineData("", "Shop.Orders", true)]
    [InlineData("", "Microsoft.AspNetCore", true)]
    [InlineData("", "Microsoft.AspNetCore.Server.Kestrel", false)]
    [InlineData("", "Experimental.System.Net.Sockets", false)]
    [InlineData("", "", false)]
    [InlineData("APM_ALL_SOURCES=false", "Shop.Orders", false)]
    [InlineData("APM_ALL_SOURCES=false", "System.Net.Http", true)]
    [InlineData("APM_ALL_SOURCES=0;APM_SOURCES=Shop.*", "Shop.Orders", true)]
    [InlineData("APM_SOURCES=Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Server.Kestrel", true)]
    [InlineData("APM_EXCLUDED_SOURCES=Shop.*,Other", "Shop.Orders", false)]
    public void Sources_are_taken_except_noisy_ones(string variables, string source, bool isTaken) =>
        Assert.Equal(isTaken, new SourceSelection(Read(variables)).Takes(source));

    [Theory]
    [InlineData("MyApp", "/srv/app/", "", null)]
    [InlineData("dotnet", "/usr/share/dotnet/sdk/10.0.100/", "", "dotnet is a development tool")]
    [InlineData("dotnet-ef", "/home/dev/.dotnet/tools", "", "dotnet-ef is a development tool")]
    [InlineData("csc", "/usr/share/dotnet/sdk/10.0.100/Roslyn/bincore", "", "csc is a development tool")]
    [InlineData("NewTool", "/usr/share/dotnet/sdk/10.0.100/NewTools", "/usr/share/dotnet/sdk/10.0.100/dotnet.dll", "it is part of the .NET SDK")]
    [InlineData("MyApp", "/home/me/sdk/myapp", "", null)]
    [InlineData("MyTests", "/src/tests/bin", "/src/tests/bin/testhost.dll", "it is a test host")]
    public void Tools_are_left_alone(string entry, string folder, string existing, string? reason) =>
        Assert.Equal(reason, ProcessFilter.ReasonToSkip(entry, folder, path => path == existing));

    static HookSettings Read(string variables = "")
    {
        var environment = variables.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        return HookSettings.FromEnvironment(environment.GetValueOrDefault, "MyApp");
    }
}
