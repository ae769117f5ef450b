using Apm.Core.Counting;
using Apm.Core.Ids;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Storage.LiteDb;
using Apm.Storage.Log;
using Apm.Storage.Metrics;
using Apm.Storage.Stats;
using Apm.Storage.Tests.Files;
using Apm.Storage.Traces;
using Apm.TestKit;

namespace Apm.Storage.Tests;

/// <summary>
/// Bytes of a real data folder are flipped, zeroed, cut off and made up, many times: everything opens, everything that can be
/// read is what was written, and everything can be written again.
/// </summary>
public sealed class DamagedFolderTests
{
    const long T0 = 1_795_626_000L * UnixTime.NanosPerSecond;
    const int RoundsEach = 60;

    readonly Dictionary<string, byte[]> _files = [];
    readonly HashSet<string> _spans = [];
    readonly HashSet<string> _rows = [];
    readonly Dictionary<long, byte[]> _records = [];
    readonly Dictionary<string, string> _documents = [];
    readonly List<TraceId> _traces = [];
    readonly HashSet<string> _buckets = [];

    [Theory]
    [InlineData("traces", 1)]
    [InlineData("traces", 2)]
    [InlineData("stats", 3)]
    [InlineData("log", 4)]
    [InlineData("state", 5)]
    [InlineData("state", 6)]
    [InlineData("catalogue", 7)]
    [InlineData("metrics", 9)]
    [InlineData("metrics/2", 10)]
    [InlineData("", 8)]
    public async Task Whatever_is_damaged_all_opens_and_nothing_wrong_is_read(string where, int seed)
    {
        Write(new Random(seed));
        for (var round = 0; round < RoundsEach; round++)
        {
            var chance = new Random((seed * 1_000) + round);
            var disk = new SimulatedDisk();
            foreach (var (path, bytes) in _files) disk.Put(path, bytes);
            var damage = Damage(disk, where, chance);
            try
            {
                // LiteDB follows pages in circles when told to: a hang would be a failure as any other.
                await Task.Run(() => OpenReadAndWrite(disk)).WaitAsync(TimeSpan.FromSeconds(60));
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {seed}, round {round}: {damage}", failure);
            }
        }
    }

    void OpenReadAndWrite(SimulatedDisk disk)
    {
        var counters = new Counters();
        var clock = new ManualClock(UnixTime.ToDateTime(T0 + (4 * StatsHourNanos)));
        using var traces = new SegmentTraceStore("/data/traces", clock, counters, new TraceStoreSettings(), disk);
        using var stats = new FileStatsStore("/data/stats", new StatsStoreSettings { CoveredWhenCheckpointIsLost = traces.StoredUpTo }, disk, clock, counters);
        using var log = new FilePayloadLog("/data/log", LogSettings, disk, counters);
        using var documents = new LiteDbDocumentStore("/data/state.db", new LiteDatabaseSettings(), disk, clock, counters);

        using var metrics = new SegmentMetricStore("/data/metrics", MetricSettings, disk, clock, counters);

        foreach (var bucket in MetricBuckets(metrics)) Assert.Contains(bucket, _buckets);
        Assert.Equal(1, metrics.WriteAsync([Gauge("new", 0, 5)]).GetAwaiter().GetResult().StoredPointCount);
        metrics.Flush();
        Assert.NotNull(metrics.Find("new"));
        metrics.Tend();
        foreach (var bucket in MetricBuckets(metrics)) Assert.Contains(bucket, _buckets); // What was rolled up just now does not tell other things.

        var read = traces.Scan(new SpanScan(), CancellationToken.None).SelectMany(SpanBatches.Spans).ToList();
        Assert.All(read, span => Assert.Contains(SpanBatches.Describe(span), _spans));
        read = [.. traces.Scan(new SpanScan(), CancellationToken.None).SelectMany(SpanBatches.Spans)]; // Again: a block whose tags were damaged is left out from now on.
        var found = read.Select(span => span.TraceId).ToHashSet();
        foreach (var id in _traces.Where((_, i) => i % 17 == 0))
            Assert.Equal(found.Contains(id), traces.Scan(new SpanScan { TraceId = id }, CancellationToken.None).SelectMany(SpanBatches.Spans).Any(span => span.TraceId == id));
        foreach (var width in new[] { 10L, 60, 3_600 })
            Assert.All(stats.Read(TimeRange.All, StatsFilter.Any, width * UnixTime.NanosPerSecond), row => Assert.Contains(Draw(row), _rows));
        Assert.All(log.ReadAfter(LogPosition.Start), record => Assert.Equal(_records[record.Position.Number], record.Bytes.ToArray()));
        Assert.All(documents.FindAll<string>("notes"), text => Assert.Contains(text, _documents.Values));
        foreach (var (id, text) in _documents)
            if (documents.Find<string>("notes", id) is { } stored) Assert.Equal(text, stored);

        documents.Store("notes", "new", "a new text");
        Assert.Equal("a new text", documents.Find<string>("notes", "new"));
        var position = new LogPosition(1_000_000);
        traces.Append(SpanBatches.Of(Some.Span(id: 999_999, trace: 999_999)), position);
        traces.Flush(everything: true);
        Assert.Equal(position, traces.StoredUpTo);
        stats.Write(new StatsCheckpoint([Bucket(3 * StatsHourNanos)], [], T0 + (3 * StatsHourNanos) + StatsBucket.CountedWidthNanos, position));
        log.Append(new byte[] { 1 }, new byte[] { 2 }, _ => { }).GetAwaiter().GetResult();
        traces.EnforceRetention(clock.GetUtcNow().ToUnixNanos());
    }

