namespace Apm.Query.Metrics;

/// <summary>What of the statistics a metric of traces is.</summary>
public enum TraceMeasure
{
    Hits,
    Errors,

    /// <summary>Seconds of all spans together, which boards made before distributions divide by the hits.</summary>
    TotalSeconds,

    /// <summary>The durations themselves, in seconds.</summary>
    Durations,

    /// <summary>The score of each request for Apdex: 1, ½ or 0; their mean is the index.</summary>
    Apdex,
}

/// <summary>A metric that is made from the statistics of spans (trace-intake §6): <c>trace.flask.request.hits</c>.</summary>
/// <param name="Operation">Name of the operation.</param>
/// <param name="Measure">Which number.</param>
/// <param name="NeedsHttpStatus">Only cells that carry an HTTP status.</param>
public readonly record struct TraceMetricName(string Operation, TraceMeasure Measure, bool NeedsHttpStatus)
{
    const string Prefix = "trace.";

    static readonly (string Suffix, TraceMeasure Measure, bool NeedsHttpStatus)[] Suffixes =
    [
        (".hits.by_http_status", TraceMeasure.Hits, true), (".errors.by_http_status", TraceMeasure.Errors, true),
        (".hits", TraceMeasure.Hits, false), (".errors", TraceMeasure.Errors, false), (".apdex", TraceMeasure.Apdex, false),
        (".duration", TraceMeasure.TotalSeconds, false),
    ];

    /// <summary>Null when the name is not one of these.</summary>
    public static TraceMetricName? Of(string metric)
    {
        if (!metric.StartsWith(Prefix, StringComparison.Ordinal) || metric.Length == Prefix.Length) return null;
        foreach (var (suffix, measure, needsHttpStatus) in Suffixes)
            if (metric.EndsWith(suffix, StringComparison.Ordinal) && metric.Length > Prefix.Length + suffix.Length)
                return new TraceMetricName(metric[Prefix.Length..^suffix.Length], measure, needsHttpStatus);
        return new TraceMetricName(metric[Prefix.Length..], TraceMeasure.Durations, NeedsHttpStatus: false);
    }

    /// <summary>All metrics of an operation.</summary>
    /// <param name="hasHttpStatus">Some of its spans carry an HTTP status.</param>
    public static IEnumerable<TraceMetricName> OfOperation(string operation, bool hasHttpStatus) =>
        Suffixes.Where(suffix => hasHttpStatus || !suffix.NeedsHttpStatus).Select(suffix => new TraceMetricName(operation, suffix.Measure, suffix.NeedsHttpStatus)).Append(new TraceMetricName(operation, TraceMeasure.Durations, NeedsHttpStatus: false));

    public bool IsCount => Measure is TraceMeasure.Hits or TraceMeasure.Errors or TraceMeasure.TotalSeconds;

    public override string ToString()
    {
        var (measure, needsHttpStatus) = (Measure, NeedsHttpStatus);
        return Prefix + Operation + (measure == TraceMeasure.Durations ? "" : Suffixes.First(suffix => suffix.Measure == measure && suffix.NeedsHttpStatus == needsHttpStatus).Suffix);
    }
}
