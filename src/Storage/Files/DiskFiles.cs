using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Apm.Storage.Files;

/// <summary>The file system of this machine.</summary>
public sealed class DiskFiles : StoreFiles
{
    public static DiskFiles Instance { get; } = new();

    DiskFiles()
    {
    }

    public override StoreFile Open(string path) => new DiskFile(
        File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess));

    public override StoreFile OpenRead(string path) => new DiskFile(
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess));

    public override bool Exists(string path) => File.Exists(path);

    public override IReadOnlyList<string> ListNames(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)]
        : [];

    public override void CreateFolder(string folder) => Directory.CreateDirectory(folder);

    public override void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public override void Delete(string path) => File.Delete(path);

    public override void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) return; // NTFS journals names itself, and a folder cannot be flushed there.
        // .NET opens no folders, so this asks the C library.
        var descriptor = LibC.Open(folder, flags: 0);
        if (descriptor < 0) throw LibC.LastError($"Opening the folder {folder}");
        try
        {
            if (LibC.Fsync(descriptor) != 0) throw LibC.LastError($"Flushing the folder {folder}");
        }
        finally
        {
            _ = LibC.Close(descriptor);
        }
    }

    public override long FreeBytes(string folder) => new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;

    public override long DiskBytes(string folder) => new DriveInfo(Path.GetFullPath(folder)).TotalSize;

    sealed class DiskFile(SafeFileHandle handle) : StoreFile
    {
        public override long Length => RandomAccess.GetLength(handle);

        public override int Read(long offset, Span<byte> buffer)
        {
            var total = 0;
            while (total < buffer.Length)
            {
                var read = RandomAccess.Read(handle, buffer[total..], offset + total);
                if (read == 0) break;
                total += read;
            }
            return total;
        }

        public override void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(handle, bytes, offset);

        public override void Write(long offset, IReadOnlyList<ReadOnlyMemory<byte>> parts) => RandomAccess.Write(handle, parts, offset);

        public override void SetLength(long length) => RandomAccess.SetLength(handle, length);

        public override void Reserve(long length)
        {
            // A file with holes would find the disk full only in the middle of a write.
            if (OperatingSystem.IsLinux() && LibC.Fallocate(handle, 0, length) is var error and not 0 and not LibC.NotSupported)
                throw LibC.ErrorOf("Reserving disk space", error);
            base.Reserve(length);
        }

        public override void Flush()
        {
            // fdatasync leaves out the time stamps that fsync writes as well: one journal commit less for a file of fixed length.
            if (!OperatingSystem.IsLinux()) RandomAccess.FlushToDisk(handle);
            else if (LibC.Fdatasync(handle) != 0) throw LibC.LastError("Flushing a file");
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) handle.Dispose();
        }
    }

    static class LibC
    {
        [DllImport("libc", EntryPoint = "open", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Fsync(int descriptor);

        [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Fdatasync(SafeFileHandle file);

        public const int NotSupported = 95;

        [DllImport("libc", EntryPoint = "posix_fallocate")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Fallocate(SafeFileHandle file, long offset, long length);

        [DllImport("libc", EntryPoint = "close")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Close(int descriptor);

        public static IOException LastError(string what) => ErrorOf(what, Marshal.GetLastPInvokeError());

        public static IOException ErrorOf(string what, int error)
        {
            var reason = new Win32Exception(error);
            return new IOException($"{what} failed: {reason.Message}.", reason);
        }
    }
}
