using Apm.Core;
using Apm.Storage.Files;

namespace Apm.Storage.LiteDb;

/// <summary>
/// A stream of whole 8 KiB pages, as LiteDB uses its two files. After the first failure it takes nothing more, and
/// whoever commits must look at <see cref="Failure"/>.
/// </summary>
/// <remarks>
/// LiteDB calls it under locks of its own, but from several threads; everything here is behind one gate. A failed write
/// must not throw: on LiteDB's writer thread the exception closes the engine, and that waits for the same thread for ever.
/// </remarks>
abstract class LitePageStream(StoreFile file) : Stream
{
    /// <summary>Size of a page in LiteDB 5.</summary>
    public const int PageBytes = 8192;

    long _position;

    protected StoreFile File { get; } = file;

    protected object Gate { get; } = new();

    /// <summary>The first write or flush that failed; null while all is well.</summary>
    public Exception? Failure { get; private set; }

    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => true;

    public override long Position
    {
        get => _position;
        set => _position = value;
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        lock (Gate)
        {
            try
            {
                Invariant.Holds(_position % PageBytes == 0);
                Invariant.Holds(count == PageBytes);
                var read = ReadPage(_position / PageBytes, buffer.AsSpan(offset, count));
                _position += read;
                return read;
            }
            catch (Exception failure)
            {
                Stop(failure); // LiteDB will mark the data file as broken; that must not reach the disk.
                throw; // Reads run on the caller's thread, where LiteDB can close itself.
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        lock (Gate)
        {
            // LiteDB marks the data file as broken after a failure, and writes more while it closes. None of that is
            // wanted: the files are opened anew, as they were at the last commit.
            if (Failure is null)
            {
                try
                {
                    Invariant.Holds(_position % PageBytes == 0);
                    Invariant.Holds(count == PageBytes);
                    WritePage(_position / PageBytes, buffer.AsSpan(offset, count));
                }
                catch (Exception failure)
                {
                    Stop(failure);
                }
            }
            _position += count;
        }
    }

    public override void SetLength(long value)
    {
        lock (Gate)
        {
            if (Failure is not null) return;
            try
            {
                Invariant.Holds(value % PageBytes == 0);
                SetPageCount(value / PageBytes);
            }
            catch (Exception failure)
            {
                Stop(failure);
            }
        }
    }

    /// <summary>Makes what was written durable.</summary>
    /// <exception cref="IOException">This failed, or something before it.</exception>
    public void FlushToDisk()
    {
        lock (Gate)
        {
            ThrowIfFailed();
            try
            {
                FlushPages();
            }
            catch (Exception failure)
            {
                Stop(failure);
                throw;
            }
        }
    }

    /// <summary>Nothing: LiteDB asks for it after each page; we flush once per commit.</summary>
    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => _position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    /// <summary>From here on nothing is written any more, as after a failure.</summary>
    public void Stop(Exception reason)
    {
        lock (Gate)
        {
            Failure ??= reason;
            Monitor.PulseAll(Gate);
        }
    }

    protected abstract int ReadPage(long page, Span<byte> into);

    protected abstract void WritePage(long page, ReadOnlySpan<byte> bytes);

    protected abstract void SetPageCount(long pages);

    protected abstract void FlushPages();

    protected void ThrowIfFailed()
    {
        if (Failure is not null) throw new IOException(Failure.Message, Failure);
    }
}
