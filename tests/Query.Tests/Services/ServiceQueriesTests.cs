using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Query.Services;
using Apm.TestKit;

namespace Apm.Query.Tests.Services;

public class ServiceQueriesTests
{
    static readonly TimeRange TenMinutes = new(Some.BaseUnixNanos, Some.BaseUnixNanos + 600 * Some.Second);
    readonly FixedClock _clock = new(TenMinutes.ToUnixNanos);
    readonly ServiceCatalogue _catalogue = new(new MemoryDocuments());

    [Fact]
    public void A_service_is_summed_from_what_entered_it()
    {
        _catalogue.Saw(new ServiceSighting("web", "web", "python", "prod", "1.2", Some.BaseUnixNanos));
        var spans = Enumerable.Range(1, 100).Select(i => Some.Span(id: (ulong)i, startNanos: i * Some.Second, durationNanos: i * Some.Millisecond, isError: i > 90))
            .Append(Some.Span(id: 999, parent: 1, name: "sqlite.query", type: "sql", kind: SpanKind.Client, durationNanos: 5 * Some.Second));

        var web = Assert.Single(Queries(spans).Services(TenMinutes));

        Assert.Equal(("web", "web", "python", "1.2", ServiceKind.Application), (web.Name, web.Type, web.Language, web.Version, web.Kind));
        Assert.Equal((100.0, 10.0, 0.1, 5050.0 * Some.Millisecond), (web.HitCount, web.ErrorCount, web.ErrorRate, web.TotalNanos));
        Assert.Equal(100 / 600.0, web.HitsPerSecond, 9);
        Within1Percent(50 * Some.Millisecond, web.P50Nanos);
        Within1Percent(95 * Some.Millisecond, web.P95Nanos);
        Within1Percent(99 * Some.Millisecond, web.P99Nanos);
        Within1Percent(100 * Some.Millisecond, web.MaxNanos);
        Assert.Equal(100, web.HitSpark.Sum());
        Assert.Equal(10, web.ErrorSpark.Sum());
        Assert.Equal(20 * Some.Second, web.SparkStepNanos);
        Assert.False(web.IsWaiting);
    }

    [Fact]
    public void A_percentile_over_the_range_is_of_all_requests_not_a_mean_of_buckets()
    {
        // One bucket with 99 quick requests, one with a single slow one: the p50 is quick, though the buckets' p50s are far apart.
        var spans = Enumerable.Range(1, 99).Select(i => Some.Span(id: (ulong)i, durationNanos: Some.Millisecond)).Append(Some.Span(id: 100, startNanos: 100 * Some.Second, durationNanos: 10 * Some.Second));

        Within1Percent(Some.Millisecond, Queries(spans).Services(TenMinutes)[0].P50Nanos);
    }

    [Fact]
    public void A_process_that_is_alive_without_spans_is_waiting_and_its_routes_were_never_called()
    {
        Process("r1", "flask", _clock.Now, new RouteInfo("GET", "/", "GET /"), new RouteInfo("GET", "/api/apm", "GET /api/apm"));
        Process("r2", "gone", _clock.Now - 600 * Some.Second);

        var waiting = Assert.Single(Queries([]).Services(TenMinutes));

        Assert.Equal(("flask", true, "python", 0.0), (waiting.Name, waiting.IsWaiting, waiting.Language, waiting.HitCount));
        Assert.Null(waiting.P95Nanos);
        Assert.Equal(["GET / True", "GET /api/apm True"], Queries([]).Endpoints("flask", null, TenMinutes).Select(endpoint => $"{endpoint.Resource} {endpoint.IsNeverCalled}"));
    }

    [Fact]
    public void Endpoints_have_the_most_time_first_and_quiet_routes_last()
    {
        Process("r1", "web", _clock.Now, new RouteInfo("GET", "/", "GET /"), new RouteInfo("GET", "/old", "GET /old"), new RouteInfo("GET", "/never", "GET /never"));
        var endpoints = Queries([
            Some.Span(id: 1, durationNanos: 30 * Some.Millisecond), Some.Span(id: 2, durationNanos: 10 * Some.Millisecond, isError: true), Some.Span(id: 3, resource: "GET /slow", durationNanos: 60 * Some.Millisecond),
            Some.Span(id: 4, parent: 3, name: "inner", resource: "inner"),
            Some.Span(id: 5, resource: "GET /old", startNanos: -3600 * Some.Second),
        ]).Endpoints("web", "prod", TenMinutes);

        Assert.Equal(["GET /slow", "GET /", "GET /never", "GET /old"], endpoints.Select(endpoint => endpoint.Resource));
        Assert.Equal([0.6, 0.4, 0, 0], endpoints.Select(endpoint => endpoint.TimeShare));
        Assert.Equal([false, false, true, false], endpoints.Select(endpoint => endpoint.IsNeverCalled));
        Assert.Equal((2.0, 1.0, "flask.request"), (endpoints[1].HitCount, endpoints[1].ErrorCount, endpoints[1].Name));
        Assert.NotNull(endpoints[1].Route);
    }

