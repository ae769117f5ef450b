using Apm.Core.Endpoints;

namespace Apm.Core.Tests.Endpoints;

public class SegmentShapesTests
{
    [Theory]
    // Words of routes stay.
    [InlineData("users", null)]
    [InlineData("user-profiles", null)]
    [InlineData("terms-of-service", null)]
    [InlineData("v1", null)]
    [InlineData("v2.1", null)]
    [InlineData("oauth2", null)]
    [InlineData("ipv4", null)]
    [InlineData("log4j2", null)]
    [InlineData("base64", null)]
    [InlineData("s3", null)]
    [InlineData("2fa", null)]
    [InlineData("getUserAccountDetails", null)]
    [InlineData("facade", null)]
    [InlineData("deadbeef", null)]
    [InlineData("en-US", null)]
    [InlineData("index.html", null)]
    [InlineData("logo.png", null)]
    [InlineData("jquery.min.js", null)]
    [InlineData("apple-touch-icon.png", null)]
    [InlineData(".env", null)]
    [InlineData("@alice", null)]
    // Placeholders of frameworks stay.
    [InlineData("{id}", null)]
    [InlineData(":id", null)]
    [InlineData("<int:id>", null)]
    [InlineData("[slug]", null)]
    [InlineData("*", null)]
    // Values go.
    [InlineData("0", "{id}")]
    [InlineData("123", "{id}")]
    [InlineData("-5", "{id}")]
    [InlineData("52.5200", "{id}")]
    [InlineData("1,2,3", "{id}")]
    [InlineData("1.10.3", "{id}")]
    [InlineData("20240115", "{id}")]
    [InlineData("550e8400-e29b-41d4-a716-446655440000", "{uuid}")]
    [InlineData("550e8400e29b41d4a716446655440000", "{uuid}")]
    [InlineData("507f1f77bcf86cd799439011", "{id}")]
    [InlineData("da39a3ee5e6b4b0d3255bfef95601890afd80709", "{id}")]
    [InlineData("3f2a9c1b", "{id}")]
    [InlineData("01ARZ3NDEKTSV4RRFFQ69G5FAV", "{id}")]
    [InlineData("dQw4w9WgXcQ", "{id}")]
    [InlineData("aGVsbG8gd29ybGQhIQ==", "{id}")]
    [InlineData("cus_9s6XKzkNRiz8i3", "{id}")]
    [InlineData("order-20241", "{id}")]
    [InlineData("user2041", "{id}")]
    [InlineData("ORD00017", "{id}")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N", "{value}")]
    [InlineData("2024-01-15", "{date}")]
    [InlineData("2024-01-15T10:00:00Z", "{date}")]
    [InlineData("15-01-2024", "{date}")]
    [InlineData("alice@example.com", "{email}")]
    [InlineData("alice%40example.com", "{email}")]
    [InlineData("10.0.0.1", "{value}")]
    [InlineData("red%20shoes", "{value}")]
    [InlineData("red+shoes", "{value}")]
    [InlineData("größe", "{value}")]
    [InlineData("how-to-cook-rice-in-ten-minutes", "{value}")]
    [InlineData("how-to-cook-rice-in-ten-minutes-and-never-burn-anything-again", "{value}")]
    [InlineData("123.json", "{id}.json")]
    [InlineData("app.3f2a9c1b.js", "app.{hash}.js")]
    [InlineData("main-5d41402abc4b2a76b9719d911017c592.css", "main-{hash}.css")]
    [InlineData("IMG_20240115.jpg", "IMG_{hash}.jpg")]
    public void A_segment_by_its_look(string segment, string? expected) => Assert.Equal(expected, SegmentShapes.Of(segment));

    [Fact]
    public void Whatever_a_segment_holds_its_placeholder_has_no_shape_of_its_own()
    {
        var chance = new Random(20_261_128);
        for (var round = 0; round < 20_000; round++)
        {
            var segment = new string([.. Enumerable.Range(0, chance.Next(1, 60)).Select(_ => (char)chance.Next(33, 300))]).Replace('/', '_');
            if (SegmentShapes.Of(segment) is not { } shape) continue;
            Assert.True(SegmentShapes.Of(shape) is null, $"{segment} became {shape}, which becomes {SegmentShapes.Of(shape)}");
        }
    }
}
