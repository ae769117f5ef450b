using System.Buffers;
using Apm.Core;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Intake;
using CsCheck;

namespace Apm.TraceAgent.Tests.Intake;

/// <summary>A replay must find each chunk with the verdict it had.</summary>
public class VerdictRunsTests
{
    static readonly Gen<(SampleVerdict Verdict, double Detail, bool Partial)> AnyVerdict =
        Gen.Select(Gen.OneOf([.. Enum.GetValues<SampleVerdict>().Select(verdict => Gen.Const(verdict))]), Gen.OneOf(Gen.Const(0.0), Gen.Const(0.25), Gen.Const(1.0)), Gen.Frequency((9, Gen.Const(false)), (1, Gen.Const(true))));

    [Fact]
    public void Whatever_was_decided_reads_back_chunk_by_chunk() =>
        Gen.Select(AnyVerdict, Gen.Int[1, 300]).Array[1, 12].Sample(parts =>
        {
            var batch = Chunks(parts.SelectMany(part => Enumerable.Repeat(part.Item1, part.Item2)));
            var again = new SpanBatch();
            again.Chunks.AddRange(batch.Chunks.Select(chunk => new Chunk { DroppedByTracer = chunk.DroppedByTracer }));
            var envelope = new PayloadEnvelope(PayloadFormat.DatadogV05, new Payload { Protocol = "p", ReceivedUnixNanos = 1 }) { Verdicts = VerdictRuns.Of(batch) };

            var read = PayloadEnvelope.Read((byte[])[.. envelope.ToBytes(), 7, 8], out var body);

            Assert.Equal([7, 8], body.ToArray());
            Assert.True(VerdictRuns.Restore(read.Verdicts, again));
            Assert.Equal(
                batch.Chunks.Select(chunk => (chunk.Verdict, chunk.VerdictDetail, chunk.EarlierPartsDropped)),
                again.Chunks.Select(chunk => (chunk.Verdict, chunk.VerdictDetail, chunk.EarlierPartsDropped)));
        }, iter: 300);

    [Fact]
    public void Keeping_everything_costs_no_byte()
    {
        var batch = Chunks(Enumerable.Repeat((SampleVerdict.KeepAll, 0.0, false), 1000));

        Assert.Null(VerdictRuns.Of(batch));
    }

    [Fact]
    public void A_hundred_thousand_chunks_that_alternate_need_more_room_than_sixteen_bits_can_say_and_have_it()
    {
        var batch = Chunks(Enumerable.Range(0, 100_000).Select(i => (i % 2 == 0 ? SampleVerdict.KeepError : SampleVerdict.DropPriority, 0.0, false)));
        var bytes = (new PayloadEnvelope(PayloadFormat.DatadogV05, new Payload { Protocol = "p", ReceivedUnixNanos = 1 }) { Verdicts = VerdictRuns.Of(batch) }).ToBytes();
        var again = Chunks(Enumerable.Repeat((SampleVerdict.KeepAll, 0.0, false), 100_000));

        Assert.True(VerdictRuns.Restore(PayloadEnvelope.Read(bytes, out _).Verdicts, again));
        Assert.Equal(200_000, bytes.Length, tolerance: 100.0);
        Assert.Equal(50_000, again.Chunks.Count(chunk => chunk.Verdict == SampleVerdict.KeepError));
    }

    [Fact]
    public void A_record_of_version_1_has_no_verdicts_and_what_its_tracer_dropped_stays_dropped()
    {
        var bytes = new PayloadEnvelope(PayloadFormat.DatadogV07, new Payload { Protocol = "p", ReceivedUnixNanos = 1 }).ToBytes();
        bytes[2] = 1;
        var batch = Chunks(Enumerable.Repeat((SampleVerdict.KeepAll, 0.0, false), 2));
        var first = batch.Chunks[0];
        first.DroppedByTracer = true;
        batch.Chunks[0] = first;

        Assert.True(VerdictRuns.Restore(PayloadEnvelope.Read(bytes, out _).Verdicts, batch));

        Assert.Equal([SampleVerdict.DropByTracer, SampleVerdict.KeepAll], batch.Chunks.Select(chunk => chunk.Verdict));
    }

    [Fact]
    public void When_the_rules_leave_other_chunks_out_than_before_everything_is_kept()
    {
        var runs = VerdictRuns.Of(Chunks(Enumerable.Repeat((SampleVerdict.DropManual, 0.0, false), 3)));
        var fewer = Chunks(Enumerable.Repeat((SampleVerdict.KeepAll, 0.0, false), 2));

        Assert.False(VerdictRuns.Restore(runs, fewer));
        Assert.All(fewer.Chunks, chunk => Assert.Equal(SampleVerdict.KeepAll, chunk.Verdict));
    }

    [Fact]
    public void Damaged_verdicts_are_refused_in_words()
    {
        var writer = new ArrayBufferWriter<byte>();
        VerdictRuns.Of(Chunks(Enumerable.Repeat((SampleVerdict.KeepError, 0.5, false), 300)))!.Write(writer);
        for (var length = 0; length < writer.WrittenCount; length++)
        {
            var problem = Assert.Throws<PayloadException>(() =>
            {
                var at = 0;
                VerdictRuns.Read(writer.WrittenSpan[..length], ref at);
            });
            Assert.Equal("Log record: the envelope ends within the verdicts of sampling.", problem.Message);
        }
    }

    static SpanBatch Chunks(IEnumerable<(SampleVerdict Verdict, double Detail, bool Partial)> verdicts)
    {
        var batch = new SpanBatch();
        foreach (var (verdict, detail, partial) in verdicts) batch.Chunks.Add(new Chunk { Verdict = verdict, DroppedByTracer = verdict == SampleVerdict.DropByTracer, VerdictDetail = detail, EarlierPartsDropped = partial });
        return batch;
    }
}
