using Apm.Core.Ports;
using Apm.Storage.Files;

namespace Apm.Storage.Traces.Blocks;

/// <summary>Where a filter stands in a file, unpacked, so that one question reads one bucket of it.</summary>
/// <param name="Offset">Of its first byte in the file.</param>
/// <param name="ByteCount">Of the whole filter.</param>
public sealed record FilterPlace(long Offset, int ByteCount)
{
    /// <summary>What <see cref="BloomFilter.MayContain"/> says. Reads 32 bytes, without their checksum: whoever keeps the place has compared it once.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be read, or was closed.</exception>
    public bool MayContain(StoreFile file, ulong hash)
    {
        Span<byte> bucket = stackalloc byte[BloomFilter.BucketBytes];
        // A file that was cut short says nothing: then the block itself is asked.
        return BlockReader.ReadFile(file, Offset + BloomFilter.BucketOffset(hash, ByteCount), bucket) < bucket.Length || BloomFilter.BucketMayContain(bucket, hash);
    }
}
