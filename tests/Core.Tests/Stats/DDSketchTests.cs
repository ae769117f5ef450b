using Apm.Core.Stats;
using CsCheck;

namespace Apm.Core.Tests.Stats;

public class DDSketchTests
{
    static readonly Gen<double> Nanos = Gen.Double[0, 30].Select(exponent => Math.Floor(Math.Exp(exponent)));

    [Fact]
    public void An_empty_sketch_has_no_quantile() => Assert.True(double.IsNaN(new DDSketch().Quantile(0.5)));

    [Theory] // trace-intake §3.9, index check values.
    [InlineData(1, 0)]
    [InlineData(1_000, 345)]
    [InlineData(999_424, 690)]
    [InlineData(3_731_456, 756)]
    [InlineData(9_994_240, 805)]
    [InlineData(999_292_928, 1_036)]
    public void Values_fall_into_the_bins_that_the_agent_uses(double nanos, int index) => Assert.Equal(index, DDSketch.IndexOf(nanos));

    [Fact]
    public void Every_quantile_is_within_one_percent() => Nanos.Array[1, 200].Sample(values =>
    {
        var sketch = new DDSketch();
        foreach (var value in values) sketch.Add(value);
        Array.Sort(values);

        foreach (var quantile in new[] { 0, 0.25, 0.5, 0.75, 0.95, 0.99, 1 })
        {
            var exact = values[(int)Math.Floor(quantile * (values.Length - 1))];
            Assert.InRange(sketch.Quantile(quantile), exact * 0.9899, exact * 1.0101 + 1e-9);
        }
    });

    [Fact]
    public void Merging_is_as_if_all_had_been_added_to_one() => Gen.Select(Nanos.Array, Nanos.Array).Sample((left, right) =>
    {
        var one = new DDSketch();
        foreach (var value in left.Concat(right)) one.Add(value);
        var merged = new DDSketch();
        var other = new DDSketch();
        foreach (var value in left) merged.Add(value);
        foreach (var value in right) other.Add(value);
        merged.Merge(other);

        Assert.Equal(one.Count, merged.Count);
        foreach (var quantile in new[] { 0, 0.5, 0.95, 1 }) Assert.Equal(one.Quantile(quantile), merged.Quantile(quantile));
    });

    [Fact]
    public void The_lowest_bins_collapse_when_there_are_too_many()
    {
        var sketch = new DDSketch();
        for (var index = -2_000; index < 2_000; index++) sketch.AddToBin(index, 1);

        Assert.Equal(4_000, sketch.Count);
        Assert.True(sketch.Bins.Length <= DDSketch.MaxBins);
        Assert.Equal(DDSketch.ValueOf(1_999), sketch.Quantile(1));
        Assert.Equal(DDSketch.ValueOf(1_959), sketch.Quantile(0.99), 1e-6 * DDSketch.ValueOf(1_959));
    }

    [Fact]
    public void Counting_up_to_a_bound_is_exact_to_a_bin()
    {
        var sketch = new DDSketch();
        for (var value = 1; value <= 1_000; value++) sketch.Add(value * 1_000_000.0);

        Assert.InRange(sketch.CountUpTo(500e6), 490, 510);
        Assert.Equal(1_000, sketch.CountUpTo(2e9));
        Assert.Equal(0, sketch.CountUpTo(-1));
    }
}
