using Apm.ApmUi.Format;
using Apm.Query.Endpoints;

namespace Apm.ApmUi.Pages.Endpoint;

/// <summary>What the chosen requests of an endpoint consist of, beside the rest. Immutable.</summary>
/// <param name="Lines">Most own time first; with a comparison, what differs most.</param>
/// <param name="More">Operations not listed.</param>
/// <param name="RequestCount">Chosen requests summed up.</param>
/// <param name="TraceCount">Traces that they were found in.</param>
/// <param name="RestCount">Those of the rest; 0 when nothing is compared.</param>
public sealed record OperationsView(IReadOnlyList<OperationLine> Lines, int More, int RequestCount, int TraceCount, int RestCount)
{
    /// <summary>Operations listed at most; default 12.</summary>
    public const int MaxLines = 12;

    /// <summary>Of nothing.</summary>
    public static OperationsView Empty { get; } = new([], 0, 0, 0, 0);

    /// <summary>Whether lines say how they differ from the rest.</summary>
    public bool Compares => RestCount > 0;

    /// <summary>Lines out of sums.</summary>
    public static OperationsView Of(OperationComparison operations)
    {
        var rest = operations.Rest is { RequestCount: > 0 } others ? others : null;
        var lines = operations.Chosen.Operations.Select(time => new OperationLine(time, Difference(time))).ToList();
        if (rest is not null && lines.Count > 0) lines = [.. lines.OrderByDescending(line => Math.Abs(line.DifferenceNanos ?? 0))];
        return new OperationsView([.. lines.Take(MaxLines)], Math.Max(0, lines.Count - MaxLines), operations.Chosen.RequestCount, operations.Chosen.TraceCount, rest?.RequestCount ?? 0);

        double? Difference(OperationTime time) => rest is null ? null : time.SelfNanos - (rest.Find(time.Operation)?.SelfNanos ?? 0);
    }
}

/// <summary>One operation.</summary>
/// <param name="DifferenceNanos">Own time per request beyond that of the rest; null when nothing is compared.</param>
public sealed record OperationLine(OperationTime Time, double? DifferenceNanos)
{
    /// <summary>With its sign; less than a hundredth of a millisecond is none.</summary>
    public string DifferenceText => DifferenceNanos is not { } nanos ? "" : Math.Abs(nanos) < 10_000 ? "±0" : $"{(nanos < 0 ? "−" : "+")}{Figure.Duration(Math.Abs(nanos))}";
}
