using System.Globalization;
using System.Text;
using Apm.Core.Counting;
using Apm.Core.Spans;
using Apm.Storage.InMemory;
using Apm.TestKit;
using Apm.TraceAgent.Normalize;
using Apm.TraceAgent.Sample;

namespace Apm.Benchmarks;

/// <summary>What deciding costs per span, in each mode, and folding a chunk of a trace that is too large.</summary>
static class SampleBenchmark
{
    const int Traces = 100;
    const int SpansPerTrace = 10;

    /// <summary>Entry of the quick runner; writes results/sample.md.</summary>
    public static int Run()
    {
        var table = new StringBuilder();
        table.AppendLine("| mode | ns per span | bytes allocated per span |");
        table.AppendLine("|---|---|---|");
        Row("keep all (the default while the budget allows)", new SamplerSettings { Mode = SamplerMode.All }, priority: 1, errors: false);
        Row("datadog, priority 1", Datadog, priority: 1, errors: false);
        Row("datadog, no priority", Datadog, priority: null, errors: false);
        Row("datadog, priority 0, every trace with an error", Datadog, priority: 0, errors: true);
        Row("datadog, priority 1, rare sampler on", Datadog with { Rare = new() { Enabled = true } }, priority: 1, errors: false);
        Row("probabilistic", Datadog with { Probabilistic = new() { Enabled = true, SamplingPercentage = 20 } }, priority: 1, errors: false);
        Console.Write(table);
        var text = $"""
            # Sampling

            `dotnet run -c Release --project tests/Benchmarks -- sample`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, one thread on a machine of {Environment.ProcessorCount} cores.
            Deciding alone, for batches of {Traces} traces with {SpansPerTrace} spans, new trace ids each time; medians of 9 rounds.

            {table}
            """;
        Figures.WriteFile("sample.md", text);
        return 0;

        void Row(string name, SamplerSettings settings, int? priority, bool errors)
        {
            var (nanos, bytes) = PerSpan(settings, priority, errors);
            Figures.Note($"sampling: {name}", $"{nanos:N1} ns, {bytes:N1} bytes per span");
            table.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {nanos:N1} | {bytes:N1} |");
        }
    }

    static SamplerSettings Datadog { get; } = new() { Mode = SamplerMode.Datadog };

    static (double Nanos, double Bytes) PerSpan(SamplerSettings settings, int? priority, bool errors)
    {
        var counters = new Counters();
        using var traces = new InMemoryTraceStore(TimeProvider.System);
        var sampler = new TraceSampler(settings, traces, counters, new RecentProblems(), TimeProvider.System);
        var batch = Some.Batch(Enumerable.Range(0, Traces * SpansPerTrace).Select(i => Some.Span(
            id: (ulong)i + 1, trace: (ulong)(i / SpansPerTrace) + 1, parent: i % SpansPerTrace == 0 ? 0 : (ulong)(i / SpansPerTrace * SpansPerTrace) + 1,
            service: i % 3 == 0 ? "web" : "db", resource: $"GET /{i % 20}", isError: errors && i % SpansPerTrace == 9,
            tags: [("env", "prod"), ("http.status_code", "200"), ("host", "box")],
            numbers: i % SpansPerTrace == 0 && priority is { } value ? [("_sampling_priority_v1", value)] : [])));
        var facts = new SpanNormalizer(counters, new NormalizeSettings()).Normalize(batch);
        var next = 0UL;
        var (perSecond, bytes) = Rate.Measure(() =>
        {
            next++;
            for (var i = 0; i < batch.SpanCount; i++) batch.TraceIdLow[i] = unchecked((next * Traces + (ulong)(i / SpansPerTrace)) * 0x9E37_79B9_7F4A_7C15);
            for (var c = 0; c < batch.Chunks.Count; c++)
            {
                var chunk = batch.Chunks[c];
                (chunk.Verdict, chunk.VerdictDetail) = (SampleVerdict.KeepAll, 0);
                batch.Chunks[c] = chunk;
            }
            sampler.Decide(batch, facts);
        });
        return (1e9 / perSecond / batch.SpanCount, bytes / batch.SpanCount);
    }
}
