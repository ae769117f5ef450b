using Apm.Query.TraceFiles;

namespace Apm.Query.Tests.TraceFiles;

public class SecretMaskTests
{
    [Theory]
    [InlineData("password")]
    [InlineData("db.password")]
    [InlineData("dbPassword")]
    [InlineData("http.request.header.authorization")]
    [InlineData("http.request.header.x-api-key")]
    [InlineData("apiKey")]
    [InlineData("AWS_SECRET_ACCESS_KEY")]
    [InlineData("http.request.header.cookie")]
    [InlineData("session.id")]
    [InlineData("access_token")]
    public void The_value_of_a_key_that_says_so_goes(string key) => Assert.Equal("[masked]", SecretMask.Of(key, "abc"));

    [Theory]
    [InlineData("http.url")]
    [InlineData("author")]
    [InlineData("tokenizer.name")]
    [InlineData("passenger.count")]
    [InlineData("messaging.message.key")]
    [InlineData("db.collection.secretary")]
    public void Other_keys_keep_theirs(string key) => Assert.Equal("abc", SecretMask.Of(key, "abc"));

    [Theory]
    [InlineData("https://joe:pa55@shop/x", "https://[masked]@shop/x")]
    [InlineData("GET /cart?id=7&access_token=abc.def&x=1", "GET /cart?id=7&access_token=[masked]&x=1")]
    [InlineData("psql --password=hunter2 -h db", "psql --password=[masked] -h db")]
    [InlineData("sent Bearer abcdefghijkl to it", "sent Bearer [masked] to it")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_-", "[masked]")]
    [InlineData("key AKIAIOSFODNN7EXAMPLE refused", "key [masked] refused")]
    [InlineData("""[{"name":"login","attributes":{"password":"a \"b","user":"joe"}}]""", """[{"name":"login","attributes":{"password":"[masked]","user":"joe"}}]""")]
    [InlineData("""body: {"password":"a \"b","user":"joe"}""", """body: {"password":"[masked]","user":"joe"}""")]
    [InlineData("""{"url":"http://a:b@c"}""", """{"url":"http://[masked]@c"}""")]
    [InlineData("SELECT * FROM users WHERE name = ?", "SELECT * FROM users WHERE name = ?")]
    [InlineData("[not json", "[not json")]
    public void Credentials_within_a_value_go_and_the_rest_stays(string value, string masked) => Assert.Equal(masked, SecretMask.Of("text", value));

    [Theory]
    [InlineData("eyJ")]
    [InlineData("a://")]
    [InlineData("Bearer ")]
    [InlineData("key=")]
    public void Long_texts_take_no_longer_than_they_are_long(string piece)
    {
        var text = string.Concat(Enumerable.Repeat(piece, 25_000 / piece.Length));

        Assert.NotEmpty(SecretMask.Of("text", text)); // A pattern that went back and forth would run into its own limit of time and throw.
    }
}
