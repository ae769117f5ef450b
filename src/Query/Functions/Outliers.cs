using Apm.Query.Frames;

namespace Apm.Query.Functions;

/// <summary><c>outliers</c> (metrics-monitors §5.14): which series of a query are unlike the others.</summary>
static class Outliers
{
    /// <summary>With fewer series nobody is unlike the others.</summary>
    const int FewestSeries = 3;

    public static SeriesFrame Apply(FunctionCall call)
    {
        var frame = call.Query();
        if (frame.Lines.Count < FewestSeries)
        {
            call.Source.Warn($"outliers compares series: it needs at least {FewestSeries}, and there are {frame.Lines.Count}. Group the query, such as by {{host}}.");
            return Marked(frame, new bool[frame.Lines.Count]);
        }
        var algorithm = call.Text("algorithm");
        var values = frame.Lines.Select(line => Filled(line.Values, frame.Grid.StepSeconds)).ToArray();
        if (algorithm.StartsWith("scaled", StringComparison.Ordinal)) values = Scaled(values);
        var tolerance = call.Number("tolerance");
        return Marked(frame, algorithm.EndsWith("mad", StringComparison.Ordinal) ? ByPoints(values, tolerance, call.Number("percentage")) : ByClusters(call, values, tolerance));
    }

    /// <summary>Hosts report at different seconds: without what lies between their points they would have hardly a bucket in common.</summary>
    static double[] Filled(double[] values, int stepSeconds)
    {
        double[] filled = [.. values];
        FillRule.Default.Apply(filled, stepSeconds);
        return filled;
    }

    static SeriesFrame Marked(SeriesFrame frame, bool[] outliers) => frame.With([.. frame.Lines.Select((line, i) => new FrameLine(line.Group, line.Values) { IsOutlier = outliers[i] })]);

    /// <summary>In units of the median size of all values.</summary>
    static double[][] Scaled(double[][] values)
    {
        var size = Quantiles.Median([.. values.SelectMany(line => line).Select(Math.Abs)]);
        return size > 0 ? [.. values.Select(line => line.Select(value => value / size).ToArray())] : values;
    }

    /// <summary>
    /// Series are joined to one cluster when they lie nearer than the radius: the median distance of a series from the median line, times the
    /// tolerance. Outside the largest cluster they are outliers.
    /// </summary>
    static bool[] ByClusters(FunctionCall call, double[][] values, double tolerance)
    {
        var middle = new double[values[0].Length];
        var bucket = new double[values.Length];
        for (var i = 0; i < middle.Length; i++)
        {
            for (var series = 0; series < values.Length; series++) bucket[series] = values[series][i];
            middle[i] = Quantiles.Median(bucket);
        }
        var radius = tolerance * Quantiles.Median([.. values.Select(line => Distance(line, middle))]);
        var clusters = new int[values.Length];
        var sizes = new List<int> { 0 };
        for (var series = 0; series < values.Length; series++)
        {
            if (clusters[series] != 0) continue;
            sizes.Add(Spread(values, radius, series, sizes.Count, clusters, call.Source.Cancel));
        }
        var largest = sizes.IndexOf(sizes.Max());
        return [.. clusters.Select(cluster => cluster != largest)];
    }

    static int Spread(double[][] values, double radius, int from, int cluster, int[] clusters, CancellationToken cancel)
    {
        var size = 0;
        var open = new Stack<int>([from]);
        clusters[from] = cluster;
        while (open.TryPop(out var series))
        {
            size++;
            cancel.ThrowIfCancellationRequested();
            for (var other = 0; other < values.Length; other++)
            {
                if (clusters[other] != 0 || Distance(values[series], values[other]) > radius) continue;
                clusters[other] = cluster;
                open.Push(other);
            }
        }
        return size;
    }

    /// <summary>Euclidean, over the buckets that both have; without one they are as far apart as can be.</summary>
    static double Distance(double[] left, double[] right)
    {
        var (sum, isKnown) = (0.0, false);
        for (var i = 0; i < left.Length; i++)
        {
            var apart = left[i] - right[i];
            if (double.IsNaN(apart)) continue;
            sum += apart * apart;
            isKnown = true;
        }
        return isKnown ? Math.Sqrt(sum) : double.PositiveInfinity;
    }

    static bool[] ByPoints(double[][] values, double tolerance, double percentage)
    {
        double[] all = [.. values.SelectMany(line => line).Where(value => !double.IsNaN(value))];
        var median = Quantiles.Median(all);
        var far = tolerance * Quantiles.Median([.. all.Select(value => Math.Abs(value - median))]);
        return [.. values.Select(line =>
        {
            var count = line.Count(value => !double.IsNaN(value));
            var off = line.Count(value => Math.Abs(value - median) > far);
            return off > 0 && off * 100.0 >= percentage * count;
        })];
    }
}
