using Apm.Core.Metrics;
using Apm.Storage.Metrics.Chunks;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Metrics;

/// <summary>A record of the log while it is made: points of several series, as bytes, and as they go to memory once the bytes are durable.</summary>
/// <param name="expectedSeries">About how many will be added: arrays of megabytes that grow by doubling cost more than the points.</param>
sealed class MetricRecord(int expectedSeries = 0)
{
    /// <summary>What a point takes in memory, room to grow in counted.</summary>
    const int MemoryPerPoint = 24;

    /// <summary>In version 1 the name of each series stood whole.</summary>
    const byte Version = 2;

    /// <summary>Of a series with a few tags and one point, most of its name as that of the series before.</summary>
    const int UsualBytes = 48;

    readonly ByteWriter _bytes = Begin(expectedSeries);
    readonly List<Part> _parts = new(expectedSeries);
    byte[] _lastKey = [];

    public ReadOnlyMemory<byte> Bytes => _bytes.WrittenMemory;

    public IReadOnlyList<Part> Parts => _parts;

    public long PointCount { get; private set; }

    /// <summary>What its points will take in memory.</summary>
    public long MemoryBytes { get; private set; }

    /// <param name="points">Are kept until they are in memory; not changed meanwhile.</param>
    public void Add(SeriesEntry entry, MetricType type, int intervalSeconds, ArraySegment<MetricPoint> points, IReadOnlyList<StoredSketch> sketches)
    {
        WriteKey(entry.KeyBytes);
        _bytes.Byte((byte)type);
        _bytes.Varint(Math.Max(0, intervalSeconds));
        _bytes.Varint(points.Count);
        var last = 0L;
        foreach (var point in points)
        {
            _bytes.Varint(RiceColumn.ZigZag(point.UnixSeconds - last));
            _bytes.UInt64(BitConverter.DoubleToUInt64Bits(point.Value));
            last = point.UnixSeconds;
        }
        _bytes.Varint(sketches.Count);
        foreach (var sketch in sketches)
        {
            _bytes.Varint(RiceColumn.ZigZag(sketch.UnixSeconds));
            _bytes.Varint(sketch.Bytes.Length);
            _bytes.Bytes(sketch.Bytes);
        }
        Note(new Part(entry, type, intervalSeconds, points, sketches));
    }

    /// <summary>Only what is between the beginning and the end that it shares with the one before: series come in families, and their names were most of a record.</summary>
    void WriteKey(byte[] key)
    {
        var shared = key.AsSpan().CommonPrefixLength(_lastKey);
        var rest = Math.Min(key.Length, _lastKey.Length) - shared;
        var ending = 0;
        while (ending < rest && key[^(ending + 1)] == _lastKey[^(ending + 1)]) ending++;
        _bytes.Varint(shared);
        _bytes.Varint(ending);
        _bytes.Varint(key.Length - shared - ending);
        _bytes.Bytes(key.AsSpan(shared, key.Length - shared - ending));
        _lastKey = key;
    }

    static byte[] ReadKey(ref ByteReader reader, int version, byte[] last)
    {
        if (version < 2) return reader.Bytes(reader.VarintInt(reader.Left)).ToArray();
        var shared = reader.VarintInt(last.Length);
        var ending = reader.VarintInt(last.Length - shared);
        return [.. last.AsSpan(0, shared), .. reader.Bytes(reader.VarintInt(reader.Left)), .. last.AsSpan(last.Length - ending)];
    }

    /// <summary>Reads a record of the log.</summary>
    /// <exception cref="BlockDamagedException">It is no such record.</exception>
    public static MetricRecord Decode(ReadOnlySpan<byte> bytes, Func<SeriesKey, SeriesEntry> entryOf)
    {
        var record = new MetricRecord();
        var reader = new ByteReader(bytes);
        var key = Array.Empty<byte>();
        if (reader.Byte() is var version && version > Version) throw new BlockDamagedException($"A record of the metric log is of version {version}; this program reads version {Version}.");
        while (reader.Left > 0)
        {
            key = ReadKey(ref reader, version, key);
            var entry = entryOf(SeriesKeyBytes.Decode(key));
            var type = (MetricType)reader.Byte();
            var interval = reader.VarintInt(int.MaxValue);
            var points = new MetricPoint[reader.VarintInt(reader.Left)];
            var last = 0L;
            for (var i = 0; i < points.Length; i++)
            {
                last += RiceColumn.UnZigZag(reader.Varint());
                points[i] = new MetricPoint(last, BitConverter.UInt64BitsToDouble(reader.UInt64()));
            }
            var sketches = new StoredSketch[reader.VarintInt(reader.Left)];
            for (var i = 0; i < sketches.Length; i++)
            {
                var at = RiceColumn.UnZigZag(reader.Varint());
                var sketch = new StoredSketch(at, 0, reader.Bytes(reader.VarintInt(reader.Left)).ToArray());
                sketches[i] = StoredSketch.Of(at, sketch.Decode());
            }
            record.Note(new Part(entry, type, interval, points, sketches));
        }
        return record;
    }

    static ByteWriter Begin(int expectedSeries)
    {
        var bytes = new ByteWriter(64 + UsualBytes * Math.Min(expectedSeries, 16_384));
        bytes.Byte(Version);
        return bytes;
    }

    void Note(Part part)
    {
        _parts.Add(part);
        PointCount += part.Points.Count + part.Sketches.Count;
        MemoryBytes += MemoryPerPoint * (long)part.Points.Count;
        foreach (var sketch in part.Sketches) MemoryBytes += 64 + sketch.Bytes.Length;
    }

    /// <summary>Points of one series.</summary>
    public readonly record struct Part(SeriesEntry Entry, MetricType Type, int IntervalSeconds, ArraySegment<MetricPoint> Points, IReadOnlyList<StoredSketch> Sketches);
}
