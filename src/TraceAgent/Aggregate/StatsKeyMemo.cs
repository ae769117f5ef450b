using System.Runtime.InteropServices;
using Apm.Core.Stats;

namespace Apm.TraceAgent.Aggregate;

/// <summary>
/// Keys of statistics by the bytes they are made of. Payloads name the same keys again and again; making one costs a dozen strings, hashing one as many more.
/// </summary>
/// <remarks>One thread. Whoever closes a bucket must call <see cref="Clear"/>: an entry holds the cell of its newest bucket.</remarks>
sealed class StatsKeyMemo
{
    /// <summary>Most keys remembered between two closings of a bucket; default 20 000, as in a bucket. Further ones are made each time.</summary>
    public const int MaxKeys = StatsAggregator.MaxCellsPerBucket;

    readonly Dictionary<byte[], Entry> _entries = new(ByteComparer.Instance);
    readonly Dictionary<byte[], Entry>.AlternateLookup<ReadOnlySpan<byte>> _byContent;

    public StatsKeyMemo() => _byContent = _entries.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>What is remembered of a key; null when it was not seen.</summary>
    /// <param name="content">All that the key is made of, so that equal bytes mean an equal key.</param>
    public Entry? Find(ReadOnlySpan<byte> content) => _byContent.TryGetValue(content, out var entry) ? entry : null;

    /// <summary>Remembers a key, if there is room.</summary>
    public Entry Add(ReadOnlySpan<byte> content, StatsKey key)
    {
        var entry = new Entry(key);
        if (_entries.Count < MaxKeys) _byContent[content] = entry;
        return entry;
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => _entries.Clear();

    /// <summary>A key, and its cell in the bucket it was last counted in.</summary>
    public sealed class Entry(StatsKey key)
    {
        public StatsKey Key { get; } = key;

        public long BucketStart { get; set; }

        /// <summary>Null when the key has none of its own: one that came after a limit counts elsewhere.</summary>
        public StatsCell? Cell { get; set; }
    }

    sealed class ByteComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly ByteComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] content) => Hash(content);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => Hash(alternate);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        /// <summary>As strings are hashed: seeded per process, so that nobody can make keys collide.</summary>
        static int Hash(ReadOnlySpan<byte> content) => string.GetHashCode(MemoryMarshal.Cast<byte, char>(content)); // A last odd byte does not count; equality sees it.
    }
}
