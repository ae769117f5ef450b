using System.Net;
using System.Text.RegularExpressions;
using Apm.TestKit;

namespace Apm.Cli.Tests.Doctor;

/// <summary>The doctor's page and its two buttons, over HTTP, beside a real app.</summary>
public sealed partial class DoctorPageTests : IAsyncLifetime
{
    DoctorRig _rig = null!;

    public async Task InitializeAsync() => _rig = await DoctorRig.Start();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task A_test_trace_is_sent_and_seen_to_pass_and_counts_as_nobodys()
    {
        var sent = await Press("/ui/doctor/test");

        await Until.True("the test trace is found", TimeSpan.FromSeconds(5), async () => (await Page(sent)).Contains("data-test=\"found\"", StringComparison.Ordinal));
        Assert.Contains("data-verdict=\"TD34\"", await Page("/doctor"), StringComparison.Ordinal); // It is no app's.
    }

    [Fact]
    public async Task A_route_of_a_waiting_app_is_called_and_its_trace_appears()
    {
        var port = DoctorRig.FreePort();
        await _rig.Launch([DoctorRig.Python, _rig.Write("flaskapp.py", "from flask import Flask\napp = Flask(__name__)\n@app.route('/api/apm')\ndef apm(): return 'apm'\napp.run(port=" + port + ")\n")]);
        await DoctorRig.Listens(port);
        var runtime = "";
        await Until.True("its routes have a button", TimeSpan.FromSeconds(10), async () => (runtime = Runtime().Match(await Page("/doctor")).Groups[1].Value).Length > 0);

        var sent = await Press("/ui/doctor/call", ("runtime", runtime), ("path", "/api/apm"));

        Assert.Equal("/doctor?sent=/api/apm&status=200", sent);
        await Until.True("it is traced", TimeSpan.FromSeconds(5), async () => (await Page("/doctor")).Contains("data-verdict=\"none\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("elsewhere", 1, "another machine")]
    [InlineData("", 999_999, "does not run on this machine")]
    public async Task A_route_that_telemetry_merely_claims_is_not_called(string host, int processId, string why)
    {
        await _rig.Tell("hostile", "shop", processId, host.Length > 0 ? host : Environment.MachineName, ("listen_urls", $"http://localhost:{_rig.Ui.Port}"));
        await Routes("hostile", "/healthz");

        var answer = await Send("/ui/doctor/call", ("runtime", "hostile"), ("path", "/healthz"));

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains(why, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_the_process_does_not_hold_is_not_called()
    {
        var other = _rig.Start("sleep", "60");
        await _rig.Tell("hostile", "shop", other.Id, Environment.MachineName, ("listen_urls", $"http://localhost:{_rig.Ui.Port}"));
        await Routes("hostile", "/healthz");

        var answer = await Send("/ui/doctor/call", ("runtime", "hostile"), ("path", "/healthz"));

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains($"The system does not say that pid {other.Id} listens on port {_rig.Ui.Port}, so nothing was sent.", WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_button_without_its_token_does_nothing()
    {
        using var form = new FormUrlEncodedContent([]);
        using var answer = await _rig.Http.PostAsync(new Uri(_rig.Ui, "/ui/doctor/test"), form);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    async Task Routes(string runtimeId, string path)
    {
        using var content = new StringContent($$$"""{"api_version":"v2","request_type":"app-endpoints","runtime_id":"{{{runtimeId}}}","seq_id":2,"application":{"service_name":"shop","language_name":"python"},"host":{},"payload":{"is_first":true,"endpoints":[{"type":"REST","method":"GET","path":"{{{path}}}","operation_name":"x","resource_name":"GET {{{path}}}"}]}}""", System.Text.Encoding.UTF8, "application/json");
        using var answer = await _rig.Http.PostAsync(new Uri(_rig.Agent, "/telemetry/proxy/api/v2/apmtelemetry"), content);
    }

    Task<string> Page(string address) => _rig.Http.GetStringAsync(new Uri(_rig.Ui, address));

    /// <summary>Where the form leads.</summary>
    async Task<string> Press(string path, params (string, string)[] fields)
    {
        using var answer = await Send(path, fields);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return answer.Headers.Location!.ToString();
    }

    async Task<HttpResponseMessage> Send(string path, params (string Name, string Value)[] fields)
    {
        using var browser = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
        var token = Token().Match(await browser.GetStringAsync(new Uri(_rig.Ui, "/doctor"))).Groups[1].Value;
        using var form = new FormUrlEncodedContent(fields.Append(("__RequestVerificationToken", token)).Select(pair => KeyValuePair.Create(pair.Item1, pair.Item2)));
        return await browser.PostAsync(new Uri(_rig.Ui, path), form);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();

    [GeneratedRegex("name=\"runtime\" value=\"([^\"]+)\"")]
    private static partial Regex Runtime();
}
