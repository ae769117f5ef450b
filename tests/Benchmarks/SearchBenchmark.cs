using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Traces;
using Apm.Storage.InMemory;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Apm.Benchmarks;

/// <summary>
/// Searching an hour of spans held in memory: the first page with true totals, the strip, the facets, one trace. What reading
/// blocks from disk costs on top is measured with the trace store.
/// </summary>
public static class SearchBenchmark
{
    const long Start = 1_772_359_200 * UnixTime.NanosPerSecond;
    const int SpansPerTrace = 10;
    const int Rounds = 15;

    internal static TimeRange Hour { get; } = new(Start, Start + 3600 * UnixTime.NanosPerSecond);

    static readonly string[] Services = ["web", "checkout", "users", "cart", "postgres", "redis", "mail", "search"];

    /// <summary>Arguments: spans (1000000), spans per batch (1000).</summary>
    public static int Run(string[] args)
    {
        var output = Console.Out;
        var spans = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
        var perBatch = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1_000;
        using var store = new InMemoryTraceStore(TimeProvider.System, counters: null, maxSpans: spans + perBatch);
        for (var first = 0; first < spans; first += perBatch) store.Append(Batch(first, Math.Min(perBatch, spans - first), spans), new LogPosition(first + 1));

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{spans} spans in batches of {perBatch}, {SpansPerTrace} per trace, 12 tags each; milliseconds, median and worst of {Rounds}"));
        var hour = Hour;
        var search = new TraceSearch(store, TimeProvider.System);
        foreach (var filter in (string[])["", "service:web", "service:web status:error", "duration:>900ms", "@http.status_code:500", "@customer.id:c4711", "resource:*7* -service:redis", "\"timeout\""])
            Measure(output, $"search newest   {filter}", () => Find(search, hour, filter, TraceSort.Newest));
        Measure(output, "search slowest  ", () => Find(search, hour, "", TraceSort.Slowest));
        Measure(output, "search slowest  service:web status:error", () => Find(search, hour, "service:web status:error", TraceSort.Slowest));
        Measure(output, "strip           service:web", () => search.Strip(hour, TraceFilterParser.Parse("service:web"), 120).HitCounts.Sum());
        Measure(output, "strip           ", () => search.Strip(hour, TraceFilter.Empty, 120).HitCounts.Sum());
        Measure(output, "facets          ", () => search.Facets(hour, TraceFilter.Empty).Services.Sum(value => value.SpanCount));

        using var large = new InMemoryTraceStore();
        large.Append(Large(100_000), new LogPosition(1));
        var lookup = new TraceLookup(large);
        Measure(output, "tree of 100,000 spans", () => lookup.Read(new Core.Ids.TraceId(0, 1))!.SpanCount);
        return 0;
    }

    static long Find(TraceSearch search, TimeRange range, string filter, TraceSort sort)
    {
        var result = search.Search(new TraceSearchRequest { Range = range, Filter = TraceFilterParser.Parse(filter), Sort = sort });
        if (!result.IsComplete) throw new InvalidOperationException(result.IncompleteReason);
        return result.MatchedSpanCount;
    }

    static void Measure(TextWriter output, string what, Func<long> work)
    {
        var millis = new double[Rounds];
        var found = work();
        for (var i = 0; i < Rounds; i++)
        {
            var began = Stopwatch.GetTimestamp();
            found = work();
            millis[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
        Array.Sort(millis);
        Figures.Note($"in memory: {what.Trim()}", $"{millis[Rounds / 2]:0.0} ms median, {millis[^1]:0.0} ms worst", what.StartsWith("tree", StringComparison.Ordinal) ? "≤ 200 ms" : "≤ 100 ms");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-50} {found,9} spans  {millis[Rounds / 2],7:0.0} {millis[^1],7:0.0}"));
    }

    /// <summary>Spans [first, first + count) of an hour of traffic.</summary>
    internal static SpanBatch Batch(int first, int count, int ofSpans)
    {
        var batch = new SpanBatch(count);
        var chance = new Random(first);
        for (var n = first; n < first + count; n++)
        {
            var (trace, place) = (n / SpansPerTrace, n % SpansPerTrace);
            var i = batch.AddSpan();
            var strings = batch.Strings;
            batch.TraceIdLow[i] = unchecked((ulong)(trace + 1) * 0x9E3779B97F4A7C15);
            batch.TraceIdHigh[i] = 0x6543210000000000;
            batch.SpanIds[i] = unchecked((ulong)(n + 1) * 0xD6E8FEB86659FD93);
            batch.ParentIds[i] = place == 0 ? 0 : unchecked((ulong)(trace * SpansPerTrace + 1) * 0xD6E8FEB86659FD93);
            batch.StartUnixNanos[i] = Start + (long)((double)trace * SpansPerTrace / ofSpans * 3600 * UnixTime.NanosPerSecond) + place * UnixTime.NanosPerMillisecond;
            batch.DurationNanos[i] = chance.NextInt64(UnixTime.NanosPerSecond) / (place + 1);
            batch.Services[i] = strings.Intern(Services[place % Services.Length]);
            batch.Names[i] = strings.Intern(place == 0 ? "flask.request" : "http.request");
            batch.Resources[i] = strings.Intern($"GET /endpoint/{chance.Next(200)}");
            batch.Types[i] = strings.Intern(place == 4 ? "sql" : "web");
            batch.Envs[i] = strings.Intern("prod");
            batch.Kinds[i] = place == 0 ? SpanKind.Server : SpanKind.Client;
            batch.Flags[i] = (place == 0 ? SpanFlags.TopLevel : SpanFlags.None) | (chance.Next(50) == 0 ? SpanFlags.Error : SpanFlags.None);
            for (var tag = 0; tag < 7; tag++) batch.SetTag(strings.Intern($"tag.number.{tag}"), strings.Intern($"value {chance.Next(20)}"));
            batch.SetTag(strings.Intern("customer.id"), strings.Intern($"c{chance.Next(10_000)}"));
            batch.SetTag(strings.Intern("http.url"), strings.Intern($"http://shop/endpoint/{chance.Next(100_000)}"));
            if (chance.Next(1000) == 0) batch.SetTag(strings.Intern("error.message"), strings.Intern("Timeout while waiting"));
            batch.SetNumber(strings.Intern("http.status_code"), chance.Next(100) == 0 ? 500 : 200);
            batch.SetNumber(strings.Intern("process_id"), 4711);
        }
        return batch;
    }

    static SpanBatch Large(int count)
    {
        var batch = Batch(0, count, count);
        for (var i = 0; i < count; i++)
        {
            (batch.TraceIdHigh[i], batch.TraceIdLow[i]) = (0, 1);
            batch.ParentIds[i] = i == 0 ? 0 : batch.SpanIds[(i - 1) / 8];
        }
        return batch;
    }
}
