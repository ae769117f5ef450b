using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.TestKit;

namespace Apm.TraceAgent.Tests.Serve;

/// <summary>"Why is this trace missing?", asked over HTTP.</summary>
public class FateApiTests
{
    const string Stored = "0000000000000abc", Missing = "0000000000000999";

    static readonly Span Kept = Some.Span(trace: 0xabc, id: 1, service: "web");

    [Theory]
    [InlineData(FateKind.SampledOut, "rate", "sampled_out", "Trace 0000000000000999 was very probably sampled out (rate) in the hour from 2026-03-01 10:00:00 UTC.")]
    [InlineData(FateKind.Rejected, "overloaded", "rejected", "Trace 0000000000000999 was very probably rejected (overloaded) in the hour from 2026-03-01 10:00:00 UTC.")]
    [InlineData(FateKind.Dropped, "store_failed", "dropped", "Trace 0000000000000999 was very probably lost (store_failed) in the hour from 2026-03-01 10:00:00 UTC.")]
    [InlineData(FateKind.Evicted, "bytes", "evicted", "Trace 0000000000000999 was very probably stored, and dropped 2026-03-01 10:00:00 UTC with all traces of its time: the storage budget had no room for them any more.")]
    [InlineData(FateKind.Evicted, "age", "evicted", "Trace 0000000000000999 was very probably stored, and dropped 2026-03-01 10:00:00 UTC with all traces of its time: they were older than traces are kept.")]
    public async Task What_is_not_stored_says_why(FateKind kind, string reason, string state, string begin)
    {
        await using var api = await Start(new Fate(kind, reason, Some.BaseUnixNanos, 1e-9));

        var fate = await api.GetJson($"/api/traces/{Missing}/fate");

        Assert.Equal(state, fate.GetProperty("state").GetString());
        Assert.StartsWith(begin, fate.GetProperty("sentences")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal((0, state, reason), (fate.GetProperty("stored_spans").GetInt64(), fate.GetProperty("remembered")[0].GetProperty("fate").GetString(), fate.GetProperty("remembered")[0].GetProperty("reason").GetString()));
    }

    [Fact]
    public async Task A_stored_trace_says_where_it_is_and_parts_that_went_say_so()
    {
        await using var whole = await Start();
        await using var partly = await Start(new Fate(FateKind.SampledOut, "rate", Some.BaseUnixNanos, 0.001));

        var stored = await whole.GetJson($"/api/traces/{Stored}/fate");
        var part = await partly.GetJson($"/api/traces/{Stored}/fate");

        Assert.Equal(("stored", 1), (stored.GetProperty("state").GetString(), stored.GetProperty("stored_spans").GetInt64()));
        Assert.StartsWith($"Trace {Stored} is stored: 1 span of web, from 2026-03-01 10:00:00 UTC.", stored.GetProperty("sentences")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal("partly_stored", part.GetProperty("state").GetString());
        Assert.Contains(part.GetProperty("sentences").EnumerateArray(), sentence => sentence.GetString()!.StartsWith("Parts of it were very probably sampled out (rate)", StringComparison.Ordinal) && sentence.GetString()!.EndsWith("(Wrong for about one id in 1,000 that was never seen.)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_never_seen_says_since_when_that_is_known_also_to_Jaeger_Zipkin_and_Tempo()
    {
        const string Sentence = "Trace 0000000000000999 was never seen here, as far as Apm remembers, which is since 2026-03-01 10:00:00 UTC.";
        await using var api = await Start();

        var fate = await api.GetJson($"/api/traces/{Missing}/fate");
        var jaeger = await api.GetRaw($"/jaeger/api/traces/{Missing}");
        var third = await api.GetRaw($"/jaeger/api/v3/traces/{Missing}");
        var zipkin = await api.GetRaw($"/zipkin/api/v2/trace/{Missing}");
        var tempo = await api.GetRaw($"/tempo/api/traces/{Missing}");

        Assert.Equal(("never_seen", Sentence), (fate.GetProperty("state").GetString(), fate.GetProperty("sentences")[0].GetString()));
        Assert.Equal((404, 404, 404, 404), (jaeger.Status, third.Status, zipkin.Status, tempo.Status));
        Assert.StartsWith($"trace not found: {Sentence}", zipkin.Text, StringComparison.Ordinal);
        Assert.StartsWith($"trace not found: {Sentence}", tempo.Text, StringComparison.Ordinal);
        Assert.StartsWith($"trace not found: {Sentence}", jaeger.Json.GetProperty("errors")[0].GetProperty("msg").GetString(), StringComparison.Ordinal);
        Assert.StartsWith($"trace not found: {Sentence}", third.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2748")] // 0xabc, as tracers of Datadog write ids.
    [InlineData("%20abc%20")]
    public async Task Ids_are_read_as_people_have_them(string id)
    {
        await using var api = await Start();
        Assert.Equal("stored", (await api.GetJson($"/api/traces/{id}/fate")).GetProperty("state").GetString());
    }

    [Theory]
    [InlineData("x")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("..%2F..%2Fetc%2Fpasswd")]
    [InlineData("99999999999999999999999999999999999")]
    public async Task What_is_no_id_is_refused_in_words(string id)
    {
        await using var api = await Start();

        var answer = await api.GetRaw($"/api/traces/{id}/fate");

        Assert.Equal(400, answer.Status);
        Assert.EndsWith("is no trace id. Give 32 or 16 hex digits, or the decimal number of a 64-bit id.", answer.Json.GetProperty("errors")[0].GetString(), StringComparison.Ordinal);
    }

    static Task<ApiHost> Start(params Fate[] fates) => ApiHost.Start(new BatchList(Some.Batch(Kept)), [Kept], fates: new FateList(fates));

    sealed class FateList(IReadOnlyList<Fate> fates) : IFateStore
    {
        public long SinceUnixNanos => Some.BaseUnixNanos;
        public IReadOnlyList<Fate> Find(TraceId traceId) => fates;
        public void Note(TraceId traceId, FateKind kind, string reason, long unixNanos) => throw new NotSupportedException();
        public void Evicted(EvictedSlice slice) => throw new NotSupportedException();
        public void Flush() { }
        public void Dispose() { }
    }
}
