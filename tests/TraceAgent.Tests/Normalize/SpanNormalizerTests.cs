using Apm.Core.Counting;
using Apm.Core.Spans;
using Apm.TraceAgent.Account;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Tests.Normalize;

public class SpanNormalizerTests
{
    const long Now = 1_764_090_000_000_000_000;
    readonly Counters _counters = new();
    readonly List<SpanRejection> _rejections = [];

    [Fact]
    public void A_good_span_passes_unchanged()
    {
        var batch = Batch(("web", "flask.request", "GET /", 7, 0, Now, 1_000));

        var facts = Normalize(batch);

        var span = batch.SpanAt(0);
        Assert.Equal(("web", "flask.request", "GET /", "none"), (span.Service, span.Name, span.Resource, span.Env));
        Assert.True(span.IsTopLevel);
        Assert.Equal(0, facts.Single().RootSpan);
        Assert.Empty(_counters.ReadAll());
    }

    [Theory]
    [InlineData(-50L, 0L)]
    [InlineData(long.MaxValue, 0L)]
    [InlineData(5L, 5L)]
    public void A_duration_that_cannot_be_is_zero(long durationNanos, long expected)
    {
        var batch = Batch(("web", "op", "r", 7, 0, Now, durationNanos));

        Normalize(batch);

        Assert.Equal(expected, batch.DurationNanos[0]);
        Assert.Equal(durationNanos == expected ? 0 : 1, _counters.Read("spans_repaired", "invalid_duration"));
    }

    [Fact]
    public void A_start_before_the_year_2000_is_taken_from_the_time_of_receipt()
    {
        var batch = Batch(("web", "op", "r", 7, 0, 42, 1_000));

        Normalize(batch);

        Assert.Equal(Now - 1_000, batch.StartUnixNanos[0]);
    }

    [Fact]
    public void An_empty_resource_is_the_operation_and_an_empty_service_is_named_by_language()
    {
        var batch = Batch(("", "bad-name", "", 7, 0, Now, 1));

        Normalize(batch, new Payload { Protocol = "test", ReceivedUnixNanos = Now, Language = "python" });

        Assert.Equal(("unnamed-python-service", "bad_name", "bad_name"), (batch.SpanAt(0).Service, batch.SpanAt(0).Name, batch.SpanAt(0).Resource));
        Assert.Equal(1, _counters.Read("spans_repaired", "service_empty"));
    }

    [Theory]
    [InlineData("100", true)]
    [InlineData("599", true)]
    [InlineData("99", false)]
    [InlineData("600", false)]
    [InlineData("Invalid status code", false)]
    public void An_http_status_that_is_none_is_taken_away(string status, bool isKept)
    {
        var batch = Batch(("web", "op", "r", 7, 0, Now, 1));
        batch.SetTag(batch.Strings.Intern("http.status_code"), batch.Strings.Intern(status));

        Normalize(batch);

        Assert.Equal(isKept ? status : null, batch.TagOf(0, "http.status_code"));
    }

    [Fact]
    public void A_span_that_is_its_own_parent_is_a_root()
    {
        var batch = Batch(("web", "op", "r", 7, 7, Now, 1));
        batch.TraceIdLow[0] = 7;

        Normalize(batch);

        Assert.Equal(0ul, batch.ParentIds[0]);
    }

    [Fact]
    public void One_span_without_id_drops_its_chunk_and_leaves_the_others()
    {
        var batch = Batch(("web", "op", "r", 7, 0, Now, 1));
        AddChunk(batch, ("shop", "op", "r", 0, 0, Now, 1), ("shop", "op", "r", 9, 0, Now, 1));
        AddChunk(batch, ("web", "op2", "r", 11, 0, Now, 1));

        var facts = Normalize(batch);

        Assert.Equal(["op", "op2"], Enumerable.Range(0, batch.SpanCount).Select(i => batch.SpanAt(i).Name));
        Assert.Equal(2, facts.Length);
        var rejection = Assert.Single(_rejections);
        Assert.Equal(("shop", "span_id_zero", 2L), (rejection.Service, rejection.Reason, rejection.SpanCount));
    }

