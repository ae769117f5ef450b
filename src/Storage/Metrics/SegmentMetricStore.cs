using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Storage.Files;
using Apm.Storage.Log;
using Apm.Storage.Metrics.Chunks;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Metrics;

/// <summary>
/// Metrics on disk (docs/formats/metrics.md). Points go to a log, which is what makes them durable, and wait in memory; about once an hour they are
/// packed, series by series, into a block behind the file of their day. A day that is over is rolled up to minutes and hours.
/// </summary>
/// <remarks>
/// Exactly once: each block says up to which record of the log it has the points of its day. On start the log is read again, and of
/// each record only the points whose day does not have it yet count. So no write to two files needs to be one. Any thread may call anything.
/// </remarks>
public sealed class SegmentMetricStore : IMetricStore
{
    readonly Lock _lock = new();
    readonly Lock _tending = new();
    readonly string _folder;
    readonly MetricStoreSettings _settings;
    readonly TimeProvider _clock;
    readonly Counters _counters;
    readonly MetricFolder _files;
    readonly SeriesCatalogue _catalogue;
    readonly DirectoryCache _directories;
    readonly MetricDays _days = new();
    readonly MetricAdmission _admission;
    readonly MetricLists _lists;
    readonly WaitingWriter _writer;
    readonly DayKeeper _keeper;
    readonly FilePayloadLog _log;
    readonly MemoryAccount _memory;
    readonly CancellationTokenSource _stop = new();
    readonly ITimer _timer;

    List<SeriesEntry> _live = [];
    List<SeriesEntry>? _frozen;
    long _liveBytes;
    long _frozenBytes;
    long _applied;
    long _frozenApplied;
    long _allCovered;
    long _oldestLiveNanos = long.MaxValue;
    int _isTendingDue;
    volatile bool _isDisposed;

    /// <summary>How often it is looked whether something is to be done.</summary>
    static readonly TimeSpan TendEvery = TimeSpan.FromSeconds(30);

    /// <summary>Opens the metrics of a folder and reads again what the log has and the files do not.</summary>
    /// <exception cref="StoreUnavailableException">The folder cannot be read or written, or is of a newer version.</exception>
    public SegmentMetricStore(string folder, MetricStoreSettings settings, StoreFiles files, TimeProvider clock, Counters counters)
    {
        (_folder, _settings, _clock, _counters) = (folder, settings, clock, counters);
        _files = new MetricFolder(folder, settings, files, counters);
        _catalogue = new SeriesCatalogue(settings, counters);
        _directories = new DirectoryCache(settings, key => _catalogue.TryGet(key, out var entry) ? entry.Key : key);
        _admission = new MetricAdmission(settings, _days, clock, counters, EntryOf);
        _lists = new MetricLists(folder, _catalogue, _days, _directories, _lock);
        _writer = new WaitingWriter(_files, _days);
        _keeper = new DayKeeper(folder, _files, _days, _lock, _directories, settings, clock, counters);
        _memory = settings.Memory.OpenWork("metric_points", settings.MaxWaitingBytes);
        try
        {
            _days.Load(_files.Load());
            _log = OpenLog(files);
            CutTornBlocks();
            _lists.Load();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            _log?.Dispose();
            throw new StoreUnavailableException($"The metrics in {folder} cannot be opened: {failure.Message}", failure);
        }
        Replay();
        _timer = clock.CreateTimer(_ => Tend(), null, TendEvery, TendEvery);
    }

    /// <summary>Bytes of all files but the log.</summary>
    public long ByteCount => _days.ByteCount;

    /// <summary>Series in memory.</summary>
    public int SeriesCount => _catalogue.Count;

    /// <inheritdoc/>
    public async Task<MetricWriteResult> WriteAsync(IReadOnlyList<SeriesPoints> series, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        ThrowIfClosed();
        var records = _admission.Admit(series, out var dropped);
        Reserve(records.Sum(record => record.MemoryBytes));
        var appends = records.ConvertAll(Append); // All before the first is waited for: they share a flush.
        await Task.WhenAll(appends).ConfigureAwait(false);
        return new MetricWriteResult(records.Sum(record => record.PointCount), dropped);
    }

