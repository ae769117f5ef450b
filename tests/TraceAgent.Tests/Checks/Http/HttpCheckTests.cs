using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Apm.Core.Checks;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.Http;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Tests.Checks.Http;

public class HttpCheckTests
{
    static async Task<RecordingOutput> RunAsync(string url, params (string Key, object? Value)[] keys)
    {
        var output = new RecordingOutput();
        await using var check = new HttpCheckKind(TimeProvider.System).Create(Instance.Of([("name", "Shop"), ("url", url), .. keys]));
        await check.RunAsync(output, CancellationToken.None);
        return output;
    }

    [Fact]
    public async Task A_site_that_is_up()
    {
        await using var site = await TestSite.StartAsync("hello");

        var output = await RunAsync(site.Url, ("tags", Instance.List("env:prod")));

        Assert.Equal(["network.http.can_connect", "network.http.cant_connect", "network.http.response_time"], output.Names);
        Assert.Equal((1, 0), (output["network.http.can_connect"], output["network.http.cant_connect"]));
        Assert.InRange(output["network.http.response_time"], 0.000001, 10);
        Assert.All(output.Metrics, sent => Assert.Equal($"env:prod url:{site.Url} instance:Shop", sent.Tags));
        Assert.Equal(("http.can_connect", CheckStatus.Ok, $"env:prod url:{site.Url} instance:Shop", ""), Assert.Single(output.ServiceChecks));
    }

    [Theory]
    [InlineData(500, null, "answered 500; expected is 1xx, 2xx or 3xx (`http_response_status_code`).")]
    [InlineData(404, "404", "")]
    [InlineData(200, "5\\d\\d", "answered 200; expected is 5\\d\\d (`http_response_status_code`).")]
    public async Task The_status_is_as_expected_or_not(int status, string? expected, string message)
    {
        await using var site = await TestSite.StartAsync("body", status: status);

        var output = await RunAsync(site.Url, ("http_response_status_code", expected));

        Assert.Equal(message.Length == 0 ? "" : $"{site.Url} {message}", Assert.Single(output.ServiceChecks).Message);
        Assert.Equal(message.Length == 0 ? 1 : 0, output["network.http.can_connect"]);
    }

    [Theory]
    [InlineData("all .ood", false, "")]
    [InlineData("all bad", false, "The content of URL has not what `content_match: all bad` must find.")]
    [InlineData("all .ood", true, "The content of URL has what `content_match: all .ood` must not find (`reverse_content_match`).")]
    public async Task The_content_is_as_expected_or_not(string pattern, bool reverse, string message)
    {
        await using var site = await TestSite.StartAsync("this is all good");

        var output = await RunAsync(site.Url, ("content_match", pattern), ("reverse_content_match", reverse));

        Assert.Equal(message.Replace("URL", site.Url, StringComparison.Ordinal), Assert.Single(output.ServiceChecks).Message);
    }

    [Fact]
    public async Task A_wrong_answer_can_be_quoted()
    {
        await using var site = await TestSite.StartAsync("out of order", status: 503);

        Assert.EndsWith(" It said: out of order", Assert.Single((await RunAsync(site.Url, ("include_content", true))).ServiceChecks).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_headers_and_an_account_are_sent()
    {
        var seen = "";
        await using var site = await TestSite.StartAsync(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            seen = $"{context.Request.Method} {context.Request.ContentType} {context.Request.Headers["X-Key"]} {context.Request.Headers.Authorization} {await reader.ReadToEndAsync()}";
        });

        await RunAsync(site.Url, ("method", "post"), ("data", Instance.Map(("a", 1L))), ("headers", Instance.Map(("X-Key", "k"))), ("username", "u"), ("password", "p"));

        Assert.Equal("POST application/json k Basic dTpw {\"a\":1}", seen);
    }

    [Fact]
    public async Task Redirects_are_followed_without_the_password_to_another_host()
    {
        await using var target = await TestSite.StartAsync("there");
        await using var site = await TestSite.StartAsync(context =>
        {
            context.Response.Redirect(context.Request.Path == "/there" ? target.Url : "/there");
            return Task.CompletedTask;
        });

        var output = await RunAsync(site.Url, ("username", "u"), ("password", "p"), ("content_match", "there"));

        Assert.Equal(CheckStatus.Ok, Assert.Single(output.ServiceChecks).Status);
        Assert.Equal(["GET / Basic dTpw", "GET /there Basic dTpw"], site.Asked);
        Assert.Equal(["GET /"], target.Asked);
    }

    [Theory]
    [InlineData("file:///etc/passwd", "redirects to file:///etc/passwd; only http and https are followed.")]
    [InlineData("ftp://example.com/", "redirects to ftp://example.com/; only http and https are followed.")]
    [InlineData("/again", "redirects more than 10 times, lastly to ")]
    public async Task Redirects_to_other_schemes_and_without_end_are_not_followed(string target, string message)
    {
        await using var site = await TestSite.StartAsync(context =>
        {
            context.Response.Headers.Location = target;
            context.Response.StatusCode = 302;
            return Task.CompletedTask;
        });

        Assert.Contains(message, Assert.Single((await RunAsync(site.Url)).ServiceChecks).Message, StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync(site.Url, ("allow_redirects", false)))["network.http.can_connect"]);
    }

