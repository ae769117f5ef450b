using System.Runtime.InteropServices;

namespace Apm.TraceAgent.Checks.Disk;

/// <summary>What is used of a file system, in bytes and in inodes.</summary>
/// <param name="FreeBytes">What a user who is not root may still write.</param>
/// <param name="UsedBytes">Without what is kept for root.</param>
public readonly record struct FileSystemUsage(double TotalBytes, double FreeBytes, double UsedBytes, double TotalInodes, double FreeInodes)
{
    /// <summary>Asks the kernel; may wait for as long as a network file system does not answer.</summary>
    /// <exception cref="IOException">It refuses; the message has the system's reason.</exception>
    public static FileSystemUsage Of(string mount)
    {
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Linux) || !Environment.Is64BitProcess) throw new IOException("Usage of file systems is read on 64-bit Linux only.");
        if (Statvfs(mount, out var found) != 0) throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
        double block = found.FragmentBytes;
        return new FileSystemUsage(found.Blocks * block, found.AvailableBlocks * block, (found.Blocks - (double)found.FreeBlocks) * block, found.Files, found.AvailableFiles);
    }

    /// <summary>struct statvfs of the C library on 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    struct StatvfsResult
    {
        public ulong BlockBytes, FragmentBytes, Blocks, FreeBlocks, AvailableBlocks, Files, FreeFiles, AvailableFiles, FileSystemId, Flags, MaxNameBytes;
    }

    [DllImport("libc", EntryPoint = "statvfs", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Statvfs([MarshalAs(UnmanagedType.LPUTF8Str)] string path, out StatvfsResult result);
}
