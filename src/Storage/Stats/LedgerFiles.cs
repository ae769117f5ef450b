using Apm.Core.Counting;
using Apm.Core.Ledger;
using Apm.Core.Time;
using Apm.Storage.Files;

namespace Apm.Storage.Stats;

/// <summary>
/// The ledger in hourly files of minutes, rolled up to one page of an hour when the hour is over. Appends are arranged first,
/// kept in the statistics' checkpoint, and then done, as those of the statistics are.
/// </summary>
/// <remarks>One thread writes; any may read.</remarks>
sealed class LedgerFiles(string folder, StatsStoreSettings settings, StoreFiles files, Counters counters)
{
    readonly Lock _lock = new();
    readonly SortedDictionary<(long Hour, long Width), long> _lengths = [];
    IReadOnlyList<LedgerAppend> _unfinished = [];
    IReadOnlyList<LedgerPage> _unfinishedPages = [];
    long _number;

    /// <summary>Takes stock of the folder, and of what the checkpoint still has to append.</summary>
    public void Load(long number, IReadOnlyList<LedgerAppend> unfinished)
    {
        lock (_lock)
        {
            foreach (var name in files.ListNames(folder))
            {
                if (LedgerFile.Parse(name) is not { } file) continue;
                using var opened = files.OpenRead(Path.Combine(folder, name));
                _lengths[(file.HourUnixNanos, file.WidthNanos)] = opened.Length;
            }
            (_number, _unfinished) = (number, unfinished);
        }
    }

    public long ByteCount
    {
        get
        {
            lock (_lock) return _lengths.Values.Sum();
        }
    }

    /// <summary>What goes behind which length of which file.</summary>
    public IReadOnlyList<LedgerAppend> Arrange(IReadOnlyList<LedgerPage> closed)
    {
        var appends = new List<LedgerAppend>();
        foreach (var hour in closed.GroupBy(page => UnixTime.Floor(page.StartUnixNanos, LedgerPage.HourNanos)))
        {
            // Where the minutes were dropped already, a late page joins the hour.
            var width = LengthOf(hour.Key, LedgerPage.MinuteNanos) == 0 && LengthOf(hour.Key, LedgerPage.HourNanos) > 0 ? LedgerPage.HourNanos : LedgerPage.MinuteNanos;
            if (width == LedgerPage.MinuteNanos && LengthOf(hour.Key, LedgerPage.HourNanos) > 0) Drop(hour.Key, LedgerPage.HourNanos); // It is made anew.
            var before = LengthOf(hour.Key, width);
            var bytes = new StatsByteWriter();
            if (before == 0) bytes.WriteRaw(LedgerFile.Header(hour.Key, width));
            foreach (var page in hour.OrderBy(page => page.StartUnixNanos)) LedgerFile.WriteRecord(bytes, page);
            appends.Add(new LedgerAppend(hour.Key, width, before, bytes.Written.ToArray()));
        }
        return appends;
    }

    /// <summary>The checkpoint is on disk: from now on readers get its pages.</summary>
    public void Accept(long number, IReadOnlyList<LedgerPage> pages, IReadOnlyList<LedgerAppend> appends)
    {
        lock (_lock) (_number, _unfinishedPages, _unfinished) = (number, [.. pages.Select(page => page.Copy())], appends);
    }

    /// <summary>Does the appends of the last checkpoint; twice is the same as once.</summary>
    public void Finish()
    {
        if (_unfinished.Count == 0) return;
        foreach (var append in _unfinished)
        {
            using (var file = files.Open(PathOf(append.HourUnixNanos, append.WidthNanos)))
            {
                file.Write(append.LengthBefore, append.Bytes);
                file.SetLength(append.LengthBefore + append.Bytes.Length);
                file.Flush();
            }
            if (append.LengthBefore == 0) files.FlushFolder(folder);
        }
        lock (_lock)
        {
            foreach (var append in _unfinished) _lengths[(append.HourUnixNanos, append.WidthNanos)] = append.LengthBefore + append.Bytes.Length;
            (_unfinished, _unfinishedPages) = ([], []);
        }
    }

