using Apm.Core.Counting;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Account;
using Apm.TraceAgent.Filter;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Tests.Filter;

public class ChunkFilterTests
{
    [Theory]
    //          reject            require            tags of the root          kept
    [InlineData("",               "",                "",                       true)]
    [InlineData("secret",         "",                "secret=",                false)]
    [InlineData("secret",         "",                "secret=yes",             false)]
    [InlineData("secret",         "",                "other=yes",              true)]
    [InlineData("secret:yes",     "",                "secret=yes",             false)]
    [InlineData("secret:yes",     "",                "secret=no",              true)]
    [InlineData(" secret : yes ", "",                "secret=yes",             false)]
    [InlineData("url:http://a/b", "",                "url=http://a/b",         false)]
    [InlineData("",               "team",            "",                       false)]
    [InlineData("",               "team",            "team=a",                 true)]
    [InlineData("",               "team:a|tier",     "team=a",                 false)]
    [InlineData("",               "team:a|tier",     "team=a|tier=1",          true)]
    [InlineData("team:a",         "team",            "team=a",                 false)]
    public void Tags_by_value(string reject, string require, string tags, bool isKept) =>
        Assert.Equal(isKept ? null : "filtered_by_tags", WhyRejected(new FilterSettings { RejectTags = List(reject), RequireTags = List(require) }, tags));

    [Theory]
    [InlineData("path:^/admin",  "",              "path=/admin/users",  false)]
    [InlineData("path:^/admin",  "",              "path=/users/admin",  true)]
    [InlineData("path:admin",    "",              "path=/users/admin",  false)]
    [InlineData("path",          "",              "path=/",             false)]
    [InlineData("",              "team:^(a|b)$",  "team=b",             true)]
    [InlineData("",              "team:^(a|b)$",  "team=c",             false)]
    [InlineData("",              "team:^(a|b)$",  "",                   false)]
    public void Tags_by_pattern(string reject, string require, string tags, bool isKept) =>
        Assert.Equal(isKept ? null : "filtered_by_tags", WhyRejected(new FilterSettings { RejectTagsRegex = List(reject, '\0'), RequireTagsRegex = List(require, '\0') }, tags));

    [Theory]
    [InlineData("GET /healthz", "health",             "ignored_resource")]
    [InlineData("GET /healthz", "^/health",           null)]
    [InlineData("GET /healthz", "^GET /(health|ready)z?$", "ignored_resource")]
    [InlineData("GET /users",   "health",             null)]
    public void Resources(string resource, string pattern, string? reason) =>
        Assert.Equal(reason, WhyRejected(new FilterSettings { IgnoreResources = [pattern] }, "", resource));

    [Fact]
    public void The_resource_is_asked_before_the_tags() =>
        Assert.Equal("ignored_resource", WhyRejected(new FilterSettings { IgnoreResources = ["."], RejectTags = ["a"] }, "a=1"));

    [Fact]
    public void Only_the_root_is_looked_at_and_each_service_of_the_chunk_is_told()
    {
        var rejections = new List<SpanRejection>();
        var batch = Some.Batch(
            Some.Span(id: 1, service: "web", resource: "GET /healthz"), Some.Span(id: 2, parent: 1, service: "db"),
            Some.Span(trace: 99, id: 3, service: "web", resource: "GET /"), Some.Span(trace: 99, id: 4, parent: 3, service: "db", resource: "GET /healthz"));

        var facts = new SpanNormalizer(new Counters(), new NormalizeSettings { Filters = new FilterSettings { IgnoreResources = ["healthz"] } }).Normalize(batch, rejections);

        Assert.Single(facts);
        Assert.Equal([3ul, 4ul], SpanBatches.Spans(batch).Select(span => span.Id.Value));
        Assert.Equal([("web", "ignored_resource", 1), ("db", "ignored_resource", 1)], rejections.Select(rejection => (rejection.Service, rejection.Reason, rejection.SpanCount)));
    }

    [Fact]
    public void Bad_settings_name_themselves()
    {
        Assert.StartsWith("apm_config.ignore_resources: the pattern ( cannot be used: ", Problem(new FilterSettings { IgnoreResources = ["("] }), StringComparison.Ordinal);
        Assert.StartsWith("apm_config.filter_tags_regex.reject: the pattern (?=a) cannot be used: ", Problem(new FilterSettings { RejectTagsRegex = ["a:(?=a)"] }), StringComparison.Ordinal);
        Assert.StartsWith("apm_config.filter_tags_regex.require: the pattern (a)\\1 cannot be used: ", Problem(new FilterSettings { RequireTagsRegex = ["a:(a)\\1"] }), StringComparison.Ordinal);
        Assert.StartsWith("apm_config.filter_tags.require: the entry \":x\" names no tag. Write key or key:value.", Problem(new FilterSettings { RequireTags = [":x"] }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_that_others_would_choke_on_is_done_in_linear_time()
    {
        var pattern = new UserPattern("setting", "^(a+)+$");

        Assert.False(pattern.IsFoundIn(new string('a', 100_000) + "!") && pattern.IsFoundIn("a!"));
    }

    static string Problem(FilterSettings settings) => Assert.Throws<ArgumentException>(() => new ChunkFilter(settings)).Message;

    static string[] List(string text, char separator = '|') => text.Split(separator, StringSplitOptions.RemoveEmptyEntries);

    static string? WhyRejected(FilterSettings settings, string tags, string resource = "GET /")
    {
        var pairs = List(tags).Select(tag => tag.Split('=')).Select(pair => (pair[0], pair[1])).ToArray();
        return new ChunkFilter(settings).WhyRejected(Some.Batch(Some.Span(resource: resource, tags: pairs)), 0);
    }
}
