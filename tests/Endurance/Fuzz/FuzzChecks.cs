using Apm.Core;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Storage.Traces.Blocks;
using Apm.TestKit;
using Apm.TraceAgent.Aggregate;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Normalize;

namespace Apm.Endurance.Fuzz;

/// <summary>Takes a body the way a payload goes: decode, normalise, count, write as a block, read it back, compare.</summary>
/// <remarks>One thread owns it.</remarks>
public sealed class FuzzChecks : IDisposable
{
    /// <summary>When all this happens: 2026-03-01T10:00Z.</summary>
    public const long NowUnixNanos = Some.BaseUnixNanos;

    /// <summary>Cases after which counters and statistics start afresh, as a process would after a while.</summary>
    const int FreshEvery = 2_000;

    readonly BlockEncoder _encoder = new();
    readonly SpanOrder _order = new();
    readonly FixedClock _clock = new(NowUnixNanos);
    Counters _counters = new();
    PayloadDecoder _decoder = null!;
    StatsAggregator _aggregator = null!;
    long _position;

    public FuzzChecks() => StartAfresh();

    /// <summary>Spans that came through, of all cases.</summary>
    public long SpanCount { get; private set; }

    /// <summary>Reads a body as a format says and uses what comes out.</summary>
    /// <returns>False when the decoder refused it.</returns>
    public bool Payload(PayloadFormat format, byte[] body)
    {
        if (++_position % FreshEvery == 0) StartAfresh();
        var decoded = Decoded(format, body);
        if (decoded is null) return false;
        CheckBatch(decoded.Batch, decoded.Facts);
        _aggregator.Add(decoded.Batch, decoded.Facts, new LogPosition(_position), decoded.ClientStats);
        if (_position % 64 == 0) _aggregator.Confirm(_aggregator.Checkpoint());
        if (decoded.Batch.SpanCount > 0) CheckBlock(decoded.Batch);
        SpanCount += decoded.Batch.SpanCount;
        return true;
    }

    /// <summary>A block of what a body holds; null when the body holds no spans.</summary>
    public byte[]? BlockOf(PayloadFormat format, byte[] body)
    {
        if (Decoded(format, body)?.Batch is not { SpanCount: > 0 } batch) return null;
        _order.Sort([batch]);
        return _encoder.Encode([batch], _order, 0, _order.SpanCount, new LogPosition(1), NowUnixNanos).ToArray();
    }

    /// <summary>Reads a block that may be damaged, all of it.</summary>
    /// <returns>False when it was refused.</returns>
    public static bool Block(byte[] bytes)
    {
        try
        {
            if (!BlockHeader.TryReadPrefix(bytes, out var headerBytes, out _) || headerBytes > bytes.Length) return false;
            using var file = new MemoryFile(bytes);
            var reader = new BlockReader(file, 0, headerBytes);
            reader.ReadTraceFilter();
            reader.ReadTagFilter();
            var damaged = false;
            var batch = reader.ReadAll(null, _ => damaged = true);
            for (var i = 0; i < batch.SpanCount; i++) batch.SpanAt(i);
            return !damaged;
        }
        catch (BlockDamagedException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _encoder.Dispose();

    void StartAfresh()
    {
        _counters = new Counters();
        _decoder = new PayloadDecoder(_counters, new NormalizeSettings());
        _aggregator = new StatsAggregator(_clock, _counters, null);
    }

    DecodedPayload? Decoded(PayloadFormat format, byte[] body)
    {
        try
        {
            return _decoder.Decode(new PayloadEnvelope(format, new Payload { Protocol = "fuzz", ReceivedUnixNanos = NowUnixNanos, Language = "python" }), body);
        }
        catch (PayloadException problem) when (problem.Message.Length is > 10 and <= PayloadException.MaxMessageChars)
        {
            return null; // Refused with a sentence.
        }
    }

    /// <summary>Chunks cover all spans in order, and every text is in the table.</summary>
    static void CheckBatch(SpanBatch batch, ChunkFacts[] facts)
    {
        True(facts.Length == batch.Chunks.Count, "there are as many facts as chunks");
        var next = 0;
        foreach (var chunk in batch.Chunks)
        {
            True(chunk.FirstSpan == next && chunk.SpanCount > 0, "chunks follow each other");
            True((uint)chunk.Payload < (uint)batch.Payloads.Count, "a chunk has its payload");
            next += chunk.SpanCount;
        }
        True(next == batch.SpanCount, "the chunks hold all spans");
        for (var i = 0; i < batch.SpanCount; i++)
        {
            True(batch.StartUnixNanos[i] > 0 && batch.DurationNanos[i] >= 0, "times are repaired");
            True(batch.Strings.Utf8(batch.Services[i]).Length is > 0 and <= 100, "a service has a name within its limit");
            _ = batch.SpanAt(i).EndUnixNanos; // Does not overflow.
            True(batch.TraceIdLow[i] != 0 || batch.TraceIdHigh[i] != 0, "a trace id is not zero");
        }
    }

    void CheckBlock(SpanBatch batch)
    {
        _order.Sort([batch]);
        var bytes = _encoder.Encode([batch], _order, 0, _order.SpanCount, new LogPosition(_position), NowUnixNanos).ToArray();
        True(BlockHeader.TryReadPrefix(bytes, out var headerBytes, out _), "a block's prefix reads back");
        using var file = new MemoryFile(bytes);
        var back = new BlockReader(file, 0, headerBytes).ReadAll(null, problem => throw problem);
        True(back.SpanCount == batch.SpanCount, "a block gives back all spans");
        for (var place = 0; place < back.SpanCount; place++) CheckSpan(batch, SpanOrder.IndexOf(_order.Spans[place]), back, place);
    }

    static void CheckSpan(SpanBatch batch, int i, SpanBatch back, int at)
    {
        True(back.SpanIds[at] == batch.SpanIds[i] && back.TraceIdOf(at) == batch.TraceIdOf(i) && back.ParentIds[at] == batch.ParentIds[i], "ids come back");
        True(back.StartUnixNanos[at] == batch.StartUnixNanos[i] && back.DurationNanos[at] == batch.DurationNanos[i], "times come back");
        True(Same(batch, batch.Services[i], back, back.Services[at]) && Same(batch, batch.Names[i], back, back.Names[at]) && Same(batch, batch.Resources[i], back, back.Resources[at])
            && Same(batch, batch.Types[i], back, back.Types[at]) && Same(batch, batch.Envs[i], back, back.Envs[at]), "names come back");
        True(back.Tags.CountOf(at) == batch.Tags.CountOf(i) && back.Numbers.CountOf(at) == batch.Numbers.CountOf(i), "all tags come back");
        foreach (var (key, value) in batch.Tags.Of(i))
        {
            var found = false;
            foreach (var (backKey, backValue) in back.Tags.Of(at)) found |= Same(batch, key, back, backKey) && Same(batch, value, back, backValue);
            True(found, "each tag comes back");
            if (back.Tags.CountOf(at) > 200) return; // Comparing each with each would take for ever.
        }
    }

    static bool Same(SpanBatch left, int leftText, SpanBatch right, int rightText) => left.Strings.Utf8(leftText).SequenceEqual(right.Strings.Utf8(rightText));

    static void True(bool holds, string what)
    {
        if (!holds) throw new InvalidOperationException($"It does not hold that {what}.");
    }
}
