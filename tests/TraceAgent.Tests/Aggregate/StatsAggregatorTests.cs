using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.TraceAgent.Aggregate;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Tests.Aggregate;

public class StatsAggregatorTests
{
    const long Second = UnixTime.NanosPerSecond;
    const long T0 = 1_764_090_000 * Second; // A multiple of ten seconds.

    readonly SettableClock _clock = new(UnixTime.ToDateTime(T0 + (5 * Second)));
    readonly Counters _counters = new();

    [Fact]
    public void A_span_counts_in_the_bucket_in_which_it_ended()
    {
        var aggregator = New();

        Add(aggregator, 1, Span(start: T0 - (3 * Second), duration: 4 * Second));

        var row = Assert.Single(Read(aggregator));
        Assert.Equal(T0, row.StartUnixNanos);
        Assert.Equal((1.0, 1.0, 0.0, 4e9), (row.Cell.HitCount, row.Cell.TopLevelHitCount, row.Cell.ErrorCount, row.Cell.DurationNanos));
        Assert.InRange(row.Cell.OkNanos.Quantile(0.5), 4e9 * 0.98, 4e9 * 1.02);
    }

    [Fact]
    public void A_late_span_counts_in_the_oldest_open_bucket_and_as_late()
    {
        var aggregator = New();
        _clock.Advance(60 * Second);
        aggregator.Checkpoint();

        Add(aggregator, 1, Span(start: T0, duration: 1), Span(start: T0, duration: 2));

        var row = Assert.Single(Read(aggregator));
        Assert.Equal(T0 + (50 * Second), row.StartUnixNanos);
        Assert.Equal(2, row.Cell.HitCount);
        Assert.Equal(2, _counters.Read("spans_late", service: "web"));
    }

    [Fact]
    public void A_span_from_the_far_future_counts_in_the_newest_bucket_allowed()
    {
        var aggregator = New();

        Add(aggregator, 1, Span(start: T0 + (10 * StatsAggregator.MaxAheadNanos), duration: 1));

        Assert.Equal(T0 + StatsAggregator.MaxAheadNanos, Assert.Single(Read(aggregator)).StartUnixNanos);
        Assert.Equal(1, _counters.Read("spans_from_the_future"));
    }

    [Fact]
    public void Errors_status_and_kind_make_keys_of_their_own()
    {
        var aggregator = New();
        var batch = Batch(Span(T0, 1), Span(T0, 1), Span(T0, 1));
        batch.Flags[1] |= SpanFlags.Error;
        batch.Tags.Set(1, batch.Strings.Intern("http.status_code"), batch.Strings.Intern("500"));
        batch.Numbers.Set(2, batch.Strings.Intern("http.status_code"), 404);

        Add(aggregator, 1, batch);

        var rows = Read(aggregator).OrderBy(row => row.Key.HttpStatusCode).ToList();
        Assert.Equal([(0, 1.0, 0.0), (404, 1.0, 0.0), (500, 1.0, 1.0)], rows.Select(row => (row.Key.HttpStatusCode, row.Cell.HitCount, row.Cell.ErrorCount)));
        Assert.False(rows[2].Cell.ErrorNanos.IsEmpty);
    }

    [Fact]
    public void Hits_are_weighed_by_the_tracers_rate_and_sketches_are_not()
    {
        var aggregator = New();
        var batch = Batch(Span(T0, 1_000));
        batch.SetNumber(batch.Strings.Intern("_sample_rate"), 0.25);

        Add(aggregator, 1, batch);

        var cell = Assert.Single(Read(aggregator)).Cell;
        Assert.Equal((4.0, 4_000.0, 1.0), (cell.HitCount, cell.DurationNanos, cell.OkNanos.Count));
    }

    [Fact]
    public void Inner_spans_count_only_when_they_are_one_side_of_a_call_or_measured()
    {
        var aggregator = New();
        var batch = Batch(Span(T0, 9), Span(T0, 1, parent: 1, name: "plain"), Span(T0, 1, parent: 1, name: "client"), Span(T0, 1, parent: 1, name: "measured"), Span(T0, 1, parent: 1, name: "running"));
        batch.Tags.Set(2, batch.Strings.Intern("span.kind"), batch.Strings.Intern("client"));
        batch.Numbers.Set(3, batch.Strings.Intern("_dd.measured"), 1);
        batch.Numbers.Set(4, batch.Strings.Intern("_dd.measured"), 1);
        batch.Numbers.Set(4, batch.Strings.Intern("_dd.partial_version"), 1);

        Add(aggregator, 1, batch);

        Assert.Equal(["client", "measured", "web.request"], Read(aggregator).Select(row => row.Key.Name).Order());
    }

