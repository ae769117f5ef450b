using System.Diagnostics;
using System.Globalization;
using System.Text;
using Apm.Core.Counting;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Storage.Files;
using Apm.Storage.Metrics;
using Apm.TestKit;

namespace Apm.Benchmarks;

/// <summary>
/// The metric store: points a second in, bytes of a point on disk, and reads as charts do them. <c>metrics [DAYS]</c> writes results/metrics.md.
/// </summary>
public static class MetricsBenchmark
{
    const int Series = 1_000;
    const int StepSeconds = 10;
    const int Reads = 9;
    const long Day = 86_400;

    /// <summary>A Wednesday at midnight.</summary>
    const long Start = 1_795_564_800;

    static readonly TimeSpan RunLength = TimeSpan.FromSeconds(4);

    /// <summary>Entry of the runner.</summary>
    public static int Run(string[] arguments)
    {
        var days = new Arguments(arguments).Number(0, 2);
        var text = new StringBuilder();
        text.AppendLine("| writers | series of a call | points of each | points/s | CPU µs per point |");
        text.AppendLine("|---|---|---|---|---|");
        foreach (var (writers, series, points) in new[] { (1, 1_000, 1), (4, 1_000, 1), (4, 100, 10), (4, 10_000, 1) }) text.AppendLine(MeasureWrites(writers, series, points));
        text.AppendLine();
        MeasureSizeAndReads(days, text);
        Console.Write(text);
        Figures.WriteFile("metrics.md", $"""
            # Metrics

            `dotnet run -c Release --project tests/Benchmarks -- metrics [DAYS]`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, on a machine of {Environment.ProcessorCount} cores, which other work shares: {Figures.Machine()}.
            Writes: each writer waits until its points are durable before it sends the next, {RunLength.TotalSeconds:0} s per row, the median of three; what is written to files meanwhile is in it.
            Series: {Series} of one metric with four tags, a point every {StepSeconds} s: 30 % nearly constant, 25 % counters as rates, 25 % percentages with two decimals, 10 % bytes in pages, 10 % doubles with all their bits.

            {text}
            """);
        return 0;
    }

    static string MeasureWrites(int writers, int series, int points)
    {
        var runs = Enumerable.Range(0, 3).Select(_ => MeasureWritesOnce(writers, series, points)).OrderBy(run => run.PerSecond).ToList();
        var (perSecond, cpuMicros) = runs[1];
        Figures.Note($"metrics in, {writers} writers of {series} series, {points} points each", $"{perSecond:N0} points/s, {cpuMicros:0.00} µs of CPU each");
        return string.Create(CultureInfo.InvariantCulture, $"| {writers} | {series:N0} | {points} | {perSecond:N0} | {cpuMicros:0.00} |");
    }

