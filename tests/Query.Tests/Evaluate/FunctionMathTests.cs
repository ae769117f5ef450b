using Apm.Query.Functions;
using Apm.Query.Scripts;

namespace Apm.Query.Tests.Evaluate;

/// <summary>Functions whose result is a property, not a table.</summary>
public class FunctionMathTests
{
    [Fact]
    public void Every_name_is_there_once_and_every_example_is_a_query()
    {
        Assert.Equal(QueryFunctions.All.Count, QueryFunctions.All.Select(function => function.Name).Distinct().Count());
        Assert.All(QueryFunctions.All, function =>
        {
            var query = Assert.Single(Language.MetricQueryParserTests.Read(function.Example));
            QueryFunctions.Check(query);
            Assert.False(function.Summary.EndsWith('.'), $"{function.Name}: the summary ends with a full stop.");
        });
    }

    [Fact]
    public void A_robust_trend_passes_over_an_outlying_point()
    {
        var line = TrendLine.Huber([0, 1, 2, 3, 400, 5, 6, 7, 8, 9]);

        Assert.Equal(1, line.Slope, 2);
        Assert.Equal(0, line.Start, 1);
        Assert.NotEqual(1, TrendLine.LeastSquares([0, 1, 2, 3, 400, 5, 6, 7, 8, 9]).Slope, 2);
    }

    [Fact]
    public void Levels_are_found_where_they_change()
    {
        var lines = Run("load gauge every 60s\n    m{}   1 1.1 0.9 1 1.1 0.9 5 5.1 4.9 5 5.1 4.9\n\neval from 0s to 12m piecewise_constant(avg:m{*}.rollup(60))\n");

        Assert.Equal("{*} 0s=1 60s=1 120s=1 180s=1 240s=1 300s=1 360s=5 420s=5 480s=5 540s=5 600s=5 660s=5", Assert.Single(lines));
    }

    [Fact]
    public void Automatic_smoothing_calms_noise_and_keeps_what_stands_out()
    {
        var random = new Random(3);
        double[] noise = [.. Enumerable.Range(0, 400).Select(i => (i is >= 200 and < 230 ? 40 : 0) + random.NextDouble() * 8)];

        var lines = Run($"load gauge every 60s\n    m{{}}   {string.Join(' ', noise.Select(value => value.ToString("R", System.Globalization.CultureInfo.InvariantCulture)))}\n\neval from 0s to 400m autosmooth(avg:m{{*}}.rollup(60))\n");

        var smooth = Assert.Single(lines).Split(' ')[1..].Select(point => double.Parse(point.Split('=')[1], System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(400, smooth.Length);
        Assert.True(Steps(smooth) < Steps(noise) / 3);
        Assert.InRange(smooth.Max() - smooth.Min(), 30, 48);
    }

    static double Steps(double[] values) => values.Zip(values.Skip(1)).Sum(pair => Math.Abs(pair.Second - pair.First));

    static IReadOnlyList<string> Run(string script) => Assert.Single(QueryScript.Run(script, TimeProvider.System)).Actual;
}
