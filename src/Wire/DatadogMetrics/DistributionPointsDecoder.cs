using System.Text.Json;
using Apm.Core;
using Apm.Core.Metrics;
using Apm.Wire.Json;

namespace Apm.Wire.DatadogMetrics;

/// <summary>
/// Decodes the body of <c>POST /api/v1/distribution_points</c> (metrics-monitors §4.4); the values of a point become one sketch:
/// <code>
/// { series: [ { metric, points: [ [time, [value, …]], … ], host, device, tags: [ … ], type: "distribution" }, … ] }
/// </code>
/// </summary>
public static class DistributionPointsDecoder
{
    const string Cure = """Send {"series":[{"metric":"req.latency","points":[[1700000000,[1.2,3.4]]]}]}; single values go to /api/v1/series.""";

    /// <param name="body">JSON in UTF-8, not compressed.</param>
    /// <exception cref="PayloadException">The bytes are not such a body; the message says where.</exception>
    public static SubmittedSeries Decode(ReadOnlySpan<byte> body) => SeriesJson.Decode("distribution_points body", Cure, body, Read);

    static void Read(ref JsonWalker json, SeriesReading reading)
    {
        var draft = reading.Draft;
        while (json.NextMember())
        {
            if (json.Is("metric"u8)) draft.Metric = SeriesJson.ReadText(ref json, reading);
            else if (json.Is("points"u8)) ReadPoints(ref json, reading);
            else if (json.Is("interval"u8)) draft.SetInterval(json.ReadInt64());
            else if (json.Is("host"u8)) draft.Host = SeriesJson.ReadText(ref json, reading);
            else if (json.Is("device"u8)) draft.Device = SeriesJson.ReadText(ref json, reading);
            else if (json.Is("tags"u8)) SeriesJson.ReadTags(ref json, reading);
            else json.Skip();
        }
        reading.Finish(MetricType.Distribution);
    }

    static void ReadPoints(ref JsonWalker json, SeriesReading reading)
    {
        if (json.Next() != JsonTokenType.StartArray) throw json.Unexpected("a list of points such as [[1700000000, [1.2, 3.4]]]");
        while (json.Next() != JsonTokenType.EndArray)
        {
            if (json.Token != JsonTokenType.StartArray) throw json.Unexpected("a point such as [1700000000, [1.2, 3.4]]");
            var time = SeriesJson.ReadNumber(ref json, "a time in Unix seconds") ?? throw new DecodeFault(json.Offset, "a time in Unix seconds is expected, not null");
            if (json.Next() != JsonTokenType.StartArray) throw json.Unexpected("a list of values such as [1.2, 3.4]");
            var sketch = new DistributionSketch();
            while (json.Next() != JsonTokenType.EndArray)
            {
                reading.CountPoint();
                if (SeriesJson.CurrentNumber(ref json, "a number as a value") is { } value) sketch.Add(value);
            }
            if (json.Next() != JsonTokenType.EndArray) throw json.Unexpected("the end of the point behind time and values");
            reading.Draft.HasPoints = true;
            if (sketch.Count > 0) reading.AddSketch(SeriesJson.Seconds(time), sketch);
        }
    }
}
