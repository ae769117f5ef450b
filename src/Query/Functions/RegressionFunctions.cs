using Apm.Query.Frames;

namespace Apm.Query.Functions;

/// <summary>Lines and steps laid through the values of a window. There is a point where the series has one.</summary>
static class RegressionFunctions
{
    public static IReadOnlyList<QueryFunction> All { get; } =
    [
        Of("trend_line", "the straight line that fits the window best (least squares)", values => Through(values, TrendLine.LeastSquares(values))),
        Of("robust_trend", "the straight line that fits the window best when outlying points count less (Huber)", values => Through(values, TrendLine.Huber(values))),
        Of("piecewise_constant", "the mean of each stretch between two changes of level", LevelSteps.Apply),
    ];

    static QueryFunction Of(string name, string summary, Func<double[], double[]> change) => new()
    {
        Name = name, Group = FunctionGroup.Regression, Parameters = [FunctionParameter.OfQuery], Summary = summary, Example = $"{name}(avg:system.disk.used{{*}})", IsOnlyForGraphs = true,
        Apply = call => call.Query().Map(values =>
        {
            call.Source.Cancel.ThrowIfCancellationRequested();
            return change(values);
        }),
    };

    static double[] Through(double[] values, TrendLine line)
    {
        var through = new double[values.Length];
        for (var i = 0; i < through.Length; i++) through[i] = double.IsNaN(values[i]) ? double.NaN : line.At(i);
        return through;
    }
}
