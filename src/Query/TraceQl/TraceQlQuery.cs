using System.Globalization;
using System.Text;
using Apm.Query.Text;

namespace Apm.Query.TraceQl;

/// <summary>A whole query: spans, and what is done with them, one stage after the other.</summary>
public sealed class TraceQlQuery(TraceQlSpanset spans, IReadOnlyList<TraceQlStage> stages, TextRange at) : TraceQlNode(at)
{
    public TraceQlSpanset Spans { get; } = spans;
    public IReadOnlyList<TraceQlStage> Stages { get; } = stages;

    /// <summary>The stage that makes a series of numbers; null for a search.</summary>
    public TraceQlMetric? Metric => Stages.OfType<TraceQlMetric>().FirstOrDefault();

    internal override void Print(StringBuilder to)
    {
        Spans.Print(to);
        foreach (var stage in Stages)
        {
            to.Append(" | ");
            stage.Print(to);
        }
    }
}

/// <summary>What is done with the spans so far.</summary>
public abstract class TraceQlStage(TextRange at) : TraceQlNode(at)
{
    internal static void PrintFields(StringBuilder to, string name, IReadOnlyList<TraceQlField> fields) => to.Append(name).Append('(').AppendJoin(", ", fields).Append(')');
}

/// <summary>Keeps those spans that a condition holds for: <c>| { … }</c>.</summary>
public sealed class TraceQlKeep(TraceQlSpans spans, TextRange at) : TraceQlStage(at)
{
    public TraceQlSpans Spans { get; } = spans;

    internal override void Print(StringBuilder to) => Spans.Print(to);
}

/// <summary>Keeps traces whose spans together compare with a number: <c>| avg(duration) > 1s</c>.</summary>
/// <param name="function"><c>count</c>, <c>avg</c>, <c>min</c>, <c>max</c>, <c>sum</c>.</param>
/// <param name="field">Null for count.</param>
public sealed class TraceQlAggregate(string function, TraceQlField? field, TraceQlComparison comparison, TraceQlValue value, TextRange at) : TraceQlStage(at)
{
    public string Function { get; } = function;
    public TraceQlField? Field { get; } = field;
    public TraceQlComparison Comparison { get; } = comparison;
    public TraceQlValue Value { get; } = value;

    internal override void Print(StringBuilder to) =>
        to.Append(Function).Append('(').Append(Field?.ToString()).Append(") ").Append(TraceQlCondition.Print(Comparison)).Append(' ').Append(Value);
}

/// <summary>Puts the spans of each trace into sets by a field: <c>| by(resource.service.name)</c>.</summary>
public sealed class TraceQlBy(TraceQlField field, TextRange at) : TraceQlStage(at)
{
    public TraceQlField Field { get; } = field;

    internal override void Print(StringBuilder to) => PrintFields(to, "by", [Field]);
}

/// <summary>Adds attributes to the answer: <c>| select(span.http.url)</c>.</summary>
public sealed class TraceQlSelect(IReadOnlyList<TraceQlField> fields, TextRange at) : TraceQlStage(at)
{
    public IReadOnlyList<TraceQlField> Fields { get; } = fields;

    internal override void Print(StringBuilder to) => PrintFields(to, "select", Fields);
}

/// <summary>Puts the sets of each trace together again: <c>| coalesce()</c>.</summary>
public sealed class TraceQlCoalesce(TextRange at) : TraceQlStage(at)
{
    internal override void Print(StringBuilder to) => to.Append("coalesce()");
}

/// <summary>Makes series: <c>| rate() by(resource.service.name)</c>, <c>| quantile_over_time(duration, 0.5, 0.99)</c>.</summary>
/// <param name="function">One of <see cref="Functions"/>.</param>
/// <param name="field">Null for rate and count_over_time.</param>
/// <param name="quantiles">0 to 1; empty for other functions.</param>
/// <param name="by">Empty for one series.</param>
public sealed class TraceQlMetric(string function, TraceQlField? field, IReadOnlyList<double> quantiles, IReadOnlyList<TraceQlField> by, TextRange at) : TraceQlStage(at)
{
    public static IReadOnlyList<string> Functions { get; } = ["rate", "count_over_time", "min_over_time", "max_over_time", "avg_over_time", "sum_over_time", "quantile_over_time", "histogram_over_time"];

    public string Function { get; } = function;
    public TraceQlField? Field { get; } = field;
    public IReadOnlyList<double> Quantiles { get; } = quantiles;
    public IReadOnlyList<TraceQlField> By { get; } = by;

    internal override void Print(StringBuilder to)
    {
        to.Append(Function).Append('(').Append(Field?.ToString());
        foreach (var quantile in Quantiles) to.Append(", ").Append(quantile.ToString("R", CultureInfo.InvariantCulture));
        to.Append(')');
        if (By.Count == 0) return;
        to.Append(' ');
        PrintFields(to, "by", By);
    }
}

/// <summary>Keeps the series with the highest or lowest values: <c>| topk(5)</c>.</summary>
public sealed class TraceQlTop(bool isTop, int count, TextRange at) : TraceQlStage(at)
{
    public bool IsTop { get; } = isTop;
    public int Count { get; } = count;

    internal override void Print(StringBuilder to) => to.Append(IsTop ? "topk(" : "bottomk(").Append(Count).Append(')');
}
