using Apm.Core.Metrics;
using Apm.Core.Ports;

namespace Apm.Monitors.Replay;

/// <summary>
/// Metrics for evaluations that follow each other: what thousands of windows have in common is read once, in pieces, and given out from memory.
/// Gives exactly what the reader beneath would.
/// </summary>
/// <remarks>Not thread-safe. Of each metric and width of buckets the last piece is kept.</remarks>
/// <param name="endUnixSeconds">Nothing later is asked for, so no piece goes on beyond it.</param>
sealed class PastMetrics(IMetricReader reader, long endUnixSeconds) : IMetricReader
{
    /// <summary>Most cells of a piece, a bucket of one series each, 40 bytes; a metric of so many series that a piece would hold few windows is read directly.</summary>
    const int MaxCells = 400_000;

    /// <summary>Fewest windows that a piece must hold to be worth reading.</summary>
    const int FewestWindows = 3;

    /// <summary>Most metrics and widths whose piece is kept; a query with more reads the others directly.</summary>
    const int MaxPieces = 8;

    readonly Dictionary<(string Metric, int StepSeconds, bool HasSketches), Piece> _pieces = [];
    readonly Dictionary<string, MetricInfo?> _found = new(StringComparer.Ordinal);

    public IReadOnlyList<MetricInfo> Metrics(long sinceUnixSeconds) => reader.Metrics(sinceUnixSeconds);

    public MetricInfo? Find(string metric)
    {
        if (!_found.TryGetValue(metric, out var info)) _found.Add(metric, info = reader.Find(metric));
        return info;
    }

    public MetricType? TypeOf(string metric) => reader.TypeOf(metric);

    public IReadOnlyList<SeriesInfo> Series(string metric, long sinceUnixSeconds) => reader.Series(metric, sinceUnixSeconds);

    public IReadOnlyList<SeriesBuckets> Read(MetricRead read, CancellationToken cancel)
    {
        if (read.BucketCount == 0) return [];
        var key = (read.Metric, read.StepSeconds, read.NeedsSketches);
        if (!_pieces.TryGetValue(key, out var piece))
        {
            if (_pieces.Count >= MaxPieces) return reader.Read(read, cancel);
            _pieces.Add(key, piece = new Piece());
        }
        if (!piece.Holds(read) && !piece.Fill(reader, read, endUnixSeconds, cancel)) return reader.Read(read, cancel);
        return piece.Cut(read);
    }

    /// <summary>All series of a metric over a time that holds many windows.</summary>
    sealed class Piece
    {
        long _from;
        long _to;
        int _seriesCount = -1;
        IReadOnlyList<SeriesBuckets> _series = [];

        public bool Holds(MetricRead read) => _from <= read.FirstUnixSeconds && EndOf(read) <= _to && _to > _from;

        /// <returns>False when it would not be worth it.</returns>
        public bool Fill(IMetricReader reader, MetricRead read, long end, CancellationToken cancel)
        {
            if (_seriesCount < 0) _seriesCount = reader.Series(read.Metric, read.FirstUnixSeconds).Count;
            var buckets = MaxCells / Math.Max(1, _seriesCount);
            if (buckets < FewestWindows * read.BucketCount) return false;
            buckets = (int)Math.Max(read.BucketCount, Math.Min(buckets, (end - read.FirstUnixSeconds) / read.StepSeconds + 1));
            var (from, to) = (read.FirstUnixSeconds, read.FirstUnixSeconds + (long)buckets * read.StepSeconds);
            _series = reader.Read(new MetricRead(read.Metric, from, to, read.StepSeconds) { NeedsSketches = read.NeedsSketches }, cancel);
            (_from, _to) = (from, to);
            return true;
        }

        public List<SeriesBuckets> Cut(MetricRead read)
        {
            var (first, count) = ((int)((read.FirstUnixSeconds - _from) / read.StepSeconds), read.BucketCount);
            var cut = new List<SeriesBuckets>(_series.Count);
            foreach (var series in _series)
            {
                if (series.Counts.AsSpan(first, count).IndexOfAnyExcept(0) < 0 || read.Accepts?.Invoke(series.Key.Tags) == false) continue;
                var part = new SeriesBuckets(series.Key, series.Type, series.IntervalSeconds, count) { Sketches = series.Sketches?[first..(first + count)] };
                series.Counts.AsSpan(first, count).CopyTo(part.Counts);
                series.Sums.AsSpan(first, count).CopyTo(part.Sums);
                series.Mins.AsSpan(first, count).CopyTo(part.Mins);
                series.Maxs.AsSpan(first, count).CopyTo(part.Maxs);
                series.Lasts.AsSpan(first, count).CopyTo(part.Lasts);
                cut.Add(part);
            }
            return cut;
        }

        static long EndOf(MetricRead read) => read.FirstUnixSeconds + (long)read.BucketCount * read.StepSeconds;
    }
}
