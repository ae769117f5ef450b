using System.Net;
using Apm.Cli.Host;
using Apm.Cli.Tests.Doctor;
using Apm.Core.Counting;

namespace Apm.Cli.Tests.Host;

/// <summary>Who asks for the screens by a name that is not this machine's is refused, and what clients send in is taken all the same.</summary>
public sealed class HostGuardTests
{
    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST.", true)]
    [InlineData("apm.localhost", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.9.9.9", true)]
    [InlineData("[::1]", true)]
    [InlineData("", true)] // HTTP/1.0 names none, and no browser speaks it.
    [InlineData("apm.example.com", true)] // As it was set.
    [InlineData("evil.example", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("notlocalhost", false)]
    [InlineData("127.0.0.1.nip.io", false)]
    [InlineData("192.168.1.5", false)]
    [InlineData("[fe80::1]", false)]
    public void Names_that_are_this_machines(string host, bool isRight) => Assert.Equal(isRight, new HostGuard(["APM.example.com."], new Counters()).IsRight(host));

    [Fact]
    public async Task A_foreign_name_is_answered_421_in_words_and_counted_and_intake_is_taken()
    {
        await using var rig = await DoctorRig.Start(settings => settings with { UiHosts = ["apm.example.com"] });

        foreach (var path in new[] { "/", "/traces", "/api/doctor", "/api/status", "/jaeger/api/services", "/js/nothing.js", "/api/v1/query" })
        {
            var (status, text) = await Ask(HttpMethod.Get, rig.Ui, path, "evil.example");
            Assert.Equal(HttpStatusCode.MisdirectedRequest, status);
            Assert.Equal($"This is Apm, which answers to localhost, and was asked for \"evil.example\". A page of another site could read it by a name of its own (DNS rebinding), so other names are refused. Open http://localhost:{rig.Ui.Port}, or, when the name is yours, write it under ui.hosts in the settings.\n", text);
        }
        Assert.Contains("requests_refused", await rig.Http.GetStringAsync(new Uri(rig.Ui, "/api/status")), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.OK, (await Ask(HttpMethod.Get, rig.Ui, "/healthz", "apm.example.com")).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await Ask(HttpMethod.Post, rig.Ui, "/api/v1/series", "host.docker.internal", $$$"""{"series":[{"metric":"a","points":[[{{{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}}},1]]}]}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await Ask(HttpMethod.Put, rig.Agent, "/v0.4/traces", "some-container:8126", "[]")).Status);
        Assert.Equal(HttpStatusCode.OK, (await Ask(HttpMethod.Get, rig.Agent, "/info", "host.docker.internal")).Status);

        async Task<(HttpStatusCode Status, string Text)> Ask(HttpMethod method, Uri server, string path, string host, string? json = null)
        {
            using var message = new HttpRequestMessage(method, new Uri(server, path)) { Content = json is null ? null : new StringContent(json, System.Text.Encoding.UTF8, "application/json") };
            message.Headers.Host = host;
            using var answer = await rig.Http.SendAsync(message);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
    }
}
