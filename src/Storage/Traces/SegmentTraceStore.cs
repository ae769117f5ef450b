using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Storage.Files;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Traces;

/// <summary>
/// Keeps traces on disk: batches wait in memory, where they can be searched at once, and go to segment files as blocks of
/// compressed columns. The catalogue in LiteDB only makes the start quick; the segment files are the truth.
/// </summary>
/// <remarks>
/// One thread appends and flushes; retention may run on another. Any thread reads, without locks: it takes the newest
/// <see cref="TraceStoreView"/> and keeps to it. All batches of one log record must be appended before the next flush.
/// </remarks>
public sealed class SegmentTraceStore : ITraceStore
{
    const string CatalogueName = "catalogue.db";

    readonly Lock _writing = new();
    readonly Lock _rewriting = new(); // Taken before _writing.
    readonly string _folder;
    readonly TraceStoreSettings _settings;
    readonly StoreFiles _files;
    readonly TimeProvider _clock;
    readonly Counters _counters;
    readonly BlockWriter _writer;
    readonly TraceCatalogue _catalogue;
    readonly BlockSource _source;
    readonly SliceRewriter _rewriter;
    readonly TraceIndexer _indexer;
    readonly DroppedSlices _dropped = new();
    readonly EvictionNotes _evictions;
    readonly BlockMemory _blocks;
    volatile TraceStoreView _view = TraceStoreView.Empty;
    readonly MemoryAccount _headMemory;
    LogPosition _appended;
    long _storedUpToNumber;
    long _maxBytes;
    volatile bool _isDisposed;

    /// <summary>Opens the store in a folder, making it when it is not there, and finds what a crash left.</summary>
    /// <param name="folder">Holds nothing else.</param>
    /// <param name="clock">Says how long a batch waited, and names the slices.</param>
    /// <param name="counters">What was dropped, damaged, repaired.</param>
    /// <exception cref="StoreUnavailableException">The folder cannot be read or written.</exception>
    public SegmentTraceStore(string folder, TimeProvider clock, Counters counters, TraceStoreSettings? settings = null, StoreFiles? files = null)
    {
        _folder = folder;
        _clock = clock;
        _counters = counters;
        _settings = settings ?? new TraceStoreSettings();
        _files = files ?? DiskFiles.Instance;
        _headMemory = _settings.Memory.OpenWork("waiting_spans");
        _maxBytes = _settings.MaxBytes;
        _writer = new BlockWriter(folder, _settings, _files, clock, () => MaxSliceBytes, MakeRoom_NeedsLock);
        _evictions = new EvictionNotes(_settings, counters);
        _blocks = new BlockMemory(_settings, counters);
        _source = new BlockSource(_settings, counters);
        _rewriter = new SliceRewriter(_settings, _files);
        _indexer = new TraceIndexer(_files);
        try
        {
            _files.CreateFolder(folder);
            _catalogue = TraceCatalogue.Open(Path.Combine(folder, CatalogueName), _settings, _files, clock, counters, out var entries);
            Take(new SliceFolder(folder, _settings, _files, counters).Open(entries.ToLookup(TraceCatalogue.SliceOf), _catalogue));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _catalogue?.Dispose();
            throw new StoreUnavailableException($"The traces in {folder} cannot be opened: {failure.Message} Check that the folder can be read and written.", failure);
        }
    }

    /// <inheritdoc/>
    public LogPosition StoredUpTo
    {
        get => new(Interlocked.Read(ref _storedUpToNumber));
        private set => Interlocked.Exchange(ref _storedUpToNumber, value.Number);
    }

    void Take(IReadOnlyList<SliceBlocks> slices)
    {
        foreach (var slice in slices)
        {
            StoredUpTo = Later(StoredUpTo, slice.File.CoveredAtStart);
            for (var i = 0; i < slice.Count; i++)
            {
                StoredUpTo = Later(StoredUpTo, slice[i].Info.CoveredUpTo);
                _blocks.Remember(slice[i]);
            }
        }
        _view = _view with { Slices = [.. slices] };
        _appended = StoredUpTo;
    }

    /// <summary>
    /// Most bytes of all slices; what is written beyond drops the oldest first. Begins as <see cref="TraceStoreSettings.MaxBytes"/>; may be
    /// changed at any time by any thread, and counts from the next write or retention on.
    /// </summary>
    public long MaxBytes
    {
        get => Interlocked.Read(ref _maxBytes);
        set => Interlocked.Exchange(ref _maxBytes, value);
    }

