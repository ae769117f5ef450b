using Apm.TestKit;

namespace Apm.TraceAgent.Tests.Serve;

public class UnknownPathsTests
{
    [Theory]
    [InlineData("/api/nosuch", "errors[0]")]
    [InlineData("/api/v2/nosuch", "errors[0]")]
    [InlineData("/jaeger/api/nosuch", "errors[0].msg")]
    [InlineData("/jaeger/api/metrics/latencies", "errors[0].msg")]
    [InlineData("/jaeger/api/v3/nosuch", "error.message")]
    [InlineData("/tempo/api/nosuch", "")]
    [InlineData("/tempo", "")]
    [InlineData("/zipkin/api/v2/nosuch", "")]
    [InlineData("/zipkin/nosuch", "")]
    public async Task Are_answered_in_the_shape_of_the_API_with_the_paths_that_there_are(string path, string place)
    {
        await using var api = await ApiHost.Start(Some.Span());

        var answer = await api.GetRaw(path);

        Assert.Equal((404, place.Length > 0 ? "application/json" : "text/plain"), (answer.Status, answer.ContentType));
        var sentence = place switch
        {
            "errors[0]" => answer.Json.GetProperty("errors")[0].GetString()!,
            "errors[0].msg" => answer.Json.GetProperty("errors")[0].GetProperty("msg").GetString()!,
            "error.message" => answer.Json.GetProperty("error").GetProperty("message").GetString()!,
            _ => answer.Text,
        };
        Assert.StartsWith($"Nothing answers {path} here.", sentence, StringComparison.Ordinal);
        var known = path.Split('/')[1] switch { "api" => "/api/v2/spans/events/search", "jaeger" => "/jaeger/api/v3/traces/{traceId}", "tempo" => "/tempo/api/search", _ => "/zipkin/api/v2/trace/{traceId}" };
        Assert.Contains($" {known}", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("{**", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Say_what_may_have_been_meant()
    {
        await using var api = await ApiHost.Start(Some.Span());

        Assert.StartsWith("Nothing answers /tempo/api/serch here. Did you mean /tempo/api/search? Paths: /tempo/api/echo, ", (await api.GetRaw("/tempo/api/serch")).Text, StringComparison.Ordinal);
        Assert.StartsWith("Nothing answers /zipkin//api/v2/services here. It has two slashes in a row; the address that a client is given ends without a slash. Paths: ", (await api.GetRaw("/zipkin//api/v2/services")).Text, StringComparison.Ordinal);
        Assert.StartsWith($"Nothing answers /zipkin/{new string('x', 192)}… here. Paths: ", (await api.GetRaw("/zipkin/" + new string('x', 5000))).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_that_another_method_answers_is_not_unknown()
    {
        await using var api = await ApiHost.Start(Some.Span());

        var trace = await api.Ask(HttpMethod.Post, "/zipkin/api/v2/trace/abc");
        var search = await api.Ask(HttpMethod.Get, "/api/v2/spans/events/search");
        var jaeger = await api.Ask(HttpMethod.Delete, "/jaeger/api/traces/abc");

        Assert.Equal((405, "GET", "/zipkin/api/v2/trace/abc answers GET, not POST."), (trace.Status, trace.Headers["Allow"], trace.Text));
        Assert.Equal((405, "POST", """{"errors":[{"detail":"/api/v2/spans/events/search answers POST, not GET.","status":"405","title":"Method Not Allowed"}]}"""), (search.Status, search.Headers["Allow"], search.Text));
        Assert.Equal((405, "GET"), (jaeger.Status, jaeger.Headers["Allow"]));
    }

    [Fact]
    public async Task Health_checks_of_Tempo_and_Zipkin_are_answered()
    {
        await using var api = await ApiHost.Start(Some.Span());

        Assert.Equal((200, "ready"), ((await api.GetRaw("/tempo/ready")).Status, (await api.GetRaw("/tempo/ready")).Text));
        Assert.Equal("""{"status":"UP","zipkin":{"status":"UP"}}""", (await api.GetRaw("/zipkin/health")).Text);
    }
}
