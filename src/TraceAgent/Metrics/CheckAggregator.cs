using Apm.Core.Counting;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.TraceAgent.Checks;

namespace Apm.TraceAgent.Metrics;

/// <summary>
/// Sums up what one instance of a check submits between two flushes (metrics-monitors §2.6, the table of check-side submission). Rates and
/// monotonic counts remember the sample before, over flushes too.
/// </summary>
/// <param name="host">Put on every series as its tag <c>host:</c>, unless the check gave one; "" for none.</param>
/// <param name="interval">The instance's interval, at least a second: how long counts and histograms last.</param>
/// <remarks>Not thread-safe: one thread runs an instance and flushes it afterwards.</remarks>
public sealed class CheckAggregator(string host, TimeSpan interval, HistogramSettings histograms, Counters counters, TimeProvider clock)
{
    /// <summary>Most contexts (kind, metric and tags) of one instance. Samples of a further one are dropped, counted in <c>check_samples_dropped{contexts}</c>.</summary>
    public const int MaxContexts = 20_000;

    /// <summary>A context without samples for so many flushes is forgotten, and with it the sample that a rate needs.</summary>
    public const int ForgetAfterFlushes = 100;

    readonly Dictionary<(CheckMetricKind Kind, SeriesKey Key), Context> _contexts = [];
    readonly int _intervalSeconds = Math.Max(1, (int)interval.TotalSeconds);

    /// <summary>Contexts known now.</summary>
    public int ContextCount => _contexts.Count;

    /// <summary>Takes a sample, at the clock's time.</summary>
    /// <param name="metric">As the check has it; one that cannot be a name is dropped and counted in <c>check_samples_dropped{bad_name}</c>.</param>
    /// <param name="value">One that is no finite number is dropped and counted in <c>check_samples_dropped{not_finite}</c>.</param>
    /// <param name="flushesFirstValue">Of monotonic counts: the first sample counts whole, because the counter began at 0 when the check did.</param>
    public void Submit(CheckMetricKind kind, string metric, double value, IReadOnlyList<string> tags, bool flushesFirstValue = false)
    {
        if (!double.IsFinite(value))
        {
            counters.Add("check_samples_dropped", MetricIntake.NotFinite);
            return;
        }
        if (MetricNames.Metric(metric) is not { } name)
        {
            counters.Add("check_samples_dropped", MetricIntake.BadName);
            return;
        }
        var key = (kind, new SeriesKey(name, TagsOf(tags)));
        if (!_contexts.TryGetValue(key, out var context))
        {
            if (_contexts.Count >= MaxContexts)
            {
                counters.Add("check_samples_dropped", "contexts");
                return;
            }
            _contexts.Add(key, context = new Context());
        }
        Add(context, kind, value, flushesFirstValue);
    }

    /// <summary>What the samples since the last flush come to, at the clock's time. Contexts without samples give nothing.</summary>
    public IReadOnlyList<IncomingSeries> Flush()
    {
        var now = clock.NowUnixNanos() / UnixTime.NanosPerSecond;
        var series = new List<IncomingSeries>();
        foreach (var ((kind, key), context) in _contexts)
        {
            if (context.HasNews) AddTo(series, kind, key, context, now);
            context.EndFlush();
        }
        foreach (var forgotten in _contexts.Where(static entry => entry.Value.QuietFlushes >= ForgetAfterFlushes).Select(static entry => entry.Key).ToList()) _contexts.Remove(forgotten);
        return series;
    }

