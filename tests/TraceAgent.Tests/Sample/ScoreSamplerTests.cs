using System.Text;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Sample;

namespace Apm.TraceAgent.Tests.Sample;

/// <summary>Kinds of traces and their shares, trace-intake §4.4.</summary>
public class ScoreSamplerTests
{
    const long Slot = SignatureRates.SlotNanos;

    /// <summary>What FNV-1a 32 makes of the texts one after the other, without anything between them; worked out here once more, from its definition.</summary>
    static uint Fnv(params string[] texts)
    {
        var hash = 2_166_136_261u;
        foreach (var one in Encoding.Latin1.GetBytes(string.Concat(texts))) hash = unchecked((hash ^ one) * 16_777_619u);
        return hash;
    }

    [Fact]
    public void The_hash_itself_is_the_one_that_everybody_uses()
    {
        Assert.Equal(0x811C9DC5u, Fnv1a.Add(Fnv1a.Empty, ""u8));
        Assert.Equal(0xE40C292Cu, Fnv1a.Add(Fnv1a.Empty, "a"u8));
        Assert.Equal(0xBF9CF968u, Fnv1a.Add(Fnv1a.Empty, "foobar"u8)); // Vectors of its authors.
    }

    [Fact]
    public void A_trace_is_its_root_with_its_resource_and_each_different_span_without()
    {
        var root = Some.Span(id: 1, service: "web", name: "req", resource: "GET /", tags: [("http.status_code", "200")]);
        var query = Some.Span(id: 2, parent: 1, service: "db", name: "sql", resource: "SELECT 1", isError: true, tags: [("error.type", "Timeout")]);
        var again = query with { Id = new(3), Resource = "SELECT 2" };

        Assert.Equal(
            Fnv("prod", "web", "req", "\0", "GET /", "200") ^ Fnv("prod", "web", "req", "\0", "200") ^ Fnv("prod", "db", "sql", "\u0001", "Timeout"),
            Signature(root, query, again));
    }

    [Theory]
    [InlineData("web", "req", "GET /a", false, "200", false)] // Another resource of the root.
    [InlineData("api", "req", "GET /", false, "200", false)]
    [InlineData("web", "job", "GET /", false, "200", false)]
    [InlineData("web", "req", "GET /", true, "200", false)]
    [InlineData("web", "req", "GET /", false, "500", false)]
    [InlineData("web", "req", "GET /", false, "200", true)]
    public void What_tells_kinds_apart(string service, string name, string resource, bool isError, string status, bool isSame)
    {
        var known = Signature(Some.Span(service: "web", name: "req", resource: "GET /", tags: [("http.status_code", "200")]));

        Assert.Equal(isSame, known == Signature(Some.Span(id: 77, trace: 9, service: service, name: name, resource: resource, isError: isError, tags: [("http.status_code", status), ("user", "x")])));
    }

    [Fact]
    public void From_a_hundred_kinds_on_new_ones_share_places_and_the_known_keep_their_own()
    {
        var sampler = new ScoreSampler(40, 1);
        for (var slot = 0; slot < 8; slot++)
        {
            for (uint kind = 1_000; kind < 1_100; kind++) Count(sampler, slot, kind, 1);
            for (var i = 0; i < 1_000; i++) Count(sampler, slot, 500_000 + (uint)(i % 500) * 100, 1); // All of place 0.
        }

        Assert.Equal(1, Count(sampler, 8, 1_050, 1)); // A small one of its own: its share is more than it has.
        var folded = Count(sampler, 8, 999_900, 1);
        Assert.InRange(folded, 0.05, 0.15); // Place 0 has two hundred a second, whoever they are, and twenty are left for it.
        Assert.Equal(folded, Count(sampler, 8, 123_400, 1));
    }

    [Theory]
    [InlineData(1.0, 1)]
    [InlineData(0.5, 0.5)]
    public void What_the_tracer_sampled_before_lowers_the_share_of_ids_but_not_the_rate_that_is_noted(double tracerRate, double keptShare)
    {
        var sampler = new ScoreSampler(1_000_000, 1);
        var kept = 0;
        for (ulong trace = 1; trace <= 10_000; trace++)
        {
            if (sampler.Keeps(0, trace, 7, 1 / tracerRate, tracerRate, out var rate)) kept++;
            Assert.Equal(1, rate);
        }

        Assert.InRange(kept, 10_000 * keptShare * 0.97, 10_000 * keptShare * 1.03);
    }

    [Fact]
    public void A_target_of_nothing_keeps_nothing()
    {
        var sampler = new ScoreSampler(0, 1);

        Assert.DoesNotContain(true, Enumerable.Range(1, 1_000).Select(trace => sampler.Keeps(0, (ulong)trace, 7, 1, 1, out _)));
    }

    static double Count(ScoreSampler sampler, int slot, uint signature, double weight)
    {
        sampler.Keeps(slot * Slot, 1, signature, weight, 1, out var rate);
        return rate;
    }

    static uint Signature(params Span[] spans)
    {
        var batch = Some.Batch(spans);
        var env = batch.Strings.Intern("prod");
        return new TraceSignature().Of(batch, batch.Chunks[0], 0, env, new SampleKeys(batch));
    }
}
