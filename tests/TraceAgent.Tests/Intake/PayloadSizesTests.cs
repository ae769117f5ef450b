using Apm.Core.Spans;
using Apm.TraceAgent.Intake;

namespace Apm.TraceAgent.Tests.Intake;

public class PayloadSizesTests
{
    [Fact]
    public void A_batch_like_the_last_one_finds_its_room_and_does_not_grow()
    {
        var sizes = new PayloadSizes();
        sizes.Learn(100_000, Filled(new SpanBatch(), spans: 1_000));

        var batch = new SpanBatch(sizes.Expect(100_000));
        var before = batch.MemoryBytes;
        Filled(batch, spans: 1_000);

        Assert.Equal(before, batch.MemoryBytes);
        Assert.InRange(batch.SpanIds.Length, 1_000, 1_100);
    }

    [Fact]
    public void A_batch_that_holds_more_than_expected_grows()
    {
        var batch = Filled(new SpanBatch(new PayloadSizes().Expect(1_000)), spans: 5_000);

        Assert.Equal((5_000, "3 of 4999"), (batch.SpanCount, batch.TagOf(4_999, "tag.3")));
    }

    [Fact]
    public void A_small_body_gets_no_more_room_than_it_could_fill_whatever_was_learnt()
    {
        var sizes = new PayloadSizes();
        sizes.Learn(1, Filled(new SpanBatch(), spans: 10_000)); // As if each byte were ten thousand spans.

        var room = sizes.Expect(50);

        Assert.InRange(room.TagCount, 1, 50);
        Assert.InRange(room.StringCount, 1, 64);
        Assert.InRange(room.SpanCount, 1, 50);
        Assert.InRange(sizes.Expect(50_000_000).SpanCount, 1, 65_536);
    }

    static SpanBatch Filled(SpanBatch batch, int spans)
    {
        for (var i = 0; i < spans; i++)
        {
            batch.AddSpan();
            for (var t = 0; t < 5; t++) batch.SetTag(batch.Strings.Intern($"tag.{t}"), batch.Strings.Intern($"{t} of {i}"));
        }
        return batch;
    }
}
