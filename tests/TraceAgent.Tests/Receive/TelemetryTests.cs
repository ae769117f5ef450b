using System.Net;
using System.Text;
using Apm.Core.Services;
using Apm.TestKit;

namespace Apm.TraceAgent.Tests.Receive;

/// <summary>How an app is known before its first request: its tracer tells (trace-intake §1.20, §1.21).</summary>
public class TelemetryTests
{
    const string Path = "/telemetry/proxy/api/v2/apmtelemetry";

    [Fact]
    public async Task A_process_its_routes_addresses_and_settings_reach_the_catalogue_without_its_secrets()
    {
        await using var agent = await AgentFixture.Start();

        var started = await Tell(agent, "app-started", """
            "configuration":[
              {"name":"process_id","value":4711,"origin":"code"},
              {"name":"listen_urls","value":"http://0.0.0.0:5050,ftp://x,http://*:81","origin":"code"},
              {"name":"DD_API_KEY","value":"abc123","origin":"env_var"},
              {"name":"db_password","value":"hunter2","origin":"env_var"},
              {"name":"trace_agent_url","value":"http://user:pass@agent:8126","origin":"env_var"},
              {"name":"trace_enabled","value":true,"origin":"default"}]
            """);
        await Tell(agent, "app-endpoints", """
            "is_first":true,"endpoints":[
              {"type":"REST","method":"GET","path":"/","operation_name":"http.request","resource_name":"GET /"},
              {"type":"REST","method":"GET","path":"/api/apm","operation_name":"http.request","resource_name":"GET /api/apm"}]
            """);
        await Tell(agent, "app-endpoints", """
            "is_first":false,"endpoints":[{"type":"REST","method":"GET","path":"/api/trace","operation_name":"http.request","resource_name":"GET /api/trace"}]
            """);

        Assert.Equal((HttpStatusCode.Accepted, "{}"), (started.Status, started.Text));
        var process = Assert.Single(agent.Parts.Catalogue.Processes());
        Assert.Equal(("flaskapp", "dev", "1.2", "python", "3.11.2", "0.1.0", "box", 4711, 0L, false),
            (process.Service, process.Env, process.Version, process.Language, process.LanguageVersion, process.TracerVersion, process.Hostname, process.ProcessId, process.SpanCount, process.HasEnded));
        Assert.Equal(
            [new RouteInfo("GET", "/", "GET /"), new RouteInfo("GET", "/api/apm", "GET /api/apm"), new RouteInfo("GET", "/api/trace", "GET /api/trace")],
            process.Routes);
        Assert.Equal(["http://0.0.0.0:5050", "http://*:81"], process.ListenUrls);
        Assert.Equal(("***", "***", "http://***@agent:8126", "true"),
            (process.Settings["DD_API_KEY"], process.Settings["db_password"], process.Settings["trace_agent_url"], process.Settings["trace_enabled"]));
        Assert.Equal(1, agent.Parts.Counters.Read("telemetry_messages", "app-started"));
    }