    /// <summary>Small enough that dropping one slice drops little of a small budget.</summary>
    long MaxSliceBytes => Math.Min(_settings.MaxSliceBytes, Math.Max(1, MaxBytes / TraceStoreSettings.SlicesOfBudget));

    /// <summary>Where retention stops: two slices below the budget, one for a slice that is being rewritten, one for what slices overshoot.</summary>
    long RetainedBytes => MaxBytes - (2 * MaxSliceBytes);

    static LogPosition Later(LogPosition a, LogPosition b) => a > b ? a : b;

    /// <inheritdoc/>
    public void Append(SpanBatch batch, LogPosition position)
    {
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _appended = Later(_appended, position);
            if (batch.SpanCount == 0) return;
            var view = _view;
            var waiting = new HeadBatch(batch, position, _clock.NowUnixNanos());
            _headMemory.Reserve(waiting.MemoryBytes);
            _view = view with { Head = view.Head.With(waiting) };
        }
    }

    /// <inheritdoc/>
    public void Flush(bool everything)
    {
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            var head = _view.Head;
            var due = DueBatches(head, everything);
            if (due > 0) WriteOldest_NeedsLock(head, due);
            StoredUpTo = CoveredBefore_NeedsLock(head, due);
            _catalogue.Save(everything);
        }
    }

    /// <summary>How many of the oldest batches go to disk now.</summary>
    int DueBatches(HeadList head, bool everything)
    {
        if (head.Count == 0) return 0;
        var waitedNanos = _clock.NowUnixNanos() - head[0].AppendedUnixNanos;
        if (everything || waitedNanos >= _settings.MaxWait.Ticks * UnixTime.NanosPerTick) return head.Count;
        if (head.SpanCount < _settings.BlockSpans && head.TextBytes < _settings.BlockTextBytes) return 0;
        var due = 0;
        while (EndOfBlock(head, due, out var isFull) is var end && isFull) due = end;
        return due;
    }

    /// <summary>Behind the last batch that goes into a block with the batch <paramref name="from"/>.</summary>
    int EndOfBlock(HeadList head, int from, out bool isFull)
    {
        var (spans, bytes) = (0L, 0L);
        for (var i = from; i < head.Count; i++)
        {
            spans += head[i].Batch.SpanCount;
            bytes += head[i].TextBytes;
            isFull = spans >= _settings.BlockSpans || bytes >= _settings.BlockTextBytes;
            if (isFull) return i + 1;
        }
        isFull = false;
        return head.Count;
    }

    /// <summary>What is stored once the oldest batches are: all before the record of the oldest that still waits.</summary>
    LogPosition CoveredBefore_NeedsLock(HeadList head, int batches) =>
        batches == head.Count ? _appended : Later(StoredUpTo, new LogPosition(head[batches].Position.Number - 1));

    /// <summary>Slice by slice, so that many blocks at once fill several slices as few do.</summary>
    void WriteOldest_NeedsLock(HeadList head, int due)
    {
        for (var from = 0; from < due;)
        {
            var to = from;
            IReadOnlyList<StoredBlock> blocks;
            try
            {
                _writer.BeginSliceWhenDue(StoredUpTo);
                var before = StoredUpTo;
                while (to < due && (to == from || !_writer.IsSliceFull))
                {
                    var end = Math.Min(due, EndOfBlock(head, to, out _));
                    var covered = CoveredBefore_NeedsLock(head, end);
                    _writer.Append([.. Enumerable.Range(to, end - to).Select(i => head[i])], before, covered);
                    (to, before) = (end, covered);
                }
                blocks = _writer.Commit();
            }
            catch (Exception failure)
            {
                _writer.Abandon();
                _counters.Add("trace_writes_failed");
                if (failure is not (IOException or UnauthorizedAccessException)) throw;
                throw new StoreUnavailableException(
                    $"Traces cannot be written to {_folder}: {failure.Message} {_view.Head.SpanCount} spans wait in memory, and nothing is lost. Free some disk space, or check that the folder can be written; then it goes on by itself.", failure);
            }
            Publish_NeedsLock(blocks, to - from);
            StoredUpTo = CoveredBefore_NeedsLock(head, to);
            from = to;
        }
    }

    void Publish_NeedsLock(IReadOnlyList<StoredBlock> blocks, int batches)
    {
        var view = _view;
        var slice = view.Slices.Length > 0 && view.Slices[^1].File == blocks[0].Slice ? view.Slices[^1] : SliceBlocks.None(blocks[0].Slice);
        for (var i = 0; i < batches; i++) _headMemory.Release(view.Head[i].MemoryBytes);
        foreach (var block in blocks) slice = slice.With(block);
        _view = view.WithSlice(slice) with { Head = view.Head.WithoutOldest(batches) };
        foreach (var block in blocks)
        {
            _catalogue.Enter(block);
            _blocks.Remember(block);
        }
    }

    /// <inheritdoc/>
    public IEnumerable<SpanBatch> Scan(SpanScan scan, CancellationToken cancel)
    {
        ThrowIfClosed();
        return _view.Scan(_source, scan, cancel);
    }

    /// <inheritdoc/>
    public IReadOnlyList<SpanPart> Parts(SpanScan scan)
    {
        ThrowIfClosed();
        return _view.Parts(_source, scan);
    }

    /// <inheritdoc/>
    public TraceStoreFacts Facts() => _view.Facts() with { MaxByteCount = RetainedBytes };

    /// <summary>
    /// Drops whole slices that are too old, then the oldest until the rest is within the byte budget. Writing does the latter by
    /// itself; this is for the age, and for a budget that was lowered. Any thread may call it.
    /// </summary>
    /// <param name="nowUnixNanos">The time that ages are counted to.</param>
    /// <exception cref="StoreUnavailableException">A file cannot be deleted; what was dropped before is gone. Retry later.</exception>
    public RetentionResult EnforceRetention(long nowUnixNanos)
    {
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            var result = RetentionResult.Nothing;
            try
            {
                while (_view.Slices is [var oldest, ..] && ReasonToDrop(nowUnixNanos, oldest) is { } reason)
                {
                    Drop_NeedsLock(oldest, reason);
                    result = new RetentionResult(result.SliceCount + 1, result.SpanCount + oldest.SpanCount, result.ByteCount + oldest.StoredBytes);
                }
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new StoreUnavailableException($"An old trace slice in {_folder} cannot be deleted: {failure.Message} Check that the folder can be written.", failure);
            }
            _catalogue.Save(everything: result.SliceCount > 0);
            _dropped.HurryWhenMuchIsHeld(MaxSliceBytes);
            return result;
        }
    }

    EvictionReason? ReasonToDrop(long nowUnixNanos, SliceBlocks oldest)
    {
        if (nowUnixNanos - oldest.WrittenUnixNanos > _settings.MaxAge.Ticks * UnixTime.NanosPerTick) return EvictionReason.Age;
        return _view.SliceBytes > (_view.Slices.Length > 1 ? RetainedBytes : MaxBytes) ? EvictionReason.Bytes : null;
    }

    /// <summary>Drops the oldest closed slices until so many bytes fit in.</summary>
    void MakeRoom_NeedsLock(long bytes)
    {
        while (_view.Slices is [var oldest, ..] && !_writer.IsWritingTo(oldest.File) && _view.SliceBytes + bytes > RetainedBytes)
            Drop_NeedsLock(oldest, EvictionReason.Bytes);
    }

    void Drop_NeedsLock(SliceBlocks oldest, EvictionReason reason)
    {
        if (_view.Slices.Length == 1 && _writer.IsWritingTo(oldest.File)) _writer.EndSlice();
        if (_view.Slices.Length == 1 && !_writer.HasSlice) _writer.BeginSliceWhenDue(StoredUpTo); // The log position must outlive the last slice.
        _evictions.Tell(oldest, reason, _clock.NowUnixNanos());
        _files.Delete(oldest.File.Path);
        _files.Delete(TraceIndex.PathOf(oldest.File));
        _files.FlushFolder(_folder);
        _view = _view with { Slices = _view.Slices[1..] };
        _counters.Add("spans_expired", reason == EvictionReason.Age ? "age" : "bytes", oldest.SpanCount);
        _counters.Add("trace_slices_dropped", reason == EvictionReason.Age ? "age" : "bytes");
        Forget_NeedsLock(oldest);
        _blocks.ForgetOldest(oldest);
    }

    /// <summary>
    /// Rewrites one closed slice of many small blocks, as little traffic leaves them, into large ones: fewer to look at, and
    /// half the bytes. Each slice is rewritten once at most. Any thread may call it; it reads and writes without holding the others up.
    /// </summary>
    /// <returns>Whether a slice was rewritten; call again until none is.</returns>
    /// <exception cref="StoreUnavailableException">The disk is full or fails; the slice stays as it was. Retry later.</exception>
    public bool RewriteSmallBlocks(CancellationToken cancel)
    {
        lock (_rewriting)
        {
            SliceBlocks? old;
            lock (_writing)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                old = Array.Find(_view.Slices, slice => !_writer.IsWritingTo(slice.File) && _rewriter.IsWorthwhile(slice));
                // Old and new stand side by side for a while, and nothing must go or wait for that.
                if (old is not null && (_view.SliceBytes + old.ByteCount > MaxBytes || !_settings.HasRoomFor(old.ByteCount))) old = null;
            }
            if (old is null) return false;
            try
            {
                if (_rewriter.Rewrite(old, cancel) is not { } rewritten) return false;
                lock (_writing) Replace_NeedsLock(old, rewritten);
                return true;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                _counters.Add("trace_writes_failed");
                throw new StoreUnavailableException($"Trace slice {old.File.Path} cannot be rewritten: {failure.Message} It stays as it was. Free some disk space, or check that the folder can be written.", failure);
            }
        }
    }

    void Replace_NeedsLock(SliceBlocks old, SliceBlocks rewritten)
    {
        var at = Array.IndexOf(_view.Slices, old);
        if (at < 0)
        {
            _files.Delete(rewritten.File.Path); // Retention dropped the old one meanwhile.
            rewritten.File.File.Dispose();
            return;
        }
        var slices = (SliceBlocks[])_view.Slices.Clone();
        slices[at] = rewritten;
        _view = _view with { Slices = slices };
        for (var i = 0; i < rewritten.Count; i++) _catalogue.Enter(rewritten[i]);
        Forget_NeedsLock(old);
        _blocks.Recount(slices);
        _catalogue.Save(everything: true);
        _files.Delete(old.File.Path);
        _files.Delete(TraceIndex.PathOf(old.File));
    }

    /// <summary>
    /// Makes the index of one closed slice that has none, so that a trace is found in it by its id without asking each block. Any thread may
    /// call it; it reads and writes without holding the others up.
    /// </summary>
    /// <returns>Whether one was made; call again until none is.</returns>
    /// <exception cref="StoreUnavailableException">The disk is full or fails; the slice goes on without. Retry later.</exception>
    public bool IndexTraces(CancellationToken cancel)
    {
        lock (_rewriting)
        {
            SliceBlocks? slice;
            lock (_writing)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                slice = Array.Find(_view.Slices, slice => !_writer.IsWritingTo(slice.File) && !_rewriter.IsWorthwhile(slice) && _indexer.IsWorthwhile(slice));
                if (slice is null || TraceIndexer.BytesFor(slice) is var bytes && (_view.SliceBytes + bytes > MaxBytes || !_settings.HasRoomFor(bytes))) return false;
            }
            try
            {
                if (slice.Index is not null) _counters.Add("trace_indexes_damaged");
                if (_indexer.Make(slice, cancel) is not { } index) return false;
                lock (_writing)
                {
                    var at = Array.FindIndex(_view.Slices, kept => kept.File == slice.File);
                    if (at < 0) _files.Delete(TraceIndex.PathOf(slice.File)); // Retention dropped it meanwhile.
                    else
                    {
                        var slices = (SliceBlocks[])_view.Slices.Clone();
                        slices[at] = slices[at].With(index);
                        _view = _view with { Slices = slices };
                    }
                }
                return true;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                _counters.Add("trace_writes_failed");
                throw new StoreUnavailableException($"The index of trace slice {slice.File.Path} cannot be written: {failure.Message} Finding a trace by its id is slower until it is. Free some disk space, or check that the folder can be written.", failure);
            }
        }
    }

    /// <summary>After a slice left the view.</summary>
    void Forget_NeedsLock(SliceBlocks gone)
    {
        _catalogue.Remove(gone);
        _dropped.Add(gone);
        for (var i = 0; i < gone.Count; i++) _source.Forget(gone[i]);
    }

    void ThrowIfClosed()
    {
        if (_isDisposed) throw new StoreUnavailableException($"The trace store in {_folder} is closed.");
    }

    /// <summary>Closes the files. What waits in memory is not written: call <see cref="Flush"/> first, or leave it to the log.</summary>
    public void Dispose()
    {
        lock (_rewriting)
        lock (_writing)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            _catalogue.Dispose();
            _writer.Dispose();
            _rewriter.Dispose();
            foreach (var slice in _view.Slices)
            {
                slice.File.File.Dispose();
                slice.Index?.Close();
            }
        }
    }
}
