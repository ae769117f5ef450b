using Apm.Core;
using Apm.Core.Spans;
using Apm.TraceAgent.Intake;
using CsCheck;

namespace Apm.TraceAgent.Tests.Intake;

public class PayloadEnvelopeTests
{
    [Fact]
    public void What_is_written_reads_back_and_the_body_follows_it() =>
        Gen.Select(Gen.String[0, 60], Gen.String[0, 60], Gen.Bool, Gen.Bool, Gen.Long[0, long.MaxValue], Gen.Byte.Array[0, 50]).Sample((lang, env, topLevel, stats, now, body) =>
        {
            var envelope = new PayloadEnvelope(PayloadFormat.DatadogV05, new Payload
            {
                Protocol = "datadog v0.5", Language = Valid(lang), LanguageVersion = "3.11", TracerVersion = "1", Env = Valid(env), Hostname = "box", AppVersion = "2",
                ContainerId = "ci-1", RuntimeId = "4f", ClientDroppedTraceCount = body.Length, ClientDroppedSpanCount = now % 1000, ClientComputedTopLevel = topLevel, ClientComputedStats = stats, ReceivedUnixNanos = now,
            });

            var read = PayloadEnvelope.Read((byte[])[.. envelope.ToBytes(), .. body], out var rest);

            Assert.Equal(envelope, read);
            Assert.Equal(body, rest.ToArray());
        }, iter: 200);

    [Fact]
    public void A_header_longer_than_any_client_sends_is_cut_not_refused()
    {
        var envelope = new PayloadEnvelope(PayloadFormat.DatadogMsgPack, new Payload { Protocol = "p", ReceivedUnixNanos = 1, Language = new string('é', 40_000) });

        var read = PayloadEnvelope.Read(envelope.ToBytes(), out _);

        Assert.StartsWith("éééé", read.Payload.Language, StringComparison.Ordinal);
        Assert.InRange(read.Payload.Language.Length, 200, 600);
    }

    [Fact]
    public void A_record_of_another_version_says_what_to_do()
    {
        var bytes = new PayloadEnvelope(PayloadFormat.DatadogMsgPack, new Payload { Protocol = "p", ReceivedUnixNanos = 1 }).ToBytes();
        bytes[2] = 9;

        var problem = Assert.Throws<PayloadException>(() => PayloadEnvelope.Read(bytes, out _));

        Assert.Equal("Log record of version 9: this build reads versions 1 to 2. Start the version of Apm that wrote it once, so that it empties its log.", problem.Message);
    }

    [Fact]
    public void Damaged_records_are_refused_in_words()
    {
        var whole = new PayloadEnvelope(PayloadFormat.DatadogMsgPack, new Payload { Protocol = "datadog v0.4", ReceivedUnixNanos = 1, Language = "python" }).ToBytes();
        for (var length = 0; length < whole.Length; length++)
            Assert.Throws<PayloadException>(() => PayloadEnvelope.Read(whole.AsMemory(0, length), out _));
    }

    static string Valid(string text) => new([.. text.Where(letter => !char.IsSurrogate(letter))]);
}