    [Theory]
    [InlineData("Origin", "http://evil.example", HttpStatusCode.Forbidden)] // A name of its own for our address: Sec-Fetch-Site is not sent then.
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "http://localhost:8127", HttpStatusCode.Accepted)]
    [InlineData("X-Forwarded-Host", "a-container", HttpStatusCode.Accepted)]
    public async Task What_a_page_of_another_site_tells_is_refused(string header, string value, HttpStatusCode status)
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send(Path, "{}"u8.ToArray(), headers: [(header, value)]);

        Assert.Equal(status, answer.Status);
        if (status == HttpStatusCode.Forbidden) Assert.Equal("Telemetry from a page of another site is refused.\n", answer.Text);
    }

    [Fact]
    public async Task Addresses_that_no_app_listens_on_are_not_offered_to_be_called()
    {
        await using var agent = await AgentFixture.Start();

        await Tell(agent, "app-started", """ "configuration":[{"name":"listen_urls","value":"http://169.254.169.254:80,http://evil.example:80,http://[fe80::1]:80,http://239.0.0.1:80,http://10.0.0.7:80,http://my-host:81,http://[::]:82","origin":"code"}] """);

        Assert.Equal(["http://10.0.0.7:80", "http://my-host:81", "http://[::]:82"], Assert.Single(agent.Parts.Catalogue.Processes()).ListenUrls);
    }

    [Fact]
    public async Task Secrets_in_routes_and_addresses_are_stars()
    {
        await using var agent = await AgentFixture.Start();

        await Tell(agent, "app-started", """ "configuration":[{"name":"listen_urls","value":"http://me:S3CRET@localhost:5050","origin":"code"}] """);
        await Tell(agent, "app-endpoints", """ "is_first":true,"endpoints":[{"type":"REST","method":"GET","path":"/k?token=S3CRET&page=1","operation_name":"x","resource_name":"GET /k?token=S3CRET"}] """);

        var process = Assert.Single(agent.Parts.Catalogue.Processes());
        Assert.Equal([new RouteInfo("GET", "/k?token=***&page=1", "GET /k?token=***")], process.Routes);
        Assert.Equal(["http://***@localhost:5050"], process.ListenUrls);
    }

    [Fact]
    public async Task A_process_that_says_good_bye_has_ended_until_it_is_heard_again()
    {
        await using var agent = await AgentFixture.Start();

        await Tell(agent, "app-started", "\"configuration\":[]");
        await Tell(agent, "app-closing", "");
        Assert.True(Assert.Single(agent.Parts.Catalogue.Processes()).HasEnded);

        await Tell(agent, "app-heartbeat", "");
        Assert.False(Assert.Single(agent.Parts.Catalogue.Processes()).HasEnded);
    }

    [Fact]
    public async Task More_routes_than_are_kept_are_counted()
    {
        await using var agent = await AgentFixture.Start();
        var routes = string.Join(',', Enumerable.Range(0, 600).Select(i => $$"""{"method":"GET","path":"/{{i}}","resource_name":"GET /{{i}}"}"""));

        await Tell(agent, "app-endpoints", $"\"is_first\":true,\"endpoints\":[{routes}]");

        Assert.Equal(500, Assert.Single(agent.Parts.Catalogue.Processes()).Routes.Count);
        Assert.Equal(100, agent.Parts.Counters.Read("telemetry_over_limit", "routes"));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[1,2")]
    [InlineData("{\"request_type\":17}")]
    public async Task What_cannot_be_read_is_remembered_and_answered_all_the_same(string body)
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send(Path, Encoding.UTF8.GetBytes(body), "application/json", "POST");

        Assert.Equal((HttpStatusCode.Accepted, "{}"), (answer.Status, answer.Text));
        Assert.Empty(agent.Parts.Catalogue.Processes());
    }

    [Fact]
    public async Task The_poll_for_configuration_is_a_sign_of_life()
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send("/v0.7/config", Fixtures.Bytes("node-dd-trace-6/002.bin"), "application/json", "POST");

        Assert.Equal((HttpStatusCode.OK, "{}"), (answer.Status, answer.Text));
        var process = Assert.Single(agent.Parts.Catalogue.Processes());
        Assert.Equal(("nodejs", 0L), (process.Language, process.SpanCount));
        Assert.NotEmpty(process.Service);
    }

    [Fact]
    public async Task A_broken_poll_is_400_with_a_sentence()
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send("/v0.7/config", "{\"client\":"u8.ToArray(), "application/json", "POST");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.True(answer.Text.Length > 25, answer.Text);
    }

    static Task<Answer> Tell(AgentFixture agent, string type, string payload) => agent.Send(Path, Encoding.UTF8.GetBytes($$"""
        {"api_version":"v2","request_type":"{{type}}","tracer_time":1764072000,"runtime_id":"4f2c","seq_id":1,
         "application":{"service_name":"flaskapp","env":"dev","service_version":"1.2","tracer_version":"0.1.0","language_name":"python","language_version":"3.11.2"},
         "host":{"hostname":"box"},"payload":{ {{payload}} } }
        """), "application/json", "POST");
}