    [Fact]
    public void Client_spans_carry_whom_they_called_without_telling_machines_apart()
    {
        var aggregator = New();
        var batch = Batch(Span(T0, 1));
        foreach (var (key, value) in new[] { ("span.kind", "client"), ("db.system", "postgres"), ("out.host", "192.168.1.1"), ("unrelated", "x") })
            batch.SetTag(batch.Strings.Intern(key), batch.Strings.Intern(value));

        Add(aggregator, 1, batch);

        Assert.Equal("db.system:postgres\0out.host:blocked-ip-address", Assert.Single(Read(aggregator)).Key.PeerTags);
    }

    [Fact]
    public void Peer_tags_of_the_settings_count_beside_the_known_ones_and_kinds_only_when_asked_for()
    {
        var aggregator = new StatsAggregator(_clock, _counters, null, settings: new CountSettings { PeerTags = ["unrelated", "span.kind"], CountsBySpanKind = false });
        var batch = Batch(Span(T0, 1), Span(T0, 1, parent: 1));
        foreach (var i in new[] { 0, 1 })
            foreach (var (key, value) in new[] { ("span.kind", "client"), ("db.system", "postgres"), ("unrelated", "x") })
                batch.Tags.Set(i, batch.Strings.Intern(key), batch.Strings.Intern(value));

        Add(aggregator, 1, batch);

        var row = Assert.Single(Read(aggregator)); // The second is neither an entry nor measured.
        Assert.Equal(("client", "db.system:postgres\0unrelated:x", 1.0), (row.Key.Kind, row.Key.PeerTags, row.Cell.HitCount));
    }

    [Fact]
    public void Spans_of_a_tracer_that_counts_itself_are_not_counted_again()
    {
        var aggregator = New();
        var batch = Batch(Span(T0, 1));
        batch.Payloads[0] = batch.Payloads[0] with { ClientComputedStats = true };

        Add(aggregator, 1, batch);

        Assert.Empty(Read(aggregator));
    }

    [Fact]
    public void A_record_counts_once_however_often_it_is_replayed()
    {
        var aggregator = New();
        Add(aggregator, 1, Span(T0, 1));
        Add(aggregator, 2, Span(T0, 1));
        var checkpoint = aggregator.Checkpoint();
        Add(aggregator, 3, Span(T0, 1)); // After the checkpoint: lost with the process, and replayed.

        var restarted = new StatsAggregator(_clock, _counters, checkpoint);
        for (var position = 1; position <= 3; position++) Add(restarted, position, Span(T0, 1));

        Assert.Equal(3, Assert.Single(Read(restarted)).Cell.HitCount);
    }

    [Fact]
    public void A_bucket_closes_after_twenty_seconds_and_is_read_until_it_is_confirmed()
    {
        var aggregator = New();
        Add(aggregator, 1, Span(T0, 1));
        _clock.Advance(20 * Second);

        var checkpoint = aggregator.Checkpoint();

        Assert.Equal(T0, Assert.Single(checkpoint.Closed).StartUnixNanos);
        Assert.Empty(checkpoint.Open);
        Assert.Single(Read(aggregator));
        aggregator.Confirm(checkpoint);
        Assert.Empty(Read(aggregator));
    }

    [Fact]
    public void Buckets_that_could_not_be_written_are_offered_again()
    {
        var aggregator = New();
        Add(aggregator, 1, Span(T0, 1));
        _clock.Advance(20 * Second);
        aggregator.Checkpoint(); // Its write failed: never confirmed.

        Assert.Single(aggregator.Checkpoint().Closed);
    }

    [Fact]
    public void Too_many_resources_share_one_cell_that_says_so()
    {
        var aggregator = New();
        var batch = Batch([.. Enumerable.Range(0, StatsAggregator.MaxCellsPerBucket + 5).Select(i => Span(T0, 1, resource: $"/item/{i}"))]);

        Add(aggregator, 1, batch);

        var rows = Read(aggregator);
        Assert.Equal(5, rows.Single(row => row.Key.Resource == StatsAggregator.OverflowResource).Cell.HitCount);
        Assert.Equal(5, _counters.Read("stats_keys_over_limit", service: "web"));
    }

