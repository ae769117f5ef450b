using Apm.Query.Frames;

namespace Apm.Query.Functions;

/// <summary>How values change from point to point. They are worked out on each series before the series are joined.</summary>
static class RateFunctions
{
    public static IReadOnlyList<QueryFunction> All { get; } =
    [
        Between("diff", "the value less the one before", (change, _) => change, keepsUnit: true),
        Between("monotonic_diff", "the value less the one before, only where it grew", (change, _) => change < 0 ? double.NaN : change, keepsUnit: true),
        Between("derivative", "the change since the point before, per second", (change, seconds) => change / seconds),
        Between("dt", "the seconds since the point before", (_, seconds) => seconds),
        Between("per_second", "the growth since the point before, per second; where it fell there is no point", (change, seconds) => change < 0 ? double.NaN : change / seconds),
        Between("per_minute", "the growth since the point before, per minute; where it fell there is no point", (change, seconds) => change < 0 ? double.NaN : change / seconds * 60),
        Between("per_hour", "the growth since the point before, per hour; where it fell there is no point", (change, seconds) => change < 0 ? double.NaN : change / seconds * 3600),
        Of("throughput", "the value divided by the seconds per point", keepsUnit: false, (values, step) =>
        {
            var rates = new double[values.Length];
            for (var i = 0; i < rates.Length; i++) rates[i] = values[i] / step;
            return rates;
        }),
    ];

    static QueryFunction Between(string name, string summary, Func<double, double, double> change, bool keepsUnit = false) => Of(name, summary, keepsUnit, (values, step) =>
    {
        var changes = new double[values.Length];
        var last = -1;
        for (var i = 0; i < changes.Length; i++)
        {
            changes[i] = double.NaN;
            if (double.IsNaN(values[i])) continue;
            if (last >= 0) changes[i] = change(values[i] - values[last], (double)(i - last) * step);
            last = i;
        }
        return changes;
    });

    static QueryFunction Of(string name, string summary, bool keepsUnit, Func<double[], int, double[]> change) => new()
    {
        Name = name, Group = FunctionGroup.Rate, Parameters = [FunctionParameter.OfQuery], Summary = summary, Example = $"{name}(sum:system.net.bytes_rcvd{{*}})",
        PerSeries = change,
        Apply = call => // On what is no single metric, such as a sum of two.
        {
            var frame = call.Query();
            var changed = frame.Map(values => change(values, frame.Grid.StepSeconds));
            return keepsUnit ? changed : changed.WithoutUnit();
        },
    };
}
