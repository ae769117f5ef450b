using Apm.ApmUi.Format;
using CsCheck;

namespace Apm.ApmUi.Tests.Format;

public class FigureTests
{
    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(999, "999 ns")]
    [InlineData(812_000, "812 µs")]
    [InlineData(999_600, "1 ms")]
    [InlineData(12_412_311, "12.4 ms")]
    [InlineData(1_260_000_000, "1.26 s")]
    [InlineData(59_960_000_000, "1 min")]
    [InlineData(200_000_000_000, "3 min 20 s")]
    [InlineData(7_500_000_000_000, "2 h 5 min")]
    [InlineData(273_600_000_000_000, "3 d 4 h")]
    public void A_duration_has_three_digits_and_its_unit(double nanos, string text) => Assert.Equal(text, Figure.Duration(nanos));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.05, "0.05")]
    [InlineData(950, "950")]
    [InlineData(999.6, "1 k")]
    [InlineData(4_210, "4.21 k")]
    [InlineData(1_284_000, "1.28 M")]
    public void A_count_is_shortened(double value, string text) => Assert.Equal(text, Figure.Count(value));

    [Theory]
    [InlineData(0, "0 /s")]
    [InlineData(4.2, "4.2 /s")]
    [InlineData(4_200, "4.2 k/s")]
    [InlineData(0.05, "3 /min")]
    [InlineData(0.001, "3.6 /h")]
    public void A_slow_rate_is_told_per_minute_or_hour(double perSecond, string text) => Assert.Equal(text, Figure.Rate(perSecond));

    [Theory]
    [InlineData(0, "0 %")]
    [InlineData(0.0031, "0.31 %")]
    [InlineData(0.00001, "< 0.01 %")]
    [InlineData(1, "100 %")]
    public void A_ratio_is_a_percentage(double ratio, string text) => Assert.Equal(text, Figure.Percent(ratio));

    [Fact]
    public void What_is_no_number_is_a_dash() =>
        Assert.Equal(["–", "–", "–", "–"], [Figure.Duration(double.NaN), Figure.Count(double.PositiveInfinity), Figure.Rate(double.NaN), Figure.Percent(double.NaN)]);

    [Fact]
    public void No_number_shows_more_than_three_significant_digits() => Gen.Double[1e-3, 9e11].Sample(value =>
    {
        var digits = Figure.Count(value).Where(char.IsAsciiDigit).SkipWhile(c => c == '0').Count();
        return digits <= 3;
    });
}