    [Fact]
    public void Who_has_too_many_keys_and_which_part_of_them_is_told_in_words()
    {
        var problems = new RecentProblems();
        var aggregator = new StatsAggregator(_clock, _counters, null, problems: problems);
        Add(aggregator, 1, Batch([Span(T0, 1, service: "shop"), .. Enumerable.Range(0, StatsAggregator.MaxCellsPerBucket + 5).Select(i => Span(T0, 1, resource: $"/item/{i}"))]));
        Add(aggregator, 2, Batch([Span(T0, 1, resource: "/one/more")]));

        var problem = Assert.Single(problems.ReadAll());
        Assert.Equal(
            "Ten seconds of statistics would have more keys than are kept apart (20000 a bucket, 60000 in all, fewer when memory is short). Most are of service web: 19,999 different resources, such as /item/0. " +
            "What comes on top is counted under the resource \"(too many resources)\". Give such spans fewer different names, for example with replace_tags.", problem.Sentence);
        Assert.Equal(1, problem.Count);
    }

    [Fact]
    public void Keys_spread_over_many_services_are_told_so()
    {
        var problems = new RecentProblems();
        var aggregator = new StatsAggregator(_clock, _counters, null, problems: problems);
        Add(aggregator, 1, Batch([.. Enumerable.Range(0, StatsAggregator.MaxCellsPerBucket + 1).Select(i => Span(T0, 1, service: $"service-{i}"))]));

        Assert.Contains("They are spread over 20,000 services, such as service-0.", Assert.Single(problems.ReadAll()).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_services_share_one_cell_in_the_end()
    {
        var aggregator = New();
        var most = StatsAggregator.MaxCellsPerBucket + StatsAggregator.MaxOverflowCells;
        var batch = Batch([.. Enumerable.Range(0, most + 7).Select(i => Span(T0, 1, service: $"service-{i}"))]);

        Add(aggregator, 1, batch);

        var rows = Read(aggregator);
        Assert.Equal(most + 1, rows.Count);
        Assert.Equal(7, rows.Single(row => row.Key.Service == StatsAggregator.OverflowService).Cell.HitCount);
        Assert.Equal(most + 7, rows.Sum(row => row.Cell.HitCount));
    }

    [Fact]
    public void All_open_buckets_together_keep_to_a_limit()
    {
        var aggregator = New();
        for (var second = 0; second < 100; second++)
            Add(aggregator, second + 1, Batch([.. Enumerable.Range(0, 1_000).Select(i => Span(T0 + (second * 10 * Second), 1, resource: $"/{second}/{i}"))]));

        var rows = Read(aggregator);

        Assert.Equal(100_000, rows.Sum(row => row.Cell.HitCount));
        Assert.InRange(rows.Count, StatsAggregator.MaxCells, StatsAggregator.MaxCells + 100);
    }

    [Fact]
    public void Statistics_of_a_client_are_taken_after_the_clock_was_set_back()
    {
        var aggregator = New();
        _clock.Advance(60 * Second);
        aggregator.Checkpoint();
        _clock.Advance(-24 * 3_600 * Second);
        var bucket = new StatsBucket(T0, StatsBucket.CountedWidthNanos);
        bucket.CellOf(new StatsKey { Service = "web", Name = "op", Resource = "/" }).HitCount = 4;

        aggregator.Add(new SpanBatch(1), [], new LogPosition(1), [bucket]);

        Assert.Equal(4, Assert.Single(Read(aggregator)).Cell.HitCount);
        Assert.Equal(1, _counters.Read("client_stats_moved", "late"));
    }

    [Theory]
    [InlineData(0.5, 2)]
    [InlineData(0, 1)]
    [InlineData(-1, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(double.Epsilon, 1_000_000)] // One over it is infinite.
    public void A_span_stands_for_as_many_as_its_sample_rate_says(double rate, double expected)
    {
        var aggregator = New();
        var batch = Batch(Span(T0, 1));
        batch.Numbers.Set(0, batch.Strings.Intern("_sample_rate"), rate);

        Add(aggregator, 1, batch);

        Assert.Equal(expected, Assert.Single(Read(aggregator)).Cell.HitCount);
    }

    [Theory]
    [InlineData("aborted", "10")]
    [InlineData("0", "0")]
    [InlineData("Canceled", "1")]
    [InlineData("StatusCode.ABORTED", "10")]
    [InlineData("StatusCodee.ABORTED", "")]
    [InlineData("InvalidArgument", "3")]
    public void Grpc_status_is_a_number(string tag, string expected)
    {
        var aggregator = New();
        var batch = Batch(Span(T0, 1));
        batch.SetTag(batch.Strings.Intern("grpc.code"), batch.Strings.Intern(tag));

        Add(aggregator, 1, batch);

        Assert.Equal(expected, Assert.Single(Read(aggregator)).Key.GrpcStatusCode);
    }

    [Theory]
    [InlineData(1_000, 1_000)]
    [InlineData(1_000_000, 999_424)]
    [InlineData(3_734_131, 3_731_456)]
    [InlineData(10_000_000, 9_994_240)]
    [InlineData(1_000_000_000, 999_292_928)]
    public void Durations_keep_a_ten_bit_mantissa(long nanos, double expected) => Assert.Equal(expected, StatsRun.Truncated(nanos));

    [Theory]
    [InlineData("192.168.1.1", "blocked-ip-address")]
    [InlineData("192.168.1.1.foo", "blocked-ip-address.foo")]
    [InlineData("192_168_1_1", "blocked-ip-address")]
    [InlineData("[fe80::1ff:fe23:4567:890a]:8080", "blocked-ip-address:8080")]
    [InlineData("ip-10-152-4-129.ec2.internal", "ip-blocked-ip-address.ec2.internal")]
    [InlineData("1-2-3-999", "1-2-3-999")]
    [InlineData("1-2-3-4-foo", "blocked-ip-address-foo")]
    [InlineData("dnspoll:///10.21.120.145:6400", "dnspoll:///blocked-ip-address:6400")]
    [InlineData("192.168.1.1:1234,10.23.1.1:53,10.23.1.1,fe80::1ff:fe23:4567:890a,foo.dog", "blocked-ip-address:1234,blocked-ip-address:53,blocked-ip-address,foo.dog")]
    [InlineData("foo.dog", "foo.dog")]
    [InlineData("127.0.0.1", "127.0.0.1")]
    public void Addresses_are_quantised(string value, string expected) => Assert.Equal(expected, PeerAddress.Quantize(value));

    StatsAggregator New() => new(_clock, _counters, null);

    void Add(StatsAggregator aggregator, long position, params TestSpan[] spans) => Add(aggregator, position, Batch(spans));

    void Add(StatsAggregator aggregator, long position, SpanBatch batch)
    {
        var facts = new SpanNormalizer(_counters, new NormalizeSettings()).Normalize(batch);
        aggregator.Add(batch, facts, new LogPosition(position), []);
    }

    static IReadOnlyList<StatsRow> Read(StatsAggregator aggregator) => aggregator.ReadOpen(TimeRange.All, StatsFilter.Any, out _);

    static TestSpan Span(long start, long duration, ulong parent = 0, string name = "web.request", string resource = "GET /", string service = "web") => new(start, duration, parent, name, resource, service);

    static SpanBatch Batch(params TestSpan[] spans)
    {
        var batch = new SpanBatch();
        batch.Payloads.Add(new Payload { Protocol = "test", ReceivedUnixNanos = T0 });
        foreach (var span in spans)
        {
            var i = batch.AddSpan();
            batch.TraceIdLow[i] = 1;
            batch.SpanIds[i] = (ulong)i + 1;
            batch.ParentIds[i] = span.Parent;
            batch.StartUnixNanos[i] = span.Start;
            batch.DurationNanos[i] = span.Duration;
            batch.Services[i] = batch.Strings.Intern(span.Service);
            batch.Names[i] = batch.Strings.Intern(span.Name);
            batch.Resources[i] = batch.Strings.Intern(span.Resource);
        }
        batch.AddChunk(0, 0);
        return batch;
    }

    sealed record TestSpan(long Start, long Duration, ulong Parent, string Name, string Resource, string Service);

    sealed class SettableClock(DateTimeOffset now) : TimeProvider
    {
        DateTimeOffset _now = now;

        public void Advance(long nanos) => _now = _now.AddTicks(nanos / UnixTime.NanosPerTick);

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
