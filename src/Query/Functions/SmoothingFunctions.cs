using Apm.Query.Frames;

namespace Apm.Query.Functions;

/// <summary>Functions that make a line calmer. Windows are counted in points that are there and reach back; at the start they are short.</summary>
static class SmoothingFunctions
{
    public static IReadOnlyList<QueryFunction> All { get; } =
    [
        .. new[] { 3, 5, 7, 10, 20 }.Select(span => Of($"ewma_{span}", "ewma_3 … ewma_20", $"the exponential mean with the span {span}: the new value weighs 2 ÷ {span + 1}", values => Ewma(values, span))),
        .. new[] { 3, 5, 7, 9 }.Select(count => Of($"median_{count}", "median_3 … median_9", $"the median of the last {count} points", values => Rolling(values, count, new Reducer(BucketMethod.Median)))),
        .. new[] { 5, 13, 21, 29 }.Select(count => Of($"rollingavg_{count}", "rollingavg_5 … rollingavg_29", $"the mean of the last {count} points", values => Rolling(values, count, new Reducer(BucketMethod.Avg)))),
        Of("autosmooth", "autosmooth", "the mean over as many points as makes the line calm without flattening what stands out", AutoSmoothing.Apply) with { IsOnlyForGraphs = true },
    ];

    static QueryFunction Of(string name, string family, string summary, Func<double[], double[]> change) => new()
    {
        Name = name, Family = family, Group = FunctionGroup.Smoothing, Parameters = [FunctionParameter.OfQuery], Summary = summary, Example = $"{name}(avg:system.load.1{{*}})",
        Apply = call => call.Query().Map(values =>
        {
            call.Source.Cancel.ThrowIfCancellationRequested();
            return change(values);
        }),
    };

    static double[] Ewma(double[] values, int span)
    {
        var weight = 2.0 / (span + 1);
        var smooth = new double[values.Length];
        var mean = double.NaN;
        for (var i = 0; i < smooth.Length; i++)
        {
            if (!double.IsNaN(values[i])) mean = double.IsNaN(mean) ? values[i] : mean + weight * (values[i] - mean);
            smooth[i] = double.IsNaN(values[i]) ? double.NaN : mean;
        }
        return smooth;
    }

    static double[] Rolling(double[] values, int count, Reducer reducer)
    {
        var smooth = new double[values.Length];
        var window = new Queue<double>(count);
        for (var i = 0; i < smooth.Length; i++)
        {
            smooth[i] = double.NaN;
            if (double.IsNaN(values[i])) continue;
            if (window.Count == count) window.Dequeue();
            window.Enqueue(values[i]);
            smooth[i] = reducer.Of(window.ToArray());
        }
        return smooth;
    }
}
