using System.Globalization;
using System.Text;
using Apm.Query.Evaluate;

namespace Apm.Query.Scripts;

/// <summary>One <c>eval</c> of a script: what was expected and what came.</summary>
/// <param name="Line">Of the script, from 1.</param>
public sealed record ScriptCheck(int Line, string Query, IReadOnlyList<string> Expected, IReadOnlyList<string> Actual)
{
    /// <summary>Whether it came as expected. What the answer says besides is only looked at when the script expects something said.</summary>
    public bool Holds => Expected.SequenceEqual(Expected.Any(IsSaid) ? Actual : Actual.Where(line => !IsSaid(line)));

    /// <summary>Both, for whoever looks for the difference.</summary>
    public override string ToString() => $"line {Line}: {Query}\nexpected\n    {string.Join("\n    ", Expected)}\nbut got\n    {string.Join("\n    ", Actual)}";

    static bool IsSaid(string line) => line.StartsWith("says ", StringComparison.Ordinal);

    /// <summary><c>{host:a} 0s=1 20s=40!</c>: the scope, then each point by its seconds, with ! where it is anomalous; bounds begin with their name.</summary>
    internal static string Print(MetricSeries series)
    {
        var text = new StringBuilder();
        if (series.Bound is { } bound) text.Append(bound).Append(' ');
        if (series.IsOutlier == true) text.Append("outlier ");
        text.Append('{').Append(series.Scope).Append('}');
        for (var i = 0; i < series.Values.Length; i++)
        {
            if (double.IsNaN(series.Values[i])) continue;
            text.Append(CultureInfo.InvariantCulture, $" {series.Grid.TimeOf(i) - QueryScript.StartUnixSeconds}s={Math.Round(series.Values[i], 4) + 0.0}");
            if (series.Anomalous?[i] == true) text.Append('!');
        }
        return text.ToString();
    }
}
