using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Wire.DogStatsD;

namespace Apm.TraceAgent.Metrics;

/// <summary>
/// Makes points of what DogStatsD summed up and hands them on: a bucket once it is closed, values with a time of their own and events every second.
/// A counter that went quiet sends 0 for a while, so that its line falls instead of ending (metrics-monitors §2.6).
/// </summary>
/// <remarks>One thread at a time.</remarks>
sealed class DogStatsDFlush(DogStatsDAggregator aggregator, DogStatsDIntake news, DogStatsDSettings settings, HistogramSettings histograms, IMetricIntake intake, MemoryAccount memory, Counters counters, SparseProblems problems, TimeProvider clock, OpenBuckets? openBuckets = null)
{
    /// <summary>Most flushes that wait while the store cannot be written: five minutes of buckets. Then the oldest is dropped, counted in <c>metric_points_dropped{store_unavailable}</c>.</summary>
    public const int MaxWaitingFlushes = 30;

    /// <summary>About what a point of a waiting flush takes.</summary>
    const int MemoryPerPoint = 200;

    const int BucketSeconds = DogStatsDAggregator.BucketSeconds;

    readonly HashSet<MetricContext> _known = [];
    readonly Dictionary<MetricContext, long> _counters = []; // With the bucket of the last sample.
    readonly Queue<WaitingFlush> _waiting = new();
    long _nextUnixSeconds = long.MinValue;
    long _lookedForUnusedUnixSeconds;

    /// <summary>Points that wait because the store could not be written.</summary>
    public long WaitingPointCount => _waiting.Sum(static flush => flush.PointCount);

    /// <summary>Hands on what is ready.</summary>
    /// <param name="isLast">Also the bucket that is still open, because nothing more will come.</param>
    public async Task FlushAsync(bool isLast = false)
    {
        var now = clock.NowUnixNanos() / UnixTime.NanosPerSecond;
        foreach (var context in aggregator.TakeNew()) _known.Add(context);
        var closed = aggregator.TakeClosed(now);
        if (isLast)
        {
            var open = aggregator.TakeAll();
            openBuckets?.Save(open.Count > 0 ? open[^1] : null, aggregator.SetSeed); // Before its points are written: who is killed in between has them once, not half.
            closed = [.. closed, .. open];
        }
        var timed = aggregator.TakeTimed();
        var series = new List<IncomingSeries>();
        foreach (var bucket in closed) AddBucket(series, bucket);
        AddQuiet(series, now - now % BucketSeconds);
        AddTimed(series, timed);
        aggregator.Release(closed, timed);
        ForgetUnused(now);
        HandOnNews();
        if (series.Count > 0) Enqueue(new WaitingFlush(series, series.Sum(static one => (long)one.Points.Count + one.Sketches.Count)));
        await Send();
    }

    void AddBucket(List<IncomingSeries> series, ClosedBucket bucket)
    {
        if (_nextUnixSeconds == long.MinValue || bucket.UnixSeconds < _nextUnixSeconds) _nextUnixSeconds = bucket.UnixSeconds; // The first one, or the clock was set back.
        AddQuiet(series, bucket.UnixSeconds);
        foreach (var cell in bucket.Cells)
        {
            if (cell.Context.Type == StatsdType.Counter && cell.HasValue) _counters[cell.Context] = bucket.UnixSeconds;
            AddCell(series, cell);
        }
        AddZeros(series, bucket.UnixSeconds);
        _nextUnixSeconds = bucket.UnixSeconds + BucketSeconds;
    }

    /// <summary>Zeros of the buckets without samples before a time.</summary>
    void AddQuiet(List<IncomingSeries> series, long untilUnixSeconds)
    {
        while (_counters.Count > 0 && _nextUnixSeconds < untilUnixSeconds)
        {
            AddZeros(series, _nextUnixSeconds);
            _nextUnixSeconds += BucketSeconds;
        }
        if (_nextUnixSeconds != long.MinValue) _nextUnixSeconds = Math.Max(_nextUnixSeconds, untilUnixSeconds);
    }

    void AddZeros(List<IncomingSeries> series, long bucketUnixSeconds)
    {
        List<MetricContext>? expired = null;
        foreach (var (context, lastUnixSeconds) in _counters)
        {
            if (lastUnixSeconds == bucketUnixSeconds) continue;
            if (bucketUnixSeconds - lastUnixSeconds > settings.Expiry.TotalSeconds) (expired ??= []).Add(context);
            else series.Add(Point(context.Key.Metric, context, MetricType.Rate, bucketUnixSeconds, 0));
        }
        foreach (var context in expired ?? []) _counters.Remove(context);
    }

