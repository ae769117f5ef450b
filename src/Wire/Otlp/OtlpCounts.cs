using System.Text.Json;
using Apm.Core;
using Apm.Core.Spans;
using Apm.Wire.Json;
using Apm.Wire.Protobuf;

namespace Apm.Wire.Otlp;

/// <summary>
/// Counts what is in a metrics or logs request without reading the points and records themselves (trace-intake §7.2):
/// <code>
/// ExportMetricsServiceRequest { 1: ResourceMetrics* { 2: ScopeMetrics* { 2: Metric* { 5|7|9|10|11: { 1: point* } } } } }
/// ExportLogsServiceRequest    { 1: ResourceLogs*    { 2: ScopeLogs*    { 2: LogRecord* } } }
/// </code>
/// It notices a request that is not one at these levels; JSON is checked whole.
/// </summary>
public static class OtlpCounts
{
    const uint Bytes = 2;

    /// <summary>Data points of an ExportMetricsServiceRequest.</summary>
    /// <exception cref="PayloadException">The bytes are not such a request; the message says where.</exception>
    public static long CountMetrics(ReadOnlySpan<byte> body, bool isJson) => Count(body, isJson, isMetrics: true);

    /// <summary>Records of an ExportLogsServiceRequest.</summary>
    /// <exception cref="PayloadException">The bytes are not such a request; the message says where.</exception>
    public static long CountLogs(ReadOnlySpan<byte> body, bool isJson) => Count(body, isJson, isMetrics: false);

    static long Count(ReadOnlySpan<byte> body, bool isJson, bool isMetrics)
    {
        if (body.IsEmpty) return 0;
        var signal = isMetrics ? "metrics" : "logs";
        var path = new OtlpPath($"OTLP {signal} request ({(isJson ? "JSON" : "protobuf")})", new StringTable());
        var cure = $"Send one whole Export{(isMetrics ? "Metrics" : "Logs")}ServiceRequest, with the Content-Type that fits it.";
        JsonWalker json = default;
        try
        {
            if (!isJson) return CountProtobuf(new ProtoReader(body), isMetrics, path);
            json = new JsonWalker(body, OtlpJsonTraceDecoder.MaxJsonDepth);
            var count = CountJson(ref json, isMetrics, path);
            json.End();
            return count;
        }
        catch (DecodeFault fault)
        {
            throw path.Explain(fault, cure);
        }
        catch (JsonException error)
        {
            throw path.Explain(json.Fault(error), cure);
        }
    }

    static long CountProtobuf(ProtoReader request, bool isMetrics, OtlpPath path)
    {
        var count = 0L;
        while (request.TryReadTag(out var tag))
        {
            if (tag != (1 << 3 | Bytes))
            {
                request.Skip(tag);
                continue;
            }
            path.EnterResource();
            var resource = request.ReadMessage();
            while (resource.TryReadTag(out tag))
            {
                if (tag != (2 << 3 | Bytes))
                {
                    resource.Skip(tag);
                    continue;
                }
                path.EnterScope();
                var scope = resource.ReadMessage();
                while (scope.TryReadTag(out tag))
                {
                    if (tag != (2 << 3 | Bytes)) scope.Skip(tag);
                    else if (isMetrics) count += CountPoints(scope.ReadMessage());
                    else
                    {
                        scope.ReadBytes();
                        count++;
                    }
                }
            }
        }
        return count;
    }

    static long CountPoints(ProtoReader metric)
    {
        var count = 0L;
        while (metric.TryReadTag(out var tag))
        {
            if (tag is not (5 << 3 | Bytes or 7 << 3 | Bytes or 9 << 3 | Bytes or 10 << 3 | Bytes or 11 << 3 | Bytes))
            {
                metric.Skip(tag);
                continue;
            }
            var data = metric.ReadMessage();
            while (data.TryReadTag(out tag))
            {
                if (tag == (1 << 3 | Bytes)) count++;
                data.Skip(tag);
            }
        }
        return count;
    }

    static long CountJson(ref JsonWalker json, bool isMetrics, OtlpPath path)
    {
        var count = 0L;
        if (!json.BeginObject()) return 0;
        while (json.NextMember())
        {
            if (!json.Is(isMetrics ? "resourceMetrics"u8 : "resourceLogs"u8)) json.Skip();
            else if (json.BeginArray())
            {
                while (json.NextObject())
                {
                    path.EnterResource();
                    count += CountResource(ref json, isMetrics, path);
                }
            }
        }
        return count;
    }

    static long CountResource(ref JsonWalker json, bool isMetrics, OtlpPath path)
    {
        var count = 0L;
        while (json.NextMember())
        {
            if (!json.Is(isMetrics ? "scopeMetrics"u8 : "scopeLogs"u8)) json.Skip();
            else if (json.BeginArray())
            {
                while (json.NextObject())
                {
                    path.EnterScope();
                    count += CountScope(ref json, isMetrics);
                }
            }
        }
        return count;
    }

    static long CountScope(ref JsonWalker json, bool isMetrics)
    {
        var count = 0L;
        while (json.NextMember())
        {
            if (!json.Is(isMetrics ? "metrics"u8 : "logRecords"u8)) json.Skip();
            else if (json.BeginArray())
                while (json.NextObject()) count += isMetrics ? CountMetric(ref json) : CountRecord(ref json);
        }
        return count;
    }

    static long CountRecord(ref JsonWalker json)
    {
        while (json.NextMember()) json.Skip();
        return 1;
    }

    static long CountMetric(ref JsonWalker json)
    {
        var count = 0L;
        while (json.NextMember())
        {
            var isData = json.Is("gauge"u8) || json.Is("sum"u8) || json.Is("histogram"u8) || json.Is("exponentialHistogram"u8) || json.Is("summary"u8);
            if (!isData) json.Skip();
            else if (json.BeginObject())
            {
                while (json.NextMember())
                {
                    if (!json.Is("dataPoints"u8)) json.Skip();
                    else if (json.BeginArray())
                        while (json.NextObject()) count += CountRecord(ref json);
                }
            }
        }
        return count;
    }
}
