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
    readonly Queue<StoredBlock> _withFilter = new(); // The oldest first.
    volatile TraceStoreView _view = TraceStoreView.Empty;
    readonly MemoryAccount _headMemory;
    readonly MemoryAccount _filterMemory;
    long _filterBytes;
    LogPosition _appended;
    long _storedUpToNumber;
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
        _writer = new BlockWriter(folder, _settings, _files, clock);
        _headMemory = _settings.Memory.OpenWork("waiting_spans");
        _filterMemory = _settings.Memory.OpenWork("trace_filters");
        _source = new BlockSource(_settings, counters);
        _rewriter = new SliceRewriter(_settings, _files);
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
                RememberFilter(slice[i]);
            }
        }
        _view = _view with { Slices = [.. slices] };
        _appended = StoredUpTo;
    }

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

    void WriteOldest_NeedsLock(HeadList head, int due)
    {
        IReadOnlyList<StoredBlock> blocks;
        try
        {
            _writer.BeginSliceWhenDue(StoredUpTo);
            var before = StoredUpTo;
            for (var from = 0; from < due;)
            {
                var to = Math.Min(due, EndOfBlock(head, from, out _));
                var covered = CoveredBefore_NeedsLock(head, to);
                _writer.Append([.. Enumerable.Range(from, to - from).Select(i => head[i])], before, covered);
                (from, before) = (to, covered);
            }
            blocks = _writer.Commit();
        }
        catch (Exception failure)
        {
            _writer.Abandon();
            _counters.Add("trace_writes_failed");
            if (failure is not (IOException or UnauthorizedAccessException)) throw;
            throw new StoreUnavailableException(
                $"Traces cannot be written to {_folder}: {failure.Message} {head.SpanCount} spans wait in memory, and nothing is lost. Free some disk space, or check that the folder can be written; then it goes on by itself.", failure);
        }
        var view = _view;
        var slice = view.Slices.Length > 0 && view.Slices[^1].File == blocks[0].Slice ? view.Slices[^1] : SliceBlocks.None(blocks[0].Slice);
        foreach (var block in blocks) slice = slice.With(block);
        _view = view.WithSlice(slice) with { Head = head.WithoutOldest(due) };
        for (var i = 0; i < due; i++) _headMemory.Release(head[i].MemoryBytes);
        foreach (var block in blocks)
        {
            _catalogue.Enter(block);
            RememberFilter(block);
        }
    }

    void AddFilterBytes(long bytes)
    {
        _filterBytes += bytes;
        _filterMemory.Reserve(bytes);
    }

    void RememberFilter(StoredBlock block)
    {
        if (block.TraceFilter is null) return;
        AddFilterBytes(block.TraceFilter.ByteCount);
        _withFilter.Enqueue(block);
        while (_filterBytes > _settings.MaxFilterBytes && _withFilter.TryDequeue(out var oldest))
        {
            AddFilterBytes(-(oldest.TraceFilter?.ByteCount ?? 0));
            oldest.DropFilter();
            _counters.Add("trace_filters_dropped");
        }
    }

    /// <inheritdoc/>
    public IEnumerable<SpanBatch> Scan(SpanScan scan, CancellationToken cancel)
    {
        ThrowIfClosed();
        return Scan(_view, scan, cancel);
    }

    IEnumerable<SpanBatch> Scan(TraceStoreView view, SpanScan scan, CancellationToken cancel)
    {
        for (var i = view.Head.Count - 1; i >= 0; i--)
        {
            cancel.ThrowIfCancellationRequested();
            if (view.Head[i].MayMatch(scan)) yield return view.Head[i].Batch;
        }
        for (var s = view.Slices.Length - 1; s >= 0; s--)
        {
            var slice = view.Slices[s];
            if (!scan.Range.Overlaps(slice.StartUnixNanosMin, slice.StartUnixNanosMax)) continue;
            for (var i = slice.Count - 1; i >= 0; i--)
            {
                cancel.ThrowIfCancellationRequested();
                if (!slice[i].MayMatch(scan)) continue;
                foreach (var batch in _source.Read(slice[i], scan)) yield return batch;
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<SpanPart> Parts(SpanScan scan)
    {
        ThrowIfClosed();
        var view = _view;
        var parts = new List<SpanPart>();
        for (var i = view.Head.Count - 1; i >= 0; i--)
            if (view.Head[i].MayMatch(scan)) parts.Add(view.Head[i]);
        for (var s = view.Slices.Length - 1; s >= 0; s--)
        {
            var slice = view.Slices[s];
            if (!scan.Range.Overlaps(slice.StartUnixNanosMin, slice.StartUnixNanosMax)) continue;
            for (var i = slice.Count - 1; i >= 0; i--)
                if (slice[i].MayMatch(scan)) parts.Add(new BlockPart(_source, slice[i], scan));
        }
        parts.Sort(static (left, right) => right.StartUnixNanosMax.CompareTo(left.StartUnixNanosMax));
        return parts;
    }

    /// <inheritdoc/>
    public TraceStoreFacts Facts()
    {
        var view = _view;
        var (oldest, newest, spans, bytes, blocks) = (long.MaxValue, long.MinValue, view.Head.SpanCount, 0L, 0);
        for (var i = 0; i < view.Head.Count; i++)
        {
            oldest = Math.Min(oldest, view.Head[i].StartUnixNanosMin);
            newest = Math.Max(newest, view.Head[i].StartUnixNanosMax);
        }
        foreach (var slice in view.Slices)
        {
            oldest = Math.Min(oldest, slice.StartUnixNanosMin);
            newest = Math.Max(newest, slice.StartUnixNanosMax);
            spans += slice.SpanCount;
            bytes += slice.ByteCount;
            blocks += slice.Count;
        }
        return spans == 0 ? new TraceStoreFacts(null, null, 0, bytes, blocks) : new TraceStoreFacts(oldest, newest, spans, bytes, blocks);
    }

    /// <summary>Drops whole slices that are too old, then the oldest until the rest is within the byte budget. Any thread may call it.</summary>
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
                    Drop_NeedsLock(oldest);
                    _counters.Add("spans_expired", reason, oldest.SpanCount);
                    result = new RetentionResult(result.SliceCount + 1, result.SpanCount + oldest.SpanCount, result.ByteCount + oldest.ByteCount);
                }
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new StoreUnavailableException($"An old trace slice in {_folder} cannot be deleted: {failure.Message} Check that the folder can be written.", failure);
            }
            _catalogue.Save(everything: result.SliceCount > 0);
            return result;
        }
    }

    string? ReasonToDrop(long nowUnixNanos, SliceBlocks oldest)
    {
        if (nowUnixNanos - oldest.WrittenUnixNanos > _settings.MaxAge.Ticks * UnixTime.NanosPerTick) return "age";
        return _view.Slices.Length > 1 && _view.Slices.Sum(slice => slice.ByteCount) > _settings.MaxBytes ? "bytes" : null;
    }

    void Drop_NeedsLock(SliceBlocks oldest)
    {
        if (_view.Slices.Length == 1)
        {
            // The log position must outlive the last slice.
            if (_writer.IsWritingTo(oldest.File)) _writer.EndSlice();
            _writer.BeginSliceWhenDue(StoredUpTo);
        }
        _files.Delete(oldest.File.Path);
        _files.FlushFolder(_folder);
        _view = _view with { Slices = _view.Slices[1..] };
        Forget_NeedsLock(oldest);
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
        _catalogue.Save(everything: true);
        _files.Delete(old.File.Path);
    }

    /// <summary>After a slice left the view.</summary>
    void Forget_NeedsLock(SliceBlocks gone)
    {
        _catalogue.Remove(gone);
        for (var i = 0; i < gone.Count; i++) _source.Forget(gone[i]);
        AddFilterBytes(-_filterBytes);
        _withFilter.Clear();
        foreach (var slice in _view.Slices)
            for (var i = 0; i < slice.Count; i++) RememberFilter(slice[i]);
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
            foreach (var slice in _view.Slices) slice.File.File.Dispose();
        }
    }
}
