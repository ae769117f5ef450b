using Apm.Core.Counting;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Tests.Normalize;

/// <summary>Vectors of trace-intake §2.9 that speak of whole spans, each with what is counted.</summary>
public class SpanFieldVectorTests
{
    readonly Counters _counters = new();

    [Theory]
    [InlineData("peer.service", "", "", "")]
    [InlineData("peer.service", "retargeting(api-Peer ", "retargeting_api-peer", "")]
    [InlineData("peer.service", "good", "good", "")]
    [InlineData("peer.service", "$$$", "", "peer_service_invalid")]
    [InlineData("_dd.base_service", "", "", "")]
    [InlineData("_dd.base_service", "Base Service", "base_service", "")]
    [InlineData("_dd.base_service", "@@", "", "base_service_invalid")]
    public void Services_named_in_tags_stay_empty_rather_than_get_a_name(string key, string value, string expected, string counted)
    {
        Assert.Equal(expected, Normalized(key, value));
        if (counted.Length > 0) Assert.Equal(1, _counters.Read("spans_repaired", counted));
        else Assert.Empty(_counters.ReadAll());
    }

    [Theory]
    [InlineData("peer.service", "peer_service_truncate")]
    [InlineData("_dd.base_service", "base_service_truncate")]
    public void Services_named_in_tags_are_cut_at_a_hundred_bytes(string key, string counted)
    {
        Assert.Equal(string.Concat(Enumerable.Repeat("too_long_.", 10)), Normalized(key, string.Concat(Enumerable.Repeat("Too$Long$.", 11))));
        Assert.Equal(1, _counters.Read("spans_repaired", counted));
    }

    [Theory]
    [InlineData("!@#$%^&*()_+", "unnamed_operation")]
    [InlineData("valid_name", "valid_name")]
    [InlineData("bad-name", "bad_name")]
    public void Names_of_links_follow_the_rule_of_operations(string name, string expected)
    {
        var links = $$$"""[{"trace_id":"0000000000000000000000000000000a","span_id":"0000000000000002","attributes":{"link.name":"{{{name}}}","k":"ü"},"flags":1}]""";

        Assert.Equal(links.Replace(name, expected, StringComparison.Ordinal), Normalized("_dd.span_links", links));
    }

    [Theory]
    [InlineData("no json but \"link.name\"")]
    [InlineData("[1,{\"attributes\":{\"link.name\":7}},{\"attributes\":[]}]")]
    [InlineData("[{\"attributes\":{\"link.name\":\"a-b\",\"link.name\":\"c-d\"}}]")]
    public void Links_that_are_none_are_left_as_they_came(string text) => Assert.Equal(text, Normalized("_dd.span_links", text));

    [Theory]
    [InlineData(3, 1)]
    [InlineData(24, 1)]
    [InlineData(25, 1)]
    [InlineData(5_000, 7)]
    public void An_id_that_comes_again_in_a_chunk_is_counted_and_its_span_kept(int spanCount, int repeated)
    {
        var batch = Some.Batch(Enumerable.Range(0, spanCount).Select(i => Some.Span(id: (ulong)(i < spanCount - repeated ? i : i - spanCount + repeated) + 1, parent: 1)).ToArray());

        new SpanNormalizer(_counters, new NormalizeSettings()).Normalize(batch);

        Assert.Equal((spanCount, repeated), (batch.SpanCount, _counters.Read("spans_repaired", "duplicate_span_id")));
    }

    string Normalized(string key, string value)
    {
        var batch = Some.Batch(Some.Span(tags: [(key, value)]));
        new SpanNormalizer(_counters, new NormalizeSettings()).Normalize(batch);
        return batch.TagOf(0, key)!;
    }
}
