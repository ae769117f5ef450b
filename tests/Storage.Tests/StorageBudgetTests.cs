namespace Apm.Storage.Tests;

public sealed class StorageBudgetTests
{
    public static TheoryData<long> Budgets => [StorageBudget.MinMaxBytes, 200_000_000, 1L << 30, StorageBudget.DefaultMaxBytes, 1L << 40];

    [Theory]
    [MemberData(nameof(Budgets))]
    public void The_parts_never_sum_to_more_than_the_whole(long maxBytes)
    {
        var budget = new StorageBudget(maxBytes);
        foreach (var small in new[] { 0, maxBytes / 100, maxBytes / 4 })
            Assert.True(budget.LogBytes + budget.StatsBytes + budget.MetricsBytes + Math.Max(small, maxBytes / 32) + budget.TraceBytes(small) <= maxBytes);
        Assert.True(budget.TraceBytes(0) >= maxBytes * 3 / 8);
        Assert.True(budget.LogBytes - budget.LogSegmentBytes >= budget.LogSegmentBytes + (long)budget.LogRecordBytes);
        Assert.True(budget.BodyBytes >= 10_000_000);
    }

    [Fact]
    public void By_default_traces_get_six_of_ten_gigabytes() =>
        Assert.Equal(
            (1_250_000_000, 1_250_000_000, 1_250_000_000, 5_937_500_000, 67_108_864),
            new StorageBudget(StorageBudget.DefaultMaxBytes) is var budget ? (budget.LogBytes, budget.StatsBytes, budget.MetricsBytes, budget.TraceBytes(0), budget.LogSegmentBytes) : default);

    [Fact]
    public void A_disk_that_is_smaller_than_the_budget_lowers_it_and_never_below_what_is_there()
    {
        var budget = new StorageBudget(StorageBudget.DefaultMaxBytes);
        Assert.Equal(StorageBudget.DefaultMaxBytes, budget.Within(usedBytes: 0, freeBytes: 20_000_000_000, keptFreeBytes: 1_000_000_000).MaxBytes);
        Assert.Equal(4_500_000_000, budget.Within(usedBytes: 500_000_000, freeBytes: 5_000_000_000, keptFreeBytes: 1_000_000_000).MaxBytes);
        Assert.Equal(2_000_000_000, budget.Within(usedBytes: 2_000_000_000, freeBytes: 100_000_000, keptFreeBytes: 1_000_000_000).MaxBytes);
        Assert.Equal(StorageBudget.MinMaxBytes, budget.Within(usedBytes: 0, freeBytes: 0, keptFreeBytes: 1_000_000_000).MaxBytes);
    }

    [Fact]
    public void Less_than_the_least_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new StorageBudget(StorageBudget.MinMaxBytes - 1));
}
