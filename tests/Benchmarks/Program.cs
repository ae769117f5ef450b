using Apm.Benchmarks;

// `dotnet run -c Release --project tests/Benchmarks -- NAME [arguments]`. A benchmark is one line here and one file beside.
var benchmarks = new Dictionary<string, Func<string[], int>>(StringComparer.Ordinal)
{
    ["decode"] = DecodeBenchmark.Run,
    ["log"] = LogBenchmark.Run,
    ["stats-read"] = StatsReadBenchmark.Run,
    ["metric-query"] = _ => MetricQueryBenchmark.Run(),
    ["search-disk"] = SearchDiskBenchmark.Run,
    ["search"] = SearchBenchmark.Run,
    ["trace-store"] = TraceStoreBenchmark.Run,
    ["ceiling"] = CeilingBenchmark.Run,
    ["way"] = WayBenchmark.Run,
    ["discard"] = DiscardBenchmark.Run,
    ["idle"] = IdleBenchmark.Run,
    ["tracer"] = TracerBenchmark.Run,
    ["tracer-app"] = TracerApp.Serve,
    ["all"] = AllBenchmarks.Run,
    ["discard-endpoint"] = DiscardBenchmark.Serve,
    ["obfuscate"] = _ => ObfuscateBenchmark.Run(),
    ["endpoints"] = _ => EndpointsBenchmark.Run(),
    ["sample"] = _ => SampleBenchmark.Run(),
    ["decode-otlp"] = _ => OtlpDecodeBenchmark.Run(),
    ["dogstatsd"] = DogStatsDBenchmark.Run,
    ["metrics"] = MetricsBenchmark.Run,
    ["monitors"] = _ => MonitorsBenchmark.Run(),
};

if (args.Length > 0 && benchmarks.TryGetValue(args[0], out var run)) return run(args[1..]);
Console.Error.WriteLine($"Name a benchmark: {string.Join(", ", benchmarks.Keys)}. Each prints its figures, and most write them to tests/Benchmarks/results.");
return 2;
