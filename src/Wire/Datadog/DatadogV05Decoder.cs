using System.Buffers;
using Apm.Core;
using Apm.Core.Spans;
using Apm.Wire.MsgPack;

namespace Apm.Wire.Datadog;

/// <summary>
/// Decodes the body of <c>PUT /v0.5/traces</c> (trace-intake §1.11), where every string is an index into one table:
/// <code>
/// array(2)
///   array of strings
///   array of traces
///     array of spans
///       array(12) service, name, resource, trace_id, span_id, parent_id, start, duration, error,
///                 meta map index → index, metrics map index → float64, type
/// </code>
/// The table is interned once; after that a span is nothing but numbers.
/// </summary>
public static class DatadogV05Decoder
{
    const string Protocol = "Datadog v0.5";
    const int ElementsPerSpan = 12;

    /// <summary>Appends the payload, its spans and one chunk per trace.</summary>
    /// <param name="payload">What the request's headers said.</param>
    /// <returns>Bytes behind the payload, which the Datadog agent passes over, too: 0 unless a client sends several payloads as one body.</returns>
    /// <exception cref="PayloadException">The bytes are not such a body; the message says where. The batch may be half filled then: throw it away.</exception>
    public static int Decode(ReadOnlySpan<byte> body, SpanBatch batch, Payload payload)
    {
        Span<int> rowKeys = stackalloc int[IndexedSpanReader.RowKeyCount];
        var spans = new IndexedSpanReader(batch, rowKeys);
        try
        {
            return ReadBody(body, payload, ref spans);
        }
        catch (MsgPackException problem)
        {
            throw spans.Place.Explain(Protocol, body, problem);
        }
        finally
        {
            spans.ReturnTable();
        }
    }

    static int ReadBody(ReadOnlySpan<byte> body, Payload payload, ref IndexedSpanReader spans)
    {
        var reader = new MsgPackReader(body);
        var batch = spans.Batch;
        reader.ReadArrayLength(); // The agent does not look at it either.
        spans.ReadTable(ref reader);
        var payloadIndex = batch.Payloads.Count;
        batch.Payloads.Add(payload);
        var traces = reader.ReadArrayLength();
        for (var trace = 0; trace < traces; trace++)
        {
            spans.Place.Trace = trace;
            var firstSpan = batch.SpanCount;
            spans.ReadSpans(ref reader);
            if (batch.SpanCount > firstSpan) batch.AddChunk(firstSpan, payloadIndex);
        }
        return reader.BytesLeft;
    }