    [Fact]
    public void A_series_has_each_bucket_of_the_range_and_hits_by_status_class()
    {
        var series = Queries([
            Some.Span(id: 1, startNanos: 1, tags: [("http.status_code", "200")]), Some.Span(id: 2, startNanos: 2, tags: [("http.status_code", "503")], isError: true),
            Some.Span(id: 3, startNanos: 300 * Some.Second, durationNanos: 7 * Some.Millisecond), Some.Span(id: 4, startNanos: 301 * Some.Second, isError: true, durationNanos: 7 * Some.Millisecond),
        ]).Series("web", null, null, null, TenMinutes, 10);

        Assert.Equal((60 * Some.Second, 10), (series.StepNanos, series.StartUnixNanos.Count));
        Assert.Equal([2.0, 0, 0, 0, 0, 2, 0, 0, 0, 0], series.HitCounts);
        Assert.Equal([1.0, 0, 0, 0, 0, 1, 0, 0, 0, 0], series.ErrorCounts);
        Assert.Equal(["2xx", "5xx", "error", "ok"], series.HitCountsByClass.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(1, series.HitCountsByClass["5xx"][0]);
        Assert.True(double.IsNaN(series.P95Nanos[1]));
        Within1Percent(7 * Some.Millisecond, series.P99Nanos[5]);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void The_last_bucket_is_complete_when_nothing_can_come_any_more(int secondsAfterItsEnd, bool isComplete)
    {
        _clock.Now = TenMinutes.ToUnixNanos + secondsAfterItsEnd * Some.Second;

        Assert.Equal(isComplete, Queries([Some.Span()]).Series("web", null, null, null, TenMinutes, 60).IsLastBucketComplete);
    }

    [Fact]
    public void A_distribution_keeps_every_request_in_bins_without_holes()
    {
        var latencies = Queries(Enumerable.Range(1, 1000).Select(i => Some.Span(id: (ulong)i, durationNanos: i * i * 1000L, isError: i % 5 == 0))).Latencies("web", "prod", null, null, TenMinutes);

        Assert.Equal((800.0, 200.0), (latencies.Bins.Sum(bin => bin.OkCount), latencies.Bins.Sum(bin => bin.ErrorCount)));
        Assert.InRange(latencies.Bins.Count, 30, ServiceQueries.MaxLatencyBins);
        Assert.All(latencies.Bins.Zip(latencies.Bins.Skip(1)), pair => Assert.Equal(pair.First.ToNanos, pair.Second.FromNanos));
        Within1Percent(500 * 500 * 1000L, latencies.P50Nanos);
    }

    [Fact]
    public void A_heat_map_keeps_every_request_in_the_cell_of_its_end_and_duration()
    {
        var heat = Queries(Enumerable.Range(0, 300).Select(i => Some.Span(id: (ulong)i + 1, startNanos: i * Some.Second, durationNanos: i % 3 == 0 ? 0 : (i % 40 + 1) * Some.Millisecond, isError: i % 5 == 0))).Heat("web", "prod", null, null, TenMinutes, 60);

        Assert.Equal((300.0, 60.0), (heat.Cells.Sum(cell => cell.Count), heat.Cells.Sum(cell => cell.ErrorCount)));
        Assert.Equal(100, heat.Cells.Where(cell => cell.Row == 0).Sum(cell => cell.Count), tolerance: 10); // What took no time lies in the lowest row, beside the shortest.
        Assert.Equal(0, heat.BorderNanos[0]);
        Assert.InRange(heat.BorderNanos.Count, 2, ServiceQueries.MaxHeatRows + 1);
        Assert.Equal(heat.BorderNanos.Order(), heat.BorderNanos);
        Assert.All(heat.Cells, cell => Assert.InRange(cell.Time, 0, heat.StartUnixNanos.Count - 1));
        Assert.True(heat.Cells.Max(cell => cell.Time) <= 300 / 10); // Nothing ended later than five minutes on.
    }

    [Fact]
    public void A_heat_map_of_nothing_has_no_rows()
    {
        var heat = Queries([]).Heat("web", null, null, null, TenMinutes, 60);

        Assert.Empty(heat.BorderNanos);
        Assert.Empty(heat.Cells);
    }

    [Fact]
    public void The_time_of_requests_is_their_own_and_that_of_each_callee()
    {
        var bucket = new StatsBucket(Some.BaseUnixNanos, StatsBucket.CountedWidthNanos);
        var entry = bucket.CellOf(new StatsKey { Service = "web", Name = "http.request", Resource = "GET /", Env = "prod", Kind = "server" });
        (entry.HitCount, entry.TopLevelHitCount, entry.DurationNanos) = (2, 2, 100);
        var database = bucket.CellOf(new StatsKey { Service = "web", Name = "postgres.query", Resource = "SELECT 1", Type = "sql", Env = "prod", Kind = "client", PeerTags = "db.name:orders" });
        (database.HitCount, database.DurationNanos) = (3, 30);
        var queue = bucket.CellOf(new StatsKey { Service = "web", Name = "kafka.produce", Resource = "Produce mails", Type = "queue", Env = "prod", Kind = "producer" });
        (queue.HitCount, queue.DurationNanos) = (1, 5);
        var later = new StatsBucket(Some.BaseUnixNanos + StatsBucket.CountedWidthNanos, StatsBucket.CountedWidthNanos);
        var outside = later.CellOf(new StatsKey { Service = "web", Name = "postgres.query", Resource = "SELECT 2", Type = "sql", Env = "prod", Kind = "client", PeerTags = "db.name:orders" });
        (outside.HitCount, outside.DurationNanos) = (1, 7);

        var time = new ServiceQueries(new StatsList(bucket, later), _catalogue, _clock).TimeByCallee("web", "prod", TenMinutes, 60);

        Assert.Equal([65.0, 0.0], time.OwnNanos.Take(2)); // A call outside of any request leaves no negative rest.
        Assert.Equal([2.0, 0.0], time.RequestCounts.Take(2));
        Assert.Equal([("orders", ServiceKind.Database, 37.0), ("kafka.produce", ServiceKind.Queue, 5.0)], time.Callees.Select(callee => (callee.Peer, callee.Kind, callee.TotalNanos)));
    }

    [Theory]
    //          ok within 500 ms, within 2 s, slower; failed
    [InlineData(10, 0, 0, 0, 1.0)]
    [InlineData(6, 2, 1, 1, 0.7)]
    [InlineData(0, 0, 3, 0, 0.0)]
    [InlineData(0, 0, 0, 4, 0.0)]
    public void Apdex_counts_the_satisfied_whole_the_tolerated_half_and_the_failed_nothing(int satisfied, int tolerated, int slow, int failed, double expected)
    {
        var durations = Enumerable.Repeat(400, satisfied).Concat(Enumerable.Repeat(1_900, tolerated)).Concat(Enumerable.Repeat(2_100, slow)).Select(ms => (Ms: ms, IsError: false)).Concat(Enumerable.Repeat((Ms: 1, IsError: true), failed));
        var web = Queries(durations.Select((request, i) => Some.Span(id: (ulong)i + 1, durationNanos: request.Ms * Some.Millisecond, isError: request.IsError))).Service("web", TenMinutes)!;

        Assert.Equal(expected, web.Apdex!.Value, 9);
    }

    [Fact]
    public void Without_requests_there_is_no_Apdex()
    {
        _catalogue.Saw(new ServiceSighting("web", "web", "python", "prod", "1.2", Some.BaseUnixNanos));

        Assert.Null(Queries([]).Service("web", TenMinutes)!.Apdex);
    }

    [Fact]
    public void Downstream_is_what_the_service_calls()
    {
        var bucket = new StatsBucket(Some.BaseUnixNanos, StatsBucket.CountedWidthNanos);
        var call = bucket.CellOf(new StatsKey { Service = "web", Name = "postgres.query", Resource = "SELECT 1", Type = "sql", Env = "prod", Kind = "client", PeerTags = "db.name:orders\0out.host:db1" });
        (call.HitCount, call.DurationNanos) = (3, 30);

        var downstream = Assert.Single(new ServiceQueries(new StatsList(bucket), _catalogue, _clock).Downstream("web", TenMinutes));

        Assert.Equal(("orders", ServiceKind.Database, 3.0, 30.0), (downstream.Peer, downstream.Kind, downstream.HitCount, downstream.TotalNanos));
    }

    [Theory]
    [InlineData("sql", ServiceKind.Database)]
    [InlineData("redis", ServiceKind.Cache)]
    [InlineData("web", ServiceKind.Application)]
    [InlineData("http", ServiceKind.External)]
    public void A_service_that_only_its_callers_tell_of_is_a_database_or_a_third_party(string type, ServiceKind kind)
    {
        var isCall = type != "web";
        var service = Queries([Some.Span(id: 2, parent: isCall ? 1UL : 0, service: "it", type: type, kind: isCall ? SpanKind.Client : SpanKind.Server, flags: SpanFlags.TopLevel)]).Service("it", TenMinutes);

        Assert.Equal(kind, service!.Kind);
    }

    [Fact]
    public void A_service_that_nothing_entered_in_the_range_is_an_application_still()
    {
        var service = Queries([Some.Span(id: 2, parent: 1, service: "it", type: "", kind: SpanKind.Client)]).Service("it", TenMinutes);

        Assert.Equal((ServiceKind.Application, 0.0), (service!.Kind, service.HitCount));
    }

    [Fact]
    public void An_unknown_service_is_null() => Assert.Null(Queries([]).Service("nobody", TenMinutes));

    ServiceQueries Queries(IEnumerable<Span> spans) => new(new StatsList(Some.Stats(spans)), _catalogue, _clock);

    void Process(string runtimeId, string service, long lastSeen, params RouteInfo[] routes) =>
        _catalogue.SawProcess(runtimeId, lastSeen, known => known with { Service = service, Language = "python", Routes = routes });

    static void Within1Percent(double expected, double? actual) => Assert.InRange(actual!.Value, expected * 0.989, expected * 1.011);
}
