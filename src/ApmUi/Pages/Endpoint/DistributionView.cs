using System.Globalization;
using Apm.ApmUi.Format;
using Apm.Query.Services;
using Apm.Query.Text;

namespace Apm.ApmUi.Pages.Endpoint;

/// <summary>A histogram of durations on a logarithmic axis, in percent of the plot. Immutable.</summary>
public sealed record DistributionView
{
    public required IReadOnlyList<DistributionBar> Bars { get; init; }
    public required IReadOnlyList<(double Left, string Label)> Ticks { get; init; }

    /// <summary>p50, p75, p95, p99, from left to right; those that read the same share a mark.</summary>
    public required IReadOnlyList<PercentileMark> Percentiles { get; init; }
    public required double MinNanos { get; init; }
    public required double MaxNanos { get; init; }

    /// <summary>The chosen band; null when none is.</summary>
    public (double Left, double Width)? Band { get; init; }

    /// <summary>The histogram in a sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>Null when there is nothing to draw.</summary>
    /// <param name="latencies">Bins and percentiles.</param>
    /// <param name="band">The chosen durations.</param>
    public static DistributionView? Of(LatencyDistribution latencies, LatencyBand? band)
    {
        var bins = latencies.Bins.Where(bin => bin.ToNanos > 1).ToList();
        if (bins.Count == 0) return null;
        var min = Math.Max(1, bins[0].FromNanos > 0 ? bins[0].FromNanos : bins[0].ToNanos / 2);
        var max = Math.Max(bins[^1].ToNanos, min * 1.5);
        if (max / min < 4) (min, max) = (min / 2, max * 2); // A single spike stands in the middle, not across the whole plot.
        double At(double nanos) => Math.Clamp(100 * Math.Log(Math.Max(nanos, 1) / min) / Math.Log(max / min), 0, 100);
        var highest = bins.Max(bin => bin.OkCount + bin.ErrorCount);
        return new DistributionView
        {
            MinNanos = min,
            MaxNanos = max,
            Bars = [.. bins.Where(bin => bin.OkCount + bin.ErrorCount > 0).Select(bin => new DistributionBar(
                At(bin.FromNanos), Math.Max(0.4, At(bin.ToNanos) - At(bin.FromNanos)), 100 * bin.OkCount / highest, 100 * bin.ErrorCount / highest,
                $"{Figure.Duration(bin.FromNanos)} – {Figure.Duration(bin.ToNanos)}: {Figure.Of(bin.OkCount + bin.ErrorCount, "request")}{(bin.ErrorCount > 0 ? $", {Figure.Of(bin.ErrorCount, "error")}" : "")}"))],
            Ticks = [.. TicksBetween(min, max).Select(nanos => (At(nanos), Figure.Duration(nanos)))],
            Percentiles = PercentileMark.Place(
            [
                .. new[] { ("p50", latencies.P50Nanos), ("p75", latencies.P75Nanos), ("p95", latencies.P95Nanos), ("p99", latencies.P99Nanos) }
                    .Where(entry => entry.Item2 is not null).Select(entry => (At(entry.Item2!.Value), entry.Item1, Figure.Duration(entry.Item2.Value))),
            ]),
            Band = band is { } chosen ? (At(chosen.MinNanos), At(chosen.MaxNanos) - At(chosen.MinNanos)) : null,
            Summary = $"{Figure.Of(latencies.OkCount + latencies.ErrorCount, "request")}, half of them within {(latencies.P50Nanos is { } p50 ? Figure.Duration(p50) : Figure.None)}, 95 % within {(latencies.P95Nanos is { } p95 ? Figure.Duration(p95) : Figure.None)}",
        };
    }

    /// <summary>Powers of ten; with 2 and 5 between them when there are few.</summary>
    static IEnumerable<double> TicksBetween(double min, double max)
    {
        var decades = Math.Log10(max / min);
        double[] steps = decades > 5 ? [1] : decades > 2.5 ? [1, 3] : [1, 2, 5];
        for (var power = Math.Pow(10, Math.Floor(Math.Log10(min))); power <= max; power *= 10)
            foreach (var step in steps)
                if (power * step >= min && power * step <= max) yield return power * step;
    }
}

/// <summary>One bar; all in percent.</summary>
public sealed record DistributionBar(double Left, double Width, double OkHeight, double ErrorHeight, string Title);

/// <summary>
/// Durations from and to, both included, as <c>band=FROM-TO</c>: nanoseconds, as a drag writes them, or with units, as people do (<c>20ms-1.5s</c>); nothing behind the
/// - is without end.
/// </summary>
public sealed record LatencyBand(long MinNanos, long MaxNanos)
{
    /// <summary>The end of a band without one: a day, longer than a request lasts.</summary>
    public const long NoEndNanos = 86_400_000_000_000;

    /// <summary>As a person would type it.</summary>
    public string Text => $"{DurationText.Print(MinNanos)}-{(MaxNanos >= NoEndNanos ? "" : DurationText.Print(MaxNanos))}";

    /// <summary>Null when the text is no band.</summary>
    public static LatencyBand? Parse(string? text)
    {
        var parts = text?.Split('-') ?? [];
        if (parts.Length != 2 || Read(parts[0]) is not { } min) return null;
        if (string.IsNullOrWhiteSpace(parts[1])) return new LatencyBand(min, NoEndNanos);
        return Read(parts[1]) is { } max && min <= max ? new LatencyBand(min, max) : null;

        static long? Read(string part) =>
            long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || DurationText.TryParse(part, out value) ? value : null;
    }
}
