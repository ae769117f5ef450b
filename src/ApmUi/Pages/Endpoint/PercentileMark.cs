namespace Apm.ApmUi.Pages.Endpoint;

/// <summary>A percentile's line in the distribution, and where its label stands so that no two overlap.</summary>
/// <param name="Left">Percent of the plot.</param>
/// <param name="Name"><c>p95</c>, or <c>p50–p99</c> where several read the same.</param>
/// <param name="Value">The duration.</param>
/// <param name="Level">0 is just above the plot, each next one a line higher.</param>
/// <param name="IsTurned">The label stands left of the line, because there is no room to its right.</param>
public sealed record PercentileMark(double Left, string Name, string Value, int Level, bool IsTurned)
{
    /// <summary>Room that a label takes, in percent of the plot as it is on a phone; wider plots have more than they need.</summary>
    public const double LabelWidth = 30;

    double From => IsTurned ? Left - LabelWidth : Left;

    /// <summary>Places marks, given from left to right.</summary>
    public static IReadOnlyList<PercentileMark> Place(IReadOnlyList<(double Left, string Name, string Value)> percentiles)
    {
        var marks = new List<PercentileMark>();
        foreach (var same in percentiles.GroupBy(percentile => percentile.Value))
        {
            var name = same.Count() == 1 ? same.First().Name : $"{same.First().Name}–{same.Last().Name}";
            marks.Add(new PercentileMark(same.First().Left, name, same.Key, 0, same.First().Left + LabelWidth > 100));
        }
        // From the right, so that a label's line passes beside the labels below it.
        for (var i = marks.Count - 2; i >= 0; i--)
        {
            var mark = marks[i];
            var taken = marks.Skip(i + 1).Where(other => Math.Abs(other.From - mark.From) < LabelWidth).Select(other => other.Level).ToHashSet();
            marks[i] = mark with { Level = Enumerable.Range(0, marks.Count).First(level => !taken.Contains(level)) };
        }
        return marks;
    }
}
