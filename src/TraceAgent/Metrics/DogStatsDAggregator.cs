using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Metrics;
using Apm.Wire.DogStatsD;

namespace Apm.TraceAgent.Metrics;

/// <summary>
/// Sums up samples by context (name, host and tags, normalised) in buckets of ten seconds that begin with the clock's (metrics-monitors §2.6).
/// </summary>
/// <remarks>
/// <see cref="Add"/> may be called by any thread, and never waits for more than another <see cref="Add"/> or the exchange of a list: a receiver of
/// packets that waits loses some. All other members belong to one thread, that of <see cref="DogStatsDFlush"/>, which makes series of what was
/// summed up while the next bucket fills. A sample belongs to the bucket in which it comes in.
/// </remarks>
sealed class DogStatsDAggregator
{
    /// <summary>Length of a bucket.</summary>
    public const int BucketSeconds = 10;

    /// <summary>Contexts that are forgotten without letting samples in between.</summary>
    const int ForgottenAtOnce = 128;

    readonly Lock _lock = new();
    readonly DogStatsDSettings _settings;
    readonly ContextNames _names;
    readonly Counters _counters;
    readonly SparseProblems _problems;
    readonly MemoryAccount _memory;
    readonly Dictionary<StoredLineKey, MetricContext> _spellings;
    readonly Dictionary<StoredLineKey, MetricContext>.AlternateLookup<LineKey> _bySpelling;
    readonly Dictionary<(SeriesKey, StatsdType), MetricContext> _contexts = [];
    readonly ulong _seed;
    readonly bool _copiesHistograms;

    ulong _setSeed;

    long _openUnixSeconds = long.MinValue;
    long _openNumber;
    long _toldOfBucket = long.MaxValue;
    List<MetricCell> _openCells = [];
    List<ClosedBucket> _closed = [];
    List<TimedPoint> _timed = [];
    List<MetricContext> _new = [];

    public DogStatsDAggregator(DogStatsDSettings settings, HistogramSettings histograms, ContextNames names, MemoryAccount memory, Counters counters, SparseProblems problems, Random random)
    {
        _settings = settings;
        _copiesHistograms = histograms.CopyToDistribution;
        _names = names;
        _memory = memory;
        _counters = counters;
        _problems = problems;
        _seed = unchecked((ulong)random.NextInt64());
        _setSeed = _seed;
        _spellings = new Dictionary<StoredLineKey, MetricContext>(new LineKeyComparer(_seed));
        _bySpelling = _spellings.GetAlternateLookup<LineKey>();
    }

    /// <summary>Contexts known now.</summary>
    public int ContextCount
    {
        get
        {
            lock (_lock) return _contexts.Count;
        }
    }

    /// <summary>Seeds the hashes of sets' values: what is kept over a restart can be gone on with only under the same.</summary>
    public ulong SetSeed
    {
        get
        {
            lock (_lock) return _setSeed;
        }
    }

    /// <summary>Goes on with the bucket that was open before a restart. Before any sample.</summary>
    public void Resume(OpenBucket bucket, long nowUnixSeconds)
    {
        lock (_lock)
        {
            _openUnixSeconds = bucket.UnixSeconds;
            _setSeed = bucket.SetSeed;
            foreach (var saved in bucket.Cells) Resume_NeedsLock(saved, nowUnixSeconds);
        }
    }

    /// <summary>Adds the samples of a line.</summary>
    /// <param name="nowUnixSeconds">When it came in.</param>
    public void Add(in MetricLine line, long nowUnixSeconds)
    {
        lock (_lock)
        {
            Roll_NeedsLock(nowUnixSeconds);
            if (ContextOf_NeedsLock(line) is not { } context) return;
            context.LastUnixSeconds = nowUnixSeconds;
            if (line.UnixSeconds > 0 && line.Type is StatsdType.Gauge or StatsdType.Counter) AddTimed_NeedsLock(context, line);
            else if (CellOf_NeedsLock(context) is { } cell) AddToCell_NeedsLock(cell, line);
        }
    }

    /// <summary>Closes the open bucket when its time is over.</summary>
    /// <returns>The buckets that were closed since the last call, the oldest first; those without samples are not among them.</returns>
    public IReadOnlyList<ClosedBucket> TakeClosed(long nowUnixSeconds)
    {
        lock (_lock)
        {
            if (_openUnixSeconds != long.MinValue) Roll_NeedsLock(nowUnixSeconds);
            return TakeClosed_NeedsLock();
        }
    }

    /// <summary>Closes the open bucket before its time, when nothing more will come.</summary>
    public IReadOnlyList<ClosedBucket> TakeAll()
    {
        lock (_lock)
        {
            Close_NeedsLock();
            return TakeClosed_NeedsLock();
        }
    }

