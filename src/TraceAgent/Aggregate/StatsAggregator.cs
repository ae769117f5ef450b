using Apm.Core;
using Apm.Core.Counting;
using Apm.Core.Errors;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Aggregate;

/// <summary>
/// Folds finished spans into ten-second buckets, one cell per service, operation, resource, status and the rest of
/// <see cref="StatsKey"/>. Runs before sampling, so counts stay true however few traces are kept.
/// </summary>
/// <remarks>
/// A span belongs to the bucket in which it ended. A bucket closes <see cref="HoldNanos"/> after its start and never
/// reopens; a span that comes later counts in the oldest open bucket and in <c>spans_late</c> (trace-intake §3.4).
/// The pipeline's thread adds and checkpoints; any thread may read the open buckets.
/// </remarks>
public sealed class StatsAggregator
{
    /// <summary>A bucket closes this long after its start: two widths, as the Datadog agent does.</summary>
    public const long HoldNanos = 2 * StatsBucket.CountedWidthNanos;

    /// <summary>
    /// How far ahead of now a span may end and still get its own bucket; default 1 h. One from further ahead (a wrong clock)
    /// counts in the newest bucket allowed and in <c>spans_from_the_future</c>.
    /// </summary>
    public const long MaxAheadNanos = 3_600 * UnixTime.NanosPerSecond;

    /// <summary>
    /// Most cells in one bucket; default 20 000. What would be more counts under the resource <see cref="OverflowResource"/>
    /// of its service and operation, and in <c>stats_keys_over_limit</c>.
    /// </summary>
    public const int MaxCellsPerBucket = 20_000;

    /// <summary>
    /// Most cells in all buckets that are not yet in the store; default 60 000, about 60 MB. Spans from the future open many
    /// buckets, and a store that fails keeps closed ones here; beyond the limit the same happens as for a full bucket.
    /// </summary>
    public const int MaxCells = 3 * MaxCellsPerBucket;

    /// <summary>Cells kept beyond each limit for <see cref="OverflowResource"/>; default 2000. Where that is not enough, all else counts in one cell of <see cref="OverflowService"/>.</summary>
    public const int MaxOverflowCells = 2_000;

    /// <summary>The resource under which keys beyond the limit are counted.</summary>
    public const string OverflowResource = StatsKey.OverflowResource;

    /// <summary>The service and operation under which is counted what even <see cref="OverflowResource"/> has no room for.</summary>
    public const string OverflowService = "(too many services)";

    readonly Lock _lock = new();
    readonly TimeProvider _clock;
    readonly Counters _counters;
    readonly SortedDictionary<long, StatsBucket> _open = [];
    IReadOnlyList<StatsBucket> _closing = [];
    long _oldestOpenStart;
    int _cellCount;
    LogPosition _covered;
    readonly MemoryAccount _memory;
    readonly RecentProblems? _problems;
    readonly CountSettings _settings;
    long _toldOfStart = -1;

    /// <summary>Takes up where a checkpoint left off; null starts afresh.</summary>
    /// <param name="memory">Cells take from it; null for none.</param>
    /// <param name="problems">Told, once per bucket, whose keys are too many; null tells nobody.</param>
    /// <param name="settings">Null for the defaults.</param>
    public StatsAggregator(TimeProvider clock, Counters counters, StatsCheckpoint? checkpoint, MemoryBudget? memory = null, RecentProblems? problems = null, CountSettings? settings = null)
    {
        _problems = problems;
        _settings = settings ?? new CountSettings();
        _memory = (memory ?? MemoryBudget.None()).OpenWork("open_buckets");
        _clock = clock;
        _counters = counters;
        _oldestOpenStart = UnixTime.Floor(clock.NowUnixNanos(), StatsBucket.CountedWidthNanos);
        if (checkpoint is null) return;
        _oldestOpenStart = Math.Min(checkpoint.OldestOpenStartUnixNanos, _oldestOpenStart); // A clock set back must not make all spans late.
        _covered = checkpoint.Covered;
        foreach (var bucket in checkpoint.Open) _open[bucket.StartUnixNanos] = bucket;
        SetCellCount_NeedsLock(CellsOf(checkpoint.Open));
    }

    /// <summary>Every log record up to here is counted.</summary>
    public LogPosition Covered
    {
        get { lock (_lock) return _covered; }
    }

