using System.Globalization;
using System.Text.Json;
using Apm.Core;
using Apm.Wire.Json;

namespace Apm.Wire.Otlp;

/// <summary>
/// Decodes an ExportMetricsServiceRequest in OTLP's JSON:
/// <code>
/// { resourceMetrics: [ { resource: { attributes: [ {key, value} ] }, scopeMetrics: [ { metrics: [
///     { name, unit, gauge | sum | histogram | exponentialHistogram | summary: { dataPoints: [ {…} ], aggregationTemporality, isMonotonic } } ] } ] } ] }
/// </code>
/// Numbers of 64 bits come as texts or numbers, enums as numbers or names; null is the default, unknown members are passed over. What it
/// gives is what <see cref="OtlpProtobufMetricsDecoder"/> gives for the same request.
/// </summary>
public static class OtlpJsonMetricsDecoder
{
    const string Cure = "Send one whole ExportMetricsServiceRequest in OTLP's JSON; protobuf bodies need Content-Type: application/x-protobuf.";

    static readonly string[] Temporalities = ["AGGREGATION_TEMPORALITY_UNSPECIFIED", "AGGREGATION_TEMPORALITY_DELTA", "AGGREGATION_TEMPORALITY_CUMULATIVE"];

    /// <param name="body">The JSON text in UTF-8, not compressed. May be empty: a request without points.</param>
    /// <exception cref="PayloadException">The bytes are not such a request; the message says where.</exception>
    public static OtlpMetricsResult Decode(ReadOnlySpan<byte> body)
    {
        var reading = new OtlpMetricReading("OTLP metrics request (JSON)", Cure);
        if (body.IsEmpty) return reading.Result();
        var json = new JsonWalker(body, OtlpJsonTraceDecoder.MaxJsonDepth);
        try
        {
            if (json.BeginObject())
            {
                while (json.NextMember())
                {
                    if (!json.Is("resourceMetrics"u8)) json.Skip();
                    else if (json.BeginArray())
                        while (json.NextObject()) ReadResourceMetrics(ref json, reading);
                }
            }
            json.End();
            return reading.Result();
        }
        catch (DecodeFault fault)
        {
            throw reading.Explain(fault);
        }
        catch (JsonException error)
        {
            throw reading.Explain(json.Fault(error));
        }
    }

    static void ReadResourceMetrics(ref JsonWalker json, OtlpMetricReading reading)
    {
        reading.EnterResource();
        var first = json; // The resource may stand behind its metrics: read it first, then the metrics.
        while (first.NextMember())
        {
            if (first.Is("resource"u8)) ReadResource(ref first, reading);
            else first.Skip();
        }
        while (json.NextMember())
        {
            if (!json.Is("scopeMetrics"u8)) json.Skip();
            else if (json.BeginArray())
                while (json.NextObject()) ReadScopeMetrics(ref json, reading);
        }
    }

    static void ReadResource(ref JsonWalker json, OtlpMetricReading reading)
    {
        if (!json.BeginObject()) return;
        while (json.NextMember())
        {
            if (!json.Is("attributes"u8)) json.Skip();
            else if (json.BeginArray())
                while (json.NextObject())
                    if (TryReadAttribute(ref json, out var key, out var value)) reading.AddResourceAttribute(key, value);
        }
    }

    static void ReadScopeMetrics(ref JsonWalker json, OtlpMetricReading reading)
    {
        reading.EnterScope();
        while (json.NextMember())
        {
            if (!json.Is("metrics"u8)) json.Skip();
            else if (json.BeginArray())
                while (json.NextObject()) ReadMetric(ref json, reading);
        }
    }

    static void ReadMetric(ref JsonWalker json, OtlpMetricReading reading)
    {
        reading.EnterMetric();
        var first = json;
        while (first.NextMember())
        {
            if (first.Is("name"u8)) reading.Name = OtlpMetricReading.Text(first.ReadText());
            else if (first.Is("unit"u8)) reading.Unit = OtlpMetricReading.Text(first.ReadText());
            else first.Skip();
        }
        while (json.NextMember())
        {
            if (json.Is("gauge"u8)) ReadData(ref json, OtlpMetricKind.Gauge, reading);
            else if (json.Is("sum"u8)) ReadData(ref json, OtlpMetricKind.Sum, reading);
            else if (json.Is("histogram"u8)) ReadData(ref json, OtlpMetricKind.Histogram, reading);
            else if (json.Is("exponentialHistogram"u8)) ReadData(ref json, OtlpMetricKind.ExponentialHistogram, reading);
            else if (json.Is("summary"u8)) ReadData(ref json, OtlpMetricKind.Summary, reading);
            else json.Skip();
        }
    }

    static void ReadData(ref JsonWalker json, OtlpMetricKind kind, OtlpMetricReading reading)
    {
        if (!json.BeginObject()) return;
        reading.EnterData(kind);
        var first = json;
        while (first.NextMember())
        {
            if (first.Is("aggregationTemporality"u8)) reading.Temporality = (OtlpTemporality)first.ReadEnum(Temporalities);
            else if (first.Is("isMonotonic"u8)) reading.IsMonotonic = first.ReadBool();
            else first.Skip();
        }
        while (json.NextMember())
        {
            if (!json.Is("dataPoints"u8)) json.Skip();
            else if (json.BeginArray())
                while (json.NextObject()) ReadPoint(ref json, reading);
        }
    }

