using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.ApmUi.Pages.Metrics;

/// <summary>One metric of the list.</summary>
/// <param name="Query">What a click plots.</param>
public sealed record MetricRow(string Name, MetricType Type, int SeriesCount, string Seen, string Query, bool IsPlotted);

/// <summary>One key of a metric's tags.</summary>
/// <param name="Values">The values with the most series, each with the query narrowed to it.</param>
/// <param name="ValueCount">How many different values there are.</param>
/// <param name="Grouped">The query grouped by the key, or no longer; null when nothing is plotted.</param>
public sealed record TagKeyRow(string Key, IReadOnlyList<TagValueLink> Values, int ValueCount, string? Grouped, bool IsGrouped);

public sealed record TagValueLink(string Value, int SeriesCount, string? Query);

/// <summary>What is known of the metric that is plotted.</summary>
public sealed record MetricDetails
{
    public required string Name { get; init; }
    public required MetricType Type { get; init; }
    public required int SeriesCount { get; init; }

    /// <summary>How often a point comes, as its sender says; "" when it does not.</summary>
    public required string Interval { get; init; }
    public required string Seen { get; init; }
    public required IReadOnlyList<TagKeyRow> Tags { get; init; }

    /// <summary>Series whose tags were looked at.</summary>
    public required int LookedAtCount { get; init; }
}

/// <summary>The list of metrics and the one that is plotted. Immutable.</summary>
public sealed record MetricsView
{
    /// <summary>Most metrics listed; default 200. The page says how many there are; typing narrows them.</summary>
    public const int MaxListed = 200;

    /// <summary>Most series whose tags are counted; default 20,000, the first by their tags. The page says so when there are more.</summary>
    public const int MaxLookedAt = 20_000;

    /// <summary>Most values listed of one key; default 12, those with the most series.</summary>
    public const int MaxValues = 12;

    /// <summary>A metric without a point for so long is not listed.</summary>
    static readonly TimeSpan Listed = TimeSpan.FromDays(1);

    public required IReadOnlyList<MetricRow> Rows { get; init; }

    /// <summary>That match what was typed.</summary>
    public required int MatchCount { get; init; }

    /// <summary>Whatever was typed.</summary>
    public required int AllCount { get; init; }

    /// <summary>What is plotted; "" for nothing.</summary>
    public required string Query { get; init; }

    /// <summary>Null when the query is not one metric with functions around it.</summary>
    public QueryChips? Chips { get; init; }

    /// <summary>Null when nothing is plotted, or what is plotted has no point that is kept.</summary>
    public MetricDetails? Details { get; init; }

    /// <exception cref="StoreUnavailableException">The metrics cannot be read. Safe to retry.</exception>
    public static MetricsView Of(PageState state, IMetricReader reader)
    {
        var since = Math.Min(state.NowUnixNanos - Listed.Ticks * 100, state.Window.Range.FromUnixNanos) / UnixTime.NanosPerSecond;
        var all = reader.Metrics(since);
        string[] words = (state.Url["find"] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var matching = all.Where(metric => words.All(word => metric.Name.Contains(word, StringComparison.OrdinalIgnoreCase))).ToList();
        var query = state.Url["q"] ?? "";
        var chips = query.Length > 0 ? QueryChips.Of(query) : null;
        return new MetricsView
        {
            Rows = [.. matching.Take(MaxListed).Select(metric => new MetricRow(
                metric.Name, metric.Type, metric.SeriesCount, Figure.Ago(metric.LastUnixSeconds * UnixTime.NanosPerSecond, state.NowUnixNanos), QueryFor(metric), metric.Name == chips?.Metric))],
            MatchCount = matching.Count,
            AllCount = all.Count,
            Query = query,
            Chips = chips,
            Details = chips is null || reader.Find(chips.Metric) is not { } found ? null : DetailsOf(state, reader, found, chips, since),
        };
    }

    /// <summary>A first look at a metric: a mean of what is, a sum of what is counted, a high percentile of what is spread.</summary>
    static string QueryFor(MetricInfo metric) => metric.Type switch
    {
        MetricType.Distribution => $"p95:{metric.Name}{{*}}",
        MetricType.Count => $"sum:{metric.Name}{{*}}.as_count()",
        MetricType.Rate => $"sum:{metric.Name}{{*}}",
        _ => $"avg:{metric.Name}{{*}}",
    };

    static MetricDetails DetailsOf(PageState state, IMetricReader reader, MetricInfo metric, QueryChips chips, long since)
    {
        var series = reader.Series(metric.Name, since);
        var values = new SortedDictionary<string, Dictionary<string, int>>(StringComparer.Ordinal);
        foreach (var one in series.Take(MaxLookedAt))
        {
            foreach (var tag in one.Key.Tags)
            {
                var key = MetricTags.KeyIn(tag);
                if (!values.TryGetValue(key, out var counts)) values.Add(key, counts = new(StringComparer.Ordinal));
                var value = MetricTags.ValueIn(tag);
                counts[value] = counts.GetValueOrDefault(value) + 1;
            }
        }
        var seconds = series.Select(one => one.IntervalSeconds).Where(interval => interval > 0).Distinct().Order().ToList();
        return new MetricDetails
        {
            Name = metric.Name,
            Type = metric.Type,
            SeriesCount = series.Count,
            Interval = seconds.Count == 0 ? "" : string.Join(", ", seconds.Take(3).Select(interval => $"{interval} s")),
            Seen = Figure.Ago(metric.LastUnixSeconds * UnixTime.NanosPerSecond, state.NowUnixNanos),
            LookedAtCount = Math.Min(series.Count, MaxLookedAt),
            Tags = [.. values.Select(pair => new TagKeyRow(
                pair.Key,
                [.. pair.Value.OrderByDescending(value => value.Value).ThenBy(value => value.Key, StringComparer.Ordinal).Take(MaxValues)
                    .Select(value => new TagValueLink(value.Key, value.Value, chips.WithCondition(value.Key.Length == 0 ? pair.Key : $"{pair.Key}:{value.Key}")))],
                pair.Value.Count, chips.Grouped(pair.Key), chips.By.Any(by => by.Text == pair.Key)))],
        };
    }
}
