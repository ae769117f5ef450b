using System.Text.Json;
using Apm.Core;
using Apm.Core.Metrics;
using Apm.Wire.Json;

namespace Apm.Wire.DatadogMetrics;

/// <summary>
/// Decodes the JSON body of <c>POST /api/v2/series</c> (metrics-monitors §4.3):
/// <code>
/// { series: [ { metric, type: 0…3, points: [ {timestamp, value}, … ], resources: [ {name, type}, … ], tags: [ … ], unit, interval }, … ] }
/// </code>
/// The host is the resource of type <c>host</c>, a device that of type <c>device</c>. Unknown members are passed over.
/// </summary>
public static class SeriesV2JsonDecoder
{
    const string Cure = """Send {"series":[{"metric":"my_metric","type":3,"points":[{"timestamp":1700000000,"value":5}]}]}; the binary form needs Content-Type: application/x-protobuf.""";

    static readonly MetricType[] Types = [MetricType.Gauge, MetricType.Count, MetricType.Rate, MetricType.Gauge];

    /// <param name="body">JSON in UTF-8, not compressed.</param>
    /// <exception cref="PayloadException">The bytes are not such a body; the message says where.</exception>
    public static SubmittedSeries Decode(ReadOnlySpan<byte> body) => SeriesJson.Decode("series v2 body (JSON)", Cure, body, Read);

    /// <summary>As the number names it: unspecified, count, rate, gauge.</summary>
    internal static MetricType TypeOf(long type, int offset) =>
        type is >= 0 and <= 3 ? Types[type] : throw new DecodeFault(offset, $"the type {type} is not known; there are 0 (unspecified), 1 (count), 2 (rate) and 3 (gauge)");

    static void Read(ref JsonWalker json, SeriesReading reading)
    {
        var draft = reading.Draft;
        var type = 0L;
        while (json.NextMember())
        {
            if (json.Is("metric"u8)) draft.Metric = SeriesJson.ReadText(ref json, reading);
            else if (json.Is("type"u8)) type = json.ReadInt64();
            else if (json.Is("points"u8)) ReadPoints(ref json, reading);
            else if (json.Is("resources"u8)) ReadResources(ref json, reading);
            else if (json.Is("tags"u8)) SeriesJson.ReadTags(ref json, reading);
            else if (json.Is("unit"u8)) draft.Unit = SeriesJson.ReadText(ref json, reading);
            else if (json.Is("interval"u8)) draft.SetInterval(json.ReadInt64());
            else json.Skip();
        }
        reading.Finish(TypeOf(type, json.Offset));
    }

    static void ReadPoints(ref JsonWalker json, SeriesReading reading)
    {
        if (json.Next() != JsonTokenType.StartArray) throw json.Unexpected("a list of points such as [{\"timestamp\":1700000000,\"value\":5}]");
        while (json.Next() != JsonTokenType.EndArray)
        {
            if (json.Token != JsonTokenType.StartObject) throw json.Unexpected("a point such as {\"timestamp\":1700000000,\"value\":5}");
            double? time = null, value = null;
            while (json.NextMember())
            {
                if (json.Is("timestamp"u8)) time = SeriesJson.ReadNumber(ref json, "a time in Unix seconds");
                else if (json.Is("value"u8)) value = SeriesJson.ReadNumber(ref json, "a number as the point's value");
                else json.Skip();
            }
            if (time is not { } unixSeconds) throw new DecodeFault(json.Offset, "a point has no \"timestamp\"");
            reading.Draft.HasPoints = true;
            if (value is { } number) reading.AddPoint(SeriesJson.Seconds(unixSeconds), number);
        }
    }

    static void ReadResources(ref JsonWalker json, SeriesReading reading)
    {
        if (!json.BeginArray()) return;
        while (json.NextObject())
        {
            string name = "", type = "";
            while (json.NextMember())
            {
                if (json.Is("name"u8)) name = SeriesJson.ReadText(ref json, reading);
                else if (json.Is("type"u8)) type = SeriesJson.ReadText(ref json, reading);
                else json.Skip();
            }
            SetResource(reading.Draft, type, name);
        }
    }

    internal static void SetResource(SeriesDraft draft, string type, string name)
    {
        if (type == "host") draft.Host = name;
        else if (type == "device") draft.Device = name;
    }
}