    /// <summary>The values that came with their times since the last call.</summary>
    public IReadOnlyList<TimedPoint> TakeTimed()
    {
        lock (_lock)
        {
            if (_timed.Count == 0) return [];
            var taken = _timed;
            _timed = [];
            return taken;
        }
    }

    /// <summary>The contexts that are known since the last call.</summary>
    public IReadOnlyList<MetricContext> TakeNew()
    {
        lock (_lock)
        {
            if (_new.Count == 0) return [];
            var taken = _new;
            _new = [];
            return taken;
        }
    }

    /// <summary>Gives back the memory of what was taken.</summary>
    public void Release(IReadOnlyList<ClosedBucket> buckets, IReadOnlyList<TimedPoint> timed)
    {
        var bytes = timed.Count * (long)TimedBytes;
        foreach (var bucket in buckets)
            foreach (var cell in bucket.Cells)
            {
                bytes += cell.ReservedBytes;
                cell.Clear();
            }
        _memory.Release(bytes);
    }

    /// <summary>Forgets contexts, but those of which a sample came since.</summary>
    /// <param name="unusedSinceUnixSeconds">Those used later stay.</param>
    /// <returns>Those that were forgotten.</returns>
    public IReadOnlyList<MetricContext> Forget(IReadOnlyList<MetricContext> contexts, long unusedSinceUnixSeconds)
    {
        var forgotten = new List<MetricContext>();
        for (var from = 0; from < contexts.Count; from += ForgottenAtOnce)
            lock (_lock)
                for (var i = from; i < Math.Min(contexts.Count, from + ForgottenAtOnce); i++)
                {
                    var context = contexts[i];
                    if (context.LastUnixSeconds > unusedSinceUnixSeconds) continue;
                    _contexts.Remove((context.Key, context.Type));
                    foreach (var spelling in context.Spellings) _spellings.Remove(spelling);
                    _memory.Release(context.MemoryBytes);
                    forgotten.Add(context);
                }
        return forgotten;
    }

    const int TimedBytes = 48; // Twice the point, since the list doubles.

    void Resume_NeedsLock(OpenCell saved, long nowUnixSeconds)
    {
        var key = new SeriesKey(saved.Metric, MetricTags.Of(saved.Tags));
        if (!_contexts.TryGetValue((key, saved.Type), out var context))
        {
            _contexts.Add((key, saved.Type), context = new MetricContext(key, saved.Type));
            _memory.Reserve(context.MemoryBytes);
            _new.Add(context);
        }
        context.LastUnixSeconds = nowUnixSeconds;
        if (CellOf_NeedsLock(context) is not { } cell) return;
        cell.HasValue = true;
        cell.Value = saved.Value;
        cell.Histogram = saved.Histogram is { } histogram ? HistogramSamples.From(histogram) : null;
        cell.SetValues = saved.SetValues is { } values ? [.. values] : null;
        Account_NeedsLock(cell);
    }

    void Roll_NeedsLock(long nowUnixSeconds)
    {
        if (nowUnixSeconds < _openUnixSeconds + BucketSeconds && nowUnixSeconds >= _openUnixSeconds - BucketSeconds) return; // A clock set back a little goes on in the bucket.
        Close_NeedsLock();
        _openUnixSeconds = nowUnixSeconds - nowUnixSeconds % BucketSeconds;
    }

    void Close_NeedsLock()
    {
        if (_openCells.Count == 0) return;
        _closed.Add(new ClosedBucket(_openUnixSeconds, _openCells));
        _openCells = new List<MetricCell>(_openCells.Count);
        _openNumber++;
    }

    List<ClosedBucket> TakeClosed_NeedsLock()
    {
        var taken = _closed;
        _closed = [];
        return taken;
    }

    /// <summary>Null when there is no room or no name for it.</summary>
    MetricContext? ContextOf_NeedsLock(in MetricLine line)
    {
        var spelling = new LineKey(line.Name, line.Tags, line.Type);
        return _bySpelling.TryGetValue(spelling, out var known) ? known : Resolve_NeedsLock(line, spelling);
    }

    MetricContext? Resolve_NeedsLock(in MetricLine line, LineKey spelling)
    {
        if (_names.KeyOf(line.Name, line.Tags) is not { } key)
        {
            _counters.Add("metric_points_dropped", MetricIntake.BadName, line.ValueCount);
            if (_problems.MayAdd())
                _problems.AddAllowed($"Metric \"{LineText.Visible(line.Name)}\": a name begins with a letter from A to Z, so the sample is dropped. Rename it where it is sent.");
            return null;
        }
        if (!_contexts.TryGetValue((key, line.Type), out var context))
        {
            if (_contexts.Count >= _settings.MaxContexts) return Refuse_NeedsLock(line, "contexts");
            context = new MetricContext(key, line.Type);
            if (!_memory.TryReserve(context.MemoryBytes)) return Refuse_NeedsLock(line, "memory");
            _contexts.Add((key, line.Type), context);
            _new.Add(context);
        }
        if (context.Spellings.Count >= MetricContext.MaxSpellings) return context;
        var stored = new StoredLineKey(spelling);
        if (!_memory.TryReserve(stored.MemoryBytes)) return context; // It is found the long way.
        context.MemoryBytes += stored.MemoryBytes;
        context.Spellings.Add(stored);
        _spellings.Add(stored, context);
        return context;
    }

