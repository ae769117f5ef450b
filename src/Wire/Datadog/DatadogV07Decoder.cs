using Apm.Core;
using Apm.Core.Spans;
using Apm.Wire.MsgPack;

namespace Apm.Wire.Datadog;

/// <summary>
/// Decodes the body of <c>PUT /v0.7/traces</c> (trace-intake §1.12):
/// <code>
/// map { container_id, language_name, language_version, tracer_version, runtime_id, env, hostname, app_version, tags, chunks }
///   chunks   array of map { priority, origin, spans, tags, dropped_trace }
///     spans    as in v0.4
///   tags     map text → text
/// </code>
/// The tags of payload and chunk are given to each chunk's first span, unless it has them.
/// </summary>
public static class DatadogV07Decoder
{
    const string Protocol = "Datadog v0.7";

    /// <summary>Appends the payload, its spans and chunks.</summary>
    /// <param name="payload">What the request's headers said; what the body says itself counts more.</param>
    /// <returns>Bytes behind the payload, which the Datadog agent passes over, too: 0 unless a client sends several payloads as one body.</returns>
    /// <exception cref="PayloadException">The bytes are not such a body; the message says where. The batch may be half filled then: throw it away.</exception>
    public static int Decode(ReadOnlySpan<byte> body, SpanBatch batch, Payload payload)
    {
        Span<Guess> guesses = stackalloc Guess[SpanMapReader.GuessCount];
        Span<int> distinct = stackalloc int[SpanMapReader.RowCount];
        var spans = new SpanMapReader(batch, guesses, distinct);
        try
        {
            return ReadPayload(body, batch, payload, ref spans);
        }
        catch (MsgPackException problem)
        {
            throw spans.Place.Explain(Protocol, body, problem);
        }
    }

    static int ReadPayload(ReadOnlySpan<byte> body, SpanBatch batch, Payload payload, ref SpanMapReader spans)
    {
        var reader = new MsgPackReader(body);
        var payloadIndex = batch.Payloads.Count;
        batch.Payloads.Add(payload);
        var firstChunk = batch.Chunks.Count;
        List<(int Key, int Value)> tags = [];
        for (var keys = reader.ReadMapLength(); keys > 0; keys--)
        {
            spans.Place.KeyOffset = reader.Offset;
            var key = reader.ReadString();
            if (key.SequenceEqual("chunks"u8)) ReadChunks(ref reader, batch, payloadIndex, ref spans);
            else if (key.SequenceEqual("tags"u8)) tags = ReadTags(ref reader, batch.Strings);
            else if (key.SequenceEqual("container_id"u8)) payload = payload with { ContainerId = ReadText(ref reader, payload.ContainerId) };
            else if (key.SequenceEqual("language_name"u8)) payload = payload with { Language = ReadText(ref reader, payload.Language) };
            else if (key.SequenceEqual("language_version"u8)) payload = payload with { LanguageVersion = ReadText(ref reader, payload.LanguageVersion) };
            else if (key.SequenceEqual("tracer_version"u8)) payload = payload with { TracerVersion = ReadText(ref reader, payload.TracerVersion) };
            else if (key.SequenceEqual("runtime_id"u8)) payload = payload with { RuntimeId = ReadText(ref reader, payload.RuntimeId) };
            else if (key.SequenceEqual("env"u8)) payload = payload with { Env = ReadText(ref reader, payload.Env) };
            else if (key.SequenceEqual("hostname"u8)) payload = payload with { Hostname = ReadText(ref reader, payload.Hostname) };
            else if (key.SequenceEqual("app_version"u8)) payload = payload with { AppVersion = ReadText(ref reader, payload.AppVersion) };
            else reader.Skip();
        }
        batch.Payloads[payloadIndex] = payload;
        for (var chunk = firstChunk; chunk < batch.Chunks.Count; chunk++) AddMissing(batch, batch.Chunks[chunk].FirstSpan, tags);
        PayloadFacts.AddTo(batch, firstChunk, payload);
        return reader.BytesLeft;
    }

    static void ReadChunks(ref MsgPackReader reader, SpanBatch batch, int payloadIndex, ref SpanMapReader spans)
    {
        var chunks = reader.ReadArrayLength();
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            spans.Place.Trace = chunk;
            if (!reader.TryReadNil()) ReadChunk(ref reader, batch, payloadIndex, ref spans);
        }
        spans.Place.Trace = -1;
    }

    static void ReadChunk(ref MsgPackReader reader, SpanBatch batch, int payloadIndex, ref SpanMapReader spans)
    {
        var firstSpan = batch.SpanCount;
        var priority = Chunk.NoPriority;
        var origin = 0;
        var dropped = false;
        List<(int Key, int Value)> tags = [];
        for (var keys = reader.ReadMapLength(); keys > 0; keys--)
        {
            spans.Place.KeyOffset = reader.Offset;
            var key = reader.ReadString();
            if (key.SequenceEqual("spans"u8)) spans.ReadSpans(ref reader);
            else if (key.SequenceEqual("priority"u8)) priority = reader.ReadInt32();
            else if (key.SequenceEqual("origin"u8)) origin = batch.Strings.InternLenient(reader.ReadString());
            else if (key.SequenceEqual("dropped_trace"u8)) dropped = reader.ReadBool();
            else if (key.SequenceEqual("tags"u8)) tags = ReadTags(ref reader, batch.Strings);
            else reader.Skip();
        }
        spans.Place.KeyOffset = -1;
        if (batch.SpanCount == firstSpan) return;
        batch.AddChunk(firstSpan, payloadIndex, priority, origin, dropped);
        AddMissing(batch, firstSpan, tags);
    }

    static List<(int Key, int Value)> ReadTags(ref MsgPackReader reader, StringTable strings)
    {
        var tags = new List<(int, int)>();
        for (var left = reader.ReadMapLength(); left > 0; left--)
        {
            var key = strings.InternLenient(reader.ReadString());
            tags.Add((key, strings.InternLenient(reader.ReadString())));
        }
        return tags;
    }

    static void AddMissing(SpanBatch batch, int span, List<(int Key, int Value)> tags)
    {
        // From the last on, as the last value of a repeated key wins and the first one set here stays.
        for (var i = tags.Count - 1; i >= 0; i--)
        {
            if (!batch.Tags.TryGet(span, tags[i].Key, out _)) batch.Tags.Set(span, tags[i].Key, tags[i].Value);
        }
    }

    static string ReadText(ref MsgPackReader reader, string otherwise)
    {
        var text = reader.ReadString();
        return text.IsEmpty ? otherwise : System.Text.Encoding.UTF8.GetString(text);
    }
}
