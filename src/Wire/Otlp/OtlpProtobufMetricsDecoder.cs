using System.Globalization;
using Apm.Core;
using Apm.Wire.Protobuf;

namespace Apm.Wire.Otlp;

/// <summary>
/// Decodes an ExportMetricsServiceRequest in protobuf, as it comes over HTTP and inside a gRPC frame:
/// <code>
/// ExportMetricsServiceRequest { 1: ResourceMetrics* }
///   ResourceMetrics { 1: Resource { 1: KeyValue* }, 2: ScopeMetrics* { 2: Metric* } }
///     Metric { 1: name, 3: unit, 5: gauge | 7: sum | 9: histogram | 10: exponential histogram | 11: summary }
///       … { 1: data point*, 2: temporality, 3: is monotonic }
/// </code>
/// Fields may come in any order and unknown ones are skipped. Points that cannot be used are counted, their neighbours kept.
/// </summary>
public static class OtlpProtobufMetricsDecoder
{
    const string Cure = "Send one whole ExportMetricsServiceRequest; if this came through a proxy, see whether it cut or changed the body.";
    const uint Varint = 0, Fixed64 = 1, Bytes = 2;

    /// <param name="body">The message, without gRPC's frame and not compressed. May be empty: a request without points.</param>
    /// <exception cref="PayloadException">The bytes are not such a request; the message says where.</exception>
    public static OtlpMetricsResult Decode(ReadOnlySpan<byte> body)
    {
        var reading = new OtlpMetricReading("OTLP metrics request (protobuf)", Cure);
        try
        {
            var request = new ProtoReader(body);
            while (request.TryReadTag(out var tag))
            {
                if (tag == (1 << 3 | Bytes)) ReadResourceMetrics(request.ReadMessage(), reading);
                else request.Skip(tag);
            }
            return reading.Result();
        }
        catch (DecodeFault fault)
        {
            throw reading.Explain(fault);
        }
    }

    static void ReadResourceMetrics(ProtoReader message, OtlpMetricReading reading)
    {
        reading.EnterResource();
        var again = message; // The resource may stand behind its metrics.
        while (message.TryReadTag(out var tag))
        {
            if (tag == (1 << 3 | Bytes)) ReadResource(message.ReadMessage(), reading);
            else message.Skip(tag);
        }
        while (again.TryReadTag(out var tag))
        {
            if (tag == (2 << 3 | Bytes)) ReadScopeMetrics(again.ReadMessage(), reading);
            else again.Skip(tag);
        }
    }

    static void ReadResource(ProtoReader message, OtlpMetricReading reading)
    {
        while (message.TryReadTag(out var tag))
        {
            if (tag != (1 << 3 | Bytes)) message.Skip(tag);
            else if (TryReadAttribute(message.ReadMessage(), out var key, out var value)) reading.AddResourceAttribute(key, value);
        }
    }

    static void ReadScopeMetrics(ProtoReader message, OtlpMetricReading reading)
    {
        reading.EnterScope();
        while (message.TryReadTag(out var tag))
        {
            if (tag == (2 << 3 | Bytes)) ReadMetric(message.ReadMessage(), reading);
            else message.Skip(tag);
        }
    }

