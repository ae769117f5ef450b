using Apm.Query.Frames;

namespace Apm.Query.Functions;

/// <summary>How many series have something, bucket by bucket.</summary>
static class CountFunctions
{
    public static IReadOnlyList<QueryFunction> All { get; } =
    [
        Of("count_nonzero", "how many series are not 0", value => value != 0),
        Of("count_nonzero_finite", "the same as count_nonzero", value => value != 0),
        Of("count_not_null", "how many series have a value", _ => true),
    ];

    static QueryFunction Of(string name, string summary, Func<double, bool> counts) => new()
    {
        Name = name, Group = FunctionGroup.Count, Parameters = [FunctionParameter.OfQuery], Summary = summary, Example = $"{name}(avg:system.load.1{{*}} by {{host}})",
        Apply = call =>
        {
            var frame = call.Query();
            var totals = new double[frame.Grid.Count];
            Array.Fill(totals, double.NaN);
            foreach (var line in frame.Lines)
            {
                for (var i = 0; i < totals.Length; i++)
                {
                    if (double.IsNaN(line.Values[i])) continue;
                    if (double.IsNaN(totals[i])) totals[i] = 0;
                    if (counts(line.Values[i])) totals[i]++;
                }
            }
            return frame.With(frame.Grid, [], frame.Lines.Count == 0 ? [] : [new FrameLine([], totals)]).WithoutUnit();
        },
    };
}
