using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Sample;

namespace Apm.TraceAgent.Tests.Sample;

/// <summary>A trace too large to keep whole keeps its shape.</summary>
public class LargeTraceTests
{
    [Fact]
    public void A_million_spans_in_chunks_of_a_thousand_become_as_many_as_can_be_opened_and_none_is_lost_from_the_count()
    {
        var world = new TraceSamplerTests.World(new SamplerSettings());
        var (stored, folded) = (0L, 0L);
        ulong id = 2;
        for (var chunk = 0; chunk < 1_000; chunk++)
        {
            var spans = Enumerable.Range(0, 1_000).Select(i => Some.Span(
                id: id++, parent: 1, trace: 77, service: i % 3 == 0 ? "db" : "web", name: i % 3 == 0 ? "sql" : "work", resource: i % 3 == 0 ? "SELECT ?" : "step", startNanos: chunk * 1000 + i, isError: i == 500)).ToArray();
            foreach (var span in world.Stored(spans))
            {
                stored++;
                folded += (long)span.Numbers.GetValueOrDefault(FoldedTags.Count, 0);
                if (folded > 0) Assert.Equal(SampleVerdict.KeepShape, span.Flags.Verdict());
            }
        }

        Assert.InRange(stored, 100_000, 135_000);
        Assert.Equal(1_000_000, stored + world.SampledOut(VerdictApplier.Folded));
        Assert.InRange(folded, 860_000, 900_000);
    }

    [Fact]
    public void The_root_errors_entries_and_the_last_path_stay_and_the_rest_is_one_span_per_kind()
    {
        var world = new TraceSamplerTests.World(new SamplerSettings { MaxWholeSpansPerTrace = 600 });
        var filler = Enumerable.Range(0, 600).Select(i => Some.Span(id: (ulong)(10_000 + i), parent: 1, name: "filler")).ToArray();
        world.Stored(filler);
        var spans = new List<Span> { Some.Span(id: 1, name: "root", durationNanos: 1_000_000) };
        for (ulong i = 0; i < 50; i++)
        {
            spans.Add(Some.Span(id: 100 + (2 * i), parent: 1, name: "step", resource: "step", startNanos: (long)i * 100, durationNanos: 50));
            spans.Add(Some.Span(id: 101 + (2 * i), parent: 100 + (2 * i), name: "inner", resource: "inner", isError: i == 7, startNanos: (long)i * 100 + 1, durationNanos: 10 + (long)i));
        }
        spans.Add(Some.Span(id: 500, parent: 1, service: "mailer", name: "send", startNanos: 10, durationNanos: 5));

        var kept = world.Stored([.. spans]);

        Assert.Equal(["inner", "inner", "inner", "root", "send", "step", "step"], kept.Select(span => span.Name).Order());
        var steps = kept.Single(span => span.Name == "step" && span.Numbers.ContainsKey(FoldedTags.Count));
        Assert.Equal((49.0, 49 * 50.0, 1UL), (steps.Numbers[FoldedTags.Count], steps.Numbers[FoldedTags.DurationNanos], steps.ParentId.Value));
        Assert.Equal(4_850, steps.DurationNanos); // From the first start to the last end of those folded.
        var error = kept.Single(span => span.IsError);
        Assert.Equal(steps.Id, error.ParentId); // Its own parent is among those.
        Assert.All(kept, span => Assert.True(span.ParentId.IsNone || kept.Any(other => other.Id == span.ParentId), $"{span.Name} hangs in the air."));
    }

    [Fact]
    public void One_payload_with_a_giant_trace_keeps_its_first_spans_whole_and_folds_the_rest()
    {
        var world = new TraceSamplerTests.World(new SamplerSettings { MaxWholeSpansPerTrace = 1_000 });
        var spans = Enumerable.Range(1, 5_000).Select(i => Some.Span(id: (ulong)i, parent: i == 1 ? 0UL : 1UL, name: i == 1 ? "root" : "step")).ToArray();

        var kept = world.Stored(spans);

        Assert.Equal(4_000, kept.Sum(span => span.Numbers.GetValueOrDefault(FoldedTags.Count, 0)) + kept.Count - 1_000 - 1, tolerance: 1.0);
        Assert.InRange(kept.Count, 1_001, 1_003);
    }
}
