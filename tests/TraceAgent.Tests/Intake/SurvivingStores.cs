using Apm.Core.Counting;
using Apm.Core.Errors;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Storage.InMemory;
using Apm.TraceAgent.Intake;

namespace Apm.TraceAgent.Tests.Intake;

/// <summary>
/// What a machine's disk holds: a log, blocks, statistics. Each life of the process sees them through parts of its own,
/// which from its death on change nothing any more; what was in memory only is lost with it.
/// </summary>
public sealed class SurvivingStores
{
    readonly List<LogRecord> _log = [];
    readonly List<(SpanBatch Batch, LogPosition Position)> _blocks = [];
    readonly List<StatsBucket> _closed = [];
    readonly List<LedgerPage> _ledger = [];
    readonly SortedDictionary<(string Collection, string Id), object> _documents = [];
    StatsCheckpoint? _checkpoint;
    LogPosition _lastLogged;
    LogPosition _storedUpTo;

    /// <summary>Set by a test to make the next writes fail, as a full disk does.</summary>
    public bool TracesFail { get; set; }
    public bool StatsFail { get; set; }
    public bool LogFails { get; set; }

    TaskCompletionSource _tracesAnswer = new();
    readonly Queue<Action> _logged = [];
    bool _logIsSlow;

    public SurvivingStores() => _tracesAnswer.SetResult();

    /// <summary>A disk on which nothing of the blocks, or of the log, comes to an end until the result is disposed.</summary>
    public IDisposable Slow(bool traces, bool log)
    {
        _tracesAnswer = new TaskCompletionSource();
        if (!traces) _tracesAnswer.SetResult();
        _logIsSlow = log;
        return new Slowness(this);
    }

    sealed class Slowness(SurvivingStores disk) : IDisposable
    {
        public void Dispose()
        {
            disk._tracesAnswer.TrySetResult();
            disk._logIsSlow = false;
            while (disk._logged.TryDequeue(out var append)) append();
        }
    }

    /// <summary>Records that the log still holds.</summary>
    public int LoggedCount => _log.Count;

    /// <summary>Everything in blocks, as often as it is there.</summary>
    public IReadOnlyList<Span> StoredSpans() => [.. _blocks.SelectMany(block => TestKit.SpanBatches.Spans(block.Batch))];

    /// <summary>Hits, entries and errors of everything that was checkpointed or is open in the checkpoint.</summary>
    public (double Hits, double Errors) Counted()
    {
        var cells = _closed.Concat(_checkpoint?.Open ?? []).SelectMany(bucket => bucket.Cells.Values).ToList();
        return (cells.Sum(cell => cell.HitCount), cells.Sum(cell => cell.ErrorCount));
    }

    /// <summary>Errors of each issue in everything that was checkpointed or is open in the checkpoint.</summary>
    public IReadOnlyDictionary<IssueId, long> CountedErrors() => _closed.Concat(_checkpoint?.Open ?? [])
        .SelectMany(bucket => bucket.Issues).GroupBy(pair => pair.Key.Issue).ToDictionary(group => group.Key, group => group.Sum(pair => pair.Value));

    /// <summary>The ledger of everything that was checkpointed.</summary>
    public LedgerSums Entered() => LedgerSums.Of(_ledger.Concat(_checkpoint?.Ledger.Open ?? []).SelectMany(page => page.Rows(null)));

    /// <summary>The parts of one life.</summary>
    public Life NewLife(TimeProvider clock) => new(this, clock);

    /// <summary>One run of the process.</summary>
    public sealed class Life
    {
        internal bool IsDead { get; private set; }

        internal Life(SurvivingStores disk, TimeProvider clock)
        {
            Counters = new Counters();
            Parts = new PipelineParts
            {
                Log = new LifeLog(disk, this),
                Traces = new LifeTraces(disk, this),
                Stats = new LifeStats(disk, this),
                Catalogue = new ServiceCatalogue(new InMemoryDocumentStore()),
                Counters = Counters,
                Problems = new RecentProblems(),
                Clock = clock,
                Documents = new LifeDocuments(disk, this),
            };
        }

        public PipelineParts Parts { get; }
        public Counters Counters { get; }

        /// <summary>SIGKILL: nothing that this life does from here on reaches the disk.</summary>
        public void Kill() => IsDead = true;
    }

    sealed class LifeLog(SurvivingStores disk, Life life) : IPayloadLog
    {
        readonly Lock _lock = new();

        public LogPosition Last => disk._lastLogged;

        public long ByteCount => 0;

        public Task<LogPosition> Append(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, Action<LogPosition> whenDurable)
        {
            if (!disk._logIsSlow) return Write(head, body, whenDurable);
            var done = new TaskCompletionSource<LogPosition>();
            disk._logged.Enqueue(() =>
            {
                var written = Write(head, body, whenDurable);
                if (written.IsFaulted) done.SetException(written.Exception.InnerException!);
                else done.SetResult(written.Result);
            });
            return done.Task;
        }

