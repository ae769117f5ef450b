using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Spans;
using Apm.Query.Traces;
using Apm.Storage.Traces;
using Apm.TestKit;
using Process = System.Diagnostics.Process;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Apm.Benchmarks;

/// <summary>
/// Searching an hour of spans on disk, in several slices: the first page as the screen asks for it, all of the totals, structure, groups.
/// Prints its figures and writes results/search-disk.md; <c>search-disk SPANS FOLDER TEXT</c> says how much to store (10 million) and where, and that only lines with that text are
/// wanted; a folder that holds traces already is taken as it is.
/// </summary>
public static class SearchDiskBenchmark
{
    const int Rounds = 9;
    const long MaxSliceBytes = 67_108_864;

    /// <summary>As the Traces screen counts.</summary>
    static readonly TimeSpan CountFor = TimeSpan.FromMilliseconds(60);

    static string s_only = "";

    public static int Run(string[] args)
    {
        var spans = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 10_000_000;
        var folder = args.Length > 1 ? args[1] : Directory.CreateTempSubdirectory("apm-bench-").FullName;
        using var output = new StringWriter();
        try
        {
            using var store = new SegmentTraceStore(folder, TimeProvider.System, new Counters(), new TraceStoreSettings { MaxSliceBytes = MaxSliceBytes });
            if (store.Facts().SpanCount == 0) Fill(store, spans);
            var facts = store.Facts();
            Line(output, $"{facts.SpanCount} spans of an hour in {facts.BlockCount} blocks and {Directory.GetFiles(folder, "*.seg").Length} slices, {(double)facts.ByteCount / facts.SpanCount:0.0} bytes per span");
            s_only = args.Length > 2 ? args[2] : "";
            Measure(store, output);
        }
        finally
        {
            if (args.Length < 2) Directory.Delete(folder, recursive: true);
        }
        Console.Write(output);
        if (s_only.Length > 0) return 0;
        Figures.WriteFile("search-disk.md", $"""
            # Searching an hour of spans on disk

            `dotnet run -c Release --project tests/Benchmarks -- search-disk {spans}`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, a machine of {Environment.ProcessorCount} cores that did other work as well.
            10 spans per trace, 12 tags each; customers hardly repeat. Files are in the system's cache, unpacked blocks only as far as the store keeps them (64 MiB).
            Milliseconds: median and worst by the clock of {Rounds} (3 for "all" and groups) after one to warm up, then processor time of all threads; on a busy machine only
            the last says what a search costs. "First page" is 50 traces as the screen asks: counting stops after {CountFor.TotalMilliseconds:0} ms once the
            page is certain, and "≥" says that it did. "All" counts to the end, or to the deadline of 5 s.

            ```
            {output.ToString().TrimEnd()}
            ```

            """);
        return 0;
    }

    static void Fill(SegmentTraceStore store, int spans)
    {
        const int PerBatch = 4_000;
        for (var first = 0; first < spans; first += PerBatch)
        {
            store.Append(SearchBenchmark.Batch(first, Math.Min(PerBatch, spans - first), spans), new LogPosition(first + 1));
            store.Flush(everything: false);
        }
        store.Flush(everything: true);
    }

    static void Measure(SegmentTraceStore store, StringWriter output)
    {
        var hour = SearchBenchmark.Hour;
        var search = new TraceSearch(store, TimeProvider.System);
        var spanSearch = new SpanSearch(store, TimeProvider.System);
        var aggregation = new SpanAggregation(store, TimeProvider.System);
        string[] filters =
        [
            "", "service:web", "service:web status:error", "service:web duration:>900ms", "duration:>999900us", "service:web @http.status_code:500 duration:>500ms", "@customer.id:c4711", "@customer.id:nobody",
            "resource:*7* -service:redis", "{service:web} => {service:redis status:error}", "!{status:error}", "spans:>9 errors:>2",
        ];
        foreach (var filter in filters)
        {
            var parsed = TraceFilterParser.Parse(filter);
            Time(output, $"first page   {filter}", () => Count(search.Search(new TraceSearchRequest { Range = hour, Filter = parsed, CountFor = CountFor })));
        }
        foreach (var filter in filters)
        {
            var parsed = TraceFilterParser.Parse(filter);
            Time(output, $"all          {filter}", () => Count(search.Search(new TraceSearchRequest { Range = hour, Filter = parsed })), rounds: 3);
        }
        foreach (var sort in Enum.GetValues<SpanSort>())
            Time(output, $"spans        {sort}, first page, service:web", () => Count(spanSearch.Search(new SpanSearchRequest { Range = hour, Filter = TraceFilterParser.Parse("service:web"), Sort = sort, CountFor = CountFor })));
        Time(output, "group        count and p95 by service, all", () => Count(aggregation.Aggregate(new SpanAggregationRequest
        {
            Range = hour, Computes = [new(SpanFunction.Count), new(SpanFunction.Percentile, SpanField.Duration, 95)], GroupBy = [new SpanGroupBy(SpanField.Parse("service"))],
        })), rounds: 3);
    }

    static (long, bool) Count(TraceSearchResult result) => (result.MatchedSpanCount, result.IsComplete);
    static (long, bool) Count(SpanSearchResult result) => (result.MatchedSpanCount, result.Report.IsComplete);
    static (long, bool) Count(SpanAggregationResult result) => (result.MatchedSpanCount, result.Report.IsComplete);

    static void Time(StringWriter output, string what, Func<(long Spans, bool IsComplete)> work, int rounds = Rounds)
    {
        if (!what.Contains(s_only, StringComparison.Ordinal)) return;
        var millis = new double[rounds];
        var found = work();
        using var process = Process.GetCurrentProcess();
        var cpu = process.TotalProcessorTime;
        for (var i = 0; i < rounds; i++)
        {
            var began = Stopwatch.GetTimestamp();
            found = work();
            millis[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
        process.Refresh();
        var cpuMillis = (process.TotalProcessorTime - cpu).TotalMilliseconds / rounds;
        Array.Sort(millis);
        var line = string.Create(CultureInfo.InvariantCulture, $"{what,-70} {(found.IsComplete ? "" : "≥"),1}{found.Spans,9} spans  {millis[rounds / 2],7:0.0} {millis[^1],7:0.0} {cpuMillis,7:0.0}");
        Figures.Note($"on disk: {string.Join(' ', what.Split(' ', StringSplitOptions.RemoveEmptyEntries))}", $"{millis[rounds / 2]:0.0} ms median, {millis[^1]:0.0} ms worst", what.StartsWith("first", StringComparison.Ordinal) ? "≤ 100 ms" : "");
        output.WriteLine(line);
        Console.Error.WriteLine(line);
    }

    static void Line(StringWriter output, FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
