using System.Text.Json;
using Apm.Core;
using Apm.Core.Metrics;
using Apm.Wire.Json;

namespace Apm.Wire.DatadogMetrics;

/// <summary>
/// Decodes the body of <c>POST /api/v1/series</c> (metrics-monitors §4.2):
/// <code>
/// { series: [ { metric, points: [ [time, value], … ], type, interval, host, device, tags: [ … ] }, … ] }
/// </code>
/// Unknown members are passed over. Reads bytes only: no clock, no sockets, no settings.
/// </summary>
public static class SeriesV1Decoder
{
    const string Cure = """Send {"series":[{"metric":"my_metric","points":[[1700000000,5]]}]}, with Content-Encoding when it is compressed.""";

    /// <param name="body">JSON in UTF-8, not compressed.</param>
    /// <exception cref="PayloadException">The bytes are not such a body; the message says where.</exception>
    public static SubmittedSeries Decode(ReadOnlySpan<byte> body) => SeriesJson.Decode("series v1 body", Cure, body, Read);

    static void Read(ref JsonWalker json, SeriesReading reading)
    {
        var draft = reading.Draft;
        var type = "";
        while (json.NextMember())
        {
            if (json.Is("metric"u8)) draft.Metric = SeriesJson.ReadText(ref json, reading);
            else if (json.Is("points"u8)) ReadPoints(ref json, reading);
            else if (json.Is("type"u8)) type = SeriesJson.ReadText(ref json, reading);
            else if (json.Is("interval"u8)) draft.SetInterval(json.ReadInt64());
            else if (json.Is("host"u8)) draft.Host = SeriesJson.ReadText(ref json, reading);
            else if (json.Is("device"u8) || json.Is("device_name"u8)) draft.Device = SeriesJson.ReadText(ref json, reading);
            else if (json.Is("tags"u8)) SeriesJson.ReadTags(ref json, reading);
            else json.Skip();
        }
        reading.Finish(TypeOf(type, json.Offset));
    }

    static void ReadPoints(ref JsonWalker json, SeriesReading reading)
    {
        if (json.Next() != JsonTokenType.StartArray) throw json.Unexpected("a list of points such as [[1700000000, 5]]");
        while (json.Next() != JsonTokenType.EndArray)
        {
            if (json.Token != JsonTokenType.StartArray) throw json.Unexpected("a point such as [1700000000, 5]");
            var time = SeriesJson.ReadNumber(ref json, "a time in Unix seconds") ?? throw new DecodeFault(json.Offset, "a time in Unix seconds is expected, not null");
            var value = SeriesJson.ReadNumber(ref json, "a number as the point's value");
            if (json.Next() != JsonTokenType.EndArray) throw json.Unexpected("the end of the point behind time and value");
            reading.Draft.HasPoints = true;
            if (value is { } number) reading.AddPoint(SeriesJson.Seconds(time), number); // null: nothing was measured.
        }
    }

    /// <summary>As <c>type</c> names it; "" is a gauge.</summary>
    internal static MetricType TypeOf(string type, int offset) => type switch
    {
        "" or "gauge" => MetricType.Gauge,
        "count" => MetricType.Count,
        "rate" => MetricType.Rate,
        _ => throw new DecodeFault(offset, $"the type \"{(type.Length <= 40 ? type : type[..40] + "…")}\" is not known; there are gauge, count and rate"),
    };
}