    ref struct IndexedSpanReader(SpanBatch batch, Span<int> rowKeys)
    {
        const int NameRows = 8;
        const int KeysPerRow = 32;

        /// <summary>Meta and metrics rows; each begins with the number of its keys known to be distinct.</summary>
        public const int RowKeyCount = 2 * NameRows * KeysPerRow;

        readonly Span<int> _rowKeys = rowKeys;
        int[] _rented = [];
        ReadOnlySpan<int> _table;

        /// <summary>Where it is, for messages. The caller sets the trace.</summary>
        public DecodePlace Place = DecodePlace.Start;

        public readonly SpanBatch Batch => batch;

        public void ReadTable(ref MsgPackReader reader)
        {
            var count = reader.ReadArrayLength();
            var table = _rented = ArrayPool<int>.Shared.Rent(count);
            for (var i = 0; i < count; i++) table[i] = batch.Strings.InternLenient(reader.ReadString());
            _table = table.AsSpan(0, count);
        }

        public void ReturnTable()
        {
            _table = default;
            if (_rented.Length > 0) ArrayPool<int>.Shared.Return(_rented);
            _rented = [];
        }

        public void ReadSpans(ref MsgPackReader reader)
        {
            var count = reader.ReadArrayLength();
            for (var span = 0; span < count; span++)
            {
                Place.Span = span;
                if (!reader.TryReadNil()) ReadSpan(ref reader);
            }
            Place.Span = -1;
        }

        void ReadSpan(ref MsgPackReader reader)
        {
            var start = reader.Offset;
            if (batch.SpanCount >= DatadogLimits.MaxSpans)
                throw new MsgPackException(start, $"more than {DatadogLimits.MaxSpans} spans in one request. Send fewer spans per request.");
            var elements = reader.ReadArrayLength();
            if (elements != ElementsPerSpan)
                throw new MsgPackException(start, $"a span needs exactly {ElementsPerSpan} elements, this one has {elements}. Send v0.4 maps to /v0.4/traces, or all twelve elements.");

            var span = batch.AddSpan();
            Place.Element = 0;
            batch.Services[span] = ReadText(ref reader);
            Place.Element = 1;
            batch.Names[span] = ReadText(ref reader);
            Place.Element = 2;
            batch.Resources[span] = ReadText(ref reader);
            Place.Element = 3;
            batch.TraceIdLow[span] = reader.ReadId();
            Place.Element = 4;
            batch.SpanIds[span] = reader.ReadId();
            Place.Element = 5;
            batch.ParentIds[span] = reader.ReadId();
            Place.Element = 6;
            batch.StartUnixNanos[span] = reader.ReadInt64();
            Place.Element = 7;
            batch.DurationNanos[span] = reader.ReadInt64();
            Place.Element = 8;
            batch.Flags[span] = reader.ReadInt32() != 0 ? SpanFlags.Error : SpanFlags.None;
            Place.Element = 9;
            ReadMeta(ref reader, span);
            Place.Element = 10;
            ReadMetrics(ref reader, span);
            Place.Element = 11;
            batch.Types[span] = ReadText(ref reader);
            Place.Element = -1;
        }

        readonly void ReadMeta(ref MsgPackReader reader, int span)
        {
            var tags = batch.Tags;
            var row = RowOf(span, first: 0);
            var count = reader.ReadMapLength();
            for (var i = 1; i <= count; i++)
            {
                var key = ReadText(ref reader);
                var value = ReadText(ref reader);
                if (IsKnownDistinct(row, i, key)) tags.Append(span, key, value);
                else if (tags.Set(span, key, value)) Learn(row, i);
            }
        }

        readonly void ReadMetrics(ref MsgPackReader reader, int span)
        {
            var numbers = batch.Numbers;
            var row = RowOf(span, first: NameRows);
            var count = reader.ReadMapLength();
            for (var i = 1; i <= count; i++)
            {
                var key = ReadText(ref reader);
                var value = reader.ReadDouble();
                if (IsKnownDistinct(row, i, key)) numbers.Append(span, key, value);
                else if (numbers.Set(span, key, value)) Learn(row, i);
            }
        }

        readonly int ReadText(ref MsgPackReader reader)
        {
            var offset = reader.Offset;
            var index = reader.ReadUnsigned();
            if (index < (ulong)_table.Length) return _table[(int)index];
            throw new MsgPackException(offset, $"string index {index} is beyond the table, which holds {_table.Length} strings. The table and the spans do not belong together; report it to the tracer's authors.");
        }

        readonly Span<int> RowOf(int span, int first) =>
            _rowKeys.Slice((first + (batch.Names[span] & (NameRows - 1))) * KeysPerRow, KeysPerRow);

        /// <summary>Whether the span's first keys are those of its row, which were found distinct before. Otherwise the key takes its place in the row.</summary>
        static bool IsKnownDistinct(Span<int> row, int i, int key)
        {
            if ((uint)i >= (uint)row.Length) return false;
            if (row[i] == key) return i <= row[0];
            row[0] = Math.Min(row[0], i - 1);
            row[i] = key;
            return false;
        }

        static void Learn(Span<int> row, int i)
        {
            if (i == row[0] + 1 && i < row.Length) row[0] = i;
        }
    }
}