    const long StatsHourNanos = 3_600 * UnixTime.NanosPerSecond;

    static PayloadLogSettings LogSettings => new() { SegmentBytes = 4_096, MaxBytes = 1_048_576, MaxRecordBytes = 65_536 };

    /// <summary>Three slices, three hours of statistics, some segments of the log, some documents.</summary>
    void Write(Random chance)
    {
        var disk = new SimulatedDisk();
        var clock = new ManualClock(UnixTime.ToDateTime(T0));
        var counters = new Counters();
        using (var traces = new SegmentTraceStore("/data/traces", clock, counters, new TraceStoreSettings(), disk))
        {
            for (var i = 0; i < 9; i++)
            {
                var batch = SpanBatches.Random(chance, 40, T0 + (i * UnixTime.NanosPerSecond));
                foreach (var span in SpanBatches.Spans(batch))
                {
                    _spans.Add(SpanBatches.Describe(span));
                    // Where the tags alone are damaged, spans come without them, which is told.
                    _spans.Add(SpanBatches.Describe(span with { Tags = new Dictionary<string, string>(), Numbers = new Dictionary<string, double>() }));
                    _traces.Add(span.TraceId);
                }
                traces.Append(batch, new LogPosition(i + 1));
                traces.Flush(everything: true);
                if (i % 3 == 2) clock.Advance(TimeSpan.FromHours(1));
            }
        }
        using (var stats = new FileStatsStore("/data/stats", new StatsStoreSettings(), disk, clock, counters))
        {
            for (var i = 0; i < 30; i++)
            {
                var start = i * 370 * UnixTime.NanosPerSecond / StatsBucket.CountedWidthNanos * StatsBucket.CountedWidthNanos;
                stats.Write(new StatsCheckpoint([Bucket(start)], [Bucket(start + StatsBucket.CountedWidthNanos)], T0 + start + StatsBucket.CountedWidthNanos, new LogPosition(i + 1)));
            }
            foreach (var width in new[] { 10L, 60, 3_600 })
                foreach (var row in stats.Read(TimeRange.All, StatsFilter.Any, width * UnixTime.NanosPerSecond)) _rows.Add(Draw(row));
        }
        using (var log = new FilePayloadLog("/data/log", LogSettings, disk, counters))
        {
            for (var i = 1; i <= 40; i++)
            {
                var body = new byte[chance.Next(1, 900)];
                chance.NextBytes(body);
                _records[i] = [7, .. body];
                log.Append(new byte[] { 7 }, body, _ => { }).GetAwaiter().GetResult();
            }
        }
        using (var documents = new LiteDbDocumentStore("/data/state.db", new LiteDatabaseSettings(), disk, clock, counters))
            for (var i = 0; i < 60; i++) documents.Store("notes", $"n{i}", _documents[$"n{i}"] = $"text {i} {new string((char)('a' + (i % 26)), chance.Next(2_000))}");
        using (var metrics = new SegmentMetricStore("/data/metrics", MetricSettings, disk, clock, counters))
        {
            for (var i = 0; i < 12; i++)
            {
                metrics.WriteAsync([.. Enumerable.Range(0, 5).Select(series => Gauge($"m{series}", (i / 6 - 1) * 86_400 + (i % 6) * 3_600, 1 + series * 100 + i))]).GetAwaiter().GetResult();
                if (i is 3 or 8) metrics.Flush();
                if (i == 10) metrics.Tend();
            }
            foreach (var bucket in MetricBuckets(metrics)) _buckets.Add(bucket);
        }
        foreach (var path in disk.AllNames()) _files[path] = disk.ReadAll(path)!;
    }

