using Apm.StartupHook.Encode;
using Apm.StartupHook.Listen;
using Apm.StartupHook.Settings;
using Apm.Tracer.Tests.Kit;

namespace Apm.Tracer.Tests.Listen;

public sealed class ResourceNamesTests
{
    [Theory]
    [InlineData("/health", "/health")]
    [InlineData("/", "/")]
    [InlineData("/user/42/orders", "/user/?/orders")]
    [InlineData("/a/b/c/d/e/f", "/a/b/c/d/*")]
    [InlineData("/file/0a1b2c3d-ffff-4000-8000-000000000000", "/file/?")]
    public void Paths_of_many_values_become_names_of_few(string path, string name) => Assert.Equal(name, ResourceNames.Quantize(path));

    [Theory]
    [InlineData("GET", "GET")]
    [InlineData("get", "GET")]
    [InlineData("JUNK", "OTHER")]
    public void Methods_are_few(string method, string name) => Assert.Equal(name, ResourceNames.Method(method));

    [Theory]
    [InlineData("?token=abc&page=2", "Keys", "?token=<redacted>&page=<redacted>")]
    [InlineData("?abc", "Keys", "?<redacted>")]
    [InlineData("?a=b=c", "Keys", "?a=<redacted>")]
    [InlineData("?", "Keys", "")]
    [InlineData("", "Keys", "")]
    [InlineData("?a=1", "Full", "?a=1")]
    [InlineData("?a=1", "None", "")]
    public void Values_of_a_query_are_not_kept_unless_asked(string query, string mode, string kept)
    {
        var buffer = new MsgPackBuffer();
        var text = buffer.BeginText();
        UrlWriter.AppendQuery(buffer, query, Enum.Parse<QueryStringMode>(mode));
        buffer.EndText(text);
        Assert.Equal(kept, MsgPack.Decode(buffer.Written));
    }
}
