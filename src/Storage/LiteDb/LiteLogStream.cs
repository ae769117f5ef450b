using System.Buffers.Binary;
using Apm.Core;
using Apm.Storage.Files;

namespace Apm.Storage.LiteDb;

/// <summary>
/// LiteDB's log on a file of ours. LiteDB sees 8 KiB pages one after the other; on disk each has a number, a salt and a
/// checksum behind it (<c>docs/formats/litedb-log.md</c>), so that a torn or half-written commit is seen and cut off.
/// LiteDB's own log has no checksums: there a page that never reached the disk reads as an empty one.
/// </summary>
/// <remarks>
/// LiteDB writes from a thread of its own and asks for a flush after each page; both are taken calmly: a flush does
/// nothing here, and <see cref="WaitForLength"/> then <see cref="LitePageStream.FlushToDisk"/> make one commit durable with one flush.
/// </remarks>
sealed class LiteLogStream : LitePageStream
{
    const int TrailerBytes = 12;
    const int FrameBytes = PageBytes + TrailerBytes;

    /// <summary>Where LiteDB 5 marks the last page of a transaction.</summary>
    const int ConfirmedOffset = 18;

    readonly byte[] _frame = new byte[FrameBytes];
    uint _salt;
    long _pageCount;
    bool _isDirty;

    /// <summary>Called before the log is emptied: the data file must hold it all by then.</summary>
    public Action BeforeTruncate { get; set; } = static () => { };

    public LiteLogStream(StoreFile file, uint salt) : base(file)
    {
        _salt = salt;
        _pageCount = FindEndOfLastCommit();
        if (File.Length != _pageCount * FrameBytes)
        {
            HadTornTail = true;
            File.SetLength(_pageCount * FrameBytes);
            File.Flush();
        }
        CommittedPageCount = _pageCount;
    }

    /// <summary>Something behind the last whole commit was cut off on opening.</summary>
    public bool HadTornTail { get; }

    /// <summary>Pages of acknowledged commits; what stands behind them was never acknowledged.</summary>
    public long CommittedPageCount { get; private set; }

    public override long Length
    {
        get
        {
            lock (Gate) return _pageCount * PageBytes;
        }
    }

    /// <summary>LiteDB commits before its writer thread has written: waits until that thread is there.</summary>
    /// <exception cref="IOException">A write failed, or the writer does not come.</exception>
    public void WaitForLength(long bytes, TimeSpan atMost)
    {
        lock (Gate)
        {
            while (Failure is null && _pageCount * PageBytes < bytes)
                if (!Monitor.Wait(Gate, atMost)) throw new IOException($"LiteDB announced a log of {bytes} bytes but wrote {_pageCount * PageBytes}.");
            ThrowIfFailed();
        }
    }

    /// <summary>Takes back what was written since the last <see cref="LitePageStream.FlushToDisk"/>.</summary>
    public static void CutTo(StoreFile file, long committedPageCount)
    {
        if (file.Length <= committedPageCount * FrameBytes) return;
        file.SetLength(committedPageCount * FrameBytes);
        file.Flush();
    }

    protected override int ReadPage(long page, Span<byte> into)
    {
        if (page >= _pageCount) return 0;
        return File.Read(page * FrameBytes, into);
    }

    protected override void WritePage(long page, ReadOnlySpan<byte> bytes)
    {
        Invariant.Holds(page <= _pageCount); // LiteDB appends; a hole would read back as a torn tail.
        bytes.CopyTo(_frame);
        BinaryPrimitives.WriteUInt32LittleEndian(_frame.AsSpan(PageBytes), (uint)page);
        BinaryPrimitives.WriteUInt32LittleEndian(_frame.AsSpan(PageBytes + 4), _salt);
        BinaryPrimitives.WriteUInt32LittleEndian(_frame.AsSpan(PageBytes + 8), Checksum.Of(_frame.AsSpan(0, PageBytes + 8)));
        File.Write(page * FrameBytes, _frame);
        _isDirty = true;
        _pageCount = Math.Max(_pageCount, page + 1);
        Monitor.PulseAll(Gate);
    }

    protected override void SetPageCount(long pages)
    {
        BeforeTruncate();
        File.SetLength(pages * FrameBytes);
        _pageCount = pages;
        CommittedPageCount = Math.Min(CommittedPageCount, pages);
        _isDirty = true;
        // A page of the old round that a crash brings back must not pass for one of the new round.
        if (pages == 0) _salt = unchecked(_salt + 1);
    }

    /// <summary>Whatever is on disk then is committed.</summary>
    protected override void FlushPages()
    {
        if (_isDirty) File.Flush();
        _isDirty = false;
        CommittedPageCount = _pageCount;
    }

    long FindEndOfLastCommit()
    {
        var end = 0L;
        for (var page = 0L; File.Read(page * FrameBytes, _frame) == FrameBytes; page++)
        {
            var trailer = _frame.AsSpan(PageBytes);
            var salt = BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]);
            if (page == 0) _salt = salt;
            if (BinaryPrimitives.ReadUInt32LittleEndian(trailer) != (uint)page || salt != _salt
                || BinaryPrimitives.ReadUInt32LittleEndian(trailer[8..]) != Checksum.Of(_frame.AsSpan(0, PageBytes + 8))) break;
            if (_frame[ConfirmedOffset] != 0) end = page + 1;
        }
        return end;
    }
}
