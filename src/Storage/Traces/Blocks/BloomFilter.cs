using System.Runtime.InteropServices;

namespace Apm.Storage.Traces.Blocks;

/// <summary>
/// Says of a hash "certainly not here" or "maybe". Each hash lives in one bucket of 32 bytes, with one bit in each of
/// its eight words: one cache line per question.
/// </summary>
/// <remarks>The layout is stored (docs/formats/trace-block.md): never change the constants. Immutable once built; any thread may ask.</remarks>
public sealed class BloomFilter
{
    /// <summary>Of the part that one question looks at.</summary>
    public const int BucketBytes = 32;

    readonly uint[] _words;

    BloomFilter(uint[] words) => _words = words;

    /// <summary>A filter for so many distinct hashes.</summary>
    /// <param name="bitsPerHash">8 lets about 3 % through wrongly, 16 about 0.1 %.</param>
    public static BloomFilter For(int distinctHashes, int bitsPerHash)
    {
        var buckets = Math.Max(1, (int)(((long)distinctHashes * bitsPerHash / 8 + BucketBytes - 1) / BucketBytes));
        return new BloomFilter(new uint[buckets * 8]);
    }

    /// <summary>As <see cref="Bytes"/> gave it.</summary>
    /// <exception cref="BlockDamagedException">The length cannot be one of a filter.</exception>
    public static BloomFilter FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0 || bytes.Length % BucketBytes != 0) throw new BlockDamagedException($"A filter has {bytes.Length} bytes, which is not a multiple of {BucketBytes}.");
        return new BloomFilter(MemoryMarshal.Cast<byte, uint>(bytes).ToArray());
    }

    public int ByteCount => _words.Length * sizeof(uint);

    public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(_words.AsSpan());

    public void Add(ulong hash)
    {
        var bucket = BucketOf(hash);
        var low = unchecked((uint)hash);
        for (var word = 0; word < 8; word++) _words[bucket + word] |= BitOf(low, word);
    }

    public bool MayContain(ulong hash) => BucketMayContain(Bytes.Slice(BucketOffset(hash, ByteCount), BucketBytes), hash);

    /// <summary>Where the bucket of a hash begins in the bytes of a filter; it has <see cref="BucketBytes"/>.</summary>
    /// <param name="byteCount">Of the whole filter.</param>
    public static int BucketOffset(ulong hash, int byteCount) => (int)(((hash >> 32) * (ulong)(byteCount / BucketBytes)) >> 32) * BucketBytes;

    /// <summary>What <see cref="MayContain"/> says, asked of the one bucket that the hash lives in.</summary>
    public static bool BucketMayContain(ReadOnlySpan<byte> bucket, ulong hash)
    {
        var words = MemoryMarshal.Cast<byte, uint>(bucket);
        var low = unchecked((uint)hash);
        for (var word = 0; word < 8; word++)
            if ((words[word] & BitOf(low, word)) == 0) return false;
        return true;
    }

    int BucketOf(ulong hash) => BucketOffset(hash, ByteCount) / sizeof(uint);

    static uint BitOf(uint low, int word) => 1u << (int)(unchecked(low * Salts[word]) >> 27);

    // Odd and without pattern; each picks the bit in its word.
    static ReadOnlySpan<uint> Salts =>
        [0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1, 0xD3A2646D, 0xFD7046C5, 0xB55A4F09];
}