    /// <exception cref="StoreUnavailableException">There is no memory.</exception>
    void Reserve(long bytes)
    {
        if (_memory.TryReserve(bytes)) return;
        if (bytes > _settings.MaxWaitingBytes / LargeShare && _memory.HeldBytes < _settings.MaxWaitingBytes / LargeShare)
        {
            _memory.Reserve(bytes); // Refused each time, it could never pass.
            return;
        }
        AskToTend();
        _counters.Add("metric_writes_refused", "memory");
        throw new StoreUnavailableException("There is no memory for more metric points until those that wait are written. Nothing of these was kept; send them again in a moment. If this lasts, check that the data folder's disk can be written, or raise memory.max_bytes.");
    }

    /// <summary>What is more than this part of the memory for points is large.</summary>
    const int LargeShare = 4;

    async Task Append(MetricRecord record)
    {
        try
        {
            await _log.Append(default, record.Bytes, position => Apply(record, position.Number)).ConfigureAwait(false);
        }
        catch
        {
            _memory.Release(record.MemoryBytes);
            throw;
        }
    }

    SeriesEntry? EntryOf(SeriesKey key, long nowUnixSeconds)
    {
        if (_catalogue.TryGet(key, out var known)) return known;
        lock (_lock) return _catalogue.TryAdd(key, nowUnixSeconds);
    }

    /// <summary>What is durable goes to memory, in the order of the log.</summary>
    void Apply(MetricRecord record, long number)
    {
        lock (_lock)
        {
            foreach (var part in record.Parts) Apply_NeedsLock(part, number, isReplay: false);
            _applied = number;
            _liveBytes += record.MemoryBytes;
            if (_oldestLiveNanos == long.MaxValue) _oldestLiveNanos = _clock.NowUnixNanos();
        }
        if (_memory.HeldBytes > _settings.MaxWaitingBytes / 2 || _log.ByteCount > _settings.MaxLogBytes / 2) AskToTend();
    }

    void Apply_NeedsLock(MetricRecord.Part part, long number, bool isReplay)
    {
        var entry = part.Entry.IsForgotten ? _catalogue.GetOrAdd(part.Entry.Key) : part.Entry;
        (entry.Type, entry.IntervalSeconds, entry.Metric.Type) = (part.Type, part.IntervalSeconds, part.Type);
        var waiting = entry.Live;
        if (waiting is null)
        {
            entry.Live = waiting = new WaitingPoints();
            _live.Add(entry);
        }
        foreach (var point in part.Points)
            if (Takes_NeedsLock(point.UnixSeconds, number, isReplay)) waiting.Add(point);
        foreach (var point in part.Sketches)
            if (Takes_NeedsLock(point.UnixSeconds, number, isReplay)) waiting.Add(point);
        if (waiting.LastUnixSeconds > entry.LastUnixSeconds) entry.LastUnixSeconds = waiting.LastUnixSeconds;
    }

    /// <summary>A day that has only roll-ups left takes no points any more; and in a replay, one whose file has the record already.</summary>
    bool Takes_NeedsLock(long unixSeconds, long number, bool isReplay)
    {
        if (unixSeconds < _days.FloorUnixSeconds) return false;
        return !isReplay || _days.Of(MetricDay.Of(unixSeconds)).Raw is not { } raw || raw.Covered < number;
    }

    /// <inheritdoc/>
    public IReadOnlyList<SeriesBuckets> Read(MetricRead read, CancellationToken cancel)
    {
        ThrowIfClosed();
        if (read.BucketCount == 0) return [];
        MetricReading reading;
        lock (_lock) reading = new MetricReading(read, _days.Now, Waiting_NeedsLock(read), _catalogue, _directories, NoteDamage);
        try
        {
            return reading.Run(cancel);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw new StoreUnavailableException($"The metrics in {_folder} could not be read: {failure.Message} Try again; if this lasts, check the data folder.", failure);
        }
    }

