using Apm.Query.Frames;
using Apm.Query.Text;

namespace Apm.Query.Functions;

/// <summary>A second aggregation over time.</summary>
static class RollupFunctions
{
    const int Day = 86_400;

    static readonly FunctionParameter s_method = new("method", ParameterKind.Text, "how the points become one: 'avg', 'sum', 'min', 'max', 'count', 'median', or a percentile such as 'p95'");

    public static IReadOnlyList<QueryFunction> All { get; } =
    [
        new()
        {
            Name = "rollup", Group = FunctionGroup.Rollup, Example = "rollup(avg:system.load.1{*}, 'p95', 1800)",
            Parameters = [FunctionParameter.OfQuery, s_method, new("seconds", ParameterKind.Duration, "how wide the new buckets are") { Least = 1, Most = 366.0 * Day }],
            Summary = "the points of each wider bucket made one; buckets start at multiples of their width",
            Apply = call => Rollup(call.Query, call.Grid, MethodOf(call, "method"), (int)call.Seconds("seconds")),
        },
        new()
        {
            Name = "moving_rollup", Group = FunctionGroup.Rollup, Example = "moving_rollup(sum:orders{*}.as_count(), 3600, 'sum')",
            Parameters = [FunctionParameter.OfQuery, new("seconds", ParameterKind.Duration, "how far back points are taken") { Least = 1, Most = 93.0 * Day }, s_method with { Default = "avg" }],
            Summary = "the points of the last seconds up to and with this one made one",
            Apply = Moving,
        },
    ];

    /// <param name="query">Gives the finer points over a grid.</param>
    /// <param name="window">The buckets that are wanted; those of the rollup that start in it are given.</param>
    public static SeriesFrame Rollup(Func<TimeGrid, string, SeriesFrame> query, TimeGrid window, Reducer reducer, int seconds)
    {
        var wide = TimeGrid.Of(window.FirstUnixSeconds, window.EndUnixSeconds, Math.Max(seconds, window.StepSeconds));
        var fine = query(TimeGrid.Of(wide.FirstUnixSeconds, window.EndUnixSeconds, window.StepSeconds), "query");
        return Coarsen(fine, wide, reducer);
    }

    /// <summary>Puts each point into the bucket in which it starts.</summary>
    public static SeriesFrame Coarsen(SeriesFrame fine, TimeGrid wide, Reducer reducer)
    {
        var starts = new int[wide.Count + 1]; // First fine bucket of each wide one.
        for (var i = 0; i <= wide.Count; i++) starts[i] = Math.Clamp((int)Math.Ceiling((wide.TimeOf(i) - fine.Grid.FirstUnixSeconds) / (double)fine.Grid.StepSeconds), 0, fine.Grid.Count);
        var lines = fine.Lines.Select(line =>
        {
            var values = new double[wide.Count];
            for (var i = 0; i < values.Length; i++) values[i] = reducer.Of(line.Values.AsSpan(starts[i], starts[i + 1] - starts[i]));
            return line.With(values);
        });
        return fine.With(wide, fine.Keys, [.. lines.Where(line => !line.IsEmpty)]);
    }

    static SeriesFrame Moving(FunctionCall call)
    {
        var reducer = MethodOf(call, "method");
        var seconds = call.Seconds("seconds");
        var step = call.Grid.StepSeconds;
        var back = (int)((seconds - 1) / step); // Points in (t − seconds, t].
        var history = call.Query(call.Grid.WithHistory(Math.Min(back, MostHistoryBuckets)));
        if (history.Grid.StepSeconds != step) back = (int)((seconds - 1) / history.Grid.StepSeconds);
        var wanted = Math.Max(0, history.Grid.IndexOf(call.Grid.FirstUnixSeconds));
        return history.Map(values =>
        {
            var moved = new double[values.Length];
            Array.Fill(moved, double.NaN);
            for (var i = wanted; i < moved.Length; i++)
            {
                call.Source.Cancel.ThrowIfCancellationRequested();
                var from = Math.Max(0, i - back);
                moved[i] = reducer.Of(values.AsSpan(from, i - from + 1));
            }
            return moved;
        }).Within(call.Grid);
    }

    /// <summary>More are not read before the window; 93 days at 5 minutes are fewer.</summary>
    const int MostHistoryBuckets = 30_000;

    public static Reducer MethodOf(FunctionCall call, string parameter)
    {
        var name = call.Text(parameter);
        if (Reducer.Of(name) is { } reducer) return reducer;
        string[] known = ["avg", "sum", "min", "max", "count", "median", "p50", "p75", "p90", "p95", "p99"];
        var nearest = NearestWord.Find(name, known);
        throw new QueryTextException($"Unknown method \"{name}\" of {call.Node.Name} at column {call.Node.NameAt.Column}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", known)}.", call.Node.NameAt, nearest);
    }
}