    [Fact]
    public void The_upper_half_of_the_trace_id_holds_for_the_whole_chunk()
    {
        var batch = Batch(("web", "op", "r", 7, 0, Now, 1));
        batch.SetTag(batch.Strings.Intern("_dd.p.tid"), batch.Strings.Intern("6b04d73300000000"));
        batch.Chunks.Clear();
        AddSpan(batch, ("web", "child", "r", 8, 7, Now, 1));
        batch.AddChunk(0, 0);

        Normalize(batch);

        Assert.Equal(0x6b04d73300000000ul, batch.TraceIdHigh[0]);
        Assert.Equal(0x6b04d73300000000ul, batch.TraceIdHigh[1]);
    }

    [Theory]
    [InlineData("6b04d73300000000000000000000abcd", 0x6b04d73300000000ul)]
    [InlineData("6B04D73300000000000000000000ABCD", 0x6b04d73300000000ul)]
    [InlineData("6b04d733000000000000000000001111", 0ul)] // Of another trace.
    [InlineData("abcd", 0ul)]
    public void The_whole_id_that_a_converter_left_in_a_tag_gives_the_upper_half(string whole, ulong expected)
    {
        var batch = Batch(("web", "op", "r", 7, 0, Now, 1));
        batch.SetTag(batch.Strings.Intern("otel.trace_id"), batch.Strings.Intern(whole));

        Normalize(batch);

        Assert.Equal(expected, batch.TraceIdHigh[0]);
    }

    [Fact]
    public void Environment_and_version_come_from_the_root_then_the_chunk_then_the_payload()
    {
        var batch = Batch(("web", "op", "r", 7, 0, Now, 1));
        batch.SetTag(batch.Strings.Intern("env"), batch.Strings.Intern("Prod EU"));
        batch.SetTag(batch.Strings.Intern("version"), batch.Strings.Intern("1.2.3"));

        var facts = Normalize(batch);

        Assert.Equal("prod_eu", batch.SpanAt(0).Env);
        Assert.Equal("prod_eu", batch.TagOf(0, "env"));
        Assert.Equal("1.2.3", batch.Strings.Text(facts[0].Version));
    }

    [Fact]
    public void Top_level_is_where_a_service_is_entered()
    {
        var batch = Batch(("web", "request", "r", 1, 0, Now, 9));
        batch.Chunks.Clear();
        AddSpan(batch, ("web", "inner", "r", 2, 1, Now, 5));
        AddSpan(batch, ("db", "query", "r", 3, 2, Now, 2));
        AddSpan(batch, ("web", "orphan", "r", 4, 99, Now, 2));
        batch.AddChunk(0, 0);

        Normalize(batch);

        Assert.Equal([true, false, true, true], Enumerable.Range(0, 4).Select(i => batch.SpanAt(i).IsTopLevel));
    }

    [Theory]
    [InlineData("otlp/http")]
    [InlineData("otlp/grpc")]
    [InlineData("zipkin v2")]
    public void Of_spans_that_come_before_their_parents_only_the_receiving_side_is_top_level(string protocol)
    {
        var batch = Batch(("web", "step", "r", 2, 99, Now, 5)); // The parent comes when it ends.
        batch.Chunks.Clear();
        AddSpan(batch, ("web", "call", "r", 3, 99, Now, 5));
        AddSpan(batch, ("web", "GET /", "r", 4, 98, Now, 5));
        AddSpan(batch, ("web", "job", "r", 5, 97, Now, 5));
        AddSpan(batch, ("web", "remote", "r", 6, 96, Now, 5));
        AddSpan(batch, ("web", "root", "r", 7, 0, Now, 5));
        AddSpan(batch, ("other", "of another service", "r", 8, 7, Now, 5));
        AddSpan(batch, ("web", "child", "r", 9, 7, Now, 5));
        batch.AddChunk(0, 0);
        SpanKind[] kinds = [SpanKind.Internal, SpanKind.Client, SpanKind.Server, SpanKind.Consumer, SpanKind.Internal, SpanKind.Unspecified, SpanKind.Internal, SpanKind.Producer];
        for (var i = 0; i < kinds.Length; i++) batch.Kinds[i] = kinds[i];
        batch.Flags[4] |= SpanFlags.TopLevel; // As the decoder leaves a span whose exporter says that its parent is remote.

        Normalize(batch, new Payload { Protocol = protocol, ReceivedUnixNanos = Now });

        Assert.Equal([false, false, true, true, true, true, true, false], Enumerable.Range(0, 8).Select(i => batch.SpanAt(i).IsTopLevel));
        Assert.Equal([1, 7], Enumerable.Range(0, 8).Where(i => (batch.Flags[i] & SpanFlags.Measured) != 0));
    }

