using Apm.Storage.Files;

namespace Apm.Storage.Tests.Traces;

/// <summary>The real file system, on which writes or flushes of slices fail when told to.</summary>
sealed class FaultyFiles : StoreFiles
{
    static StoreFiles Real => DiskFiles.Instance;

    /// <summary>Bytes of slices that can still be written; then the disk is full. Negative: no limit.</summary>
    public long BytesLeft { get; set; } = -1;

    public bool FlushFails { get; set; }

    /// <summary>Bytes of slices that were read.</summary>
    public long BytesRead { get; set; }

    public override StoreFile Open(string path) => path.Contains(".seg", StringComparison.Ordinal) ? new Faulty(this, Real.Open(path)) : Real.Open(path);

    public override StoreFile OpenRead(string path) => Real.OpenRead(path);

    public override bool Exists(string path) => Real.Exists(path);

    public override IReadOnlyList<string> ListNames(string folder) => Real.ListNames(folder);

    public override void CreateFolder(string folder) => Real.CreateFolder(folder);

    public override void Rename(string from, string to) => Real.Rename(from, to);

    public override void Delete(string path) => Real.Delete(path);

    public override void FlushFolder(string folder) => Real.FlushFolder(folder);

    public override long FreeBytes(string folder) => Real.FreeBytes(folder);

    sealed class Faulty(FaultyFiles owner, StoreFile real) : StoreFile
    {
        public override long Length => real.Length;

        public override int Read(long offset, Span<byte> buffer)
        {
            var read = real.Read(offset, buffer);
            owner.BytesRead += read;
            return read;
        }

        public override void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            if (owner.BytesLeft < 0)
            {
                real.Write(offset, bytes);
                return;
            }
            var fits = (int)Math.Min(bytes.Length, owner.BytesLeft);
            real.Write(offset, bytes[..fits]);
            owner.BytesLeft -= fits;
            if (fits < bytes.Length) throw new IOException("No space left on device");
        }

        public override void Write(long offset, IReadOnlyList<ReadOnlyMemory<byte>> parts)
        {
            foreach (var part in parts)
            {
                Write(offset, part.Span);
                offset += part.Length;
            }
        }

        public override void SetLength(long length) => real.SetLength(length);

        public override void Flush()
        {
            if (owner.FlushFails) throw new IOException("Input/output error");
            real.Flush();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) real.Dispose();
        }
    }
}