    /// <summary>Counts a payload. One at or before <see cref="Covered"/> was counted before the restart and is passed over.</summary>
    /// <param name="batch">Normalised; not changed.</param>
    /// <param name="facts">One per chunk, from normalisation.</param>
    /// <param name="position">The log record it came from.</param>
    /// <param name="fromClient">Statistics that a tracer computed itself, to be merged (trace-intake §3.10).</param>
    /// <param name="errors">The errors of the batch, by issue.</param>
    /// <returns>False when it was passed over.</returns>
    public bool Add(SpanBatch batch, ReadOnlySpan<ChunkFacts> facts, LogPosition position, IReadOnlyList<StatsBucket> fromClient, IReadOnlyList<IssueHit>? errors = null)
    {
        lock (_lock)
        {
            if (position <= _covered) return false;
            AddSpans_NeedsLock(batch, facts);
            foreach (var bucket in fromClient) AddFromClient_NeedsLock(bucket);
            if (errors is not null) foreach (var error in errors) AddError_NeedsLock(error);
            _covered = position;
            return true;
        }
    }

    /// <summary>Says that a record holds nothing to count, so that the position covered moves on.</summary>
    public void Pass(LogPosition position)
    {
        lock (_lock) if (position > _covered) _covered = position;
    }

    /// <summary>
    /// Closes what is due. The buckets stay readable here until <see cref="Confirm"/>, so that a reader who asks here first
    /// and the store second misses nothing and counts nothing twice.
    /// </summary>
    public StatsCheckpoint Checkpoint()
    {
        lock (_lock)
        {
            var now = _clock.NowUnixNanos();
            var due = _open.Values.Where(bucket => bucket.StartUnixNanos <= now - HoldNanos).ToList();
            foreach (var bucket in due) _open.Remove(bucket.StartUnixNanos);
            _closing = [.. _closing, .. due];
            var oldest = UnixTime.Floor(now, StatsBucket.CountedWidthNanos) - StatsBucket.CountedWidthNanos;
            _oldestOpenStart = Math.Max(_oldestOpenStart, oldest);
            return new StatsCheckpoint(_closing, [.. _open.Values.Select(Copy)], _oldestOpenStart, _covered);
        }
    }

    /// <summary>The checkpoint is on disk: its closed buckets are the store's now.</summary>
    public void Confirm(StatsCheckpoint written)
    {
        lock (_lock)
        {
            _closing = [.. _closing.Except(written.Closed)];
            SetCellCount_NeedsLock(CellsOf(_closing) + CellsOf(_open.Values));
        }
    }

    /// <summary>The cells of all buckets not yet in the store, as copies, ordered by start; with the starts of those buckets.</summary>
    public IReadOnlyList<StatsRow> ReadOpen(TimeRange range, StatsFilter filter, out HashSet<long> starts)
    {
        lock (_lock)
        {
            var buckets = _closing.Concat(_open.Values).OrderBy(bucket => bucket.StartUnixNanos).ToList();
            starts = [.. buckets.Select(bucket => bucket.StartUnixNanos)];
            var rows = new List<StatsRow>();
            foreach (var bucket in buckets.Where(bucket => bucket.StartUnixNanos < range.ToUnixNanos && bucket.EndUnixNanos > range.FromUnixNanos))
                foreach (var (key, cell) in bucket.Cells)
                    if (filter.Accepts(key)) rows.Add(new StatsRow(bucket.StartUnixNanos, bucket.WidthNanos, key, Copy(cell)));
            return rows;
        }
    }

    /// <summary>The errors of all buckets not yet in the store, ordered by start; with the starts of those buckets.</summary>
    public IReadOnlyList<IssueCountRow> ReadOpenIssueCounts(TimeRange range, IssueId? issue, out HashSet<long> starts)
    {
        lock (_lock)
        {
            var buckets = _closing.Concat(_open.Values).OrderBy(bucket => bucket.StartUnixNanos).ToList();
            starts = [.. buckets.Select(bucket => bucket.StartUnixNanos)];
            var rows = new List<IssueCountRow>();
            foreach (var bucket in buckets.Where(bucket => bucket.StartUnixNanos < range.ToUnixNanos && bucket.EndUnixNanos > range.FromUnixNanos))
                foreach (var (key, count) in bucket.Issues)
                    if (issue is null || key.Issue == issue) rows.Add(new IssueCountRow(bucket.StartUnixNanos, bucket.WidthNanos, key, count));
            return rows;
        }
    }

    /// <summary>In the bucket of the span, which the rules for late and future spans choose as for its other numbers.</summary>
    void AddError_NeedsLock(IssueHit error)
    {
        var start = Math.Max(Math.Min(UnixTime.Floor(error.EndUnixNanos, StatsBucket.CountedWidthNanos), NewestStart()), _oldestOpenStart);
        if (!_open.TryGetValue(start, out var bucket)) _open.Add(start, bucket = new StatsBucket(start, StatsBucket.CountedWidthNanos));
        if (!bucket.AddIssue(error.Key, 1)) _counters.Add("issue_counts_over_limit");
    }