    static void ReadMetric(ProtoReader message, OtlpMetricReading reading)
    {
        reading.EnterMetric();
        var again = message;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Bytes: reading.Name = OtlpMetricReading.Text(message.ReadBytes()); break;
                case 3 << 3 | Bytes: reading.Unit = OtlpMetricReading.Text(message.ReadBytes()); break;
                default: message.Skip(tag); break;
            }
        }
        while (again.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 5 << 3 | Bytes: ReadData(again.ReadMessage(), OtlpMetricKind.Gauge, reading); break;
                case 7 << 3 | Bytes: ReadData(again.ReadMessage(), OtlpMetricKind.Sum, reading); break;
                case 9 << 3 | Bytes: ReadData(again.ReadMessage(), OtlpMetricKind.Histogram, reading); break;
                case 10 << 3 | Bytes: ReadData(again.ReadMessage(), OtlpMetricKind.ExponentialHistogram, reading); break;
                case 11 << 3 | Bytes: ReadData(again.ReadMessage(), OtlpMetricKind.Summary, reading); break;
                default: again.Skip(tag); break;
            }
        }
    }

    static void ReadData(ProtoReader message, OtlpMetricKind kind, OtlpMetricReading reading)
    {
        reading.EnterData(kind);
        var again = message;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 2 << 3 | Varint: reading.Temporality = message.ReadVarint() is var temporality and <= 2 ? (OtlpTemporality)temporality : OtlpTemporality.Unspecified; break;
                case 3 << 3 | Varint: reading.IsMonotonic = message.ReadVarint() != 0; break;
                default: message.Skip(tag); break;
            }
        }
        while (again.TryReadTag(out var tag))
        {
            if (tag != (1 << 3 | Bytes))
            {
                again.Skip(tag);
                continue;
            }
            reading.EnterPoint();
            var point = again.ReadMessage();
            if (kind is OtlpMetricKind.Gauge or OtlpMetricKind.Sum) ReadNumber(point, reading.Point);
            else if (kind == OtlpMetricKind.Histogram) ReadHistogram(point, reading.Point);
            else if (kind == OtlpMetricKind.ExponentialHistogram) ReadExponential(point, reading.Point);
            else ReadSummary(point, reading.Point);
            reading.FinishPoint();
        }
    }

    static void ReadNumber(ProtoReader message, OtlpPointDraft point)
    {
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 2 << 3 | Fixed64: point.Start = message.ReadFixed64(); break;
                case 3 << 3 | Fixed64: point.Time = message.ReadFixed64(); break;
                case 4 << 3 | Fixed64: point.Value = ReadDouble(ref message); break;
                case 6 << 3 | Fixed64: point.Value = unchecked((long)message.ReadFixed64()); break;
                case 7 << 3 | Bytes: ReadAttribute(message.ReadMessage(), point); break;
                case 8 << 3 | Varint: point.SetFlags(message.ReadVarint()); break;
                default: message.Skip(tag); break;
            }
        }
    }

    static void ReadHistogram(ProtoReader message, OtlpPointDraft point)
    {
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 2 << 3 | Fixed64: point.Start = message.ReadFixed64(); break;
                case 3 << 3 | Fixed64: point.Time = message.ReadFixed64(); break;
                case 4 << 3 | Fixed64: point.Count = message.ReadFixed64(); break;
                case 5 << 3 | Fixed64: point.Sum = ReadDouble(ref message); break;
                case 6 << 3 | Fixed64: OtlpPointDraft.AddBounded(point.BucketCounts, message.ReadFixed64()); break;
                case 6 << 3 | Bytes: for (var packed = message.ReadMessage(); !packed.AtEnd;) OtlpPointDraft.AddBounded(point.BucketCounts, packed.ReadFixed64()); break;
                case 7 << 3 | Fixed64: OtlpPointDraft.AddBounded(point.Bounds, ReadDouble(ref message)); break;
                case 7 << 3 | Bytes: for (var packed = message.ReadMessage(); !packed.AtEnd;) OtlpPointDraft.AddBounded(point.Bounds, ReadDouble(ref packed)); break;
                case 9 << 3 | Bytes: ReadAttribute(message.ReadMessage(), point); break;
                case 10 << 3 | Varint: point.SetFlags(message.ReadVarint()); break;
                case 11 << 3 | Fixed64: point.Min = ReadDouble(ref message); break;
                case 12 << 3 | Fixed64: point.Max = ReadDouble(ref message); break;
                default: message.Skip(tag); break;
            }
        }
    }

    static void ReadExponential(ProtoReader message, OtlpPointDraft point)
    {
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Bytes: ReadAttribute(message.ReadMessage(), point); break;
                case 2 << 3 | Fixed64: point.Start = message.ReadFixed64(); break;
                case 3 << 3 | Fixed64: point.Time = message.ReadFixed64(); break;
                case 4 << 3 | Fixed64: point.Count = message.ReadFixed64(); break;
                case 5 << 3 | Fixed64: point.Sum = ReadDouble(ref message); break;
                case 6 << 3 | Varint: point.Scale = Zigzag(message.ReadVarint()); break;
                case 7 << 3 | Fixed64: point.ZeroCount = message.ReadFixed64(); break;
                case 8 << 3 | Bytes: point.PositiveOffset = ReadBuckets(message.ReadMessage(), point.BucketCounts); break;
                case 9 << 3 | Bytes: point.NegativeOffset = ReadBuckets(message.ReadMessage(), point.NegativeCounts); break;
                case 10 << 3 | Varint: point.SetFlags(message.ReadVarint()); break;
                case 12 << 3 | Fixed64: point.Min = ReadDouble(ref message); break;
                case 13 << 3 | Fixed64: point.Max = ReadDouble(ref message); break;
                default: message.Skip(tag); break;
            }
        }
    }

    static int ReadBuckets(ProtoReader message, List<double> counts)
    {
        var offset = 0;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Varint: offset = Zigzag(message.ReadVarint()); break;
                case 2 << 3 | Varint: OtlpPointDraft.AddBounded(counts, message.ReadVarint()); break;
                case 2 << 3 | Bytes: for (var packed = message.ReadMessage(); !packed.AtEnd;) OtlpPointDraft.AddBounded(counts, packed.ReadVarint()); break;
                default: message.Skip(tag); break;
            }
        }
        return offset;
    }

    static void ReadSummary(ProtoReader message, OtlpPointDraft point)
    {
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 2 << 3 | Fixed64: point.Start = message.ReadFixed64(); break;
                case 3 << 3 | Fixed64: point.Time = message.ReadFixed64(); break;
                case 4 << 3 | Fixed64: point.Count = message.ReadFixed64(); break;
                case 5 << 3 | Fixed64: point.Sum = ReadDouble(ref message); break;
                case 6 << 3 | Bytes: ReadQuantile(message.ReadMessage(), point); break;
                case 7 << 3 | Bytes: ReadAttribute(message.ReadMessage(), point); break;
                case 8 << 3 | Varint: point.SetFlags(message.ReadVarint()); break;
                default: message.Skip(tag); break;
            }
        }
    }

    static void ReadQuantile(ProtoReader message, OtlpPointDraft point)
    {
        double quantile = 0, value = 0;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Fixed64: quantile = ReadDouble(ref message); break;
                case 2 << 3 | Fixed64: value = ReadDouble(ref message); break;
                default: message.Skip(tag); break;
            }
        }
        if (point.Quantiles.Count < OtlpLimits.MaxBuckets) point.Quantiles.Add((quantile, value));
    }

    static void ReadAttribute(ProtoReader message, OtlpPointDraft point)
    {
        if (TryReadAttribute(message, out var key, out var value)) point.AddAttribute(key, value);
    }

    /// <summary>False for lists and maps, of which no tag can be made.</summary>
    static bool TryReadAttribute(ProtoReader message, out string key, out string value)
    {
        key = "";
        ProtoReader of = default;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Bytes: key = OtlpMetricReading.Text(message.ReadBytes()); break;
                case 2 << 3 | Bytes: of = message.ReadMessage(); break;
                default: message.Skip(tag); break;
            }
        }
        var any = OtlpProtobufTraceDecoder.ReadAny(of);
        value = any.Field switch
        {
            1 => OtlpMetricReading.Text(any.Content),
            2 => any.Number == 0 ? "false" : "true",
            3 => unchecked((long)any.Number).ToString(CultureInfo.InvariantCulture),
            4 => BitConverter.UInt64BitsToDouble(any.Number).ToString("R", CultureInfo.InvariantCulture),
            _ => "",
        };
        return any.Field is >= 0 and <= 4;
    }

    static double ReadDouble(ref ProtoReader message) => BitConverter.UInt64BitsToDouble(message.ReadFixed64());

    static int Zigzag(ulong raw)
    {
        var low = unchecked((uint)raw);
        return unchecked((int)(low >> 1) ^ -(int)(low & 1));
    }
}