    /// <summary>The kinds of points share their members, so that one reader does for all.</summary>
    static void ReadPoint(ref JsonWalker json, OtlpMetricReading reading)
    {
        reading.EnterPoint();
        var point = reading.Point;
        while (json.NextMember())
        {
            if (json.Is("startTimeUnixNano"u8)) point.Start = json.ReadUInt64();
            else if (json.Is("timeUnixNano"u8)) point.Time = json.ReadUInt64();
            else if (json.Is("asDouble"u8)) point.Value = json.ReadDouble();
            else if (json.Is("asInt"u8)) point.Value = json.ReadInt64();
            else if (json.Is("attributes"u8)) ReadAttributes(ref json, point);
            else if (json.Is("flags"u8)) point.SetFlags(json.ReadUInt64());
            else if (json.Is("count"u8)) point.Count = json.ReadUInt64();
            else if (json.Is("sum"u8)) point.Sum = ReadOptional(ref json);
            else if (json.Is("min"u8)) point.Min = ReadOptional(ref json);
            else if (json.Is("max"u8)) point.Max = ReadOptional(ref json);
            else if (json.Is("bucketCounts"u8)) ReadNumbers(ref json, point.BucketCounts);
            else if (json.Is("explicitBounds"u8)) ReadNumbers(ref json, point.Bounds);
            else if (json.Is("scale"u8)) point.Scale = (int)Math.Clamp(json.ReadInt64(), int.MinValue, int.MaxValue);
            else if (json.Is("zeroCount"u8)) point.ZeroCount = json.ReadUInt64();
            else if (json.Is("positive"u8)) point.PositiveOffset = ReadBuckets(ref json, point.BucketCounts);
            else if (json.Is("negative"u8)) point.NegativeOffset = ReadBuckets(ref json, point.NegativeCounts);
            else if (json.Is("quantileValues"u8)) ReadQuantiles(ref json, point);
            else json.Skip();
        }
        reading.FinishPoint();
    }

    static double? ReadOptional(ref JsonWalker json)
    {
        var number = json.ReadDouble();
        return json.Token == JsonTokenType.Null ? null : number;
    }

    static void ReadNumbers(ref JsonWalker json, List<double> numbers)
    {
        if (!json.BeginArray()) return;
        while (true)
        {
            var before = json;
            if (json.Next() == JsonTokenType.EndArray) return;
            json = before;
            OtlpPointDraft.AddBounded(numbers, json.ReadDouble());
        }
    }

    static int ReadBuckets(ref JsonWalker json, List<double> counts)
    {
        var offset = 0;
        if (!json.BeginObject()) return offset;
        while (json.NextMember())
        {
            if (json.Is("offset"u8)) offset = (int)Math.Clamp(json.ReadInt64(), int.MinValue, int.MaxValue);
            else if (json.Is("bucketCounts"u8)) ReadNumbers(ref json, counts);
            else json.Skip();
        }
        return offset;
    }

    static void ReadQuantiles(ref JsonWalker json, OtlpPointDraft point)
    {
        if (!json.BeginArray()) return;
        while (json.NextObject())
        {
            double quantile = 0, value = 0;
            while (json.NextMember())
            {
                if (json.Is("quantile"u8)) quantile = json.ReadDouble();
                else if (json.Is("value"u8)) value = json.ReadDouble();
                else json.Skip();
            }
            if (point.Quantiles.Count < OtlpLimits.MaxBuckets) point.Quantiles.Add((quantile, value));
        }
    }

    static void ReadAttributes(ref JsonWalker json, OtlpPointDraft point)
    {
        if (!json.BeginArray()) return;
        while (json.NextObject())
            if (TryReadAttribute(ref json, out var key, out var value)) point.AddAttribute(key, value);
    }

    /// <summary>False for lists and maps, of which no tag can be made.</summary>
    static bool TryReadAttribute(ref JsonWalker json, out string key, out string value)
    {
        (key, value) = ("", "");
        var isPlain = true;
        while (json.NextMember())
        {
            if (json.Is("key"u8)) key = OtlpMetricReading.Text(json.ReadText());
            else if (json.Is("value"u8)) isPlain = TryReadValue(ref json, out value);
            else json.Skip();
        }
        return isPlain;
    }

    static bool TryReadValue(ref JsonWalker json, out string value)
    {
        value = "";
        var isPlain = true;
        if (!json.BeginObject()) return isPlain;
        while (json.NextMember())
        {
            if (json.Is("stringValue"u8)) value = OtlpMetricReading.Text(json.ReadText());
            else if (json.Is("boolValue"u8)) value = json.ReadBool() ? "true" : "false";
            else if (json.Is("intValue"u8)) value = json.ReadInt64().ToString(CultureInfo.InvariantCulture);
            else if (json.Is("doubleValue"u8)) value = json.ReadDouble().ToString("R", CultureInfo.InvariantCulture);
            else
            {
                isPlain = isPlain && !(json.Is("arrayValue"u8) || json.Is("kvlistValue"u8) || json.Is("bytesValue"u8));
                json.Skip();
            }
        }
        return isPlain;
    }
}
