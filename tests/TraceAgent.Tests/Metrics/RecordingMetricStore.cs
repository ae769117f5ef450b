using System.Globalization;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Storage.InMemory;

namespace Apm.TraceAgent.Tests.Metrics;

/// <summary>A metric store in memory that remembers what was written, in the order in which it was, and that fails on demand.</summary>
sealed class RecordingMetricStore : IMetricStore
{
    readonly InMemoryMetricStore _store = new();
    readonly List<SeriesPoints> _written = [];

    /// <summary>Why writing fails; null while it works.</summary>
    public string? Trouble { get; set; }

    public IReadOnlyList<SeriesPoints> Written
    {
        get
        {
            lock (_written) return [.. _written];
        }
    }

    /// <summary>What was written since the last call, a line for each series: <c>q.c{host:box} Rate/10 100=0.8</c>.</summary>
    public string TakeDrawn()
    {
        lock (_written)
        {
            var lines = _written.Select(Draw).Order(StringComparer.Ordinal).ToList();
            _written.Clear();
            return string.Join('\n', lines);
        }
    }

    public static string Draw(SeriesPoints series) => Draw(series.Key.Metric, series.Key.Tags, series.Type, series.IntervalSeconds, series.Points, series.Sketches) + (series.Unit.Length > 0 ? $" {series.Unit}" : "");

    public static string Draw(IncomingSeries series) => Draw(series.Metric, series.Tags, series.Type, series.IntervalSeconds, series.Points, series.Sketches);

    static string Draw(string metric, IReadOnlyList<string> tags, MetricType type, int interval, IReadOnlyList<MetricPoint> points, IReadOnlyList<SketchPoint> sketches) =>
        string.Create(CultureInfo.InvariantCulture, $"{metric}{{{string.Join(',', tags)}}} {type}/{interval} ") +
        string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.UnixSeconds}={point.Value}"))
            .Concat(sketches.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.UnixSeconds}=[n {point.Sketch.Count}, min {point.Sketch.Min}, max {point.Sketch.Max}, sum {point.Sketch.Sum}]"))));

    public Task<MetricWriteResult> WriteAsync(IReadOnlyList<SeriesPoints> series, CancellationToken cancel = default)
    {
        if (Trouble is { } why) throw new StoreUnavailableException(why);
        lock (_written) _written.AddRange(series);
        return _store.WriteAsync(series, cancel);
    }

    public IReadOnlyList<MetricInfo> Metrics(long sinceUnixSeconds) => _store.Metrics(sinceUnixSeconds);

    public MetricInfo? Find(string metric) => _store.Find(metric);

    public IReadOnlyList<SeriesInfo> Series(string metric, long sinceUnixSeconds) => _store.Series(metric, sinceUnixSeconds);

    public IReadOnlyList<SeriesBuckets> Read(MetricRead read, CancellationToken cancel) => _store.Read(read, cancel);

    public void Dispose() => _store.Dispose();
}
