using Apm.Core.Counting;
using Apm.Core.Metrics;
using Apm.Storage.Metrics.Chunks;

namespace Apm.Storage.Metrics;

/// <summary>Decides which of the points that are offered can be kept, and counts the others by their reason in <c>metric_points_dropped</c>.</summary>
/// <remarks>Any thread.</remarks>
/// <param name="entryOf">The entry of a series at a time (Unix seconds); null when there are too many.</param>
sealed class MetricAdmission(MetricStoreSettings settings, MetricDays days, TimeProvider clock, Counters counters, Func<SeriesKey, long, SeriesEntry?> entryOf)
{
    /// <summary>Most bytes of a record. A call that has more becomes several, each whole by itself.</summary>
    public int MaxRecordBytes { get; } = (int)Math.Min(33_554_432, settings.MaxLogBytes / 4);

    /// <summary>Most bytes that a point takes in a record.</summary>
    const int PointBytes = 18;

    /// <summary>Sketches of a series that go into a record together.</summary>
    const int SketchesOfPart = 64;

    /// <summary>What can be kept, as records: one, unless there is very much.</summary>
    public List<MetricRecord> Admit(IReadOnlyList<SeriesPoints> series, out long dropped)
    {
        var records = new List<MetricRecord>(1);
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var oldest = Math.Max(days.FloorUnixSeconds, now - (long)settings.KeepRaw.TotalSeconds + MetricDay.Seconds); // Older ones would go with their day's file at once.
        var newest = now + (long)settings.MaxAhead.TotalSeconds;
        var (notFinite, tooOld, tooNew, cardinality) = (0L, 0L, 0L, 0L);
        foreach (var written in series)
        {
            var points = Kept(written.Points);
            var sketches = written.Sketches.Count == 0 ? [] : written.Sketches.Where(point => Keeps(point.UnixSeconds, IsFinite(point.Sketch))).Select(point => StoredSketch.Of(point.UnixSeconds, point.Sketch)).ToArray();
            if (points.Count + sketches.Length == 0) continue;
            if (entryOf(written.Key, now) is not { } entry)
            {
                cardinality += points.Count + sketches.Length;
                continue;
            }
            var part = MaxRecordBytes / 4 / PointBytes;
            for (var at = 0; at < points.Count; at += part) Record().Add(entry, written.Type, written.IntervalSeconds, points[at..Math.Min(points.Count, at + part)], []);
            if (sketches.Length == 0) continue;
            foreach (var some in sketches.Chunk(SketchesOfPart)) Record().Add(entry, written.Type, written.IntervalSeconds, ArraySegment<MetricPoint>.Empty, some);
        }
        dropped = 0;
        foreach (var (reason, count) in ((string, long)[])[("not_finite", notFinite), ("too_old", tooOld), ("too_new", tooNew), ("cardinality", cardinality)])
        {
            counters.Add("metric_points_dropped", reason, count);
            dropped += count;
        }
        return records;

        MetricRecord Record()
        {
            if (records.Count == 0 || records[^1].Bytes.Length > MaxRecordBytes / 2) records.Add(new MetricRecord(series.Count));
            return records[^1];
        }

        ArraySegment<MetricPoint> Kept(IReadOnlyList<MetricPoint> offered)
        {
            var all = offered as MetricPoint[] ?? [.. offered];
            var kept = 0;
            while (kept < all.Length && Keeps(all[kept].UnixSeconds, double.IsFinite(all[kept].Value))) kept++;
            if (kept == all.Length) return all;
            var some = new List<MetricPoint>(all.AsSpan(0, kept).ToArray());
            foreach (var point in all.AsSpan(kept + 1))
                if (Keeps(point.UnixSeconds, double.IsFinite(point.Value))) some.Add(point);
            return some.ToArray();
        }

        bool Keeps(long seconds, bool isFinite)
        {
            if (!isFinite) notFinite++;
            else if (seconds < oldest) tooOld++;
            else if (seconds > newest) tooNew++;
            else return true;
            return false;
        }
    }

    static bool IsFinite(DistributionSketch sketch) =>
        sketch.Count > 0 && double.IsFinite(sketch.Count) && double.IsFinite(sketch.Sum) && double.IsFinite(sketch.Min) && double.IsFinite(sketch.Max);
}
