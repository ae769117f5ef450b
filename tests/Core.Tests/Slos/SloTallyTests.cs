using Apm.Core.Slos;

namespace Apm.Core.Tests.Slos;

public class SloTallyTests
{
    static readonly SloTarget s_target = new(30, 99.9);

    [Theory]
    //          good     total      %       left     left %   burn
    [InlineData(100_000, 100_000, 100.0, 100.0, 100.0, 0.0)]
    [InlineData(99_950, 100_000, 99.95, 50.0, 50.0, 0.5)]
    [InlineData(99_900, 100_000, 99.9, 0.0, 0.0, 1.0)]
    [InlineData(99_800, 100_000, 99.8, -100.0, -100.0, 2.0)]
    [InlineData(98_560, 100_000, 98.56, -1_340.0, -1_340.0, 14.4)]
    public void Share_budget_and_burn_rate(double good, double total, double percent, double left, double leftPercent, double burnRate)
    {
        var tally = new SloTally(good, total);

        Assert.Equal(percent, tally.Percent!.Value, 9);
        Assert.Equal(left, tally.BudgetLeft(s_target), 6);
        Assert.Equal(leftPercent, tally.BudgetLeftPercent(s_target)!.Value, 6);
        Assert.Equal(burnRate, tally.BurnRate(s_target)!.Value, 9);
    }

    [Fact]
    public void A_month_of_three_nines_may_be_bad_for_43_minutes_and_12_seconds() =>
        Assert.Equal(43.2 * 60, new SloTally(30 * 86_400, 30 * 86_400).Budget(s_target), 6);

    [Fact]
    public void A_rate_of_14_4_spends_two_percent_of_a_months_budget_in_an_hour()
    {
        var month = 30 * 24 * 3_600.0;
        var bad = 14.4 * s_target.AllowedBadRatio() * 3_600;

        Assert.Equal(0.02, bad / new SloTally(month, month).Budget(s_target), 9);
    }

    [Fact]
    public void Nothing_counted_is_no_number()
    {
        var none = default(SloTally);

        Assert.Null(none.Percent);
        Assert.Null(none.BudgetLeftPercent(s_target));
        Assert.Null(none.BurnRate(s_target));
        Assert.Equal(SloStatus.NoData, SloStanding.Of(none, s_target));
    }

    [Theory]
    [InlineData(999, SloStatus.Ok)]
    [InlineData(995, SloStatus.Ok)]
    [InlineData(994, SloStatus.Warning)]
    [InlineData(990, SloStatus.Warning)]
    [InlineData(989, SloStatus.Breached)]
    public void Stands_between_warning_and_target(double good, SloStatus status) => Assert.Equal(status, SloStanding.Of(new SloTally(good, 1_000), new SloTarget(7, 99, 99.5)));

    [Fact]
    public void A_budget_burns_down_over_what_is_known()
    {
        var series = new SloSeries(0, 60, [new(100, 100), default, new(99, 100), new(99, 100)]);

        Assert.Equal([100.0, 100.0, 66.666667, 33.333333], series.BurnDown(new SloTarget(7, 99)).Select(left => Math.Round(left!.Value, 6)));
        Assert.Equal(new SloTally(198, 200), series.SumFrom(120));
        Assert.Equal(2, series.From(120).Buckets.Count);
    }
}
