using Apm.Core.Metrics;
using Apm.Core;
using Apm.Storage.Files;
using Apm.Storage.Metrics.Chunks;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Metrics;

/// <summary>Writes one block behind what a file has: the chunks of one series after the other as they come, then the directory, and last the header.</summary>
/// <remarks>One thread. Nothing counts until <see cref="Finish"/> returned; before that the file is as it was for whoever knows its old length.</remarks>
sealed class MetricBlockWriter
{
    const int BufferBytes = 1 << 20;

    readonly StoreFile _file;
    readonly long _offset;
    readonly long _day;
    readonly ByteWriter _buffer = new(BufferBytes * 2);
    readonly ByteWriter _directory = new();
    long _dataBytes;
    long _writtenBytes;
    int _seriesCount;
    uint _checksum = Checksum.Of([]);
    long _first = long.MaxValue;
    long _last = long.MinValue;
    SeriesKey? _lastKey;

    /// <summary>Begins; what is behind the offset, left by an attempt that failed, is cut off.</summary>
    public MetricBlockWriter(StoreFile file, long offset, long day)
    {
        (_file, _offset, _day) = (file, offset, day);
        if (file.Length > offset) file.SetLength(offset);
    }

    public bool IsEmpty => _seriesCount == 0;

    /// <summary>Adds a series: by metric and tags, each once.</summary>
    public void Add(SeriesKey key, ReadOnlySpan<byte> keyBytes, MetricType type, int intervalSeconds, long firstUnixSeconds, long lastUnixSeconds, ReadOnlySpan<byte> chunks)
    {
        Invariant.Holds(_lastKey is null || Compare(_lastKey, key) < 0);
        _lastKey = key;
        BlockDirectory.WriteEntry(_directory, keyBytes, type, Math.Max(0, intervalSeconds), (int)(lastUnixSeconds - MetricDay.StartOf(_day)), chunks.Length, Checksum.Of(chunks));
        _buffer.Bytes(chunks);
        _dataBytes += chunks.Length;
        _seriesCount++;
        if (firstUnixSeconds < _first) _first = firstUnixSeconds;
        if (lastUnixSeconds > _last) _last = lastUnixSeconds;
        if (_buffer.Count >= BufferBytes) Spill();
    }

    /// <summary>The order of series in a block.</summary>
    public static int Compare(SeriesKey left, SeriesKey right) =>
        string.CompareOrdinal(left.Metric, right.Metric) is var order && order != 0 ? order : MetricTags.Compare(left.Tags, right.Tags);

    /// <summary>Returns when the block is on disk.</summary>
    public MetricBlock Finish(long covered, long allCovered)
    {
        var directory = BlockDirectory.Pack(_directory.Written);
        _buffer.Bytes(directory);
        Spill();
        var header = new MetricBlockHeader(_dataBytes, directory.Length, _seriesCount, covered, allCovered, _first, _last, _checksum);
        _file.Write(_offset, header.Encode());
        _file.Flush();
        return new MetricBlock(_file, _offset, header);
    }

    void Spill()
    {
        _file.Write(_offset + MetricBlockHeader.Bytes + _writtenBytes, _buffer.Written);
        _checksum = Checksum.Then(_checksum, _buffer.Written);
        _writtenBytes += _buffer.Count;
        _buffer.Clear();
    }
}