    List<WaitingView> Waiting_NeedsLock(MetricRead read)
    {
        var views = new List<WaitingView>();
        var to = read.FirstUnixSeconds + (long)read.BucketCount * read.StepSeconds;
        foreach (var entry in _catalogue.Find(read.Metric)?.Series ?? [])
        {
            foreach (var waiting in (ReadOnlySpan<WaitingPoints?>)[entry.Frozen, entry.Live])
            {
                if (waiting is null || waiting.LastUnixSeconds < read.FirstUnixSeconds || waiting.FirstUnixSeconds >= to) continue;
                views.Add(new WaitingView(entry, waiting.Points.Written, waiting.Sketches.Count == 0 ? [] : [.. waiting.Sketches], waiting.FirstUnixSeconds, waiting.LastUnixSeconds));
            }
        }
        return views;
    }

    void NoteDamage(MetricFile file)
    {
        _counters.Add("metric_chunks_damaged", MetricDay.ToText(file.Day));
        _settings.OnTrouble($"The metric file {file.Path} is damaged in part: some series of {MetricDay.ToText(file.Day)} have gaps; nothing else is concerned. Check the disk, or restore the file.");
    }

    /// <inheritdoc/>
    public IReadOnlyList<MetricInfo> Metrics(long sinceUnixSeconds)
    {
        ThrowIfClosed();
        return _lists.Metrics(sinceUnixSeconds);
    }

    /// <inheritdoc/>
    public MetricInfo? Find(string metric)
    {
        ThrowIfClosed();
        return _lists.Find(metric);
    }

    /// <inheritdoc/>
    public MetricType? TypeOf(string metric)
    {
        ThrowIfClosed();
        return _lists.TypeOf(metric);
    }

    /// <inheritdoc/>
    public IReadOnlyList<SeriesInfo> Series(string metric, long sinceUnixSeconds)
    {
        ThrowIfClosed();
        return _lists.Series(metric, sinceUnixSeconds);
    }

    FilePayloadLog OpenLog(StoreFiles files) => new(Path.Combine(_folder, "log"), new PayloadLogSettings
    {
        MaxBytes = _settings.MaxLogBytes,
        SegmentBytes = (int)Math.Clamp(_settings.MaxLogBytes / 16, 65_536, 16_777_216),
        MaxRecordBytes = _admission.MaxRecordBytes,
        MaxQueuedBytes = _settings.MaxLogBytes / 2,
        OnMessage = _settings.OnTrouble,
        NumbersAfter = new LogPosition(_days.Files.Select(file => file.Covered).DefaultIfEmpty(0).Max()),
    }, files, _counters);

    /// <summary>A block that is not whole was torn by a crash when the log still has all of it, and is read from there. Else it is damaged, and what is good of it is used.</summary>
    void CutTornBlocks()
    {
        foreach (var (day, files) in _days.Now)
        {
            if (MetricFolder.IsLastBlockWhole(files)) continue;
            var header = files.Raw!.Blocks[^1].Header;
            if (_log.ReadAfter(new LogPosition(header.AllCovered)).Select(record => record.Position.Number).FirstOrDefault() == header.AllCovered + 1) _days.Set(day, files.With(MetricTier.Raw, _files.CutLastBlock(files.Raw)));
            else NoteDamage(files.Raw);
        }
    }

    void Replay()
    {
        _allCovered = _days.Files.SelectMany(file => file.Blocks).Select(block => block.Header.AllCovered).DefaultIfEmpty(0).Max();
        lock (_lock)
        {
            foreach (var logged in _log.ReadAfter(new LogPosition(_allCovered)))
            {
                try
                {
                    var record = MetricRecord.Decode(logged.Bytes.Span, key => _catalogue.GetOrAdd(key));
                    foreach (var part in record.Parts) Apply_NeedsLock(part, logged.Position.Number, isReplay: true);
                    _memory.Reserve(record.MemoryBytes);
                    _liveBytes += record.MemoryBytes;
                    _oldestLiveNanos = Math.Min(_oldestLiveNanos, _clock.NowUnixNanos());
                }
                catch (BlockDamagedException damage)
                {
                    _counters.Add("metric_records_damaged");
                    _settings.OnTrouble($"A record of the metric log in {_folder} cannot be read, and its points are missing: {damage.Message}");
                }
            }
            _applied = _log.Last.Number;
        }
    }

