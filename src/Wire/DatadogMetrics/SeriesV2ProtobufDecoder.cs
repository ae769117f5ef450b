using Apm.Core;
using Apm.Wire.Protobuf;

namespace Apm.Wire.DatadogMetrics;

/// <summary>
/// Decodes the binary body of <c>POST /api/v2/series</c>, which Datadog's agents send (metrics-monitors §4.3):
/// <code>
/// MetricPayload { 1: MetricSeries* }
///   MetricSeries { 1: Resource { 1: type, 2: name }*, 2: metric, 3: tag*, 4: MetricPoint { 1: value (double), 2: time (int64) }*,
///                  5: type, 6: unit, 7: source type name, 8: interval, 9: metadata }
/// </code>
/// Fields may come in any order and unknown ones are skipped. A series without a name or points, or of an unknown type, is left out.
/// </summary>
public static class SeriesV2ProtobufDecoder
{
    const string Cure = "Send one whole MetricPayload; JSON needs Content-Type: application/json.";
    const uint Varint = 0, Fixed64 = 1, Bytes = 2;

    /// <param name="body">The message, not compressed. May be empty: no series.</param>
    /// <exception cref="PayloadException">The bytes are not such a body; the message says where.</exception>
    public static SubmittedSeries Decode(ReadOnlySpan<byte> body)
    {
        var reading = new SeriesReading("series v2 body (protobuf)", Cure);
        try
        {
            var message = new ProtoReader(body);
            while (message.TryReadTag(out var tag))
            {
                if (tag == (1 << 3 | Bytes)) ReadSeries(message.ReadMessage(), reading);
                else message.Skip(tag);
            }
            return reading.Result();
        }
        catch (DecodeFault fault)
        {
            throw reading.Explain(fault);
        }
    }

    static void ReadSeries(ProtoReader message, SeriesReading reading)
    {
        reading.NextSeries();
        var draft = reading.Draft;
        var type = 0UL;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Bytes: ReadResource(message.ReadMessage(), reading); break;
                case 2 << 3 | Bytes: draft.Metric = reading.Text(message.ReadBytes()); break;
                case 3 << 3 | Bytes: reading.AddTag(reading.Text(message.ReadBytes())); break;
                case 4 << 3 | Bytes: ReadPoint(message.ReadMessage(), reading); break;
                case 5 << 3 | Varint: type = message.ReadVarint(); break;
                case 6 << 3 | Bytes: draft.Unit = reading.Text(message.ReadBytes()); break;
                case 8 << 3 | Varint: draft.SetInterval(unchecked((long)message.ReadVarint())); break;
                default: message.Skip(tag); break;
            }
        }
        try
        {
            reading.Finish(SeriesV2JsonDecoder.TypeOf(unchecked((long)type), message.Offset));
        }
        catch (DecodeFault wrong)
        {
            reading.Drop(wrong.Message);
        }
    }

    static void ReadResource(ProtoReader message, SeriesReading reading)
    {
        string type = "", name = "";
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Bytes: type = reading.Text(message.ReadBytes()); break;
                case 2 << 3 | Bytes: name = reading.Text(message.ReadBytes()); break;
                default: message.Skip(tag); break;
            }
        }
        SeriesV2JsonDecoder.SetResource(reading.Draft, type, name);
    }

    static void ReadPoint(ProtoReader message, SeriesReading reading)
    {
        var value = 0.0;
        var time = 0L;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Fixed64: value = BitConverter.UInt64BitsToDouble(message.ReadFixed64()); break;
                case 2 << 3 | Varint: time = unchecked((long)message.ReadVarint()); break;
                default: message.Skip(tag); break;
            }
        }
        reading.Draft.HasPoints = true;
        reading.AddPoint(time, value);
    }
}