    [Fact]
    public void The_component_is_the_operation_when_the_settings_say_so()
    {
        var batch = Batch(("web", "op", "r", 1, 0, Now, 1));
        batch.SetTag(batch.Strings.Intern("component"), batch.Strings.Intern("net/http"));
        var settings = new NormalizeSettings { ComponentIsName = true };

        new SpanNormalizer(_counters, settings).Normalize(batch, _rejections);
        Assert.Equal("net_http", batch.SpanAt(0).Name);
        new SpanNormalizer(_counters, settings).Normalize(batch, _rejections); // As after a restart.
        Assert.Equal("net_http", batch.SpanAt(0).Name);
    }

    [Fact]
    public void Long_texts_are_cut_and_counted()
    {
        var batch = Batch(("web", "op", new string('r', 6_000), 7, 0, Now, 1));
        batch.SetTag(batch.Strings.Intern(new string('k', 300)), batch.Strings.Intern(new string('v', 30_000)));
        batch.SetTag(batch.Strings.Intern("_dd.stack.json"), batch.Strings.Intern(new string('j', 30_000)));

        Normalize(batch);

        var span = batch.SpanAt(0);
        Assert.Equal(5_000, span.Resource.Length);
        Assert.Equal(25_003, span.Tags[new string('k', 200) + "..."].Length);
        Assert.Equal(30_000, span.Tags["_dd.stack.json"].Length);
        Assert.Equal(1, _counters.Read("spans_repaired", "resource_truncate"));
    }

    [Fact]
    public void Normalising_twice_changes_nothing()
    {
        var batch = Batch(("Bad Service!", "9bad-name", "", 7, 0, 42, -1));
        Normalize(batch);
        var first = batch.SpanAt(0);

        Normalize(batch);

        Assert.Equivalent(first, batch.SpanAt(0));
    }

    ChunkFacts[] Normalize(SpanBatch batch, Payload? payload = null)
    {
        if (payload is not null) batch.Payloads[0] = payload;
        return new SpanNormalizer(_counters, new NormalizeSettings()).Normalize(batch, _rejections);
    }

    static SpanBatch Batch(params (string Service, string Name, string Resource, ulong Id, ulong Parent, long Start, long Duration)[] spans)
    {
        var batch = new SpanBatch();
        batch.Payloads.Add(new Payload { Protocol = "test", ReceivedUnixNanos = Now });
        AddChunk(batch, spans);
        return batch;
    }

    static void AddChunk(SpanBatch batch, params (string Service, string Name, string Resource, ulong Id, ulong Parent, long Start, long Duration)[] spans)
    {
        var first = batch.SpanCount;
        foreach (var span in spans) AddSpan(batch, span);
        batch.AddChunk(first, 0);
    }

    static void AddSpan(SpanBatch batch, (string Service, string Name, string Resource, ulong Id, ulong Parent, long Start, long Duration) span)
    {
        var i = batch.AddSpan();
        batch.TraceIdLow[i] = 0xABCD;
        batch.SpanIds[i] = span.Id;
        batch.ParentIds[i] = span.Parent;
        batch.StartUnixNanos[i] = span.Start;
        batch.DurationNanos[i] = span.Duration;
        batch.Services[i] = batch.Strings.Intern(span.Service);
        batch.Names[i] = batch.Strings.Intern(span.Name);
        batch.Resources[i] = batch.Strings.Intern(span.Resource);
    }
}
