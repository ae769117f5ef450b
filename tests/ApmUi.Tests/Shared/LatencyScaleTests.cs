using Apm.ApmUi.Shared;

namespace Apm.ApmUi.Tests.Shared;

public class LatencyScaleTests
{
    static readonly LatencyScale Scale = LatencyScale.Of([2e6, null, 5e8]);

    [Fact]
    public void It_reaches_to_whole_powers_of_ten() => Assert.Equal((1e6, 1e9), (Scale.MinNanos, Scale.MaxNanos));

    [Theory]
    [InlineData(1e6, 0)]
    [InlineData(1e9, 100)]
    [InlineData(31.6227766e6, 50)]
    [InlineData(1, 0)]
    [InlineData(1e12, 100)]
    public void Each_power_of_ten_takes_the_same_room(double nanos, double percent) => Assert.Equal(percent, Scale.PercentOf(nanos), 3);

    [Theory]
    [InlineData(1e6, 1e9)]
    [InlineData(1e9, 1e9)]
    [InlineData(1e6, 1e6)]
    [InlineData(null, 1e9)]
    public void A_bar_can_be_seen_and_stays_inside(double? from, double to)
    {
        var (left, width) = Scale.Bar(from, to)!.Value;
        Assert.InRange(left, 0, 100);
        Assert.InRange(width, 3.9, 100 - left + 1e-9);
    }

    [Fact]
    public void Without_a_latency_there_is_no_bar() => Assert.Null(Scale.Bar(1, null));
}
