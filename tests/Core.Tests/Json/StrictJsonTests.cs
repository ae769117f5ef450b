using System.Text.Json;
using Apm.Core.Json;

namespace Apm.Core.Tests.Json;

public class StrictJsonTests
{
    [Theory]
    [InlineData("{\"a\":\n \"\\ud800\"}", 1, 1)]
    [InlineData("{\"\\udc00x\":1}", 0, 1)]
    [InlineData("[\"fine\", \"\\ud83d\\u0041\"]", 0, 9)]
    public void Half_a_surrogate_pair_is_refused_with_its_place(string json, long line, long column)
    {
        var wrong = Assert.Throws<JsonException>(() => StrictJson.Parse(json));

        Assert.Equal((line, column), (wrong.LineNumber, wrong.BytePositionInLine));
        Assert.Contains($"line {line + 1}, byte {column + 1} is no Unicode", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused() => Assert.Throws<JsonException>(() => StrictJson.Parse(new byte[] { (byte)'"', 0xff, 0xfe, (byte)'"' }));

    [Fact]
    public void Comments_and_trailing_commas_are_taken_where_they_are_asked_for()
    {
        var options = new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

        using var json = StrictJson.Parse("{\"a\": \"\\ud83d\\ude00\", /* \"\\ud800\" */ }", options);

        Assert.Equal("😀", json.RootElement.GetProperty("a").GetString());
        Assert.ThrowsAny<JsonException>(() => StrictJson.Parse("{\"a\": 1,}"));
    }
}
