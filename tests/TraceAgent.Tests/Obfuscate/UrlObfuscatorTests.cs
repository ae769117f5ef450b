using System.Text;
using Apm.TraceAgent.Obfuscate;

namespace Apm.TraceAgent.Tests.Obfuscate;

public class UrlObfuscatorTests
{
    /// <summary>The first nine are the vectors of trace-intake §5.5.</summary>
    [Theory]
    [InlineData(false, false, "http://user:password@foo.com/1/2/3?q=james", "http://foo.com/1/2/3?q=james")]
    [InlineData(true, false, "http://foo.com/id/123/page/1?search=bar&page=2", "http://foo.com/id/123/page/1?")]
    [InlineData(true, false, "http://foo.com/id/123/page/1?search=bar&page=2#fragment", "http://foo.com/id/123/page/1?#fragment")]
    [InlineData(false, true, "http://foo.com/id/123/page/1?search=bar&page=2", "http://foo.com/id/?/page/??search=bar&page=2")]
    [InlineData(true, true, "http://foo.com/id/123/page/1?search=bar&page=2", "http://foo.com/id/?/page/??")]
    [InlineData(true, true, "http://mysite.mydomain/1/2?q=asd", "http://mysite.mydomain/?/??")]
    [InlineData(false, true, "http://foo.com/id/a1/page/1qwe233?search=bar&page=2#fragment-123", "http://foo.com/id/?/page/??search=bar&page=2#fragment-123")]
    [InlineData(false, true, "http://foo.com/1%3F3/nam%3Fe/abcd9", "http://foo.com/?/nam%3Fe/?")]
    [InlineData(true, true, "http://foo.com/name/id?query=search", "http://foo.com/name/id?")]
    [InlineData(false, false, "http://foo.com/a?mail=me@foo.com", "http://foo.com/a?mail=me@foo.com")]
    [InlineData(false, false, "http://a@b@foo.com", "http://foo.com")]
    [InlineData(false, false, "//user:pw@foo.com/", "//foo.com/")]
    [InlineData(false, false, "http://us er:p%zw@foo.com/", "http://foo.com/")]
    [InlineData(false, false, "not a url %zz", "not a url %zz")]
    [InlineData(true, false, "not a url %zz", "?")]
    [InlineData(true, false, "http://foo.com/\u0001", "?")]
    [InlineData(false, true, ":nothing", "?")]
    [InlineData(false, true, "/user/7?x=http://y", "/user/??x=http://y")]
    [InlineData(false, true, "/user/%37/x", "/user/?/x")]
    [InlineData(true, false, "", "?")]
    [InlineData(false, false, "", "")]
    public void A_url_loses_what_is_asked_and_always_its_user(bool removeQuery, bool removeDigits, string url, string expected)
    {
        var output = new BoundedText(1_000);
        var bytes = Encoding.UTF8.GetBytes(url);

        var changed = UrlObfuscator.TryObfuscate(bytes, removeQuery, removeDigits, output);

        Assert.Equal(expected, changed ? Encoding.UTF8.GetString(output.Written) : url);
        Assert.Equal(expected != url, changed);
    }

    [Fact]
    public void Any_text_gives_a_result_no_longer_than_itself()
    {
        string[] pieces = ["http", ":", "//", "/", "@", "?", "#", "%", "%3", "%31", "7", "a", " ", "é", "\u0002"];
        for (var seed = 0; seed < 20_000; seed++)
        {
            var chance = new Random(seed);
            var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, chance.Next(20)).Select(_ => pieces[chance.Next(pieces.Length)])));
            var output = new BoundedText(1_000);
            UrlObfuscator.TryObfuscate(bytes, chance.Next(2) == 0, chance.Next(2) == 0, output);
            Assert.True(output.Length <= Math.Max(1, bytes.Length), $"Seed {seed}");
        }
    }
}
