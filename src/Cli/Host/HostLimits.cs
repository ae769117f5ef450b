using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.TraceAgent.Intake;

namespace Apm.Cli.Host;

/// <summary>The limits that <c>GET /api/status</c>, <c>apm status</c> and the screens show as gauges.</summary>
static class HostLimits
{
    /// <summary>How long one measurement of the data folder holds: it looks at every file.</summary>
    static readonly TimeSpan MeasureEvery = TimeSpan.FromSeconds(5);

    const string Bodies = "bodies";
    const string TraceFilters = "trace_filters";

    public static LimitBook Make(HostSettings settings, PipelineParts parts, MemoryGuard guard, long maxDiskBytes, Func<int> openConnections, Func<double> issueCount)
    {
        var counters = parts.Counters;
        var book = new LimitBook(parts.Clock);
        var folder = new FolderBytes(settings.DataFolder, parts.Clock);
        book.Add(new Limit("memory.max_bytes", "Memory of the process", "bytes", "Payloads are answered 429 and sent again by the tracer; caches shrink, so that searching gets slower.")
        {
            Value = () => guard.Last.WorkingSetBytes, Ceiling = () => settings.MaxMemoryBytes,
            BitCount = () => guard.BitCount + counters.Read("payloads_rejected", OverloadedException.NoMemory) + counters.Read("queries_refused", OverloadedException.NoMemory),
        });
        book.Add(new Limit("storage.max_bytes", "Data on disk", "bytes", "The oldest traces are dropped, an hour at a time; statistics and everything else stay.")
        {
            Value = folder.Read, Ceiling = () => maxDiskBytes, BitCount = () => counters.Read("trace_slices_dropped", "bytes"),
        });
        book.Add(new Limit("memory.work", "Memory of payloads at work", "bytes", "Payloads are answered 429 and sent again by the tracer.")
        {
            Value = () => parts.Memory.WorkBytes, Ceiling = () => parts.Memory.RoomBytes, BitCount = () => parts.Memory.Accounts.Sum(account => account.RefusedCount),
        });
        foreach (var account in parts.Memory.Accounts.Where(account => account.IsCache))
            book.Add(new Limit($"memory.{account.Name}", TitleOf(account.Name), "bytes", "What was not used for longest is let go, and read from disk again when needed.")
            {
                Value = () => account.HeldBytes, Ceiling = () => account.LimitBytes, BitCount = () => account.RefusedCount,
            });
        foreach (var account in parts.Memory.Accounts.Where(account => !account.IsCache && account.Name is not (Bodies or TraceFilters)))
            book.Add(new Limit($"memory.{account.Name}", TitleOf(account.Name), "bytes", "It is part of the memory at work, which they share.")
            {
                Value = () => account.HeldBytes, Ceiling = () => Math.Min(account.MaxBytes, parts.Memory.RoomBytes), BitCount = () => account.RefusedCount,
            });
        book.Add(new Limit("limits.max_filter_bytes", TitleOf(TraceFilters), "bytes", "The oldest traces are found more slowly by their id.")
        {
            Value = () => HeldBy(parts.Memory, TraceFilters), Ceiling = () => settings.Traces.MaxFilterBytes, BitCount = () => counters.Read("trace_filters_dropped"),
        });
        book.Add(new Limit("limits.max_bytes_in_flight", "Bodies being read", "bytes", "Payloads are answered 429 and sent again by the tracer.")
        {
            Value = () => HeldBy(parts.Memory, Bodies), Ceiling = () => settings.Agent.MaxBytesInFlight, BitCount = () => counters.Read("payloads_rejected", OverloadedException.TooFast),
        });
        book.Add(new Limit("limits.max_connections", "Open connections", "connections", "One more is closed without an answer.")
        {
            Value = () => openConnections(), Ceiling = () => settings.Agent.MaxConnections, BitCount = () => counters.Read("connections_refused"),
        });
        book.Add(new Limit("StatsAggregator.MaxCells", "Distinct keys of open statistics", "keys", "Further resources are counted together as \"(too many resources)\".")
        {
            Value = () => HeldBy(parts.Memory, "open_buckets") / (double)Core.Stats.StatsBucket.MemoryBytesPerCell,
            Ceiling = () => TraceAgent.Aggregate.StatsAggregator.MaxCells, BitCount = () => counters.Read("stats_keys_over_limit"),
        });
        book.Add(new Limit("ServiceCatalogue.MaxServices", "Services known", "services", "Further ones are stored and counted, but not listed.")
        {
            Value = () => parts.Catalogue.Services().Count, Ceiling = () => Core.Services.ServiceCatalogue.MaxServices, BitCount = () => counters.Read("services_over_limit"),
        });
        book.Add(new Limit("IssueBook.MaxIssues", "Error issues", "issues", "Further errors are counted together, per service, as \"(too many issues)\".")
        {
            Value = issueCount, Ceiling = () => TraceAgent.Errors.IssueBook.MaxIssues, BitCount = () => counters.Read("issues_over_limit"),
        });
        return book;
    }

    static long HeldBy(MemoryBudget memory, string account) => memory.Accounts.Where(held => held.Name == account).Sum(held => held.HeldBytes);

    static string TitleOf(string account) => account switch
    {
        "decoded_blocks" => "Cache of unpacked traces",
        "statistics_read" => "Cache of statistics",
        "metric_directories" => "Cache of the series in metric files",
        "metric_points" => "Metric points not yet in a file",
        "metric_series" => "Names of metric series",
        "queue" => "Decoded payloads not yet in the store",
        "waiting_spans" => "Spans not yet in a block",
        "open_buckets" => "Statistics not yet stored",
        "known_blocks" => "What is known of blocks on disk",
        "fates" => "What became of traces that are not stored",
        "tail" => "Spans that wait for live tails",
        "sampling_decisions" => "Decisions that late spans follow",
        "dogstatsd" => "What DogStatsD sums up",
        "outbox" => "Notices not yet delivered, and the last that were",
        "checks" => "Pages of OpenMetrics being read",
        "check_runs" => "What running checks have found so far",
        "check_results" => "Results of checks that wait for the store",
        "events" => "Events",
        "service_checks" => "Answers of service checks",
        "api_bodies" => "Submissions of metrics being read",
        "api_event_bodies" => "Submissions of events being read",
        "api_decoded" => "Submissions of metrics being decoded",
        "otlp_decoded" => "OTLP metrics being decoded",
        "otlp_cumulative" => "Last points of cumulative OTLP series",
        TraceFilters => "Filters that find traces by id",
        _ => account.Replace('_', ' '),
    };

    /// <summary>The sum of a folder's files.</summary>
    sealed class FolderBytes(string folder, TimeProvider clock)
    {
        readonly Lock _lock = new();
        long _measuredAt = -1;
        double _bytes;

        public double Read()
        {
            lock (_lock)
            {
                if (_measuredAt >= 0 && clock.GetElapsedTime(_measuredAt) < MeasureEvery) return _bytes;
                _measuredAt = clock.GetTimestamp();
                try
                {
                    _bytes = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Exists ? (double)file.Length : 0);
                }
                catch (IOException)
                {
                    // A file went while we looked: the last sum holds.
                }
                return _bytes;
            }
        }
    }
}