        Task<LogPosition> Write(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, Action<LogPosition> whenDurable)
        {
            lock (_lock)
            {
                if (life.IsDead) return Task.FromException<LogPosition>(new StoreUnavailableException("dead"));
                if (disk.LogFails) return Task.FromException<LogPosition>(new StoreUnavailableException("disk full"));
                disk._lastLogged = new LogPosition(disk._lastLogged.Number + 1);
                disk._log.Add(new LogRecord(disk._lastLogged, (byte[])[.. head.Span, .. body.Span]));
                whenDurable(disk._lastLogged);
                return Task.FromResult(disk._lastLogged);
            }
        }

        public IEnumerable<LogRecord> ReadAfter(LogPosition after) => [.. disk._log.Where(record => record.Position > after)];

        public void Release(LogPosition upTo)
        {
            if (!life.IsDead) lock (_lock) disk._log.RemoveAll(record => record.Position <= upTo);
        }

        public void Dispose()
        {
        }
    }

    /// <summary>Blocks of two payloads: a flush that is not told to write everything leaves an odd one in memory.</summary>
    sealed class LifeTraces(SurvivingStores disk, Life life) : ITraceStore
    {
        readonly List<(SpanBatch Batch, LogPosition Position)> _head = [];

        public LogPosition StoredUpTo => disk._storedUpTo;

        public void Append(SpanBatch batch, LogPosition position)
        {
            disk._tracesAnswer.Task.GetAwaiter().GetResult();
            _head.Add((batch, position));
        }

        public void Flush(bool everything)
        {
            if (life.IsDead) return;
            if (disk.TracesFail) throw new StoreUnavailableException("disk full");
            var due = everything ? _head.Count : _head.Count / 2 * 2;
            if (due == 0) return;
            disk._blocks.AddRange(_head.Take(due));
            disk._storedUpTo = _head[due - 1].Position;
            _head.RemoveRange(0, due);
        }

        public IEnumerable<SpanBatch> Scan(SpanScan scan, CancellationToken cancel) => disk._blocks.Concat(_head).Select(entry => entry.Batch);

        public TraceStoreFacts Facts() => new(null, null, disk._blocks.Concat(_head).Sum(entry => entry.Batch.SpanCount), 0, disk._blocks.Count);

        public void Dispose()
        {
        }
    }

    sealed class LifeStats(SurvivingStores disk, Life life) : IStatsStore
    {
        public StatsCheckpoint? ReadCheckpoint() => disk._checkpoint is { } last ? last with { Open = [.. last.Open.Select(Copy)], Ledger = last.Ledger with { Open = [.. last.Ledger.Open.Select(page => page.Copy())] } } : null;

        public void Write(StatsCheckpoint checkpoint)
        {
            if (life.IsDead) return;
            if (disk.StatsFail) throw new StoreUnavailableException("disk full");
            disk._closed.AddRange(checkpoint.Closed);
            disk._ledger.AddRange(checkpoint.Ledger.Closed);
            disk._checkpoint = checkpoint with { Closed = [], Ledger = checkpoint.Ledger with { Closed = [] } };
        }

        public StoredLedger ReadLedger(TimeRange range, string? service, long coarsestNanos) =>
            new(disk._checkpoint?.Ledger.Number ?? 0, [.. disk._ledger.SelectMany(page => page.Rows(service))]);

        public IEnumerable<IssueCountRow> ReadIssueCounts(TimeRange range, IssueId? issue, long coarsestNanos) =>
            disk._closed.SelectMany(bucket => bucket.Issues.Select(pair => new IssueCountRow(bucket.StartUnixNanos, bucket.WidthNanos, pair.Key, pair.Value)));

        public IEnumerable<StatsRow> Read(TimeRange range, StatsFilter filter, long coarsestNanos) =>
            disk._closed.SelectMany(bucket => bucket.Cells.Select(pair => new StatsRow(bucket.StartUnixNanos, bucket.WidthNanos, pair.Key, pair.Value)));

        public void Dispose()
        {
        }

        static StatsBucket Copy(StatsBucket bucket)
        {
            var copy = new StatsBucket(bucket.StartUnixNanos, bucket.WidthNanos);
            foreach (var (key, cell) in bucket.Cells) copy.CellOf(key).Merge(cell);
            foreach (var (key, count) in bucket.Issues) copy.AddIssue(key, count);
            return copy;
        }
    }

    sealed class LifeDocuments(SurvivingStores disk, Life life) : IDocumentStore
    {
        public T? Find<T>(string collection, string id) where T : class => disk._documents.GetValueOrDefault((collection, id)) as T;

        public IReadOnlyList<T> FindAll<T>(string collection) where T : class => [.. disk._documents.Where(pair => pair.Key.Collection == collection).Select(pair => (T)pair.Value)];

        public void Store<T>(string collection, string id, T document) where T : class
        {
            if (life.IsDead || disk.StatsFail) throw new StoreUnavailableException("disk full");
            disk._documents[(collection, id)] = document;
        }

        public bool Remove(string collection, string id) => !life.IsDead && disk._documents.Remove((collection, id));

        public void Dispose()
        {
        }
    }
}
