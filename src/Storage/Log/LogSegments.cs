using System.Globalization;
using Apm.Core;
using Apm.Core.Counting;
using Apm.Storage.Files;

namespace Apm.Storage.Log;

/// <summary>The segment files of a log: which there are, the one that is written, and what to do with broken ones.</summary>
/// <remarks><see cref="Append"/> by one thread; the rest by any.</remarks>
sealed class LogSegments : IDisposable
{
    readonly Lock _lock = new();
    readonly string _folder;
    readonly PayloadLogSettings _settings;
    readonly StoreFiles _files;
    readonly Counters _counters;

    /// <summary>Bytes by first number; the last entry is the newest.</summary>
    readonly SortedList<long, long> _bytesByFirstNumber = [];

    StoreFile? _current;
    long _currentEnd;

    public LogSegments(string folder, PayloadLogSettings settings, StoreFiles files, Counters counters)
    {
        _folder = folder;
        _settings = settings;
        _files = files;
        _counters = counters;
        files.CreateFolder(folder);
        foreach (var name in files.ListNames(folder))
        {
            if (name.EndsWith(StoreFiles.TemporarySuffix, StringComparison.Ordinal)) files.Delete(PathOf(name));
            else if (LogSegment.FirstNumberOf(name) is { } first) _bytesByFirstNumber[first] = LengthOf(name);
        }
        LastNumber = _bytesByFirstNumber.Count == 0 ? 0 : CloseLastSegment(_bytesByFirstNumber.GetKeyAtIndex(_bytesByFirstNumber.Count - 1));
    }

    /// <summary>Number of the newest record when the log was opened; 0 when there was none.</summary>
    public long LastNumber { get; }

    public long ByteCount
    {
        get
        {
            lock (_lock) return _bytesByFirstNumber.Values.Sum();
        }
    }

    /// <summary>Bytes that still go into the segment that is being written.</summary>
    public long RoomInCurrent => _current is null ? 0 : _settings.SegmentBytes - _currentEnd;

    /// <summary>Writes and flushes records. When it throws, none of them is there.</summary>
    public void Append(long firstNumber, IReadOnlyList<ReadOnlyMemory<byte>> parts, long bytes)
    {
        if (bytes > RoomInCurrent) Begin(firstNumber);
        try
        {
            _current!.Write(_currentEnd, parts);
            _current.Flush();
        }
        catch
        {
            Abandon();
            throw;
        }
        _currentEnd += bytes;
        lock (_lock) _bytesByFirstNumber.SetValueAtIndex(_bytesByFirstNumber.Count - 1, _currentEnd);
    }

    /// <summary>The content of the segments that hold records after one and up to another, in order.</summary>
    public IEnumerable<LogSegmentContent> ReadAfter(long after, long upTo)
    {
        long[] firsts;
        lock (_lock) firsts = [.. _bytesByFirstNumber.Keys];
        for (var i = 0; i < firsts.Length; i++)
        {
            var next = i + 1 < firsts.Length ? firsts[i + 1] : upTo == long.MaxValue ? upTo : upTo + 1;
            if (next - 1 <= after) continue;
            if (TryParse(firsts[i], next) is not { } content) continue;
            var isOpen = i + 1 == firsts.Length && _current is not null;
            if (content.BadByteCount > 0 && !isOpen) SetAside(firsts[i], content);
            yield return content;
        }
    }

    /// <summary>Deletes the segments whose records are all up to a number; never the newest segment.</summary>
    public void DeleteUpTo(long number)
    {
        while (true)
        {
            long first;
            lock (_lock)
            {
                if (_bytesByFirstNumber.Count < 2 || _bytesByFirstNumber.GetKeyAtIndex(1) > number + 1) return;
                first = _bytesByFirstNumber.GetKeyAtIndex(0);
            }
            _files.Delete(PathOf(LogSegment.NameOf(first)));
            lock (_lock) _bytesByFirstNumber.Remove(first);
        }
    }

    public void Dispose()
    {
        if (_current is null) return;
        GiveBackReserved();
        _current.Dispose();
        _current = null;
    }

    void Begin(long firstNumber)
    {
        if (_current is not null)
        {
            GiveBackReserved();
            _current.Dispose();
            _current = null;
        }
        var path = PathOf(LogSegment.NameOf(firstNumber));
        var file = _files.Open(path);
        try
        {
            file.SetLength(0); // One of that name held only records that were refused.
            file.Reserve(BytesToReserve());
            file.Write(0, LogSegment.Header(firstNumber));
            file.Flush();
            _files.FlushFolder(_folder);
        }
        catch
        {
            TryCut(file, 0);
            file.Dispose();
            throw;
        }
        _current = file;
        _currentEnd = LogSegment.HeaderBytes;
        lock (_lock)
        {
            _bytesByFirstNumber[firstNumber] = _currentEnd;
            Invariant.Holds(_bytesByFirstNumber.GetKeyAtIndex(_bytesByFirstNumber.Count - 1) == firstNumber);
        }
    }

