using System.Text;
using Apm.Core.Endpoints;

namespace Apm.Core.Tests.Endpoints;

public class RawNameTests
{
    [Theory]
    [InlineData("GET /users/1?x=1#top", "GET ", "", "", "/users/1")]
    [InlineData("/users/1", "", "", "", "/users/1")]
    [InlineData("GET http://api:8080/users?x", "GET ", "http://", "api:8080", "/users")]
    [InlineData("https://user:secret@api.example.com/a/b", "", "https://", "api.example.com", "/a/b")]
    [InlineData("https://api.example.com", "", "https://", "api.example.com", "")]
    [InlineData("https://api.example.com?x=/a", "", "https://", "api.example.com", "")]
    [InlineData("PROPPATCH /dav/1", "PROPPATCH ", "", "", "/dav/1")]
    public void Parts(string resource, string method, string scheme, string host, string path)
    {
        Assert.True(RawName.Looks(Encoding.UTF8.GetBytes(resource)));
        Assert.Equal(new RawName(method, scheme, host, path), RawName.Parse(resource));
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET")]
    [InlineData("GET ")]
    [InlineData("/")]
    [InlineData("GET /")]
    [InlineData("SELECT a FROM b")]
    [InlineData("UsersController#show")]
    [InlineData("flask.request")]
    [InlineData("get /users/1")]
    [InlineData("/helloworld.Greeter/SayHello")]
    [InlineData("ftp://host/a")]
    public void What_is_no_path_is_left_alone(string resource) => Assert.False(RawName.Looks(Encoding.UTF8.GetBytes(resource)));
}
