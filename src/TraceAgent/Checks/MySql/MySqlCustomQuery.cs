namespace Apm.TraceAgent.Checks.MySql;

/// <summary>A statement of the user's, each of whose columns is a metric, a tag, or nothing.</summary>
/// <param name="Columns">In the order of the statement's; an item without name is passed over.</param>
/// <param name="Tags">Added to those of the instance.</param>
public sealed record MySqlCustomQuery(string Query, IReadOnlyList<MySqlCustomColumn> Columns, IReadOnlyList<string> Tags)
{
    /// <exception cref="CheckFailedException">The item cannot be used; the message names the key.</exception>
    public static MySqlCustomQuery From(CheckOptions item) =>
        new(item.RequiredText("query", "SELECT COUNT(*) FROM orders"),
            item.Maps("columns") is { Count: > 0 } columns ? [.. columns.Select(Column)] : throw new CheckFailedException($"{item.Check}: a custom query needs `columns`, one {{name, type}} per column of its result."),
            item.Texts("tags"));

    static MySqlCustomColumn Column(CheckOptions item)
    {
        if (item.Text("name") is not { Length: > 0 } name) return new MySqlCustomColumn("", null);
        var type = item.RequiredText("type", "gauge");
        return new MySqlCustomColumn(name, type is "tag" ? null : KindOf(item, type));
    }

    /// <summary>The kind that a file calls <c>gauge</c>, <c>rate</c>, <c>count</c>, <c>monotonic_count</c> or <c>histogram</c>.</summary>
    public static CheckMetricKind KindOf(CheckOptions item, string type) => type.ToLowerInvariant() switch
    {
        "gauge" => CheckMetricKind.Gauge,
        "rate" => CheckMetricKind.Rate,
        "count" => CheckMetricKind.Count,
        "monotonic_count" => CheckMetricKind.MonotonicCount,
        "histogram" => CheckMetricKind.Histogram,
        "historate" => CheckMetricKind.Historate,
        "distribution" => CheckMetricKind.Distribution,
        _ => throw item.Refused("type", type, "gauge, rate, count, monotonic_count, histogram, historate, distribution or (of a column) tag"),
    };
}

/// <param name="Name">Of the metric or the tag; "" for a column that is passed over.</param>
/// <param name="Kind">Null for a tag.</param>
public readonly record struct MySqlCustomColumn(string Name, CheckMetricKind? Kind);
