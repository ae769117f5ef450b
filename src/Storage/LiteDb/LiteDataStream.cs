using Apm.Storage.Files;

namespace Apm.Storage.LiteDb;

/// <summary>
/// LiteDB's data file. It is written only when the log is carried over into it, and the log must be durable by then;
/// a crash in the middle is made good by carrying the same log over again.
/// </summary>
sealed class LiteDataStream : LitePageStream
{
    bool _isDirty;

    /// <summary>Called before a page is written.</summary>
    public Action BeforeWrite { get; set; } = static () => { };

    /// <param name="file">The data file.</param>
    /// <param name="logIsEmpty">Whether no log stands beside it: then an unfinished first page was never acknowledged.</param>
    public LiteDataStream(StoreFile file, bool logIsEmpty) : base(file)
    {
        var wholeBytes = file.Length / PageBytes * PageBytes;
        if (logIsEmpty && wholeBytes > 0 && HeaderIsBlank()) wholeBytes = 0; // Died while the file was being made.
        if (file.Length != wholeBytes) file.SetLength(wholeBytes);
    }

    public override long Length => File.Length;

    protected override int ReadPage(long page, Span<byte> into) => File.Read(page * PageBytes, into);

    protected override void WritePage(long page, ReadOnlySpan<byte> bytes)
    {
        BeforeWrite();
        File.Write(page * PageBytes, bytes);
        _isDirty = true;
    }

    protected override void SetPageCount(long pages)
    {
        BeforeWrite();
        File.SetLength(pages * PageBytes);
        _isDirty = true;
    }

    protected override void FlushPages()
    {
        if (_isDirty) File.Flush();
        _isDirty = false;
    }

    bool HeaderIsBlank()
    {
        var header = new byte[PageBytes];
        File.Read(0, header);
        return !header.AsSpan().ContainsAnyExcept((byte)0);
    }
}
