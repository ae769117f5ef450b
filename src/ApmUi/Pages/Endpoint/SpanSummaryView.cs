using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Endpoint;

/// <summary>Which operations the time of some traces went into. Immutable.</summary>
/// <param name="TraceCount">Traces looked at.</param>
/// <param name="Lines">Most own time first.</param>
public sealed record SpanSummaryView(int TraceCount, IReadOnlyList<SpanSummaryLine> Lines)
{
    public static SpanSummaryView Empty { get; } = new(0, []);

    /// <summary>Sums up own time per operation over the traces.</summary>
    public static SpanSummaryView Of(IEnumerable<TraceTree> trees)
    {
        var sums = new Dictionary<(string Service, string Name, string Resource), (int Count, double SelfNanos)>();
        var traces = 0;
        foreach (var tree in trees)
        {
            traces++;
            foreach (var node in tree.Nodes)
            {
                if (node.IsGap) continue;
                var key = (node.Service, node.Name, node.Resource.Length > 0 ? node.Resource : node.Name);
                var sum = sums.GetValueOrDefault(key);
                sums[key] = (sum.Count + 1, sum.SelfNanos + node.SelfNanos);
            }
        }
        var total = Math.Max(1, sums.Values.Sum(sum => sum.SelfNanos));
        return new SpanSummaryView(traces, [.. sums
            .Select(pair => new SpanSummaryLine(pair.Key.Service, pair.Key.Name, pair.Key.Resource, pair.Value.Count / (double)traces, pair.Value.SelfNanos / total))
            .OrderByDescending(line => line.Share).ThenBy(line => line.Service, StringComparer.Ordinal).ThenBy(line => line.Resource, StringComparer.Ordinal)]);
    }
}

/// <summary>One operation.</summary>
/// <param name="PerTrace">Spans of it per trace, on average.</param>
/// <param name="Share">Its part of all own time, 0 to 1.</param>
public sealed record SpanSummaryLine(string Service, string Name, string Resource, double PerTrace, double Share);
