using System.Globalization;

namespace Apm.TraceAgent.Metrics;

/// <summary>What a histogram sends, of DogStatsD and of checks alike.</summary>
public sealed record HistogramSettings
{
    /// <summary>The words that <see cref="Aggregates"/> may hold.</summary>
    public static IReadOnlyList<string> KnownAggregates { get; } = ["max", "median", "avg", "min", "sum", "count"];

    /// <summary>Which of max, median, avg, min, sum and count; default max, median, avg, count.</summary>
    public IReadOnlyList<string> Aggregates { get; init; } = ["max", "median", "avg", "count"];

    /// <summary>Which percentiles, as whole numbers from 1 to 99; default 95.</summary>
    public IReadOnlyList<int> Percentiles { get; init; } = [95];

    /// <summary>Sends each histogram as a distribution too, under its own name; default false.</summary>
    public bool CopyToDistribution { get; init; }

    /// <summary>A percentile as it is written in settings, <c>0.95</c>, as a whole number; null when it is none from 0.01 to 0.99.</summary>
    public static int? PercentileOf(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is >= 0.01 and <= 0.99 ? (int)Math.Round(share * 100) : null;
}
