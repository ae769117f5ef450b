using System.Diagnostics;
using System.Globalization;
using System.Text;
using Apm.Core.Counting;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Evaluate;
using Apm.Query.Metrics;
using Apm.Storage.Files;
using Apm.Storage.Metrics;
using Apm.TestKit;

namespace Apm.Benchmarks;

/// <summary>Metric queries over 1,000 series of 4 h, from a reader that holds their points in arrays. <c>metric-query</c> writes results/metric-query.md.</summary>
public static class MetricQueryBenchmark
{
    const int SeriesCount = 1_000;
    const int PointSeconds = 10;
    const long Start = 1_795_564_800;
    const long End = Start + 4 * 3_600;

    static readonly string[] s_queries =
    [
        "avg:cpu{*}", "avg:cpu{*} by {host}", "avg:cpu{env:prod AND NOT rack:r1*} by {service,rack}", "sum:cpu{*} by {service}.rollup(max, 120)",
        "top(avg:cpu{*} by {host}, 10, 'mean', 'desc')", "100 * sum:cpu{*} by {host} / sum:cpu{*}", "anomalies(avg:cpu{*} by {service}, 'basic', 2)", "per_second(sum:cpu{*} by {rack})",
    ];

    /// <summary>Entry of the runner.</summary>
    public static int Run()
    {
        var folder = Directory.CreateTempSubdirectory("apm-metric-query-benchmark-").FullName;
        try
        {
            var clock = new FixedClock(Start * UnixTime.NanosPerSecond);
            var columns = new Columns();
            using var store = new SegmentMetricStore(folder, new MetricStoreSettings { OnTrouble = Console.Error.WriteLine }, DiskFiles.Instance, clock, new Counters());
            columns.WriteTo(store, clock);
            var table = new StringBuilder("| query | series | arrays, ms | store, ms |\n|---|---|---|---|\n");
            foreach (var query in s_queries)
            {
                var (inMemory, series) = Measure(columns, query);
                var (stored, found) = Measure(store, query);
                if (series == 0 || found != series) throw new InvalidOperationException($"{query} found {series} series in arrays and {found} in the store.");
                table.AppendLine(CultureInfo.InvariantCulture, $"| `{query}` | {series} | {inMemory:0.0} | {stored:0.0} |");
                Figures.Note($"metric query: {query}", $"{stored:0.0} ms, of points in arrays {inMemory:0.0} ms", "100 ms");
            }
            Console.Write(table);
            Figures.WriteFile("metric-query.md", string.Create(CultureInfo.InvariantCulture, $"""
                # Metric queries

                `dotnet run -c Release --project tests/Benchmarks -- metric-query`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, on a machine of {Environment.ProcessorCount} cores, which other work shares.
                {SeriesCount:N0} gauges of a point every {PointSeconds} s over 4 h, read in points of a minute; the median of 20 runs after 5. Arrays: the points come out of arrays in memory and are put into buckets.
                Store: the same points out of the metric store on disk, read before. At most {MetricQueries.MaxSeries} series are answered.

                {table}
                """));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static (double Milliseconds, int Series) Measure(IMetricReader reader, string query)
    {
        var queries = new MetricQueries(reader, NoHostTags.Instance, new TraceMetricUnits(), new Counters(), TimeProvider.System);
        var window = new TimeRange(Start * UnixTime.NanosPerSecond, End * UnixTime.NanosPerSecond);
        var series = 0;
        var times = Enumerable.Range(0, 25).Select(_ =>
        {
            var begun = Stopwatch.GetTimestamp();
            series = queries.Evaluate(query, window).Series.Count;
            return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        }).Skip(5).Order().ToList();
        return (times[times.Count / 2], series);
    }

    /// <summary>Points in arrays, put into buckets at each read as a store would.</summary>
    sealed class Columns : IMetricReader
    {
        readonly (SeriesKey Key, double[] Points)[] _series = Make();

        public IReadOnlyList<MetricInfo> Metrics(long sinceUnixSeconds) => [];

        public MetricInfo? Find(string metric) => null;

        public IReadOnlyList<SeriesInfo> Series(string metric, long sinceUnixSeconds) => [];

        public IReadOnlyList<SeriesBuckets> Read(MetricRead read, CancellationToken cancel)
        {
            var found = new List<SeriesBuckets>(SeriesCount);
            foreach (var (key, points) in _series)
            {
                if (read.Accepts?.Invoke(key.Tags) == false) continue;
                var buckets = new SeriesBuckets(key, MetricType.Gauge, 0, read.BucketCount);
                for (var i = 0; i < points.Length; i++)
                {
                    var seconds = Start + i * PointSeconds - read.FirstUnixSeconds;
                    var at = seconds / read.StepSeconds;
                    if (seconds < 0 || at >= read.BucketCount) continue;
                    var isFirst = buckets.Counts[at]++ == 0;
                    buckets.Sums[at] += points[i];
                    buckets.Mins[at] = isFirst ? points[i] : Math.Min(buckets.Mins[at], points[i]);
                    buckets.Maxs[at] = isFirst ? points[i] : Math.Max(buckets.Maxs[at], points[i]);
                    buckets.Lasts[at] = points[i];
                }
                found.Add(buckets);
            }
            return found;
        }

        public void WriteTo(SegmentMetricStore store, FixedClock clock)
        {
            for (var hour = Start; hour < End; hour += 3_600)
            {
                clock.Now = (hour + 3_600) * UnixTime.NanosPerSecond;
                var first = (int)(hour - Start) / PointSeconds;
                foreach (var batch in _series.Chunk(100))
                    store.WriteAsync([.. batch.Select(one => new SeriesPoints(one.Key, MetricType.Gauge, 0, [.. Enumerable.Range(first, 3_600 / PointSeconds).Select(i => new MetricPoint(Start + (long)i * PointSeconds, one.Points[i]))]))]).GetAwaiter().GetResult();
            }
        }

        static (SeriesKey, double[])[] Make()
        {
            var random = new Random(1);
            return [.. Enumerable.Range(0, SeriesCount).Select(i => (
                new SeriesKey("cpu", MetricTags.Of([$"host:box-{i}", $"service:s{i % 20}", $"rack:r{i % 40}", i % 3 == 0 ? "env:dev" : "env:prod"])),
                Enumerable.Range(0, (int)(End - Start) / PointSeconds).Select(_ => random.NextDouble() * 100).ToArray()))];
        }
    }
}
