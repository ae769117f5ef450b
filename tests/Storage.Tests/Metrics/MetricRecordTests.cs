using Apm.Core.Metrics;
using Apm.Storage.Metrics;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Tests.Metrics;

public class MetricRecordTests
{
    [Fact]
    public void Names_that_share_their_beginning_and_end_are_read_back_as_they_were()
    {
        var random = new Random(5);
        var names = new List<SeriesKey> { Key("a"), Key("a"), Key("ab"), Key("a", "x:1"), Key("a", "x:11"), Key("a", "x:111"), Key("a", "x:11"), Key("b", "é:ü") };
        for (var i = 0; i < 500; i++) names.Add(Key(new string('m', random.Next(1, 5)), [.. Enumerable.Range(0, random.Next(4)).Select(_ => $"k{random.Next(3)}:{new string('v', random.Next(4))}{random.Next(3)}")]));
        var record = new MetricRecord(names.Count);
        foreach (var name in names) record.Add(EntryOf(name), MetricType.Gauge, 10, new[] { new MetricPoint(1_700_000_000, 1.5), new MetricPoint(1_700_000_010, -2) }, []);

        var read = MetricRecord.Decode(record.Bytes.Span, EntryOf);

        Assert.Equal(names, read.Parts.Select(part => part.Entry.Key));
        Assert.All(read.Parts, part => Assert.Equal([new MetricPoint(1_700_000_000, 1.5), new MetricPoint(1_700_000_010, -2)], part.Points));
        Assert.Equal(record.PointCount, read.PointCount);
    }

    [Fact]
    public void A_series_of_a_family_takes_few_bytes_beside_its_point()
    {
        var record = new MetricRecord();
        for (var i = 0; i < 1_000; i++) record.Add(EntryOf(Key("app.requests", "az:eu-1", "env:prod", $"host:web-{i:D3}", "service:shop")), MetricType.Gauge, 10, new[] { new MetricPoint(1_700_000_000, i) }, []);

        Assert.InRange(record.Bytes.Length, 1_000, 24_000);
    }

    [Fact]
    public void A_record_of_version_1_is_read()
    {
        var bytes = new ByteWriter();
        bytes.Byte(1);
        foreach (var name in new[] { Key("a", "x:1"), Key("a", "x:2") })
        {
            var key = SeriesKeyBytes.Encode(name);
            bytes.Varint(key.Length);
            bytes.Bytes(key);
            bytes.Byte((byte)MetricType.Count);
            bytes.Varint(10);
            bytes.Varint(1);
            bytes.Varint(2 * 100); // Zigzag.
            bytes.UInt64(BitConverter.DoubleToUInt64Bits(7));
            bytes.Varint(0);
        }

        var read = MetricRecord.Decode(bytes.Written, EntryOf);

        Assert.Equal([Key("a", "x:1"), Key("a", "x:2")], read.Parts.Select(part => part.Entry.Key));
        Assert.All(read.Parts, part => Assert.Equal([new MetricPoint(100, 7)], part.Points));
    }

    [Fact]
    public void Damaged_records_are_refused_with_the_one_exception()
    {
        var record = new MetricRecord();
        for (var i = 0; i < 20; i++) record.Add(EntryOf(Key("app.requests", $"host:web-{i}")), MetricType.Gauge, 10, new[] { new MetricPoint(1_700_000_000, i) }, []);
        var whole = record.Bytes.ToArray();
        var random = new Random(7);
        for (var i = 0; i < 3_000; i++)
        {
            byte[] damaged = [.. whole];
            for (var changes = random.Next(1, 4); changes > 0; changes--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                MetricRecord.Decode(damaged.AsSpan(0, random.Next(1, damaged.Length + 1)), EntryOf);
            }
            catch (BlockDamagedException)
            {
                // As it should be; the checksum of the log finds nearly all of them before.
            }
        }
    }

    static SeriesKey Key(string metric, params string[] tags) => new(metric, MetricTags.Of(tags));

    static SeriesEntry EntryOf(SeriesKey key) => new(new MetricEntry(key.Metric), key, SeriesKeyBytes.Encode(key), 0);
}
