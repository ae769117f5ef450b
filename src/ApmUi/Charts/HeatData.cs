using System.Text.Json.Serialization;
using Apm.ApmUi.Format;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Services;

namespace Apm.ApmUi.Charts;

/// <summary>What <c>apm-heat</c> draws: how many requests took how long, over time; only cells that are not empty. Not a public contract.</summary>
/// <param name="Times">Start of each column, milliseconds.</param>
/// <param name="Borders">Borders of the rows, nanoseconds, ascending; one more than there are rows.</param>
/// <param name="At">Column of each cell.</param>
/// <param name="Row">Row of each cell, the shortest durations first.</param>
/// <param name="Count">Requests in each cell.</param>
/// <param name="Errors">Those of them that failed.</param>
/// <param name="Behind">The traces of a cell; <c>{from}</c>, <c>{to}</c> (ms), <c>{min}</c> and <c>{max}</c> (ns) stand for its borders.</param>
/// <param name="Summary">The map in a sentence: its accessible name, and what stands in its place when it is empty.</param>
public sealed record HeatData(
    long FromMs, long ToMs, long StepMs, IReadOnlyList<long> Times, IReadOnlyList<double> Borders,
    IReadOnlyList<int> At, IReadOnlyList<int> Row, IReadOnlyList<double> Count, IReadOnlyList<double> Errors,
    string Behind, IReadOnlyList<ChartMark> Marks, string Summary, bool Complete, long Scanned)
{
    /// <summary>What the borders are, as <see cref="ChartData.Unit"/>.</summary>
    public string Unit { get; init; } = "duration";

    /// <summary>What is counted.</summary>
    public string Noun { get; init; } = "requests";

    /// <summary>Rows are of one height, and may be below zero; else they grow with the value.</summary>
    public bool IsLinear { get; init; }

    /// <inheritdoc cref="ChartData.Queries"/>
    [JsonIgnore]
    public IReadOnlyList<string> Queries { get; init; } = [];

    /// <summary>Two durations that nobody types; the query's text with them shows where the real ones go.</summary>
    const long MinMark = 1_234_567_890_123_457, MaxMark = 1_234_567_890_123_459;

    /// <param name="filter">The requests that are drawn.</param>
    /// <param name="behind">The address of traces that match a filter, with <c>{from}</c> and <c>{to}</c>.</param>
    public static HeatData Of(TimeRange range, LatencyHeat heat, TraceFilter filter, Func<TraceFilter, string> behind, IReadOnlyList<ChartMark> marks)
    {
        var total = heat.Cells.Sum(cell => cell.Count);
        return new HeatData(
            range.FromUnixNanos / UnixTime.NanosPerMillisecond,
            range.ToUnixNanos / UnixTime.NanosPerMillisecond,
            heat.StepNanos / UnixTime.NanosPerMillisecond,
            [.. heat.StartUnixNanos.Select(start => start / UnixTime.NanosPerMillisecond)],
            [.. heat.BorderNanos.Select(nanos => Math.Round(nanos))],
            [.. heat.Cells.Select(cell => cell.Time)],
            [.. heat.Cells.Select(cell => cell.Row)],
            [.. heat.Cells.Select(cell => Math.Round(cell.Count, 2))],
            [.. heat.Cells.Select(cell => Math.Round(cell.ErrorCount, 2))],
            behind(filter.WithDuration(MinMark, MaxMark)).Replace($"{MinMark}", "{min}", StringComparison.Ordinal).Replace($"{MaxMark}", "{max}", StringComparison.Ordinal),
            marks,
            total > 0 ? $"{Figure.Of(total, "request")} from {Figure.Duration(heat.BorderNanos[heat.Cells.Min(cell => cell.Row)])} to {Figure.Duration(heat.BorderNanos[heat.Cells.Max(cell => cell.Row) + 1])}" : "No request in this time.",
            Complete: true,
            heat.Cells.Count);
    }
}
