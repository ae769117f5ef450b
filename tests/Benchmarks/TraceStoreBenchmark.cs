using System.Diagnostics;
using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Storage.Traces;
using Apm.Storage.Traces.Blocks;
using Apm.TestKit;

namespace Apm.Benchmarks;

/// <summary>
/// The trace store on disk: writing blocks, their size part by part, finding one trace, searching. Prints its figures and
/// writes results/trace-store.md; <c>trace-store SPANS FOLDER</c> says how much to store (10 million) and where (a temporary folder).
/// </summary>
public static class TraceStoreBenchmark
{
    const long T0 = 1_767_225_600_000_000_000;
    const int BatchTraces = 120, BatchCount = 32, Lookups = 2_000;

    public static int Run(string[] args)
    {
        var spans = args.Length > 0 ? long.Parse(args[0], CultureInfo.InvariantCulture) : 10_000_000;
        var traffic = new WebTraffic(1, T0);
        var batches = Enumerable.Range(0, BatchCount).Select(_ => traffic.Next(BatchTraces)).ToArray();
        using var output = new StringWriter();
        var folder = args.Length > 1 ? args[1] : Directory.CreateTempSubdirectory("apm-bench-").FullName;
        try
        {
            Encode(batches, output);
            Fill(folder, batches, spans, output, out var known);
            Search(folder, known, output);
        }
        finally
        {
            if (args.Length < 2) Directory.Delete(folder, recursive: true);
        }
        Console.Write(output);
        Figures.WriteFile("trace-store.md", $"""
            # The trace store on disk

            `dotnet run -c Release --project tests/Benchmarks -- trace-store {spans}`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, a machine of {Environment.ProcessorCount} cores that did other work as well.
            Spans of a web shop with {WebTraffic.TagsPerSpan} text tags and 3 numbers each; addresses, users and request ids hardly repeat. Files are in the system's cache.
            Times by the clock suffer from the other work; "per core" is by the processor time used.

            ```
            {output.ToString().TrimEnd()}
            ```

            """);
        return 0;
    }

    static void Encode(SpanBatch[] batches, TextWriter output)
    {
        using var encoder = new BlockEncoder();
        var order = new SpanOrder();
        var perBlock = batches.Take(20).ToArray();
        for (var i = 0; i < 10; i++) EncodeOnce();
        var watch = Stopwatch.StartNew();
        var spans = 0L;
        while (watch.ElapsedMilliseconds < 3_000) spans += EncodeOnce().Info.SpanCount;
        var seconds = watch.Elapsed.TotalSeconds;
        var block = EncodeOnce();
        Line(output, $"encode (order, columns, zstd, filters), one thread: {spans / seconds / 1e6:0.00} M spans/s");
        Line(output, $"block of {block.Info.SpanCount} spans in {block.Info.TraceCount} traces: {(double)block.Info.ByteCount / block.Info.SpanCount:0.0} bytes per span");
        foreach (var part in BlockHeader.Read(block.ToArray()).Sections.GroupBy(section => section.Kind))
            Line(output, $"  {part.Key,-16} {part.Sum(section => (double)section.StoredBytes) / block.Info.SpanCount,6:0.00} bytes per span (unpacked {part.Sum(section => (double)section.RawBytes) / block.Info.SpanCount,6:0.00})");

        EncodedBlock EncodeOnce()
        {
            order.Sort(perBlock);
            return encoder.Encode(perBlock, order, 0, order.SpanCount, new LogPosition(1), T0);
        }
    }

