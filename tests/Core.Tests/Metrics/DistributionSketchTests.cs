using Apm.Core.Metrics;
using Xunit;

namespace Apm.Core.Tests.Metrics;

/// <summary>The vectors of metrics-monitors §2.7.</summary>
public class DistributionSketchTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1e-9, 1)]
    [InlineData(1e-12, 0)]
    [InlineData(0.5, 1293)]
    [InlineData(1, 1338)]
    [InlineData(2, 1383)]
    [InlineData(5, 1442)]
    [InlineData(10, 1487)]
    [InlineData(100, 1635)]
    [InlineData(1000, 1784)]
    [InlineData(-1, -1338)]
    public void Keys(double value, int key) => Assert.Equal(key, DistributionSketch.KeyOf(value));

    [Theory]
    [InlineData(0.5, 51.319119)]
    [InlineData(0.75, 75.034349)]
    [InlineData(0.9, 90.377581)]
    [InlineData(0.95, 95.414527)]
    [InlineData(0.99, 99.188428)]
    [InlineData(0, 1)]
    [InlineData(1, 100)]
    public void Quantiles_of_1_to_100(double quantile, double value)
    {
        var sketch = new DistributionSketch();
        for (var i = 1; i <= 100; i++) sketch.Add(i);
        Assert.Equal(value, sketch.Quantile(quantile), 6);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.99)]
    public void A_single_value_is_itself(double quantile)
    {
        var sketch = new DistributionSketch();
        sketch.Add(42);
        Assert.Equal(42, sketch.Quantile(quantile));
    }

    [Fact]
    public void Merging_is_as_if_all_had_been_added_to_one()
    {
        var (left, right, all) = (new DistributionSketch(), new DistributionSketch(), new DistributionSketch());
        for (var i = -50; i < 50; i++)
        {
            (i % 2 == 0 ? left : right).Add(i, 2);
            all.Add(i, 2);
        }
        left.Merge(right);
        Assert.Equal((all.Count, all.Sum, all.Min, all.Max), (left.Count, left.Sum, left.Min, left.Max));
        Assert.Equal(all.Keys, left.Keys);
        Assert.Equal(all.Counts, left.Counts);
        Assert.Equal(all.Quantile(0.25), left.Quantile(0.25));
    }

    [Fact]
    public void Too_many_bins_collapse_into_the_lowest()
    {
        var sketch = DistributionSketch.From(5000, 0, 1, 2, [.. Enumerable.Range(1, 5000)], [.. Enumerable.Repeat(1.0, 5000)]);
        Assert.Equal(DistributionSketch.MaxBins, sketch.Keys.Length);
        Assert.Equal(905, sketch.Keys[0]);
        Assert.Equal(905, sketch.Counts[0]);
    }

    [Fact]
    public void What_is_no_number_is_passed_over()
    {
        var sketch = new DistributionSketch();
        sketch.Add(double.NaN);
        sketch.Add(double.PositiveInfinity);
        sketch.Add(1, -1);
        Assert.Equal(0, sketch.Count);
        Assert.True(double.IsNaN(sketch.Quantile(0.5)));
    }
}