    static MetricStoreSettings MetricSettings => new() { MaxLogBytes = 400_000 };

    static SeriesPoints Gauge(string metric, long second, double value) =>
        new(new SeriesKey(metric, MetricTags.Of(["host:a", $"metric:{metric}"])), MetricType.Gauge, 10, [new MetricPoint(T0 / UnixTime.NanosPerSecond + second, value)]);

    /// <summary>Each point has a bucket of its own, so that one that is missing changes no other.</summary>
    static IEnumerable<string> MetricBuckets(SegmentMetricStore metrics) =>
        from step in (int[])[1, 60, 3_600]
        from metric in metrics.Metrics(0)
        where metric.Name != "new"
        from series in metrics.Read(new MetricRead(metric.Name, T0 / UnixTime.NanosPerSecond - 86_400, T0 / UnixTime.NanosPerSecond + 86_400, step), CancellationToken.None)
        from i in Enumerable.Range(0, series.Counts.Length)
        where series.Counts[i] > 0
        select $"{step} {series.Key.Metric} {series.Key.Tags} {i} {series.Counts[i]} {series.Sums[i]} {series.Mins[i]} {series.Maxs[i]} {series.Lasts[i]}";

    static StatsBucket Bucket(long offset)
    {
        var bucket = new StatsBucket(T0 + offset, StatsBucket.CountedWidthNanos);
        for (var i = 0; i < 4; i++)
        {
            var cell = bucket.CellOf(new StatsKey { Service = $"service{i}", Name = "http.request", Resource = $"GET /{offset % 7}" });
            cell.HitCount = 1 + i;
            cell.DurationNanos = offset + i;
            cell.OkNanos.Add(1_000 + i, 1 + i);
        }
        return bucket;
    }

    static string Draw(StatsRow row) => $"{row.StartUnixNanos} {row.WidthNanos} {row.Key} {row.Cell.HitCount} {row.Cell.DurationNanos} {row.Cell.OkNanos.Count}";

    static string Damage(SimulatedDisk disk, string where, Random chance)
    {
        var paths = disk.AllNames().Where(path => path.Contains(where, StringComparison.Ordinal) && disk.LengthOf(path) > 0).ToArray();
        var done = new List<string>();
        for (var left = chance.Next(1, 4); left > 0; left--)
        {
            var path = paths[chance.Next(paths.Length)];
            var bytes = disk.ReadAll(path)!;
            if (bytes.Length == 0) continue;
            var at = chance.Next(bytes.Length);
            var length = Math.Min(bytes.Length - at, 1 << chance.Next(12));
            switch (chance.Next(6))
            {
                case 0: bytes[at] ^= (byte)(1 << chance.Next(8)); break;
                case 1: bytes[at] = (byte)chance.Next(256); break;
                case 2: bytes.AsSpan(at, length).Clear(); break;
                case 3: chance.NextBytes(bytes.AsSpan(at, length)); break;
                case 4: bytes = bytes[..at]; break;
                default: bytes = [.. bytes, .. Enumerable.Range(0, length).Select(_ => (byte)chance.Next(256))]; break;
            }
            disk.Put(path, bytes);
            done.Add($"{path} at {at}, {length}");
        }
        return string.Join("; ", done);
    }
}