    MetricContext? Refuse_NeedsLock(in MetricLine line, string reason)
    {
        _counters.Add("dogstatsd_samples_dropped", reason, line.ValueCount);
        if (_toldOfBucket != _openUnixSeconds && _problems.MayAdd()) // Once per bucket: a flood has one cause, and other sentences must stay readable.
        {
            _toldOfBucket = _openUnixSeconds;
            _problems.AddAllowed(string.Create(CultureInfo.InvariantCulture,
                $"DogStatsD knows {_contexts.Count} contexts (metric, host and tags), and there is no room for one more: samples of \"{LineText.Visible(line.Name)}\" with tags \"{LineText.Visible(line.Tags, 80)}\" are dropped. " +
                $"Leave out tags whose values never repeat, such as ids, or raise {(reason == "memory" ? "memory.max_bytes" : "dogstatsd.max_contexts")}."));
        }
        return null;
    }

    MetricCell? CellOf_NeedsLock(MetricContext context)
    {
        if (context.Cell is { } open && open.BucketNumber == _openNumber) return open;
        if (!_memory.TryReserve(MetricCell.OwnBytes))
        {
            _counters.Add("dogstatsd_samples_dropped", "memory");
            return null;
        }
        var cell = new MetricCell(context, _openUnixSeconds, _openNumber);
        context.Cell = cell;
        _openCells.Add(cell);
        return cell;
    }

    void AddTimed_NeedsLock(MetricContext context, in MetricLine line)
    {
        foreach (var value in line.Values)
        {
            if (!_memory.TryReserve(TimedBytes))
            {
                _counters.Add("dogstatsd_samples_dropped", "memory");
                continue;
            }
            _timed.Add(new TimedPoint(context, new MetricPoint(line.UnixSeconds, context.Type == StatsdType.Counter ? value / line.SampleRate : value)));
        }
    }

    void AddToCell_NeedsLock(MetricCell cell, in MetricLine line)
    {
        if (line.Type == StatsdType.Set) AddToSet_NeedsLock(cell, line.RawValues);
        else if (line.ValueCount == 1) AddValue_NeedsLock(cell, line.FirstValue, line.SampleRate);
        else
            foreach (var value in line.Values) AddValue_NeedsLock(cell, value, line.SampleRate);
        Account_NeedsLock(cell);
    }

    void AddValue_NeedsLock(MetricCell cell, double value, double sampleRate)
    {
        if (!double.IsFinite(value))
        {
            _counters.Add("dogstatsd_samples_dropped", "not_finite");
            return;
        }
        cell.HasValue = true;
        switch (cell.Context.Type)
        {
            case StatsdType.Gauge:
                cell.Value = value;
                break;
            case StatsdType.Counter:
                cell.Value += value / sampleRate;
                break;
            case StatsdType.Histogram or StatsdType.Timer:
                var weight = HistogramSamples.WeightOf(sampleRate);
                (cell.Histogram ??= new HistogramSamples()).Add(value, weight);
                if (_copiesHistograms) (cell.Distribution ??= new DistributionSketch()).Add(value, weight);
                break;
            case StatsdType.Distribution:
                (cell.Distribution ??= new DistributionSketch()).Add(value, HistogramSamples.WeightOf(sampleRate));
                break;
        }
    }

    void AddToSet_NeedsLock(MetricCell cell, ReadOnlySpan<byte> value)
    {
        var values = cell.SetValues ??= [];
        var hash = ByteHash.Of(value, _setSeed);
        if (values.Count >= MetricCell.MaxSetValues && !values.Contains(hash)) _counters.Add("dogstatsd_samples_dropped", "set_values");
        else values.Add(hash);
    }

    /// <summary>What has grown is there already: it is noted, so that others get less.</summary>
    void Account_NeedsLock(MetricCell cell)
    {
        if (cell.Context.Type is StatsdType.Gauge or StatsdType.Counter) return;
        var bytes = cell.MemoryBytes;
        if (bytes <= cell.ReservedBytes) return;
        _memory.Reserve(bytes - cell.ReservedBytes);
        cell.ReservedBytes = bytes;
    }
}
