using Apm.Storage.Files;

namespace Apm.Endurance.Fuzz;

/// <summary>Bytes that a store reads as if they were a file.</summary>
sealed class MemoryFile(byte[] bytes) : StoreFile
{
    public override long Length => bytes.Length;

    public override int Read(long offset, Span<byte> buffer)
    {
        var left = Math.Max(0, bytes.Length - offset);
        var count = (int)Math.Min(left, buffer.Length);
        if (count > 0) bytes.AsSpan((int)offset, count).CopyTo(buffer);
        return count;
    }

    public override void Write(long offset, ReadOnlySpan<byte> bytes) => throw new NotSupportedException();

    public override void Write(long offset, IReadOnlyList<ReadOnlyMemory<byte>> parts) => throw new NotSupportedException();

    public override void SetLength(long length) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
    }
}
