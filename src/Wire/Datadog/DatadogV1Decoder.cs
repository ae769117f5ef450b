using System.Globalization;
using Apm.Core;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Wire.MsgPack;

namespace Apm.Wire.Datadog;

/// <summary>
/// Decodes the body of <c>PUT /v1.0/traces</c> (trace-intake §1.13), maps with numbers as keys and strings written once:
/// <code>
/// payload  1 string table   2 container id   3 language   4 language version   5 tracer version   6 runtime id
///          7 env   8 hostname   9 app version   10 attributes   11 chunks
/// chunk    1 priority   2 origin   3 attributes   4 spans   5 dropped trace   6 trace id (16 bytes)   7 sampling mechanism
/// </code>
/// The attributes of payload and chunk are given to each chunk's first span, unless it has them; the sampling mechanism
/// becomes its tag <c>_dd.p.dm</c>.
/// </summary>
public static class DatadogV1Decoder
{
    const string Protocol = "Datadog v1.0";
    const int TraceIdBytes = 16;

    /// <summary>Appends the payload, its spans and chunks.</summary>
    /// <param name="payload">What the request's headers said; what the body says itself counts more.</param>
    /// <returns>Bytes behind the payload, which the Datadog agent passes over, too: 0 unless a client sends several payloads as one body.</returns>
    /// <exception cref="PayloadException">The bytes are not such a body; the message says where. The batch may be half filled then: throw it away.</exception>
    public static int Decode(ReadOnlySpan<byte> body, SpanBatch batch, Payload payload)
    {
        var decoding = new Decoding(batch);
        try
        {
            return decoding.ReadPayload(new MsgPackReader(body), payload);
        }
        catch (MsgPackException problem)
        {
            throw decoding.Place.Explain(Protocol, body, problem);
        }
    }

    sealed class Decoding
    {
        readonly SpanBatch _batch;
        readonly V1Strings _strings;
        readonly V1Attributes _attributes;
        readonly V1SpanReader _spans;

        /// <summary>Attributes of payload and chunk, read as tags of spans of a batch of their own.</summary>
        readonly SpanBatch _shared;
        readonly V1Attributes _sharedAttributes;

        public DecodePlace Place = DecodePlace.Start;

        public Decoding(SpanBatch batch)
        {
            _batch = batch;
            _strings = new V1Strings(batch.Strings);
            _attributes = new V1Attributes(batch, _strings);
            _spans = new V1SpanReader(batch, _strings, _attributes);
            _shared = new SpanBatch(strings: batch.Strings);
            _sharedAttributes = new V1Attributes(_shared, _strings);
        }

        public int ReadPayload(MsgPackReader reader, Payload payload)
        {
            var payloadIndex = _batch.Payloads.Count;
            _batch.Payloads.Add(payload);
            var firstChunk = _batch.Chunks.Count;
            var attributes = -1;
            for (var keys = reader.ReadMapLength(); keys > 0; keys--)
            {
                Place.KeyOffset = reader.Offset;
                switch (reader.ReadUnsigned())
                {
                    case 1: _strings.ReadTable(ref reader); break;
                    case 2: payload = payload with { ContainerId = ReadText(ref reader, payload.ContainerId) }; break;
                    case 3: payload = payload with { Language = ReadText(ref reader, payload.Language) }; break;
                    case 4: payload = payload with { LanguageVersion = ReadText(ref reader, payload.LanguageVersion) }; break;
                    case 5: payload = payload with { TracerVersion = ReadText(ref reader, payload.TracerVersion) }; break;
                    case 6: payload = payload with { RuntimeId = ReadText(ref reader, payload.RuntimeId) }; break;
                    case 7: payload = payload with { Env = ReadText(ref reader, payload.Env) }; break;
                    case 8: payload = payload with { Hostname = ReadText(ref reader, payload.Hostname) }; break;
                    case 9: payload = payload with { AppVersion = ReadText(ref reader, payload.AppVersion) }; break;
                    case 10: attributes = ReadShared(ref reader); break;
                    case 11: ReadChunks(ref reader, payloadIndex); break;
                    default: _strings.Skip(ref reader); break;
                }
            }
            _batch.Payloads[payloadIndex] = payload;
            for (var chunk = firstChunk; chunk < _batch.Chunks.Count; chunk++) AddMissing(_batch.Chunks[chunk].FirstSpan, attributes);
            PayloadFacts.AddTo(_batch, firstChunk, payload);
            return reader.BytesLeft;
        }

