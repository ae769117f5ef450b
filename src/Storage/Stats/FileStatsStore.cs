using System.Globalization;
using Apm.Core;
using Apm.Core.Counting;
using Apm.Core.Errors;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Storage.Files;

namespace Apm.Storage.Stats;

/// <summary>
/// Statistics in hourly files of 10 s buckets, rolled up to minutes and an hour when the hour is over.
/// </summary>
/// <remarks>
/// A checkpoint is one file, replaced whole; it says which bytes belong behind which length of which hour. Only then are
/// these bytes appended. Dying in between leaves an append that the next start does, or does again: each closed bucket
/// stands in its file once, whatever the instant. One thread writes; any may read.
/// </remarks>
public sealed class FileStatsStore : IStatsStore
{
    const string CheckpointName = "checkpoint";

    readonly string _folder;
    readonly StatsStoreSettings _settings;
    readonly StoreFiles _files;
    readonly TimeProvider _clock;
    readonly Counters _counters;
    readonly StatsHours _hours;
    readonly LedgerFiles _ledger;

    StatsCheckpoint? _checkpoint;
    IReadOnlyList<StatsAppend> _unfinished = [];
    long _tidiedHour = long.MinValue;
    bool _isCheckpointLost;

    /// <summary>Opens the statistics of a folder, and finishes the append that a crash prevented.</summary>
    /// <exception cref="StoreUnavailableException">The folder cannot be read or written, or is of a newer version.</exception>
    public FileStatsStore(string folder, StatsStoreSettings settings, StoreFiles files, TimeProvider clock, Counters counters)
    {
        _folder = folder;
        _settings = settings;
        _files = files;
        _clock = clock;
        _counters = counters;
        _hours = new StatsHours(folder, files, counters, settings);
        _ledger = new LedgerFiles(folder, settings, files, counters);
        try
        {
            files.CreateFolder(folder);
            _hours.Load();
            var ledgerAppends = ReadCheckpointFile();
            _ledger.Load(_checkpoint?.Ledger.Number ?? 0, ledgerAppends);
            FinishAppends();
        }
        catch (NotSupportedException failure)
        {
            throw new StoreUnavailableException(
                $"The statistics' checkpoint {CheckpointPath} cannot be used: {failure.Message}. Start that version, or give this one a folder of its own with --data DIR. Nothing was changed.", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException($"The statistics in {folder} cannot be opened: {failure.Message}", failure);
        }
    }

    /// <summary>Bytes of all files.</summary>
    public long ByteCount => _hours.ByteCount + _ledger.ByteCount;

    /// <summary>Beginning of the oldest hour of which anything is kept; null when there is none.</summary>
    public long? OldestUnixNanos => _hours.All() is [var oldest, ..] ? oldest.Hour : null;

    string CheckpointPath => Path.Combine(_folder, CheckpointName);

    public StatsCheckpoint? ReadCheckpoint()
    {
        if (_isCheckpointLost || _checkpoint is null || _files.ReadAll(CheckpointPath) is not { } bytes) return _checkpoint;
        return StatsCheckpointFile.Decode(bytes).Checkpoint; // Anew, so that the buckets are the caller's own.
    }

    /// <returns>What it still has to append to the ledger.</returns>
    IReadOnlyList<LedgerAppend> ReadCheckpointFile()
    {
        if (_files.ReadAll(CheckpointPath) is not { } bytes) return [];
        try
        {
            (_checkpoint, _unfinished, var ledgerAppends) = StatsCheckpointFile.Decode(bytes);
            return ledgerAppends;
        }
        catch (InvalidDataException damage)
        {
            _counters.Add("stats_checkpoints_damaged");
            SetAside.Rename(_files, CheckpointPath);
            var newest = _hours.All().Select(file => file.Hour).DefaultIfEmpty(0).Max();
            _isCheckpointLost = true;
            _checkpoint = new StatsCheckpoint([], [], newest, _settings.CoveredWhenCheckpointIsLost);
            _settings.OnTrouble(
                $"The statistics' checkpoint {CheckpointPath} is damaged: {damage.Message}. It is kept as {CheckpointName}{SetAside.Suffix} and can be deleted. " +
                "Spans of the last half minute before the end are missing from the statistics; nothing else is lost, and traces are not concerned. Check the disk.");
            return [];
        }
    }

    public void Write(StatsCheckpoint checkpoint)
    {
        try
        {
            FinishAppends(); // Else the next checkpoint would forget what the last one still has to append.
            foreach (var hour in checkpoint.Closed.Select(bucket => HourOf(bucket.StartUnixNanos)).Distinct()) DropRollups(hour);
            var appends = Arrange(checkpoint.Closed);
            var ledgerAppends = _ledger.Arrange(checkpoint.Ledger.Closed);
            _files.Replace(CheckpointPath, StatsCheckpointFile.Encode(checkpoint, appends, ledgerAppends));
            _checkpoint = checkpoint;
            _isCheckpointLost = false;
            _ledger.Accept(checkpoint.Ledger.Number, checkpoint.Ledger.Closed, ledgerAppends);
            _unfinished = appends;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _counters.Add("stats_failures", "write");
            throw new StoreUnavailableException(
                $"The statistics could not be written: {failure.Message} They are kept in memory and offered again. " +
                "If this lasts, free disk space or check the data folder.", failure);
        }
        try
        {
            FinishAppends();
            Tidy(checkpoint.OldestOpenStartUnixNanos);
            if (_hours.ByteCount > RetainedBytes) DropTooMuch(); // At once: the budget is a promise.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _counters.Add("stats_failures", "append"); // The checkpoint has it all; the next write goes on from there.
        }
    }

    public IEnumerable<StatsRow> Read(TimeRange range, StatsFilter filter, long coarsestNanos)
    {
        // Hours of wide buckets begin before the range does.
        var widened = new TimeRange(UnixTime.Floor(range.FromUnixNanos, StatsSegment.HourNanos), range.ToUnixNanos);
        foreach (var hour in _hours.HoursOf(widened))
        {
            foreach (var bucket in BucketsOf(hour, coarsestNanos))
            {
                var end = bucket.StartUnixNanos + bucket.WidthNanos;
                if (bucket.StartUnixNanos >= range.ToUnixNanos || end <= range.FromUnixNanos) continue;
                for (var i = 0; i < bucket.CellCount; i++)
                {
                    var key = bucket.KeyAt(i);
                    if (filter.Accepts(key)) yield return new StatsRow(bucket.StartUnixNanos, bucket.WidthNanos, key, bucket.CellAt(i));
                }
            }
        }
    }

    public IEnumerable<IssueCountRow> ReadIssueCounts(TimeRange range, IssueId? issue, long coarsestNanos)
    {
        var widened = new TimeRange(UnixTime.Floor(range.FromUnixNanos, StatsSegment.HourNanos), range.ToUnixNanos);
        foreach (var hour in _hours.HoursOf(widened))
        {
            foreach (var bucket in BucketsOf(hour, coarsestNanos))
            {
                if (bucket.StartUnixNanos >= range.ToUnixNanos || bucket.StartUnixNanos + bucket.WidthNanos <= range.FromUnixNanos) continue;
                foreach (var (key, count) in bucket.Issues)
                    if (issue is null || key.Issue == issue) yield return new IssueCountRow(bucket.StartUnixNanos, bucket.WidthNanos, key, count);
            }
        }
    }

    public StoredLedger ReadLedger(TimeRange range, string? service, long coarsestNanos)
    {
        try
        {
            return _ledger.Read(range, service, coarsestNanos);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException($"The ledger could not be read: {failure.Message} Try again; if this lasts, check the data folder.", failure);
        }
    }

    public void Dispose()
    {
        // Nothing is held open and nothing waits.
    }

    IReadOnlyList<StoredBucket> BucketsOf(long hour, long coarsestNanos)
    {
        try
        {
            if (_hours.WidthFor(hour, coarsestNanos) is not { } width) return [];
            var buckets = _hours.Read(hour, width, out var isDamaged);
            if (!isDamaged || width == StatsBucket.CountedWidthNanos || _hours.LengthOf(hour, StatsBucket.CountedWidthNanos) == 0) return buckets;
            return _hours.Read(hour, StatsBucket.CountedWidthNanos, out _); // The finer ones have what the damaged roll-up lost.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException($"The statistics of an hour could not be read: {failure.Message} Try again; if this lasts, check the data folder.", failure);
        }
    }

    /// <summary>What goes behind which length of which file.</summary>
    StatsAppend[] Arrange(IReadOnlyList<StatsBucket> closed) =>
    [
        .. closed.GroupBy(bucket => HourOf(bucket.StartUnixNanos)).Select(hour =>
        {
            var before = _hours.LengthOf(hour.Key, StatsBucket.CountedWidthNanos);
            var bytes = new StatsByteWriter();
            if (before == 0) bytes.WriteRaw(StatsSegment.Header(hour.Key, StatsBucket.CountedWidthNanos));
            foreach (var bucket in hour.OrderBy(bucket => bucket.StartUnixNanos))
            {
                Invariant.Holds(bucket.WidthNanos == StatsBucket.CountedWidthNanos);
                Invariant.Holds(bucket.StartUnixNanos % StatsBucket.CountedWidthNanos == 0);
                StatsSegment.WriteRecord(bytes, StoredBucket.Encode(bucket));
            }
            return new StatsAppend(hour.Key, before, bytes.Written.ToArray());
        }),
    ];

    void FinishAppends()
    {
        _ledger.Finish();
        if (_unfinished.Count == 0) return;
        foreach (var append in _unfinished)
        {
            var width = StatsBucket.CountedWidthNanos;
            var isNew = append.LengthBefore == 0;
            using (var file = _files.Open(_hours.PathOf(append.HourUnixNanos, width)))
            {
                file.Write(append.LengthBefore, append.Bytes);
                file.SetLength(append.LengthBefore + append.Bytes.Length);
                file.Flush();
            }
            if (isNew) _files.FlushFolder(_folder);
            _hours.Written(append.HourUnixNanos, width, append.LengthBefore, append.LengthBefore + append.Bytes.Length, isNew ? null : PayloadsOf(append.Bytes));
        }
        _unfinished = [];
    }

    static List<byte[]> PayloadsOf(ReadOnlySpan<byte> records)
    {
        var payloads = new List<byte[]>();
        var reader = new StatsByteReader(records);
        while (!reader.AtEnd)
        {
            var length = reader.ReadUInt32();
            reader.ReadUInt32();
            payloads.Add(reader.ReadRaw((int)length).ToArray());
        }
        return payloads;
    }

    /// <summary>A bucket for an hour that was rolled up already: rare, and then the roll-ups are made anew.</summary>
    void DropRollups(long hour)
    {
        if (_hours.LengthOf(hour, StatsBucket.CountedWidthNanos) == 0) return; // They are all that is left of that hour.
        foreach (var width in StatsSegment.WidthsNanos.Skip(1))
            if (_hours.LengthOf(hour, width) > 0) _hours.Drop(hour, width);
        _tidiedHour = Math.Min(_tidiedHour, hour);
    }

    /// <summary>Once an hour: rolls up the hours that are over, and drops what is too old or too much.</summary>
    void Tidy(long oldestOpenUnixNanos)
    {
        var over = HourOf(oldestOpenUnixNanos);
        if (over == _tidiedHour) return;
        foreach (var (hour, width, _) in _hours.All())
        {
            if (width != StatsBucket.CountedWidthNanos || hour >= over) continue;
            foreach (var rolled in StatsSegment.WidthsNanos.Skip(1))
                if (_hours.LengthOf(hour, rolled) == 0) RollUp(hour, rolled);
        }
        DropOld(Math.Min(oldestOpenUnixNanos, _clock.NowUnixNanos())); // A clock that jumps ahead must not empty the store.
        _ledger.Tidy(Math.Min(oldestOpenUnixNanos, _clock.NowUnixNanos()));
        _tidiedHour = over;
    }

    void RollUp(long hour, long width)
    {
        var buckets = new SortedDictionary<long, StatsBucket>();
        foreach (var fine in _hours.Read(hour, StatsBucket.CountedWidthNanos, out _))
        {
            var start = UnixTime.Floor(fine.StartUnixNanos, width);
            if (!buckets.TryGetValue(start, out var bucket)) buckets.Add(start, bucket = new StatsBucket(start, width));
            fine.AddTo(bucket);
        }
        var bytes = new StatsByteWriter();
        bytes.WriteRaw(StatsSegment.Header(hour, width));
        foreach (var bucket in buckets.Values) StatsSegment.WriteRecord(bytes, StoredBucket.Encode(bucket));
        _files.Replace(_hours.PathOf(hour, width), bytes.Written);
        _hours.Written(hour, width, 0, bytes.Written.Length);
    }

    void DropOld(long nowUnixNanos)
    {
        foreach (var (hour, width, _) in _hours.All())
        {
            var keep = width == StatsSegment.HourNanos ? _settings.KeepHours : width == StatsSegment.MinuteNanos ? _settings.KeepMinutes : _settings.KeepTenSeconds;
            if (hour + StatsSegment.HourNanos < nowUnixNanos - keep.Ticks * UnixTime.NanosPerTick) Drop(hour, width, "age");
        }
    }

    void DropTooMuch()
    {
        var total = _hours.ByteCount;
        foreach (var width in StatsSegment.WidthsNanos)
        {
            foreach (var (hour, _, length) in _hours.All().Where(file => file.Width == width))
            {
                if (total <= RetainedBytes) return;
                // An hour that has nothing coarser yet is not over; it goes only when nothing else is left to go.
                if (width == StatsBucket.CountedWidthNanos && _hours.LengthOf(hour, StatsSegment.HourNanos) == 0) continue;
                Drop(hour, width, "bytes");
                total -= length;
            }
        }
        foreach (var (hour, width, length) in _hours.All())
        {
            if (total <= _settings.MaxBytes) return;
            // Nothing but hours that are not over: their statistics are more than all of them may take.
            Drop(hour, width, "bytes");
            total -= length;
            _settings.OnTrouble(string.Create(CultureInfo.InvariantCulture,
                $"The statistics of the hour from {UnixTime.ToDateTime(hour):yyyy-MM-dd HH:mm} UTC were dropped before it was over: it alone takes more than the {_settings.MaxBytes / 1_048_576} MiB that statistics may take. " +
                $"Raise the storage budget, or send fewer distinct resources."));
        }
    }

    /// <summary>Where dropping stops: the next checkpoints have room.</summary>
    long RetainedBytes => _settings.MaxBytes - (_settings.MaxBytes / 16);

    void Drop(long hour, long width, string reason)
    {
        _hours.Drop(hour, width);
        _counters.Add("stats_hours_dropped", reason);
    }

    static long HourOf(long unixNanos) => UnixTime.Floor(unixNanos, StatsSegment.HourNanos);
}