    void AddCell(List<IncomingSeries> series, MetricCell cell)
    {
        var context = cell.Context;
        var time = cell.BucketUnixSeconds;
        switch (context.Type)
        {
            case StatsdType.Gauge when cell.HasValue:
                series.Add(Point(context.Key.Metric, context, MetricType.Gauge, time, cell.Value));
                break;
            case StatsdType.Counter when cell.HasValue:
                series.Add(Point(context.Key.Metric, context, MetricType.Rate, time, cell.Value / BucketSeconds));
                break;
            case StatsdType.Set when cell.SetValues is { } values:
                series.Add(Point(context.Key.Metric, context, MetricType.Gauge, time, values.Count));
                break;
        }
        if (cell.Histogram is { } histogram)
        {
            if (histogram.IsSketched) counters.Add("histograms_sketched");
            foreach (var (suffix, type, value) in histogram.Read(histograms, BucketSeconds))
                series.Add(Point(context.NameWith(suffix), context, type, time, value) with { Unit = context.Type == StatsdType.Timer && type == MetricType.Gauge ? "millisecond" : "" });
        }
        if (cell.Distribution is { Count: > 0 } sketch)
            series.Add(new IncomingSeries(context.Key.Metric, context.Key.Tags, MetricType.Distribution, BucketSeconds, []) { Sketches = [new SketchPoint(time, sketch)] });
    }

    static IncomingSeries Point(string metric, MetricContext context, MetricType type, long unixSeconds, double value) =>
        new(metric, context.Key.Tags, type, BucketSeconds, [new MetricPoint(unixSeconds, value)]);

    static void AddTimed(List<IncomingSeries> series, IReadOnlyList<TimedPoint> timed)
    {
        foreach (var ofContext in timed.GroupBy(static point => point.Context))
        {
            var type = ofContext.Key.Type == StatsdType.Counter ? MetricType.Count : MetricType.Gauge;
            series.Add(new IncomingSeries(ofContext.Key.Key.Metric, ofContext.Key.Key.Tags, type, IntervalSeconds: 0, [.. ofContext.Select(static point => point.Point)]));
        }
    }

    void ForgetUnused(long nowUnixSeconds)
    {
        if (Math.Abs(nowUnixSeconds - _lookedForUnusedUnixSeconds) < BucketSeconds) return;
        _lookedForUnusedUnixSeconds = nowUnixSeconds;
        var unusedSince = nowUnixSeconds - (long)settings.ContextExpiry.TotalSeconds;
        var unused = _known.Where(context => context.LastUnixSeconds <= unusedSince && !_counters.ContainsKey(context)).ToList();
        if (unused.Count > 0) foreach (var context in aggregator.Forget(unused, unusedSince)) _known.Remove(context);
    }

    void HandOnNews()
    {
        var taken = news.TakeWaiting();
        foreach (var one in taken)
        {
            try
            {
                if (one.Happened is { } happened) intake.Take(happened);
                if (one.Run is { } run) intake.Take(run);
            }
            catch (StoreUnavailableException problem)
            {
                counters.Add("dogstatsd_events_dropped", "store_unavailable");
                problems.Add(() => $"An event could not be kept and is lost: {problem.Message}");
            }
        }
        news.Release(taken);
    }

    void Enqueue(WaitingFlush flush)
    {
        memory.Reserve(flush.PointCount * MemoryPerPoint);
        _waiting.Enqueue(flush);
        if (_waiting.Count <= MaxWaitingFlushes) return;
        counters.Add("metric_points_dropped", "store_unavailable", DropOldest());
    }

    async Task Send()
    {
        while (_waiting.TryPeek(out var flush))
        {
            try
            {
                await intake.TakeAsync(flush.Series);
            }
            catch (StoreUnavailableException problem)
            {
                counters.Add("dogstatsd_flushes_postponed");
                problems.Add(() => string.Create(CultureInfo.InvariantCulture, $"{_waiting.Count} flushes of DogStatsD wait for the store, {MaxWaitingFlushes} at most: {problem.Message}"));
                return;
            }
            catch
            {
                DropOldest(); // It would fail again and again, and hold up what comes after it.
                counters.Add("metric_points_dropped", "internal_fault", flush.PointCount);
                throw;
            }
            DropOldest();
        }
    }

    long DropOldest()
    {
        var flush = _waiting.Dequeue();
        memory.Release(flush.PointCount * MemoryPerPoint);
        return flush.PointCount;
    }

    sealed record WaitingFlush(IReadOnlyList<IncomingSeries> Series, long PointCount);
}
