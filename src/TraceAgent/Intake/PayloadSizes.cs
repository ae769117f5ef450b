using Apm.Core.Spans;

namespace Apm.TraceAgent.Intake;

/// <summary>
/// What payloads of one format held lately for each byte of their body, to give the next batch its room at once. Growing by doubling, a batch
/// of a thousand spans asked for three times the memory that it needs, most of it large objects, which only a full collection frees.
/// </summary>
/// <remarks>Thread-safe: of two payloads that end at once, one may go unnoticed.</remarks>
sealed class PayloadSizes
{
    /// <summary>Of a payload like none seen before.</summary>
    const double SpansPerByte = 1 / 512.0;

    /// <summary>Room beyond what the last ones needed, so that one a little larger does not grow: one sixteenth.</summary>
    const double Slack = 1 + (1 / 16.0);

    /// <summary>A payload counts a quarter, all before it three: senders take turns.</summary>
    const double NewShare = 0.25;

    const int MinBytesPerSpan = 32; // Three ids, a time and a name need as much.
    const int MaxSpans = 65_536; // Guessed, that is; more are read all the same.

    Ratios _lately = new(SpansPerByte, 8, 8, 64 * SpansPerByte, 0.25);
    bool _hasSeen;

    /// <summary>Room for what a body probably holds; never more than a body of so many bytes could.</summary>
    public BatchCapacity Expect(int bodyBytes)
    {
        var lately = Volatile.Read(ref _lately);
        var spans = (int)Math.Clamp(bodyBytes * lately.SpansPerByte * Slack, 1, Math.Clamp(bodyBytes / MinBytesPerSpan, 1, MaxSpans));
        int Bounded(double count, int least) => (int)Math.Clamp(count * Slack, least, Math.Max(least, bodyBytes));
        return new BatchCapacity(
            spans, Bounded(spans * lately.TagsPerSpan, 8), Bounded(spans * lately.NumbersPerSpan, 8),
            Bounded(bodyBytes * lately.StringsPerByte, 64), Bounded(bodyBytes * lately.StringBytesPerByte, 1_024));
    }

    /// <summary>Notes what a body held.</summary>
    /// <param name="batch">Normalised: rules add tags and strings.</param>
    public void Learn(int bodyBytes, SpanBatch batch)
    {
        if (bodyBytes == 0 || batch.SpanCount == 0) return;
        var spans = (double)batch.SpanCount;
        var now = new Ratios(
            spans / bodyBytes, batch.Tags.PoolCount / spans, batch.Numbers.PoolCount / spans,
            (double)batch.Strings.Count / bodyBytes, (double)batch.Strings.ByteCount / bodyBytes);
        Volatile.Write(ref _lately, _hasSeen ? Ratios.Between(Volatile.Read(ref _lately), now, NewShare) : now);
        _hasSeen = true;
    }

    sealed record Ratios(double SpansPerByte, double TagsPerSpan, double NumbersPerSpan, double StringsPerByte, double StringBytesPerByte)
    {
        public static Ratios Between(Ratios from, Ratios to, double share)
        {
            double Mix(double a, double b) => a + ((b - a) * share);
            return new Ratios(
                Mix(from.SpansPerByte, to.SpansPerByte), Mix(from.TagsPerSpan, to.TagsPerSpan), Mix(from.NumbersPerSpan, to.NumbersPerSpan),
                Mix(from.StringsPerByte, to.StringsPerByte), Mix(from.StringBytesPerByte, to.StringBytesPerByte));
        }
    }
}
