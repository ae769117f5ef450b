using System.Net;
using System.Text;
using Apm.Core.Counting;
using Apm.Core.Endpoints;
using Apm.TestKit;
using Apm.TraceAgent.Serve;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Apm.TraceAgent.Tests.Serve;

public sealed class EndpointTemplatesApiTests : IAsyncLifetime, IDisposable
{
    const string Path = "/api/endpoints/templates";

    readonly MemoryDocuments _documents = new();
    readonly EndpointNames _names;
    readonly WebApplication _app;
    readonly HttpClient _client = new();

    public EndpointTemplatesApiTests()
    {
        _names = new EndpointNames(_documents, new Counters());
        _names.TemplateOf("web", "GET /user/1");
        _names.TemplateOf("web", "GET /user/2?x=1");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(_names);
        _app = builder.Build();
        _app.MapEndpointTemplatesApi();
    }

    public async Task InitializeAsync()
    {
        await _app.StartAsync();
        _client.BaseAddress = new Uri(_app.Urls.First());
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    public void Dispose()
    {
        _client.Dispose();
        _documents.Dispose();
    }

    [Fact]
    public async Task Templates_are_listed_with_rule_count_and_examples() => Assert.Equal(
        """{"service":"web","templates":[{"resource":"GET /user/{id}","raw_names":2,"rules":[{"path":"/user/{id}","why":"{id}: looks like an id (digits, hex or a mix of letters and digits)"}],"examples":["GET /user/1","GET /user/2?x=1"]}],"decisions":[]}""",
        await _client.GetStringAsync(new Uri($"{Path}?service=web", UriKind.Relative)));

    [Fact]
    public async Task Without_a_service_it_says_which_there_are()
    {
        using var answer = await _client.GetAsync(new Uri(Path, UriKind.Relative));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("""{"errors":["The parameter 'service' is missing. Services with paths in their resources: web."]}""", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_decision_is_taken_and_listed()
    {
        Assert.Equal((200, """{"note":"It holds for spans that come from now on; earlier ones keep their names."}"""), await Post("""{"service":"web","path":"/user/{id}","decision":"keep_apart"}"""));

        Assert.Equal("GET /user/3", _names.TemplateOf("web", "GET /user/3"));
        Assert.Contains("""[{"path":"/user/{id}","decision":"keep_apart"}]""", await _client.GetStringAsync(new Uri($"{Path}?service=web", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "application/json", "same-origin", "The body is no decision.")]
    [InlineData("{\"service\":\"web\",\"path\":\"/user/{id}\",\"decision\":\"no\"}", "application/json", "none", "decisions are keep_apart, fold and default.")]
    [InlineData("{\"service\":\"web\",\"path\":\"user\",\"decision\":\"fold\"}", "application/json", "none", "names no place")]
    [InlineData("{\"service\":\"web\",\"path\":\"/user/{id}\",\"decision\":\"default\"}", "text/plain", "none", "Send the decision as application/json")]
    [InlineData("{\"service\":\"web\",\"path\":\"/user/{id}\",\"decision\":\"default\"}", "application/json", "cross-site", "from this page's own site")]
    [InlineData("{\"service\":\"none\",\"path\":\"/user/{id}\",\"decision\":\"default\"}", "application/json", "none", "No service none with paths")]
    public async Task What_is_no_decision_is_refused_in_words(string body, string contentType, string site, string sentence)
    {
        var (status, text) = await Post(body, contentType, site);

        Assert.Equal(400, status);
        Assert.Contains(sentence, text, StringComparison.Ordinal);
    }

    async Task<(int Status, string Text)> Post(string body, string contentType = "application/json", string site = "none")
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(Path, UriKind.Relative)) { Content = new StringContent(body, Encoding.UTF8, contentType) };
        message.Headers.TryAddWithoutValidation("Sec-Fetch-Site", site);
        using var answer = await _client.SendAsync(message);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
