using System.Numerics;
using System.Runtime.InteropServices;
using Apm.Storage.Files;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Traces;

/// <summary>Makes the <see cref="TraceIndex"/> of a closed slice from the trace ids in its blocks.</summary>
/// <remarks>One thread at a time.</remarks>
sealed class TraceIndexer(StoreFiles files)
{
    /// <summary>A bucket has so many pairs on average: it is read whole for one question, 1.5 KiB.</summary>
    const int PairsPerBucket = 256;

    /// <summary>Pairs that are put in order at a time; for more the ids are read again. Bounds the memory to 5 MiB.</summary>
    const int PairsPerPass = 1 << 18;

    readonly HashSet<SliceFile> _leftAlone = [];

    /// <summary>Whether it has no index yet, or a damaged one, and can have one.</summary>
    public bool IsWorthwhile(SliceBlocks slice) =>
        slice.Count is > 1 and <= ushort.MaxValue && slice.Index is not { IsDamaged: false } && !_leftAlone.Contains(slice.File);

    /// <summary>Bytes that the index of a slice will have.</summary>
    public static long BytesFor(SliceBlocks slice)
    {
        var pairs = PairCount(slice);
        return TraceIndex.PairsBegin(BucketBits(pairs)) + pairs * TraceIndex.PairBytes;
    }

    /// <summary>Writes it and puts it in place, durable.</summary>
    /// <returns>Null when a block cannot be read: then the slice is left alone, and its blocks are asked one by one.</returns>
    /// <exception cref="IOException">It cannot be written; nothing is left of it.</exception>
    public TraceIndex? Make(SliceBlocks slice, CancellationToken cancel)
    {
        var path = TraceIndex.PathOf(slice.File);
        var temporary = path + StoreFiles.TemporarySuffix;
        files.Delete(temporary);
        try
        {
            using (var file = files.Open(temporary))
            {
                Write(slice, file, cancel);
                file.Flush();
            }
            files.Rename(temporary, path);
            files.FlushFolder(Path.GetDirectoryName(path)!);
            return TraceIndex.Open(files, slice);
        }
        catch (BlockDamagedException)
        {
            _leftAlone.Add(slice.File);
            return null;
        }
        finally
        {
            files.Delete(temporary);
        }
    }

    static long PairCount(SliceBlocks slice)
    {
        var pairs = 0L;
        for (var i = 0; i < slice.Count; i++) pairs += slice[i].Info.TraceCount;
        return pairs;
    }

    static int BucketBits(long pairs) => Math.Min(24, BitOperations.Log2((ulong)Math.Max(1, pairs / PairsPerBucket)));

    static void Write(SliceBlocks slice, StoreFile file, CancellationToken cancel)
    {
        var pairCount = PairCount(slice);
        var bits = BucketBits(pairCount);
        var passes = (int)Math.Min(1L << bits, (pairCount + PairsPerPass - 1) / PairsPerPass);
        var directory = new ByteWriter((int)TraceIndex.PairsBegin(bits));
        WriteHeader(directory, slice, bits);
        var pairs = new List<Pair>((int)Math.Min(pairCount, PairsPerPass + PairsPerPass / 8));
        var bytes = new ByteWriter();
        var written = 0L;
        for (var pass = 0; pass < passes; pass++)
        {
            var (from, to) = ((1L << bits) * pass / passes, (1L << bits) * (pass + 1) / passes);
            ReadPairs(slice, bits, from, to, pairs, cancel);
            pairs.Sort();
            bytes.Clear();
            WriteBuckets(CollectionsMarshal.AsSpan(pairs), from, to, written, directory, bytes);
            file.Write(TraceIndex.PairsBegin(bits) + written * TraceIndex.PairBytes, bytes.Written);
            written += pairs.Count;
        }
        directory.UInt32((uint)written);
        directory.UInt32(0);
        file.Write(0, directory.Written);
    }

    static void WriteHeader(ByteWriter to, SliceBlocks slice, int bucketBits)
    {
        to.UInt64(TraceIndex.Magic);
        to.UInt32(TraceIndex.Version);
        to.UInt32((uint)bucketBits);
        to.UInt32((uint)slice.Count);
        to.UInt32(TraceIndex.ChecksumOfPlaces(slice));
        to.Bytes(new byte[TraceIndex.HeaderBytes - to.Count - 4]);
        to.UInt32(Checksum.Of(to.Written));
    }

    /// <exception cref="BlockDamagedException">A block, or the ids in it, cannot be read.</exception>
    static void ReadPairs(SliceBlocks slice, int bits, long fromBucket, long toBucket, List<Pair> pairs, CancellationToken cancel)
    {
        pairs.Clear();
        for (var block = 0; block < slice.Count; block++)
        {
            cancel.ThrowIfCancellationRequested();
            if (slice[block].IsSetAside) throw new BlockDamagedException("A block was found damaged.");
            foreach (var low in new BlockReader(slice.File.File, slice[block].Offset, slice[block].Info.HeaderBytes).ReadTraceLows())
            {
                var hash = StableHash.OfTrace(low);
                var bucket = TraceIndex.BucketOf(hash, bits);
                if (bucket >= fromBucket && bucket < toBucket) pairs.Add(new Pair((int)bucket, TraceIndex.KeyOf(hash, bits), (ushort)block));
            }
        }
    }

    static void WriteBuckets(ReadOnlySpan<Pair> pairs, long fromBucket, long toBucket, long before, ByteWriter directory, ByteWriter bytes)
    {
        var at = 0;
        for (var bucket = fromBucket; bucket < toBucket; bucket++)
        {
            var (first, begin) = (at, bytes.Count);
            for (; at < pairs.Length && pairs[at].Bucket == bucket; at++)
            {
                bytes.UInt32(pairs[at].Key);
                bytes.UInt16(pairs[at].Block);
            }
            directory.UInt32((uint)(before + first));
            directory.UInt32(Checksum.Of(bytes.Written[begin..]));
        }
    }

    readonly record struct Pair(int Bucket, uint Key, ushort Block) : IComparable<Pair>
    {
        public int CompareTo(Pair other)
        {
            var byBucket = Bucket.CompareTo(other.Bucket);
            if (byBucket != 0) return byBucket;
            var byKey = Key.CompareTo(other.Key);
            return byKey != 0 ? byKey : Block.CompareTo(other.Block);
        }
    }
}