    void Add(Context context, CheckMetricKind kind, double value, bool flushesFirstValue)
    {
        var now = clock.NowUnixNanos();
        switch (kind)
        {
            case CheckMetricKind.Gauge:
                context.Set(value);
                break;
            case CheckMetricKind.Count or CheckMetricKind.Counter:
                context.Set(context.Value + value);
                break;
            case CheckMetricKind.MonotonicCount:
                // A step down is a counter that began anew: what it had before is not known, so nothing is counted.
                if (context.Before is { } last) context.Set(context.Value + Math.Max(0, value - last.Value));
                else if (flushesFirstValue) context.Set(context.Value + value);
                context.Before = new Sample(value, now);
                break;
            case CheckMetricKind.Rate:
                if (context.Last is { } former) context.Before = former;
                context.Last = new Sample(value, now);
                context.HasNews = true;
                break;
            case CheckMetricKind.Histogram:
                (context.Histogram ??= new HistogramSamples()).Add(value, 1);
                context.HasNews = true;
                break;
            case CheckMetricKind.Historate:
                if (RateOf(context.Before, new Sample(value, now)) is { } rate)
                {
                    (context.Histogram ??= new HistogramSamples()).Add(rate, 1);
                    context.HasNews = true;
                }
                context.Before = new Sample(value, now);
                break;
            case CheckMetricKind.Distribution:
                (context.Distribution ??= new DistributionSketch()).Add(value);
                context.HasNews = true;
                break;
            default:
                throw new InvalidOperationException($"There is no kind {kind}.");
        }
    }

    void AddTo(List<IncomingSeries> series, CheckMetricKind kind, SeriesKey key, Context context, long now)
    {
        switch (kind)
        {
            case CheckMetricKind.Gauge:
                Add(key.Metric, MetricType.Gauge, _intervalSeconds, context.Value);
                break;
            case CheckMetricKind.Count or CheckMetricKind.MonotonicCount:
                Add(key.Metric, MetricType.Count, _intervalSeconds, context.Value);
                break;
            case CheckMetricKind.Counter:
                Add(key.Metric, MetricType.Rate, 1, context.Value);
                break;
            case CheckMetricKind.Rate:
                if (RateOf(context.Before, context.Last) is { } rate) Add(key.Metric, MetricType.Gauge, _intervalSeconds, rate);
                break;
            case CheckMetricKind.Histogram or CheckMetricKind.Historate:
                foreach (var (suffix, type, value) in context.Histogram!.Read(histograms, _intervalSeconds)) Add(MetricContext.Suffixed(key.Metric, suffix), type, _intervalSeconds, value);
                break;
            case CheckMetricKind.Distribution:
                series.Add(new IncomingSeries(key.Metric, key.Tags, MetricType.Distribution, _intervalSeconds, []) { Sketches = [new SketchPoint(now, context.Distribution!)] });
                break;
        }

        void Add(string metric, MetricType type, int seconds, double value) => series.Add(new IncomingSeries(metric, key.Tags, type, seconds, [new MetricPoint(now, value)]));
    }

    /// <summary>Null when there are no two samples, when no time lies between them, or when it went down.</summary>
    static double? RateOf(Sample? before, Sample? last) =>
        before is { } from && last is { } to && to.UnixNanos > from.UnixNanos && to.Value >= from.Value ? (to.Value - from.Value) * UnixTime.NanosPerSecond / (to.UnixNanos - from.UnixNanos) : null;

    MetricTags TagsOf(IReadOnlyList<string> tags)
    {
        var normal = tags.Select(MetricNames.Tag).OfType<string>().ToList();
        if (host.Length > 0 && !normal.Exists(static tag => tag.StartsWith("host:", StringComparison.Ordinal)) && MetricNames.Tag("host:" + host) is { } named) normal.Add(named);
        return MetricTags.Of(normal);
    }

    readonly record struct Sample(double Value, long UnixNanos);

    sealed class Context
    {
        public double Value { get; private set; }
        public Sample? Before { get; set; }
        public Sample? Last { get; set; }
        public HistogramSamples? Histogram { get; set; }
        public DistributionSketch? Distribution { get; set; }
        public bool HasNews { get; set; }
        public int QuietFlushes { get; private set; }

        public void Set(double value)
        {
            Value = value;
            HasNews = true;
        }

        public void EndFlush()
        {
            QuietFlushes = HasNews ? 0 : QuietFlushes + 1;
            if (Last is not null) (Before, Last) = (Last, null); // Of a rate: the next flush goes on from here.
            (Value, Histogram, Distribution, HasNews) = (0, null, null, false);
        }
    }
}