    void AddSpans_NeedsLock(SpanBatch batch, ReadOnlySpan<ChunkFacts> facts)
    {
        var newest = NewestStart();
        var run = new StatsRun(batch, _settings, (start, service) => OpenStart_NeedsLock(start, newest, batch.Strings, service), CellAt_NeedsLock);
        for (var c = 0; c < facts.Length; c++)
        {
            var chunk = batch.Chunks[c];
            if (!batch.Payloads[chunk.Payload].ClientComputedStats) run.AddChunk(chunk, facts[c]);
        }
    }

    void AddFromClient_NeedsLock(StatsBucket bucket)
    {
        // Not Math.Clamp: after a clock was set back, the oldest may lie behind the newest.
        var start = Math.Max(Math.Min(bucket.StartUnixNanos, NewestStart()), _oldestOpenStart);
        if (start != bucket.StartUnixNanos) _counters.Add("client_stats_moved", bucket.StartUnixNanos < start ? "late" : "from_the_future", bucket.Cells.Count);
        foreach (var (key, cell) in bucket.Cells) CellAt_NeedsLock(key, start).Merge(cell);
    }

    long NewestStart() => UnixTime.Floor(_clock.NowUnixNanos() + MaxAheadNanos, StatsBucket.CountedWidthNanos);

    long OpenStart_NeedsLock(long start, long newest, StringTable strings, int service)
    {
        if (start < _oldestOpenStart)
        {
            _counters.Add("spans_late", service: strings.Text(service));
            return _oldestOpenStart;
        }
        if (start <= newest) return start;
        _counters.Add("spans_from_the_future", service: strings.Text(service));
        return newest;
    }

    StatsCell CellAt_NeedsLock(StatsKey key, long bucketStart)
    {
        if (!_open.TryGetValue(bucketStart, out var bucket)) _open.Add(bucketStart, bucket = new StatsBucket(bucketStart, StatsBucket.CountedWidthNanos));
        if (bucket.Cells.TryGetValue(key, out var known)) return known;
        if (IsFull_NeedsLock(bucket, spare: 0))
        {
            _counters.Add("stats_keys_over_limit", service: key.Service);
            Tell_NeedsLock(bucket);
            key = new StatsKey { Service = key.Service, Name = key.Name, Resource = OverflowResource, Type = key.Type, Env = key.Env };
            if (bucket.Cells.TryGetValue(key, out known)) return known;
            if (IsFull_NeedsLock(bucket, MaxOverflowCells)) key = new StatsKey { Service = OverflowService, Name = OverflowService, Resource = OverflowResource };
        }
        var before = bucket.Cells.Count;
        var cell = bucket.CellOf(key);
        SetCellCount_NeedsLock(_cellCount + bucket.Cells.Count - before);
        return cell;
    }

    /// <summary>Once per bucket: looking through its keys takes milliseconds.</summary>
    void Tell_NeedsLock(StatsBucket bucket)
    {
        if (_problems is null || bucket.StartUnixNanos == _toldOfStart || bucket.Cells.Count == 0) return;
        _toldOfStart = bucket.StartUnixNanos;
        _problems.Add("statistics",
            $"Ten seconds of statistics would have more keys than are kept apart ({MaxCellsPerBucket} a bucket, {MaxCells} in all, fewer when memory is short). {GuiltyKeys.Explain(bucket.Cells.Keys)}. " +
            $"What comes on top is counted under the resource \"{OverflowResource}\". Give such spans fewer different names, for example with replace_tags.",
            _clock.NowUnixNanos());
    }

    bool IsFull_NeedsLock(StatsBucket bucket, int spare) => bucket.Cells.Count >= MaxCellsPerBucket + spare || _cellCount >= MaxCells + spare || (spare == 0 && !_memory.HasRoom);

    void SetCellCount_NeedsLock(int count)
    {
        var more = (long)(count - _cellCount) * StatsBucket.MemoryBytesPerCell;
        if (more > 0) _memory.Reserve(more);
        else _memory.Release(-more);
        _cellCount = count;
    }

    static int CellsOf(IEnumerable<StatsBucket> buckets) => buckets.Sum(bucket => bucket.Cells.Count);

    static StatsBucket Copy(StatsBucket bucket)
    {
        var copy = new StatsBucket(bucket.StartUnixNanos, bucket.WidthNanos);
        foreach (var (key, cell) in bucket.Cells) copy.Cells.Add(key, Copy(cell));
        foreach (var (key, count) in bucket.Issues) copy.Issues.Add(key, count);
        return copy;
    }

    static StatsCell Copy(StatsCell cell)
    {
        var copy = new StatsCell();
        copy.Merge(cell);
        return copy;
    }
}
