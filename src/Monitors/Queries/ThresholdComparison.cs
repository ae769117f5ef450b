namespace Apm.Monitors.Queries;

/// <summary>How a value is compared with a threshold: <c>&gt;</c>, <c>&gt;=</c>, <c>&lt;</c>, <c>&lt;=</c>, <c>==</c>, <c>!=</c>.</summary>
/// <param name="Sign">As it is written.</param>
public readonly record struct ThresholdComparison(string Sign)
{
    /// <summary>All there are, the longer ones first, so that a reader finds the whole sign.</summary>
    public static IReadOnlyList<string> Signs { get; } = [">=", "<=", "==", "!=", ">", "<"];

    /// <summary>Whether more is worse.</summary>
    public bool IsUpward => Sign is ">" or ">=";

    /// <summary>Whether less is worse.</summary>
    public bool IsDownward => Sign is "<" or "<=";

    /// <summary>Whether a value is beyond a threshold.</summary>
    public bool Holds(double value, double threshold) => Sign switch
    {
        ">" => value > threshold,
        ">=" => value >= threshold,
        "<" => value < threshold,
        "<=" => value <= threshold,
        "==" => value == threshold,
        _ => value != threshold,
    };

    public override string ToString() => Sign;
}