    /// <summary>A whole segment, but never more than a quarter of what the disk has left: a small disk is for the data.</summary>
    long BytesToReserve() => Math.Min(_settings.SegmentBytes, Math.Max(LogSegment.HeaderBytes, _files.FreeBytes(_folder) / 4));

    /// <summary>Gives up the segment after a failure: nobody knows what of the last write is on disk.</summary>
    void Abandon()
    {
        TryCut(_current!, _currentEnd);
        _current!.Dispose();
        _current = null;
    }

    /// <summary>Best effort: where it fails, the next segment's name says that the records behind never were.</summary>
    void TryCut(StoreFile file, long length)
    {
        try
        {
            file.SetLength(length);
        }
        catch (Exception)
        {
            _counters.Add("log_failures", "cut");
        }
    }

    void GiveBackReserved() => TryCut(_current!, _currentEnd);

    /// <summary>Cuts the tail that the last run left, and gives the number of the newest record.</summary>
    long CloseLastSegment(long first)
    {
        var content = Parse(first, long.MaxValue);
        if (content.HasHole)
        {
            SetAside(first, content);
        }
        else
        {
            if (content.BadByteCount > 0) _counters.Add("log_torn_tails");
            using var file = _files.Open(PathOf(LogSegment.NameOf(first)));
            var end = content.Records.Count == 0 ? 0 : content.EndOffset;
            if (file.Length > end)
            {
                file.SetLength(end);
                file.Flush();
            }
            lock (_lock) _bytesByFirstNumber[first] = file.Length;
        }
        return content.Records.Count == 0 ? first - 1 : content.Records[^1].Number;
    }

    /// <summary>Keeps a damaged segment under another name, and its good records under the old one.</summary>
    void SetAside(long first, LogSegmentContent content)
    {
        var path = PathOf(LogSegment.NameOf(first));
        var kept = new List<ReadOnlyMemory<byte>> { LogSegment.Header(first) };
        foreach (var record in content.Records)
            kept.Add(content.Bytes.Slice(record.Offset - LogSegment.RecordHeaderBytes, record.Length + LogSegment.RecordHeaderBytes));

        var temporary = path + StoreFiles.TemporarySuffix;
        using (var file = _files.Open(temporary))
        {
            file.Write(0, kept);
            file.Flush();
            lock (_lock) _bytesByFirstNumber[first] = file.Length;
        }
        _files.Rename(path, path + DamagedSuffix);
        _files.Rename(temporary, path);
        _files.FlushFolder(_folder);
        _counters.Add("log_segments_damaged");
        _settings.OnMessage(string.Create(CultureInfo.InvariantCulture,
            $"The log segment {path} is damaged: {content.BadByteCount} bytes cannot be read. Its {content.Records.Count} good payloads are used; " +
            $"the file is kept as {Path.GetFileName(path)}{DamagedSuffix} and can be deleted. Check the disk for errors."));
    }

    /// <summary>Ending of a damaged segment that was set aside.</summary>
    public const string DamagedSuffix = ".damaged";

    LogSegmentContent Parse(long first, long next) =>
        LogSegment.Parse(_files.ReadAll(PathOf(LogSegment.NameOf(first))), first, next);

    /// <summary>Null when the disk does not give the segment, which must not keep Apm from starting; the file stays for whoever can read it.</summary>
    LogSegmentContent? TryParse(long first, long next)
    {
        try
        {
            return Parse(first, next);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            var path = PathOf(LogSegment.NameOf(first));
            _counters.Add("log_segments_damaged");
            var isKept = _current is null && TryRename(path);
            _settings.OnMessage(
                $"The log segment {path} cannot be read: {failure.Message} Payloads in it that were not stored yet are missing. " +
                (isKept ? $"It is kept as {Path.GetFileName(path)}{DamagedSuffix}. Check the disk and the file's permissions." : $"Check the disk and the file's permissions."));
            return null;
        }
    }

    bool TryRename(string path)
    {
        try
        {
            _files.Rename(path, path + DamagedSuffix);
            _files.FlushFolder(_folder);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    long LengthOf(string name)
    {
        using var file = _files.OpenRead(PathOf(name));
        return file.Length;
    }

    string PathOf(string name) => Path.Combine(_folder, name);
}