    /// <summary>
    /// Does what is due: writes what waited long enough or is much, rolls up days that are over, drops what is too old or too much. A timer calls
    /// it, and writers that fill the memory have it called. Failures are counted and told, and tried again.
    /// </summary>
    public void Tend()
    {
        try
        {
            if (!_tending.TryEnter()) return; // Somebody is at it.
            try
            {
                if (_isDisposed) return;
                if (IsFlushDue()) Flush();
                _keeper.RollUpDays(_stop.Token);
                _keeper.DropDays();
            }
            finally
            {
                _tending.Exit();
            }
        }
        catch (Exception failure) when (failure is StoreUnavailableException or IOException or UnauthorizedAccessException)
        {
            _settings.OnTrouble(failure.Message);
        }
        catch (OperationCanceledException)
        {
            // The end came meanwhile.
        }
    }

    void AskToTend()
    {
        if (Interlocked.Exchange(ref _isTendingDue, 1) != 0) return;
        ThreadPool.UnsafeQueueUserWorkItem(static store =>
        {
            Interlocked.Exchange(ref store._isTendingDue, 0);
            store.Tend();
        }, this, preferLocal: false);
    }

    bool IsFlushDue()
    {
        lock (_lock)
        {
            if (_frozen is not null) return true;
            return _live.Count > 0 && (_memory.HeldBytes > _settings.MaxWaitingBytes / 2 || _log.ByteCount > _settings.MaxLogBytes / 2
                || _clock.NowUnixNanos() - _oldestLiveNanos >= _settings.MaxWait.Ticks * UnixTime.NanosPerTick);
        }
    }

    /// <summary>Writes all that waits to the files of its days.</summary>
    /// <exception cref="StoreUnavailableException">It could not be written and waits on; the log has it. Retry later.</exception>
    public void Flush()
    {
        lock (_tending)
        {
            List<SeriesEntry> entries;
            lock (_lock)
            {
                if (_frozen is null) Freeze_NeedsLock();
                entries = _frozen!;
            }
            try
            {
                entries.Sort(static (left, right) => MetricBlockWriter.Compare(left.Key, right.Key));
                Publish(entries, _writer.Write(entries, _frozenApplied, _allCovered));
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                _counters.Add("metric_store_failures", "flush");
                throw new StoreUnavailableException($"Metrics cannot be written to {_folder}: {failure.Message} They wait in memory and in the log, and nothing is lost. Free some disk space, or check that the folder can be written; then it goes on by itself.", failure);
            }
        }
    }

    void Freeze_NeedsLock()
    {
        foreach (var entry in _live) (entry.Frozen, entry.Live) = (entry.Live, null);
        (_frozen, _live) = (_live, []);
        (_frozenBytes, _liveBytes) = (_liveBytes, 0);
        _frozenApplied = _applied;
        _oldestLiveNanos = long.MaxValue;
    }

    /// <summary>From here on the files give what waited.</summary>
    void Publish(List<SeriesEntry> entries, List<MetricFile> written)
    {
        lock (_lock)
        {
            foreach (var file in written) _days.Set(file.Day, _days.Of(file.Day).With(MetricTier.Raw, file));
            foreach (var entry in entries) entry.Frozen = null;
            _frozen = null;
            _memory.Release(_frozenBytes);
            _frozenBytes = 0;
            _allCovered = _frozenApplied;
        }
        _log.Release(new LogPosition(_allCovered));
    }

    void ThrowIfClosed()
    {
        if (_isDisposed) throw new StoreUnavailableException($"The metric store in {_folder} is closed.");
    }

    /// <summary>Ends what is under way, and closes. What waits in memory is in the log and is read from there at the next start.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _stop.Cancel();
        _timer.Dispose();
        lock (_tending)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            _log.Dispose();
            foreach (var file in _days.Files) file.File.Dispose();
            _stop.Dispose();
        }
    }
}
