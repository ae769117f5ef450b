using Apm.Query.Language;
using Apm.Query.Text;

namespace Apm.Query.Evaluate;

/// <summary>What of a cell a metric is.</summary>
enum TraceMeasure
{
    Hits,
    Errors,

    /// <summary>The durations themselves, in seconds.</summary>
    Durations,
}

/// <summary>A metric that is made from the statistics of spans (trace-intake §6).</summary>
/// <param name="Operation">Name of the operation.</param>
/// <param name="Measure">Which number.</param>
/// <param name="NeedsHttpStatus">Only cells that carry an HTTP status.</param>
readonly record struct TraceMetric(string Operation, TraceMeasure Measure, bool NeedsHttpStatus)
{
    const string Prefix = "trace.";

    static readonly (string Suffix, TraceMeasure Measure, bool NeedsHttpStatus)[] Suffixes =
    [
        (".hits.by_http_status", TraceMeasure.Hits, true), (".errors.by_http_status", TraceMeasure.Errors, true),
        (".hits", TraceMeasure.Hits, false), (".errors", TraceMeasure.Errors, false),
    ];

    /// <exception cref="QueryTextException">It is no metric of traces, or the aggregator does not fit it.</exception>
    public static TraceMetric Of(MetricQuery query)
    {
        var name = query.Metric;
        if (!name.StartsWith(Prefix, StringComparison.Ordinal) || name.Length == Prefix.Length)
            throw new QueryTextException(
                $"\"{name}\" at column {query.MetricAt.Column} is not a metric of traces. There are trace.<operation>.hits, trace.<operation>.errors and, for durations, trace.<operation>.",
                query.MetricAt, NearestWord.Find(name.Split('.')[0] + ".", [Prefix]) is null ? null : Prefix + name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]);
        foreach (var (suffix, measure, needsHttpStatus) in Suffixes)
        {
            if (!name.EndsWith(suffix, StringComparison.Ordinal) || name.Length <= Prefix.Length + suffix.Length - 1) continue;
            if (query.Aggregator is { Quantile: not null } aggregator)
                throw new QueryTextException($"\"{aggregator}\" needs durations, but \"{name}\" counts. Write {aggregator}:{name[..^suffix.Length]}.", query.MetricAt, name[..^suffix.Length]);
            return new TraceMetric(name[Prefix.Length..^suffix.Length], measure, needsHttpStatus);
        }
        if (query.Modifiers is [var modifier, ..])
            throw new QueryTextException($"\"{modifier}\" at column {modifier.At.Column} needs a count, but \"{name}\" is durations. Write {name}.hits for the number of spans.", modifier.At);
        return new TraceMetric(name[Prefix.Length..], TraceMeasure.Durations, NeedsHttpStatus: false);
    }
}
