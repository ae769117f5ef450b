namespace Apm.Benchmarks;

/// <summary>Every benchmark in a short form, one after the other, then one table of what they measured. Takes about ten minutes.</summary>
static class AllBenchmarks
{
    /// <summary>Seconds of warm-up of what is measured as a process of its own: less than <c>way</c> takes alone.</summary>
    const string ShortWarmUp = "12";

    static readonly (string Name, Func<int> Run)[] s_all =
    [
        ("way v04", () => WayBenchmark.Run(["v04", "8", "--warm-up", ShortWarmUp])),
        ("way v05", () => WayBenchmark.Run(["v05", "8", "--warm-up", ShortWarmUp])),
        ("way otlp-http", () => WayBenchmark.Run(["otlp-http", "8", "--warm-up", ShortWarmUp])),
        ("way otlp-grpc", () => WayBenchmark.Run(["otlp-grpc", "8", "--warm-up", ShortWarmUp])),
        ("discard v04", () => DiscardBenchmark.Run(["v04", "5", "--warm-up", ShortWarmUp])),
        ("idle", () => IdleBenchmark.Run(["20"])),
        ("tracer", () => TracerBenchmark.Run(["3"])),
        ("trace-store", () => TraceStoreBenchmark.Run(["2000000"])),
        ("search", () => SearchBenchmark.Run([])),
        ("search-disk", () => SearchDiskBenchmark.Run(["1000000"])),
        ("decode", () => DecodeBenchmark.Run([])),
        ("decode-otlp", OtlpDecodeBenchmark.Run),
        ("log", () => LogBenchmark.Run([])),
        ("stats-read", () => StatsReadBenchmark.Run([])),
        ("metric-query", MetricQueryBenchmark.Run),
        ("obfuscate", ObfuscateBenchmark.Run),
        ("endpoints", EndpointsBenchmark.Run),
        ("sample", SampleBenchmark.Run),
        ("dogstatsd", () => DogStatsDBenchmark.Run(["3"])),
        ("metrics", () => MetricsBenchmark.Run(["1"])),
    ];

    /// <summary>Arguments: names to run, as above without what follows the name; none: all.</summary>
    public static int Run(string[] args)
    {
        Figures.IsShort = true;
        var machine = Figures.Machine();
        var failed = 0;
        foreach (var (name, run) in s_all)
        {
            if (args.Length > 0 && !args.Contains(name.Split(' ')[0])) continue;
            Console.Error.WriteLine($"== {name}");
            try
            {
                run();
            }
            catch (Exception problem)
            {
                failed++;
                Figures.Note(name, $"FAILED: {problem.Message}");
                Console.Error.WriteLine(problem);
            }
        }
        Console.WriteLine();
        Console.WriteLine(machine);
        Console.WriteLine();
        Console.Write(Figures.Table());
        return failed == 0 ? 0 : 1;
    }
}
