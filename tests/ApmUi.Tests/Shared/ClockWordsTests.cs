using Apm.ApmUi.Shared;

namespace Apm.ApmUi.Tests.Shared;

public class ClockWordsTests
{
    const long Second = 1_000_000_000;

    [Theory]
    [InlineData(-1 * Second, "agrees")]
    [InlineData(-59 * Second, "agrees")] // Sent late, not behind.
    [InlineData(2 * Second, "agrees")]
    [InlineData(3 * Second, "3 s ahead")]
    [InlineData(19 * 60 * Second, "19 min ahead")]
    [InlineData(-3 * 3600 * Second, "3 h behind")]
    public void A_difference_in_words(long skewNanos, string words) => Assert.Equal(words, ClockWords.Of(skewNanos));

    [Fact]
    public void The_farthest_past_does_not_overflow() => Assert.EndsWith(" behind", ClockWords.Of(long.MinValue), StringComparison.Ordinal);
}