    static void Fill(string folder, SpanBatch[] batches, long spans, TextWriter output, out List<(TraceId Id, int Spans)> known)
    {
        var chance = new Random(2);
        using var store = new SegmentTraceStore(folder, TimeProvider.System, new Counters());
        known = [];
        var (writing, flushing) = (new Stopwatch(), new List<double>());
        long position = 0;
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var patching = new Stopwatch();
        while (store.Facts().SpanCount < spans)
        {
            patching.Start();
            foreach (var batch in batches) MakeNew(batch, chance);
            patching.Stop();
            writing.Start();
            foreach (var batch in batches)
            {
                store.Append(batch, new LogPosition(++position));
                var began = Stopwatch.GetTimestamp();
                store.Flush(everything: false);
                flushing.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
            store.Flush(everything: true); // The batches are used again.
            writing.Stop();
            var first = batches[chance.Next(batches.Length)];
            var id = first.TraceIdOf(chance.Next(first.SpanCount));
            known.Add((id, Enumerable.Range(0, first.SpanCount).Count(i => first.TraceIdOf(i) == id)));
        }
        var facts = store.Facts();
        var used = (Process.GetCurrentProcess().TotalProcessorTime - cpu - patching.Elapsed).TotalSeconds;
        Figures.Note("stored size, a shop's spans", $"{(double)facts.ByteCount / facts.SpanCount:0.0} bytes per span", "≤ 35");
        Line(output, $"store: {facts.SpanCount / 1e6:0.0} M spans in {facts.BlockCount} blocks, {(double)facts.ByteCount / facts.SpanCount:0.0} bytes per span on disk");
        Line(output, $"append + flush with fdatasync: {facts.SpanCount / writing.Elapsed.TotalSeconds / 1e6:0.00} M spans/s by the clock, {facts.SpanCount / used / 1e6:0.00} M per core");
    }

    /// <summary>Other ids, a little later; everything else stays.</summary>
    static void MakeNew(SpanBatch batch, Random chance)
    {
        var (trace, span, later) = ((ulong)chance.NextInt64(), (ulong)chance.NextInt64(), chance.NextInt64(1_000_000_000));
        for (var i = 0; i < batch.SpanCount; i++)
        {
            batch.TraceIdLow[i] ^= trace;
            batch.SpanIds[i] ^= span;
            if (batch.ParentIds[i] != 0) batch.ParentIds[i] ^= span;
            batch.StartUnixNanos[i] += later;
        }
    }

    static void Search(string folder, List<(TraceId Id, int Spans)> known, TextWriter output)
    {
        var chance = new Random(3);
        var began = Stopwatch.GetTimestamp();
        using var store = new SegmentTraceStore(folder, TimeProvider.System, new Counters());
        Line(output, $"open: {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms");

        LookUp(store, known, chance, "without an index", output);
        began = Stopwatch.GetTimestamp();
        var slices = 0;
        while (store.IndexTraces(CancellationToken.None)) slices++;
        Line(output, $"index of {slices} closed slices: {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        LookUp(store, known, chance, "with it", output);

        var newest = store.Facts().NewestStartUnixNanos!.Value;
        began = Stopwatch.GetTimestamp();
        var (seen, blocks) = (0L, 0);
        foreach (var batch in store.Scan(new SpanScan { Range = new TimeRange(newest - (30 * UnixTime.NanosPerSecond), newest + 1), Service = "billing" }, CancellationToken.None).Take(50))
        {
            blocks++;
            var billing = batch.Strings.Find("billing");
            for (var i = 0; i < batch.SpanCount; i++)
                if (batch.Services[i] == billing && batch.DurationNanos[i] > 7_000_000) seen++;
        }
        var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        Line(output, $"by service and duration over {blocks} blocks: {took / blocks:0.00} ms per block ({seen} found)");

        began = Stopwatch.GetTimestamp();
        var read = store.Scan(new SpanScan { Tags = [new("user.id", "nobody")] }, CancellationToken.None).Count();
        took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        Line(output, $"by a tag that nothing has, over all {store.Facts().BlockCount} blocks: {took:0} ms, {read} read in vain");

        began = Stopwatch.GetTimestamp();
        blocks = 0;
        foreach (var batch in store.Scan(new SpanScan { Tags = [new("http.status_code", "500")] }, CancellationToken.None).Take(30))
        {
            blocks++;
            if (batch.TagOf(0, "http.status_code") is null) throw new InvalidOperationException("no tag");
        }
        took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        Line(output, $"unpacking blocks with all their tags: {took / blocks:0.0} ms per block");
        Line(output, $"memory: {Process.GetCurrentProcess().WorkingSet64 / 1_048_576} MiB working set");
    }

    static void LookUp(SegmentTraceStore store, List<(TraceId Id, int Spans)> known, Random chance, string how, TextWriter output)
    {
        var (millis, unknown) = (new double[Lookups], new double[Lookups]);
        for (var i = -50; i < Lookups; i++)
        {
            var (id, spans) = known[chance.Next(known.Count)];
            var began = Stopwatch.GetTimestamp();
            var found = store.Scan(new SpanScan { TraceId = id }, CancellationToken.None).SelectMany(SpanBatches.Spans).Count(span => span.Tags.Count == WebTraffic.TagsPerSpan);
            if (i >= 0) millis[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            if (found != spans) throw new InvalidOperationException($"{found} of {spans} spans found");
            began = Stopwatch.GetTimestamp();
            _ = store.Scan(new SpanScan { TraceId = new TraceId(1, (ulong)chance.NextInt64()) }, CancellationToken.None).Count();
            if (i >= 0) unknown[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
        Figures.Note($"one trace by id in the store {how}, {store.Facts().SpanCount / 1e6:0} M spans", $"p99 {Percentile(millis, 0.99):0.0} ms", "≤ 20 ms with 100 M");
        Line(output, $"one trace by id {how}, all spans with tags as objects: p50 {Percentile(millis, 0.5):0.0} ms, p99 {Percentile(millis, 0.99):0.0} ms, max {millis.Max():0.0} ms");
        Line(output, $"an unknown trace {how}: p50 {Percentile(unknown, 0.5):0.00} ms, p99 {Percentile(unknown, 0.99):0.00} ms");
    }

    static double Percentile(double[] values, double share) => values.Order().ElementAt((int)(values.Length * share));

    static void Line(TextWriter output, FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
