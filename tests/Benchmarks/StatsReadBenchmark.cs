using System.Diagnostics;
using System.Globalization;
using System.Text;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Storage.Files;
using Apm.Storage.Stats;
using Apm.TestKit;

namespace Apm.Benchmarks;

/// <summary>A day of statistics of 100 keys, read as charts do. <c>stats-read</c> writes results/stats-read.md.</summary>
public static class StatsReadBenchmark
{
    const int Keys = 100;
    const int Hours = 24;
    const long Second = UnixTime.NanosPerSecond;

    /// <summary>A Wednesday at midnight.</summary>
    const long Start = 1_795_564_800 * Second;

    /// <summary>Entry of the runner.</summary>
    public static int Run(string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("apm-stats-benchmark-").FullName;
        try
        {
            Fill(folder);
            var table = new StringBuilder();
            table.AppendLine("| read | rows | cold ms | warm ms |");
            table.AppendLine("|---|---|---|---|");
            Row(table, folder, "24 h, all keys, 1 min, counts", 60 * Second, StatsFilter.Any, withSketches: false);
            Row(table, folder, "24 h, one key, 1 min, counts", 60 * Second, new StatsFilter { Resource = "GET /7" }, withSketches: false);
            Row(table, folder, "24 h, one key, 1 min, p99", 60 * Second, new StatsFilter { Resource = "GET /7" }, withSketches: true);
            Row(table, folder, "24 h, all keys, 1 h, p99", 3_600 * Second, StatsFilter.Any, withSketches: true);
            var bytes = Directory.EnumerateFiles(folder).Sum(path => new FileInfo(path).Length);
            Console.Write(table);
            Figures.WriteFile("stats-read.md", string.Create(CultureInfo.InvariantCulture, $"""
                # Reading statistics

                `dotnet run -c Release --project tests/Benchmarks -- stats-read`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, on a machine of {Environment.ProcessorCount} cores.
                {Hours} h of 10 s buckets with {Keys} keys of 20 spans each, rolled up: {bytes / 1e6:N1} MB on disk. Cold: a store just opened. Warm: median of nine reads after that.

                {table}
                """));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static void Row(StringBuilder table, string folder, string name, long coarsest, StatsFilter filter, bool withSketches)
    {
        using var store = Open(folder);
        var cold = Read(store, coarsest, filter, withSketches, out var rows);
        var warm = Enumerable.Range(0, 9).Select(_ => Read(store, coarsest, filter, withSketches, out var _)).Order().ElementAt(4);
        Figures.Note($"statistics: {name}", $"{cold:0.0} ms cold, {warm:0.0} ms warm");
        table.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {rows:N0} | {cold:0.0} | {warm:0.0} |");
    }

    static double Read(FileStatsStore store, long coarsest, StatsFilter filter, bool withSketches, out int rows)
    {
        var begun = Stopwatch.GetTimestamp();
        var sum = 0.0;
        rows = 0;
        foreach (var row in store.Read(new TimeRange(Start, Start + Hours * 3_600 * Second), filter, coarsest))
        {
            sum += withSketches ? row.Cell.OkNanos.Quantile(0.99) : row.Cell.HitCount;
            rows++;
        }
        if (sum <= 0) throw new InvalidOperationException("Nothing was read.");
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }

    static FileStatsStore Open(string folder) => new(folder, new StatsStoreSettings(), DiskFiles.Instance, TimeProvider.System, new Counters());

    static void Fill(string folder)
    {
        var random = new Random(1);
        var keys = Enumerable.Range(0, Keys).Select(i => new StatsKey { Service = "shop-" + i % 10, Name = "http.request", Resource = "GET /" + i, Env = "prod", Type = "web", Kind = "server" }).ToArray();
        using var store = Open(folder);
        const int PerCheckpoint = 30; // Five minutes at once: the benchmark is about reading.
        for (var bucket = 0; bucket < Hours * 360; bucket += PerCheckpoint)
        {
            var closed = Enumerable.Range(bucket, PerCheckpoint).Select(number =>
            {
                var made = new StatsBucket(Start + number * 10 * Second, StatsBucket.CountedWidthNanos);
                foreach (var key in keys)
                {
                    var cell = made.CellOf(key);
                    for (var i = 0; i < 20; i++)
                    {
                        var nanos = 1e6 * Math.Exp(random.NextDouble() * 4);
                        cell.HitCount++;
                        cell.DurationNanos += Math.Floor(nanos);
                        cell.OkNanos.Add(nanos);
                    }
                }
                return made;
            }).ToArray();
            store.Write(new StatsCheckpoint(closed, [], Start + (bucket + PerCheckpoint) * 10 * Second, new LogPosition(bucket)));
        }
    }
}
