namespace Apm.Storage.Files;

/// <summary>
/// The few things that the stores ask of a file system. Every write of a store goes through here, so that a test can
/// let the process "die" at any single step and see what is left.
/// </summary>
/// <remarks>Thread-safe. Failures are <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</remarks>
public abstract class StoreFiles
{
    /// <summary>Opens a file for reading and writing, making it when it is not there.</summary>
    public abstract StoreFile Open(string path);

    /// <summary>Opens a file that must be there, for reading only.</summary>
    public abstract StoreFile OpenRead(string path);

    public abstract bool Exists(string path);

    /// <summary>Names (without the folder) of the files in a folder, ordinal order; empty when there is no such folder.</summary>
    public abstract IReadOnlyList<string> ListNames(string folder);

    /// <summary>Makes a folder and its parents; nothing happens when it is there.</summary>
    public abstract void CreateFolder(string folder);

    /// <summary>Renames within a folder, in place of any file of the new name. Durable after <see cref="FlushFolder"/>.</summary>
    public abstract void Rename(string from, string to);

    /// <summary>Removes a file; nothing happens when it is not there.</summary>
    public abstract void Delete(string path);

    /// <summary>Makes new, renamed and removed names of a folder durable.</summary>
    public abstract void FlushFolder(string folder);

    /// <summary>Bytes that can still be written to the disk that holds a folder.</summary>
    public abstract long FreeBytes(string folder);

    /// <summary>Bytes that the disk holds at all, free or not; max value when that is not known.</summary>
    public virtual long DiskBytes(string folder) => long.MaxValue;

    /// <summary>Writes a whole small file so that after any crash either the old or the new content stands there.</summary>
    public void Replace(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + TemporarySuffix;
        Delete(temporary); // Left by a crash, it might be longer than what comes now.
        using (var file = Open(temporary))
        {
            file.Write(0, content);
            file.Flush();
        }
        Rename(temporary, path);
        FlushFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>The whole of a file; null when it is not there.</summary>
    public byte[]? ReadAll(string path)
    {
        if (!Exists(path)) return null;
        using var file = OpenRead(path);
        var bytes = new byte[file.Length];
        var read = file.Read(0, bytes);
        return read == bytes.Length ? bytes : bytes[..read];
    }

    /// <summary>Ending of a file that was being written; one found at start is rubbish.</summary>
    public const string TemporarySuffix = ".tmp";
}

/// <summary>One open file, read and written by position.</summary>
/// <remarks>Reads may run at the same time as anything; writers take turns.</remarks>
public abstract class StoreFile : IDisposable
{
    public abstract long Length { get; }

    /// <summary>Fills the buffer as far as the file goes.</summary>
    /// <returns>Bytes read; fewer than asked only at the end of the file.</returns>
    public abstract int Read(long offset, Span<byte> buffer);

    public abstract void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Writes the parts one after the other.</summary>
    public abstract void Write(long offset, IReadOnlyList<ReadOnlyMemory<byte>> parts);

    /// <summary>Cuts the file, or extends it with zeros.</summary>
    public abstract void SetLength(long length);

    /// <summary>Makes the file at least so long, with zeros, and has the disk space set aside where the system can.</summary>
    public virtual void Reserve(long length)
    {
        if (Length < length) SetLength(length);
    }

    /// <summary>Returns when all that was written is on disk.</summary>
    /// <remarks>After a failed flush nobody knows what is on disk; the caller must not flush again and believe it.</remarks>
    public abstract void Flush();

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