    /// <summary>Rolls up the hours that are over, and drops what is too old.</summary>
    public void Tidy(long nowUnixNanos)
    {
        foreach (var (hour, width) in Keys())
        {
            var keep = width == LedgerPage.HourNanos ? settings.KeepLedgerHours : settings.KeepLedgerMinutes;
            var end = hour + LedgerPage.HourNanos;
            if (width == LedgerPage.MinuteNanos && end <= nowUnixNanos && LengthOf(hour, LedgerPage.HourNanos) == 0) RollUp(hour);
            if (end >= nowUnixNanos - keep.Ticks * UnixTime.NanosPerTick) continue;
            Drop(hour, width);
            if (width == LedgerPage.HourNanos) counters.Add("ledger_hours_dropped");
        }
    }

    /// <summary>The pages of all hours in a range, and which checkpoint they are of.</summary>
    public StoredLedger Read(TimeRange range, string? service, long coarsestNanos)
    {
        (long Hour, long Width, long Length)[] wanted;
        IReadOnlyList<LedgerPage> unfinished;
        long number;
        lock (_lock)
        {
            wanted = [.. WantedFiles_NeedsLock(range, coarsestNanos)];
            (unfinished, number) = (_unfinishedPages, _number);
        }
        var rows = new List<LedgerRow>();
        foreach (var (hour, width, length) in wanted) AddRows(ReadPages(hour, width, length));
        AddRows(unfinished);
        return new StoredLedger(number, rows);

        void AddRows(IReadOnlyList<LedgerPage> pages)
        {
            foreach (var page in pages)
                if (range.Overlaps(page.StartUnixNanos, page.EndUnixNanos - 1)) rows.AddRange(page.Rows(service));
        }
    }

    IEnumerable<(long Hour, long Width, long Length)> WantedFiles_NeedsLock(TimeRange range, long coarsestNanos)
    {
        foreach (var hour in _lengths.GroupBy(file => file.Key.Hour))
        {
            if (!range.Overlaps(hour.Key, hour.Key + LedgerPage.HourNanos - 1)) continue;
            // An hour may stand for its minutes only when all of them are wanted.
            var isWhole = range.FromUnixNanos <= hour.Key && range.ToUnixNanos >= hour.Key + LedgerPage.HourNanos;
            var wide = coarsestNanos >= LedgerPage.HourNanos && isWhole;
            var (key, length) = wide ? hour.Last() : hour.First();
            yield return (key.Hour, key.Width, length);
        }
    }

    List<LedgerPage> ReadPages(long hour, long width, long length)
    {
        if (files.ReadAll(PathOf(hour, width)) is not { } bytes) return []; // Dropped meanwhile.
        var pages = LedgerFile.ReadPages(bytes.AsSpan(0, (int)Math.Min(bytes.Length, length)), hour, width, out var isDamaged); // What is behind is being appended just now.
        if (isDamaged) counters.Add("ledger_files_damaged", LedgerFile.NameOf(hour, width));
        return pages;
    }

    void RollUp(long hour)
    {
        var rolled = new LedgerPage(hour, LedgerPage.HourNanos);
        foreach (var page in ReadPages(hour, LedgerPage.MinuteNanos, LengthOf(hour, LedgerPage.MinuteNanos))) rolled.Merge(page);
        var bytes = new StatsByteWriter();
        bytes.WriteRaw(LedgerFile.Header(hour, LedgerPage.HourNanos));
        LedgerFile.WriteRecord(bytes, rolled);
        files.Replace(PathOf(hour, LedgerPage.HourNanos), bytes.Written);
        lock (_lock) _lengths[(hour, LedgerPage.HourNanos)] = bytes.Written.Length;
    }

    void Drop(long hour, long width)
    {
        files.Delete(PathOf(hour, width));
        lock (_lock) _lengths.Remove((hour, width));
    }

    long LengthOf(long hour, long width)
    {
        lock (_lock) return _lengths.GetValueOrDefault((hour, width));
    }

    (long Hour, long Width)[] Keys()
    {
        lock (_lock) return [.. _lengths.Keys];
    }

    string PathOf(long hour, long width) => Path.Combine(folder, LedgerFile.NameOf(hour, width));
}

/// <summary>Bytes that belong behind a known length of an hour's file. Doing it twice is the same as once.</summary>
/// <param name="LengthBefore">0 when the file begins with it, header included.</param>
sealed record LedgerAppend(long HourUnixNanos, long WidthNanos, long LengthBefore, byte[] Bytes);