    static (double PerSecond, double CpuMicros) MeasureWritesOnce(int writers, int series, int points)
    {
        var folder = Directory.CreateTempSubdirectory("apm-metrics-benchmark-").FullName;
        try
        {
            var clock = new FixedClock(Start * UnixTime.NanosPerSecond);
            using var store = Open(folder, clock);
            var process = Process.GetCurrentProcess();
            var (stored, refused) = (0L, 0L);
            void Write(TimeSpan length)
            {
                var watch = Stopwatch.StartNew();
                Task.WaitAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
                {
                    var keys = Enumerable.Range(0, series).Select(i => KeyOf($"bench.write.{writer}", i)).ToArray();
                    var second = Start + writer;
                    while (watch.Elapsed < length)
                    {
                        var batch = keys.Select((key, i) => new SeriesPoints(key, MetricType.Gauge, StepSeconds, [.. Enumerable.Range(0, points).Select(at => new MetricPoint(second + at * StepSeconds, i + at))])).ToArray();
                        second += points * StepSeconds;
                        if (second > Start + Day) second = Start + writer;
                        try
                        {
                            Interlocked.Add(ref stored, (await store.WriteAsync(batch)).StoredPointCount);
                        }
                        catch (StoreUnavailableException)
                        {
                            Interlocked.Increment(ref refused);
                        }
                    }
                })).ToArray());
            }
            Write(TimeSpan.FromSeconds(1.5)); // Until it is compiled.
            (stored, refused) = (0, 0);
            process.Refresh();
            var cpu = process.TotalProcessorTime;
            var begun = Stopwatch.GetTimestamp();
            Write(RunLength);
            var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
            process.Refresh();
            if (refused > 0) Console.Error.WriteLine($"{refused} calls were refused because writing to files did not keep up.");
            return (stored / seconds, (process.TotalProcessorTime - cpu).TotalMicroseconds / stored);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static void MeasureSizeAndReads(int days, StringBuilder text)
    {
        var folder = Directory.CreateTempSubdirectory("apm-metrics-benchmark-").FullName;
        try
        {
            var clock = new FixedClock(Start * UnixTime.NanosPerSecond);
            using (var store = Open(folder, clock))
            {
                Fill(store, clock, days);
                var sizes = MetricTierNames.Select(tier => (Tier: tier, Bytes: Directory.EnumerateFiles(folder, $"*{tier}").Where(path => Path.GetFileName(path) is var name && string.CompareOrdinal(name, LastDayName(days)) < 0).Sum(path => new FileInfo(path).Length))).ToDictionary(pair => pair.Tier, pair => pair.Bytes / (double)(days * Series));
                var year = Series * (15 * sizes[".raw"] + 91 * sizes[".m1"] + 365 * sizes[".h1"]);
                text.AppendLine("| tier | bytes per series and day | bytes per point | days kept | MB of 1,000 series |");
                text.AppendLine("|---|---|---|---|---|");
                foreach (var (tier, each, kept) in new[] { (".raw", Day / StepSeconds, 15), (".m1", Day / 60, 91), (".h1", Day / 3_600, 365) })
                    text.AppendLine(CultureInfo.InvariantCulture, $"| {tier} | {sizes[tier]:N0} | {sizes[tier] / each:0.00} | {kept} | {sizes[tier] * kept * Series / 1e6:N0} |");
                text.AppendLine(CultureInfo.InvariantCulture, $"| together, a year | | | | {year / 1e6:N0} |");
                text.AppendLine();
                Figures.Note("metrics, a year of 1,000 series", $"{year / 1e6:N0} MB");
            }
            var opened = Stopwatch.GetTimestamp();
            using var again = Open(folder, clock);
            text.AppendLine(CultureInfo.InvariantCulture, $"Opening the folder of {days} days and a half, with the log: {Stopwatch.GetElapsedTime(opened).TotalMilliseconds:N0} ms.");
            text.AppendLine();
            text.AppendLine("| read | series | points in it | first ms, its files not in the page cache | median ms of nine |");
            text.AppendLine("|---|---|---|---|---|");
            var noon = Start + days * Day + Day / 2;
            s_folder = folder;
            Row(text, again, "4 h of today, step 60 s", new MetricRead("bench.gauge", noon - 14_400, noon, 60));
            Row(text, again, "4 h of yesterday, step 20 s", new MetricRead("bench.gauge", noon - Day - 14_400, noon - Day, 20));
            Row(text, again, "24 h of yesterday, step 5 min", new MetricRead("bench.gauge", noon - Day - Day / 2, noon - Day / 2, 300));
            Row(text, again, "24 h of yesterday, step 10 s", new MetricRead("bench.gauge", noon - Day - Day / 2, noon - Day / 2, 10));
            Row(text, again, "one series, 4 h of today, step 60 s", new MetricRead("bench.gauge", noon - 14_400, noon, 60) { Accepts = tags => tags.ValueOf("host") == "web-007" });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static readonly string[] MetricTierNames = [".raw", ".m1", ".h1"];

    /// <summary>Files of earlier days sort before it.</summary>
    static string LastDayName(int days) => DateTimeOffset.FromUnixTimeSeconds(Start + days * Day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    static void Row(StringBuilder text, SegmentMetricStore store, string name, MetricRead read)
    {
        DropPages(s_folder);
        var first = Time(store, read, out var series, out var points);
        var median = Enumerable.Range(0, Reads).Select(_ => Time(store, read, out var _, out var _)).Order().ElementAt(Reads / 2);
        Figures.Note($"metrics: {name}", $"{series} series, {first:0.0} ms first, {median:0.0} ms median");
        text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {series:N0} | {points:N0} | {first:0.0} | {median:0.0} |");
    }

    static double Time(SegmentMetricStore store, MetricRead read, out int series, out double points)
    {
        var begun = Stopwatch.GetTimestamp();
        var found = store.Read(read, CancellationToken.None);
        var taken = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        (series, points) = (found.Count, found.Sum(one => one.Counts.Sum()));
        return taken;
    }

    static string s_folder = "";

    /// <summary>Has the system forget what it has of the files in memory, so that they are read from the disk; only those of Linux.</summary>
    static void DropPages(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var answer = PosixFadvise((int)file.DangerousGetHandle(), 0, 0, DoNotNeed);
            if (answer != 0) Console.Error.WriteLine($"{path} stays in the page cache: error {answer}.");
        }
    }

    const int DoNotNeed = 4; // POSIX_FADV_DONTNEED

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "posix_fadvise")]
    [System.Runtime.InteropServices.DefaultDllImportSearchPaths(System.Runtime.InteropServices.DllImportSearchPath.SafeDirectories)]
    static extern int PosixFadvise(int file, long offset, long length, int advice);

    /// <summary>Whole days and the half of one more; an hour of which is still in memory.</summary>
    static void Fill(SegmentMetricStore store, FixedClock clock, int days)
    {
        var keys = Enumerable.Range(0, Series).Select(i => KeyOf("bench.gauge", i)).ToArray();
        var shapes = keys.Select((_, i) => new Shape(i)).ToArray();
        var end = Start + days * Day + Day / 2;
        for (var hour = Start; hour < end; hour += 3_600)
        {
            var written = keys.Select((key, i) => new SeriesPoints(key, MetricType.Gauge, StepSeconds, [.. Enumerable.Range(0, 3_600 / StepSeconds).Select(at => new MetricPoint(hour + at * StepSeconds, shapes[i].Next()))]));
            clock.Now = (hour + 3_600) * UnixTime.NanosPerSecond;
            foreach (var batch in written.Chunk(100)) store.WriteAsync(batch).GetAwaiter().GetResult();
            if (hour + 3_600 < end) store.Flush();
            store.Tend();
        }
    }

    static SegmentMetricStore Open(string folder, TimeProvider clock) => new(folder, new MetricStoreSettings { OnTrouble = Console.Error.WriteLine }, DiskFiles.Instance, clock, new Counters());

    static SeriesKey KeyOf(string metric, int i) => new(metric, MetricTags.Of([string.Create(CultureInfo.InvariantCulture, $"host:web-{i:D3}"), $"env:prod", $"service:shop-{i % 10}", $"az:eu-{i % 3}"]));

    /// <summary>A series as they are met: see the text of the result.</summary>
    sealed class Shape(int number)
    {
        readonly Random _random = new(number);
        double _level = new Random(number).Next(20, 80);

        public double Next() => (number % 20) switch
        {
            < 6 => _random.Next(500) == 0 ? _level += 1 : _level,
            < 11 => Math.Round(Math.Max(0, _level + Noise(8)) / 10, 1),
            < 16 => Math.Round(_level = Math.Clamp(_level + Noise(1.2), 0, 100), 2),
            < 18 => (long)(_level = Math.Max(1, _level + Noise(0.3))) * 40_960_000 + _random.Next(200) * 4_096,
            _ => _level = Math.Clamp(_level + Noise(0.5), 0, 100),
        };

        /// <summary>Nearly normal, of that deviation.</summary>
        double Noise(double deviation) => (_random.NextDouble() + _random.NextDouble() + _random.NextDouble() - 1.5) * 2 * deviation;
    }
}
