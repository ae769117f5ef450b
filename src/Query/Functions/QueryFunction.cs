using Apm.Query.Frames;
using Apm.Query.Language;

namespace Apm.Query.Functions;

/// <summary>
/// One function of the metric query language: its name, what it takes, what it says of itself, and what it does. Error messages, the
/// documentation and the screens read it from here.
/// </summary>
public sealed record QueryFunction
{
    /// <summary>In lower case.</summary>
    public required string Name { get; init; }

    /// <summary>Sisters that differ in a number or word share a line in the documentation under this name; their own name when they have no sisters.</summary>
    public string Family { get; init; } = "";

    public required FunctionGroup Group { get; init; }

    /// <summary>In the order in which they are written; the first is a query.</summary>
    public required IReadOnlyList<FunctionParameter> Parameters { get; init; }

    /// <summary>What each output point is, one sentence without its full stop.</summary>
    public required string Summary { get; init; }

    /// <summary>A query with it that could be typed.</summary>
    public required string Example { get; init; }

    /// <summary>What it does.</summary>
    public required Func<FunctionCall, SeriesFrame> Apply { get; init; }

    /// <summary>
    /// Set for functions that are worked out on each series before the series of a group are joined (metrics-monitors §5.4): from the
    /// values of a series (NaN where empty) and the step in seconds to other values.
    /// </summary>
    public Func<double[], int, double[]>? PerSeries { get; init; }

    /// <summary>Depends on where the window begins, so that a monitor cannot use it.</summary>
    public bool IsOnlyForGraphs { get; init; }

    /// <summary>Compares single points with those before: points between two of a metric, filled in for drawing, would be judged as if they had been measured.</summary>
    public bool JudgesPoints { get; init; }

    /// <summary>The query as it is written: <c>top(query, limit, by, order)</c>.</summary>
    public string Signature => $"{Name}({string.Join(", ", Parameters.Select(parameter => parameter.Signature))})";
}

/// <summary>What a function is about.</summary>
public enum FunctionGroup
{
    Arithmetic,
    Rate,
    Smoothing,
    Rank,
    Count,
    Exclusion,
    Interpolation,
    Timeshift,
    Regression,
    Rollup,
    Aggregation,
    Algorithms,
}

/// <summary>What a function takes at a place.</summary>
public enum ParameterKind
{
    /// <summary>A query.</summary>
    Query,

    /// <summary>A query or a number.</summary>
    Operand,

    /// <summary>A query, a number, or tag keys in braces.</summary>
    OperandOrKeys,
    Number,

    /// <summary>A word or a text in quotes.</summary>
    Text,

    /// <summary>Seconds as a number, or a text such as <c>60m</c>, <c>1d</c>, <c>1w</c>.</summary>
    Duration,

    /// <summary>Tag keys in braces.</summary>
    Keys,
}

/// <summary>One argument of a function.</summary>
public sealed record FunctionParameter(string Name, ParameterKind Kind, string Help)
{
    /// <summary>Taken when nothing is written; null when something must be. "" for keys: none.</summary>
    public string? Default { get; init; }

    /// <summary>The words there are; empty for any.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    public double Least { get; init; } = double.NegativeInfinity;

    public double Most { get; init; } = double.PositiveInfinity;

    /// <summary>Only written with its name: <c>direction='above'</c>.</summary>
    public bool IsNamed { get; init; }

    internal string Signature => IsNamed ? $"{Name}='{Default}'" : Default is null ? Name : $"[{Name}]";

    /// <summary>The first of nearly every function.</summary>
    public static FunctionParameter OfQuery { get; } = new("query", ParameterKind.Query, "one or more series");
}

/// <summary>Evaluates queries for functions.</summary>
public interface IFrameSource
{
    /// <summary>Ends the work when it takes too long.</summary>
    CancellationToken Cancel { get; }

    /// <summary>What is later than this has not been measured yet.</summary>
    long NowUnixSeconds { get; }

    /// <summary>The series of a query over some buckets.</summary>
    SeriesFrame Evaluate(QueryNode node, TimeGrid grid);

    /// <summary>Says something to whoever asked, beside the answer.</summary>
    void Warn(string sentence);
}