    [Fact]
    public async Task A_redirect_from_a_safe_line_to_an_open_one_is_not_followed()
    {
        using var certificate = TestSite.Certificate(DateTimeOffset.UtcNow.AddDays(90));
        await using var site = await TestSite.StartAsync(context =>
        {
            context.Response.Redirect("http://127.0.0.1:1/");
            return Task.CompletedTask;
        }, certificate);

        Assert.EndsWith("redirects from https to http://127.0.0.1:1/; a redirect to an open line is not followed.",
            (await RunAsync(site.Url, ("tls_verify", false))).ServiceChecks.Single(answer => answer.Name == "http.can_connect").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_site_that_is_down_is_the_answer_not_a_failed_run()
    {
        var output = await RunAsync("http://127.0.0.1:1/");

        Assert.Equal((0, 1), (output["network.http.can_connect"], output["network.http.cant_connect"]));
        Assert.False(output.Has("network.http.response_time"));
        Assert.Equal("http://127.0.0.1:1/ cannot be reached: Connection refused", Assert.Single(output.ServiceChecks).Message);
    }

    [Theory]
    [InlineData(90, "Ok", "")]
    [InlineData(10, "Warning", "The certificate is good for 10 more days, until ")]
    [InlineData(3, "Critical", "The certificate is good for 3 more days, until ")]
    [InlineData(-2, "Critical", "The certificate ran out 2 days ago, on ")]
    public async Task How_long_a_certificate_is_good(int days, string status, string message)
    {
        using var certificate = TestSite.Certificate(DateTimeOffset.UtcNow.AddDays(days));
        await using var site = await TestSite.StartAsync(context => context.Response.WriteAsync("ok"), certificate);

        var output = await RunAsync(site.Url, ("tls_verify", false));

        Assert.InRange(output["http.ssl.days_left"], days - 1, days);
        Assert.InRange(output["http.ssl.seconds_left"], (days * 86400) - 600, days * 86400);
        var answer = output.ServiceChecks.Single(answer => answer.Name == "http.ssl_cert");
        Assert.Equal(status, answer.Status.ToString());
        Assert.StartsWith(message, answer.Message, StringComparison.Ordinal);
        Assert.Equal(1, output["network.http.can_connect"]);
    }

    [Fact]
    public async Task A_certificate_that_nobody_signed_is_refused_unless_it_is_named_as_trusted()
    {
        using var certificate = TestSite.Certificate(DateTimeOffset.UtcNow.AddDays(90));
        await using var site = await TestSite.StartAsync(context => context.Response.WriteAsync("ok"), certificate);
        var url = site.Url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, certificate.ExportCertificatePem());
        try
        {
            Assert.Equal(0, (await RunAsync(url))["network.http.can_connect"]);
            Assert.Equal(1, (await RunAsync(url, ("tls_ca_cert", file)))["network.http.can_connect"]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("name", null, "http_check: `name` is needed, such as `name: My site`.")]
    [InlineData("url", "gopher://x", "http_check: `url: gopher://x` cannot be used; it must be a URL that begins with http:// or https://.")]
    [InlineData("method", "brew", "http_check: `method: BREW` cannot be used; it must be get, post, put, head, delete, patch or options.")]
    [InlineData("tls_ca_cert", "/nonexistent.pem", "The certificate file /nonexistent.pem cannot be used: Could not find file '/nonexistent.pem'. It must be PEM and readable by the user that runs the agent.")]
    public void What_cannot_be_used_is_said(string key, string? value, string sentence)
    {
        var keys = new Dictionary<string, object?> { ["name"] = "n", ["url"] = "http://localhost", [key] = value };

        Assert.Equal(sentence, Assert.Throws<CheckFailedException>(() => new HttpCheckKind(TimeProvider.System).Create(new CheckSettings(new Dictionary<string, object?>(), keys, ""))).Message);
    }
}
