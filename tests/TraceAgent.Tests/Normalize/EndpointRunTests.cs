using Apm.Core.Counting;
using Apm.Core.Endpoints;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Tests.Normalize;

public sealed class EndpointRunTests : IDisposable
{
    readonly MemoryDocuments _documents = new();
    readonly EndpointNames _names;

    public EndpointRunTests() => _names = new EndpointNames(_documents, new Counters());

    public void Dispose() => _documents.Dispose();

    [Theory]
    //          resource                       type    kind                 route             expected
    [InlineData("GET /user/1?x=2",             "web",  SpanKind.Server,     "",               "GET /user/{id}")]
    [InlineData("GET /user/1",                 "web",  SpanKind.Server,     "/user/<id>",     "GET /user/1")]
    [InlineData("/user/1",                     "http", SpanKind.Unspecified, "",              "/user/{id}")]
    [InlineData("/user/1",                     "",     SpanKind.Server,     "",               "/user/1")]
    [InlineData("GET /user/1",                 "",     SpanKind.Server,     "",               "GET /user/{id}")]
    [InlineData("GET /user/1",                 "",     SpanKind.Internal,   "",               "GET /user/1")]
    [InlineData("https://api/user/1?key=2",    "http", SpanKind.Client,     "",               "https://api/user/{id}")]
    [InlineData("GET /user/1",                 "worker", SpanKind.Internal,   "",               "GET /user/1")]
    [InlineData("/pkg.Users/Get",              "web",  SpanKind.Server,     "",               "/pkg.Users/Get")]
    public void Spans_of_the_web_without_a_route_get_a_template(string resource, string type, SpanKind kind, string route, string expected)
    {
        var span = Named(Some.Span(resource: resource, type: type, kind: kind, tags: route.Length > 0 ? [("http.route", route)] : []))[0];

        Assert.Equal(expected, span.Resource);
        Assert.Equal(expected == resource ? null : resource[(resource.IndexOf(' ', StringComparison.Ordinal) + 1)..], span.Tags.GetValueOrDefault("http.path_raw"));
    }

    [Fact]
    public void The_raw_path_is_kept_where_no_tag_has_it()
    {
        var span = Named(Some.Span(resource: "GET /user/1", tags: [("http.url", "http://a/user/1")]))[0];

        Assert.Equal("http://a/user/1", Assert.Single(span.Tags).Value);
    }

    [Fact]
    public void What_a_batch_teaches_holds_for_all_of_it()
    {
        var spans = Named([.. Enumerable.Range(0, 60).Select(i => Some.Span(id: (ulong)(i + 1), trace: (ulong)(i + 1), resource: $"GET /api/profile/{(char)('a' + (i % 26))}{(char)('a' + (i / 26))}zo"))]);

        Assert.Equal(["GET /api/profile/{value}"], spans.Select(span => span.Resource).Distinct());
    }

    List<Span> Named(params Span[] spans)
    {
        var batch = Some.Batch(spans);
        new SpanNormalizer(new Counters(), new NormalizeSettings(), _names).Normalize(batch);
        return [.. SpanBatches.Spans(batch)];
    }
}
