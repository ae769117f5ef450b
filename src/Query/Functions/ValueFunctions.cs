using Apm.Query.Frames;

namespace Apm.Query.Functions;

/// <summary>Functions that look at one value at a time, or go through the window once.</summary>
static class ValueFunctions
{
    static readonly FunctionParameter s_bound = new("bound", ParameterKind.Number, "the value at which it begins");

    public static IReadOnlyList<QueryFunction> All { get; } =
    [
        OfValue("abs", FunctionGroup.Arithmetic, "the absolute value", Math.Abs),
        OfValue("log2", FunctionGroup.Arithmetic, "the logarithm to base 2; of 0 and below there is no point", value => value > 0 ? Math.Log2(value) : double.NaN, keepsUnit: false),
        OfValue("log10", FunctionGroup.Arithmetic, "the logarithm to base 10; of 0 and below there is no point", value => value > 0 ? Math.Log10(value) : double.NaN, keepsUnit: false),
        new()
        {
            Name = "cumsum", Group = FunctionGroup.Arithmetic, Parameters = [FunctionParameter.OfQuery], Summary = "the sum of all values of the window up to here", Example = "cumsum(sum:page.views{*}.as_count())", IsOnlyForGraphs = true,
            Apply = call => call.Query().Map(values => RunningSum(values, 1)),
        },
        new()
        {
            Name = "integral", Group = FunctionGroup.Arithmetic, Parameters = [FunctionParameter.OfQuery], Summary = "the sum of value × seconds per point over the window up to here; the first point counts one step", Example = "integral(avg:power.watts{*})", IsOnlyForGraphs = true,
            Apply = call =>
            {
                var frame = call.Query();
                return frame.Map(values => RunningSum(values, frame.Grid.StepSeconds)).WithoutUnit();
            },
        },
        Bounded("clamp_min", FunctionGroup.Exclusion, "the value, or the bound where the value is below it", (value, bound) => Math.Max(value, bound)),
        Bounded("clamp_max", FunctionGroup.Exclusion, "the value, or the bound where the value is above it", (value, bound) => Math.Min(value, bound)),
        Bounded("cutoff_min", FunctionGroup.Exclusion, "the value; those below the bound are left out", (value, bound) => value < bound ? double.NaN : value),
        Bounded("cutoff_max", FunctionGroup.Exclusion, "the value; those above the bound are left out", (value, bound) => value > bound ? double.NaN : value),
        new()
        {
            Name = "exclude_null", Group = FunctionGroup.Exclusion, Parameters = [FunctionParameter.OfQuery], Summary = "the values, without groups that lack a tag (N/A)", Example = "exclude_null(avg:system.load.1{*} by {role})",
            Apply = call =>
            {
                var frame = call.Query();
                return frame.With([.. frame.Lines.Where(line => !line.Group.Contains(FrameLine.NoValue))]);
            },
        },
        new()
        {
            Name = "default_zero", Group = FunctionGroup.Interpolation, Parameters = [FunctionParameter.OfQuery], Summary = "the values, gaps filled as usual, and 0 where there is still none", Example = "default_zero(sum:errors{*}.as_count())",
            Apply = call => DefaultZero(call.Query()),
        },
    ];

    static QueryFunction OfValue(string name, FunctionGroup group, string summary, Func<double, double> change, bool keepsUnit = true) => new()
    {
        Name = name, Group = group, Parameters = [FunctionParameter.OfQuery], Summary = summary, Example = $"{name}(avg:system.load.1{{*}})",
        Apply = call => keepsUnit ? call.Query().MapValues(change) : call.Query().MapValues(change).WithoutUnit(),
    };

    static QueryFunction Bounded(string name, FunctionGroup group, string summary, Func<double, double, double> change) => new()
    {
        Name = name, Group = group, Parameters = [FunctionParameter.OfQuery, s_bound], Summary = summary, Example = $"{name}(avg:system.load.1{{*}}, 5)",
        Apply = call =>
        {
            var bound = call.Number("bound");
            return call.Query().MapValues(value => change(value, bound));
        },
    };

    static double[] RunningSum(double[] values, double weight)
    {
        var sums = new double[values.Length];
        var sum = 0.0;
        for (var i = 0; i < sums.Length; i++)
        {
            if (!double.IsNaN(values[i])) sum += values[i] * weight;
            sums[i] = double.IsNaN(values[i]) ? double.NaN : sum;
        }
        return sums;
    }

    /// <summary>A query without groups that finds nothing is 0 throughout: there is one series, it is only never there.</summary>
    static SeriesFrame DefaultZero(SeriesFrame frame)
    {
        if (frame.Lines.Count == 0 && frame.Keys.Count == 0) return frame.With([new FrameLine([], new double[frame.Grid.Count])]);
        return frame.Map(values =>
        {
            double[] filled = [.. values];
            frame.Fill.Apply(filled, frame.Grid.StepSeconds);
            for (var i = 0; i < filled.Length; i++) if (double.IsNaN(filled[i])) filled[i] = 0;
            return filled;
        });
    }
}
