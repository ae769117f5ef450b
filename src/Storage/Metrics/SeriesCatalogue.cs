using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Metrics;

namespace Apm.Storage.Metrics;

/// <summary>
/// The series that had a point lately, in memory. It is made from the files at each start, so there is nothing on disk that would have to
/// be trusted or could disagree with them.
/// </summary>
/// <remarks>Looking a series up is free of locks; everything else needs the store's.</remarks>
sealed class SeriesCatalogue(MetricStoreSettings settings, Counters counters)
{
    readonly ConcurrentDictionary<SeriesKey, SeriesEntry> _series = new();
    readonly SortedDictionary<string, MetricEntry> _metrics = new(StringComparer.Ordinal);
    readonly MemoryAccount _memory = settings.Memory.OpenWork("metric_series");
    long _mayForgetAt = long.MinValue;

    /// <summary>How long a series without points stays when others want its place.</summary>
    public const int IdleSeconds = 86_400;

    /// <summary>Seconds between two attempts to make room.</summary>
    const int ForgetEverySeconds = 600;

    /// <summary>Series whose newest point is older may be missing here; they are found in the files.</summary>
    public long CompleteSinceUnixSeconds { get; private set; } = long.MinValue;

    public int Count => _series.Count;

    public IEnumerable<MetricEntry> Metrics => _metrics.Values;

    public bool TryGet(SeriesKey key, [MaybeNullWhen(false)] out SeriesEntry entry) => _series.TryGetValue(key, out entry);

    public MetricEntry? Find(string metric) => _metrics.GetValueOrDefault(metric);

    /// <summary>Files older than this were not looked at.</summary>
    public void BeginAt(long unixSeconds) => CompleteSinceUnixSeconds = unixSeconds;

    /// <summary>The entry of a series, made when it is not there, whatever the limits.</summary>
    /// <param name="nowUnixSeconds">So that a new one is not taken for idle before its first point is there.</param>
    public SeriesEntry GetOrAdd(SeriesKey key, long nowUnixSeconds = long.MinValue)
    {
        if (_series.TryGetValue(key, out var known)) return known;
        if (!_metrics.TryGetValue(key.Metric, out var metric)) _metrics.Add(key.Metric, metric = new MetricEntry(key.Metric));
        var entry = new SeriesEntry(metric, key, SeriesKeyBytes.Encode(key), nowUnixSeconds);
        _series[key] = entry;
        metric.Series.Add(entry);
        _memory.Reserve(entry.MemoryBytes);
        return entry;
    }

    /// <summary>The entry of a series; null when a limit stands against a new one, which is counted and told.</summary>
    public SeriesEntry? TryAdd(SeriesKey key, long nowUnixSeconds)
    {
        if (_series.TryGetValue(key, out var known)) return known;
        var ofMetric = _metrics.GetValueOrDefault(key.Metric);
        if (ofMetric?.Series.Count >= settings.MaxSeriesPerMetric || _series.Count >= settings.MaxSeries)
        {
            ForgetIdle(nowUnixSeconds);
            ofMetric = _metrics.GetValueOrDefault(key.Metric);
            if (ofMetric?.Series.Count >= settings.MaxSeriesPerMetric) return Refuse(ofMetric, isTotal: false);
            if (_series.Count >= settings.MaxSeries) return Refuse(_metrics.Values.MaxBy(metric => metric.Series.Count)!, isTotal: true);
        }
        return GetOrAdd(key, nowUnixSeconds);
    }


    /// <summary>Makes room: what had no point for a day, and none that waits, is in the files and can be found there.</summary>
    void ForgetIdle(long nowUnixSeconds)
    {
        if (nowUnixSeconds < _mayForgetAt) return;
        _mayForgetAt = nowUnixSeconds + ForgetEverySeconds;
        var idleSince = nowUnixSeconds - IdleSeconds;
        foreach (var entry in _series.Values.Where(entry => Math.Max(entry.LastUnixSeconds, entry.KnownSinceUnixSeconds) < idleSince && entry.Live is null && entry.Frozen is null).ToList())
        {
            _series.TryRemove(entry.Key, out _);
            entry.Metric.Series.Remove(entry);
            entry.IsForgotten = true;
            _memory.Release(entry.MemoryBytes);
            CompleteSinceUnixSeconds = Math.Max(CompleteSinceUnixSeconds, idleSince);
        }
        foreach (var metric in _metrics.Values.Where(metric => metric.Series.Count == 0).ToList()) _metrics.Remove(metric.Name);
        foreach (var metric in _metrics.Values) metric.GuiltyTagKey = null;
    }

    SeriesEntry? Refuse(MetricEntry metric, bool isTotal)
    {
        if (metric.GuiltyTagKey is null)
        {
            (metric.GuiltyTagKey, var values) = TagKeyOfMostValues(metric);
            var limit = isTotal
                ? string.Create(CultureInfo.InvariantCulture, $"There are {settings.MaxSeries} metric series, the most that are kept; most of them, {metric.Series.Count}, are of the metric {metric.Name}")
                : string.Create(CultureInfo.InvariantCulture, $"The metric {metric.Name} has {metric.Series.Count} series, the most that one metric may have");
            settings.OnTrouble(string.Create(CultureInfo.InvariantCulture,
                $"{limit}: points of new series are dropped, those of known ones are kept. Its tag key {metric.GuiltyTagKey} has the most values, {values}: leave that tag out where it is sent, or raise {(isTotal ? "metrics.max_series" : "metrics.max_series_per_metric")}. Series without points for a day make room by themselves."));
        }
        counters.Add("metric_series_refused", $"{metric.Name} {metric.GuiltyTagKey}");
        return null;
    }

    static (string Key, int Values) TagKeyOfMostValues(MetricEntry metric)
    {
        var values = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (var entry in metric.Series)
        {
            foreach (var tag in entry.Key.Tags)
            {
                var key = MetricTags.KeyIn(tag);
                if (!values.TryGetValue(key, out var known)) values.Add(key, known = new HashSet<string>(StringComparer.Ordinal));
                known.Add(tag);
            }
        }
        return values.Count == 0 ? ("(none)", 0) : values.MaxBy(pair => pair.Value.Count) is var most ? (most.Key, most.Value.Count) : default;
    }
}
