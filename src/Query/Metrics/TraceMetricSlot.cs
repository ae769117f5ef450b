using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Query.Services;

namespace Apm.Query.Metrics;

/// <summary>One series of a metric of traces while its cells come in, ordered by time.</summary>
sealed class TraceMetricSlot(TraceMetricName name, SeriesBuckets series, bool needsSketches)
{
    long _pointStart = -1;
    int _pointBucket;
    double _point;

    public void Add(StatsRow row, int bucket)
    {
        switch (name.Measure)
        {
            case TraceMeasure.Durations:
                AddDurations(row.Cell, bucket);
                break;
            case TraceMeasure.Apdex:
                AddScores(row.Cell, bucket);
                break;
            default: // Cells of one time whose keys differ in what is no tag are one point.
                if (row.StartUnixNanos != _pointStart) EndPoint();
                (_pointStart, _pointBucket) = (row.StartUnixNanos, bucket);
                _point += name.Measure switch
                {
                    TraceMeasure.Hits => row.Cell.HitCount,
                    TraceMeasure.Errors => row.Cell.ErrorCount,
                    _ => row.Cell.DurationNanos / UnixTime.NanosPerSecond,
                };
                break;
        }
    }

    public SeriesBuckets Finish()
    {
        EndPoint();
        if (name.Measure != TraceMeasure.Durations || !needsSketches) return series;
        for (var i = 0; i < series.Counts.Length; i++)
            if (series.Sketches![i] is { } sketch) (series.Mins[i], series.Maxs[i]) = (sketch.Quantile(0), sketch.Quantile(1));
        return series;
    }

    void AddDurations(StatsCell cell, int bucket)
    {
        series.Counts[bucket] += cell.HitCount;
        series.Sums[bucket] += cell.DurationNanos / UnixTime.NanosPerSecond;
        series.Lasts[bucket] = cell.HitCount > 0 ? cell.DurationNanos / cell.HitCount / UnixTime.NanosPerSecond : 0;
        if (!needsSketches) return;
        var sketch = (CellSketch?)series.Sketches![bucket];
        if (sketch is null) series.Sketches[bucket] = sketch = new CellSketch();
        sketch.Add(cell);
    }

    /// <summary>Scores as their counts: 1, ½ and 0, of which sum, mean and least follow.</summary>
    void AddScores(StatsCell cell, int bucket)
    {
        var all = cell.OkNanos.Count + cell.ErrorNanos.Count;
        if (all <= 0 || Apdex.Of(cell.OkNanos, cell.ErrorNanos) is not { } score) return;
        var satisfied = cell.OkNanos.CountUpTo(Apdex.SatisfiedNanos);
        var tolerated = cell.OkNanos.CountUpTo(Apdex.ToleratedNanos) - satisfied;
        var sketch = (DistributionSketch?)series.Sketches![bucket];
        if (sketch is null) series.Sketches[bucket] = sketch = new DistributionSketch();
        sketch.Add(1, satisfied);
        sketch.Add(0.5, tolerated);
        sketch.Add(0, all - satisfied - tolerated);
        series.Counts[bucket] += all;
        series.Sums[bucket] += score * all;
        (series.Mins[bucket], series.Maxs[bucket], series.Lasts[bucket]) = (sketch.Min, sketch.Max, score);
    }

    void EndPoint()
    {
        if (_pointStart < 0) return;
        var isFirst = series.Counts[_pointBucket] == 0;
        series.Counts[_pointBucket]++;
        series.Sums[_pointBucket] += _point;
        series.Mins[_pointBucket] = isFirst ? _point : Math.Min(series.Mins[_pointBucket], _point);
        series.Maxs[_pointBucket] = isFirst ? _point : Math.Max(series.Maxs[_pointBucket], _point);
        series.Lasts[_pointBucket] = _point;
        (_pointStart, _point) = (-1, 0);
    }
}