        void ReadChunks(ref MsgPackReader reader, int payloadIndex)
        {
            var chunks = reader.ReadArrayLength();
            for (var chunk = 0; chunk < chunks; chunk++)
            {
                Place.Trace = chunk;
                if (!reader.TryReadNil()) ReadChunk(ref reader, payloadIndex);
            }
            Place.Trace = -1;
        }

        void ReadChunk(ref MsgPackReader reader, int payloadIndex)
        {
            var firstSpan = _batch.SpanCount;
            var (priority, origin, dropped, attributes) = (Chunk.NoPriority, 0, false, -1);
            var traceId = TraceId.None;
            var mechanism = -1L;
            for (var keys = reader.ReadMapLength(); keys > 0; keys--)
            {
                Place.KeyOffset = reader.Offset;
                switch (reader.ReadUnsigned())
                {
                    case 1: priority = reader.ReadInt32(); break;
                    case 2: origin = _strings.Read(ref reader); break;
                    case 3: attributes = ReadShared(ref reader); break;
                    case 4: ReadSpans(ref reader); break;
                    case 5: dropped = reader.ReadBool(); break;
                    case 6: traceId = ReadTraceId(ref reader); break;
                    case 7: mechanism = reader.ReadInt64(); break;
                    default: _strings.Skip(ref reader); break;
                }
            }
            Place.KeyOffset = -1;
            if (_batch.SpanCount == firstSpan) return;
            _batch.TraceIdHigh.AsSpan(firstSpan, _batch.SpanCount - firstSpan).Fill(traceId.High);
            _batch.TraceIdLow.AsSpan(firstSpan, _batch.SpanCount - firstSpan).Fill(traceId.Low);
            _batch.AddChunk(firstSpan, payloadIndex, priority, origin, dropped);
            AddMissing(firstSpan, attributes);
            if (mechanism < 0) return;
            var decision = _batch.Strings.Intern(TagNames.DecisionMaker);
            if (!_batch.Tags.TryGet(firstSpan, decision, out _))
                _batch.Tags.Set(firstSpan, decision, _batch.Strings.Intern("-" + mechanism.ToString(CultureInfo.InvariantCulture)));
        }

        void ReadSpans(ref MsgPackReader reader)
        {
            var count = reader.ReadArrayLength();
            for (var span = 0; span < count; span++)
            {
                Place.Span = span;
                _spans.Read(ref reader, ref Place);
            }
            Place.Span = -1;
        }

        static TraceId ReadTraceId(ref MsgPackReader reader)
        {
            var offset = reader.Offset;
            var bytes = reader.ReadString();
            if (bytes.Length == TraceIdBytes) return TraceId.FromBytes(bytes);
            throw new MsgPackException(offset, $"a trace id of {bytes.Length} bytes. Send {TraceIdBytes} bytes, the highest first.");
        }

        /// <returns>Index of the span in <see cref="_shared"/> that holds them.</returns>
        int ReadShared(ref MsgPackReader reader)
        {
            var index = _shared.AddSpan();
            _sharedAttributes.ReadAsTags(ref reader, index);
            return index;
        }

        void AddMissing(int span, int shared)
        {
            if (shared < 0) return;
            foreach (var (key, value) in _shared.Tags.Of(shared))
            {
                if (!_batch.Tags.TryGet(span, key, out _)) _batch.Tags.Set(span, key, value);
            }
            foreach (var (key, value) in _shared.Numbers.Of(shared))
            {
                if (!_batch.Numbers.TryGet(span, key, out _)) _batch.Numbers.Set(span, key, value);
            }
        }

        string ReadText(ref MsgPackReader reader, string otherwise) =>
            _strings.ReadText(ref reader) is { Length: > 0 } text ? text : otherwise;
    }
}
