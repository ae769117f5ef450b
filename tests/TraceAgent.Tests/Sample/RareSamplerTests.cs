using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Sample;

namespace Apm.TraceAgent.Tests.Sample;

/// <summary>Rare kinds of spans, trace-intake §4.5.</summary>
public class RareSamplerTests
{
    const long Second = 1_000_000_000;
    const long Minute = 60 * Second;

    [Fact]
    public void Only_entries_and_measured_spans_count()
    {
        var sampler = Sampler();

        Assert.Equal(-1, Find(sampler, 0, flags: SpanFlags.None, "GET /a"));
        Assert.Equal(0, Find(sampler, 0, flags: SpanFlags.TopLevel, "GET /a"));
        Assert.Equal(0, Find(sampler, 0, flags: SpanFlags.Measured, "GET /b"));
    }

    [Fact]
    public void Kinds_are_told_apart_by_environment_and_service()
    {
        var sampler = Sampler();

        Assert.Equal(0, Find(sampler, 0, SpanFlags.TopLevel, "GET /", env: "prod"));
        Assert.Equal(-1, Find(sampler, 0, SpanFlags.TopLevel, "GET /", env: "prod"));
        Assert.Equal(0, Find(sampler, 0, SpanFlags.TopLevel, "GET /", env: "test"));
        Assert.Equal(0, Find(sampler, 0, SpanFlags.TopLevel, "GET /", env: "prod", service: "api"));
    }

    [Fact]
    public void A_kind_is_rare_again_five_minutes_after_it_was_last_noted_which_is_renewed_after_one()
    {
        var sampler = Sampler();

        Assert.Equal(0, Find(sampler, 0, SpanFlags.TopLevel, "GET /"));
        Assert.Equal(-1, Find(sampler, 30 * Second, SpanFlags.TopLevel, "GET /"));    // Too early to renew: it ends at 5 min.
        Assert.Equal(0, Find(sampler, 5 * Minute, SpanFlags.TopLevel, "GET /"));
        Assert.Equal(-1, Find(sampler, 7 * Minute, SpanFlags.TopLevel, "GET /"));     // Renewed: it ends at 12 min.
        Assert.Equal(-1, Find(sampler, 11 * Minute, SpanFlags.TopLevel, "GET /"));    // And again: at 16 min.
        Assert.Equal(0, Find(sampler, 16 * Minute, SpanFlags.TopLevel, "GET /"));
    }

    [Fact]
    public void Fifty_at_once_and_then_five_a_second_and_what_found_no_place_is_still_rare()
    {
        var sampler = Sampler();

        Assert.Equal(50, Enumerable.Range(0, 100).Count(i => Find(sampler, 0, SpanFlags.TopLevel, $"GET /{i}") == 0));
        Assert.Equal(5, Enumerable.Range(0, 100).Count(i => Find(sampler, Second, SpanFlags.TopLevel, $"GET /{i}") == 0));
        Assert.Equal(10, Enumerable.Range(0, 100).Count(i => Find(sampler, 3 * Second, SpanFlags.TopLevel, $"GET /{i}") == 0));
    }

    [Fact]
    public void Of_a_service_two_hundred_kinds_are_told_apart_and_more_are_folded()
    {
        var sampler = new RareSampler(new RareSamplerSettings { TracesPerSecond = 1_000_000 }, 10);
        for (var i = 0; i < 200; i++) Assert.Equal(0, Find(sampler, 0, SpanFlags.TopLevel, $"GET /known/{i}"));

        var more = Enumerable.Range(0, 5_000).Count(i => Find(sampler, 0, SpanFlags.TopLevel, $"GET /more/{i}") == 0);

        Assert.InRange(more, 190, 200); // One per place of two hundred.
        Assert.Equal(-1, Find(sampler, 0, SpanFlags.TopLevel, "GET /known/7"));
        Assert.Equal(0, Find(sampler, 0, SpanFlags.TopLevel, "GET /", service: "api")); // Another service has its own.
    }

    static RareSampler Sampler() => new(new RareSamplerSettings(), 10);

    static int Find(RareSampler sampler, long nowNanos, SpanFlags flags, string resource, string service = "web", string env = "prod")
    {
        var batch = Some.Batch(Some.Span(service: service, resource: resource));
        batch.Flags[0] = flags;
        return sampler.Find(nowNanos, batch, batch.Chunks[0], batch.Strings.Intern(env), new SampleKeys(batch), isKeptAnyway: false);
    }
}
