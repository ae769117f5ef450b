using Apm.Core.Downtimes;

namespace Apm.Monitors.Tests.Downtimes;

public class DowntimeScopeTests
{
    [Theory]
    [InlineData("*", "", true)]
    [InlineData("env:prod", "env:prod,host:a", true)]
    [InlineData("env:prod", "env:dev", false)]
    [InlineData("env:prod AND host:a", "env:prod,host:a", true)]
    [InlineData("env:prod host:b", "env:prod,host:a", false)]
    [InlineData("env:prod AND NOT host:a", "env:prod,host:a", false)]
    [InlineData("env:prod -host:a", "env:prod,host:b", true)]
    [InlineData("env:prod AND (host:a OR host:b)", "env:prod,host:b", true)]
    [InlineData("env:prod AND (host:a OR (host:c team:x))", "env:prod,host:c,team:x", true)]
    [InlineData("env:(staging OR prod) AND datacenter:us-east-1", "env:prod,datacenter:us-east-1", true)] // Datadog's own example.
    [InlineData("env:(staging OR prod) AND datacenter:us-east-1", "env:dev,datacenter:us-east-1", false)]
    [InlineData("env:(staging OR prod) AND datacenter:us-east-1", "env:prod,datacenter:eu", false)]
    [InlineData("host:(web-* OR (db-* AND NOT *-old))", "host:db-1", true)]
    [InlineData("host:(web-* OR (db-* AND NOT *-old))", "host:db-old", false)]
    [InlineData("env:prod AND NOT host:(a OR b)", "env:prod,host:b", false)]
    [InlineData("env:prod AND -host:(a OR b)", "env:prod,host:c", true)]
    [InlineData("env:(prod OR team:x)", "team:x", true)]
    [InlineData("env:(prod) host:a", "env:prod,host:a", true)]
    [InlineData("env:*", "env:dev", true)]
    [InlineData("env:(*)", "host:a", false)]
    [InlineData("host:web-*", "host:web-17", true)]
    [InlineData("host:*-db", "host:eu-db", true)]
    [InlineData("host:web-*", "host:db-1", false)]
    [InlineData("ENV:Prod", "env:prod", true)]
    public void A_text_of_version_2(string scope, string tags, bool expected) => Assert.Equal(expected, DowntimeScope.Parse(scope).Accepts(tags.Split(',')));

    [Theory]
    [InlineData("prod", "All values must have a key")]
    [InlineData("env:prod OR env:dev", "OR cannot stand at the top level of a scope. Put it in parentheses after another tag, or make two downtimes.")]
    [InlineData("env:p?od", "\"env:p?od\": ? is no wildcard here. A value may begin or end with *.")]
    [InlineData("env:p*d", "\"env:p*d\": * may only begin or end a value.")]
    [InlineData("a:b (c:d (e:f (g:h)))", "Parentheses of a scope nest at most 2 deep.")]
    [InlineData("a:b (c:d", "A parenthesis of the scope is not closed.")]
    [InlineData("a:b)", "\")\" at character 4 of the scope has no opening parenthesis.")]
    [InlineData("a:b AND", "The scope ends where a tag is expected, such as env:prod.")]
    [InlineData("env:(prod OR dev) AND staging", "All values must have a key")]
    [InlineData("env:(prod", "A parenthesis of the scope is not closed.")]
    [InlineData("env:()", "\")\" stands where a tag is expected, such as env:prod.")]
    [InlineData("env: (prod)", "All values must have a key")]
    [InlineData("env:(a (b (c)))", "Parentheses of a scope nest at most 2 deep.")]
    [InlineData("", "The scope is empty. Write * for everything, or tags such as env:prod AND service:web.")]
    public void What_is_no_scope_says_why(string scope, string expected) => Assert.Equal(expected, Assert.Throws<DowntimeException>(() => DowntimeScope.Parse(scope)).Message);

    [Fact]
    public void A_list_of_version_1_holds_when_all_of_it_does()
    {
        Assert.True(DowntimeScope.OfTags(["env:prod", "host:a"]).Accepts(["host:a", "env:prod"]));
        Assert.False(DowntimeScope.OfTags(["env:prod", "host:a"]).Accepts(["env:prod"]));
        Assert.True(DowntimeScope.OfTags(["*"]).IsEverything);
        foreach (var wrong in new[] { "prod", "a b:c", "host:", ":x", "a:(b)" }) Assert.Equal("Invalid scope parameter", Assert.Throws<DowntimeException>(() => DowntimeScope.OfTags([wrong])).Message);
        Assert.Throws<DowntimeException>(() => DowntimeScope.OfTags([]));
    }
}
