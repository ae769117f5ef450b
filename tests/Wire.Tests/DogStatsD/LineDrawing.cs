using System.Globalization;
using System.Text;
using Apm.Wire.DogStatsD;

namespace Apm.Wire.Tests.DogStatsD;

/// <summary>What was read of a line, in words: so a test's expectation is a picture.</summary>
static class LineDrawing
{
    public const long ReceivedUnixSeconds = 1_700_000_000;

    public static string Draw(string line) => Draw(Encoding.UTF8.GetBytes(line));

    /// <summary>A line as it was read; a rejected one as "rejected" with the sentence.</summary>
    public static string Draw(ReadOnlySpan<byte> line)
    {
        LineFault fault;
        switch (DogStatsDLines.KindOf(line))
        {
            case DogStatsDLineKind.Event:
                if (!EventLineReader.TryRead(line, ReceivedUnixSeconds, out var happened, out fault)) break;
                return string.Join(" | ", Parts("event " + Quote(happened!.Title), "text " + Quote(happened.Text), Time(happened.UnixSeconds), Or("priority", happened.Priority, "normal"), Or("type", happened.AlertType, "info"),
                    Or("host", happened.Host, ""), Or("key", happened.AggregationKey, ""), Or("source", happened.Source, ""), Tags(happened.Tags), fault.Kind == LineFaultKind.None ? "" : "ignored " + Encoding.UTF8.GetString(line.Slice(fault.Offset, fault.Length))));
            case DogStatsDLineKind.ServiceCheck:
                if (!ServiceCheckLineReader.TryRead(line, ReceivedUnixSeconds, out var run, out fault)) break;
                return string.Join(" | ", Parts($"check {run!.Check} {run.Status}", Time(run.UnixSeconds), Or("host", run.Host, ""), Tags(run.Tags), run.Message.Length > 0 ? "message " + Quote(run.Message) : "",
                    fault.Kind == LineFaultKind.None ? "" : "ignored " + Encoding.UTF8.GetString(line.Slice(fault.Offset, fault.Length))));
            default:
                if (!MetricLineReader.TryRead(line, takesTimestamps: true, out var metric, out fault)) break;
                return Draw(metric);
        }
        return "rejected: " + fault.Sentence(line);
    }

    static string Draw(MetricLine metric)
    {
        var values = new List<string>();
        foreach (var value in metric.Values) values.Add(value.ToString("R", CultureInfo.InvariantCulture));
        Assert.Equal(metric.Type == StatsdType.Set ? 1 : values.Count, metric.ValueCount);
        if (metric.Type == StatsdType.Set) values.Add(Quote(Encoding.UTF8.GetString(metric.RawValues)));
        else Assert.Equal(values[0], metric.FirstValue.ToString("R", CultureInfo.InvariantCulture));
        var tags = new List<string>();
        foreach (var tag in new StatsdParts(metric.Tags, (byte)',')) tags.Add(Encoding.UTF8.GetString(tag));
        return string.Join(" | ", Parts($"{Encoding.UTF8.GetString(metric.Name)} = {string.Join(", ", values)}", metric.Type.ToString(),
            metric.SampleRate.Equals(1.0) ? "" : string.Create(CultureInfo.InvariantCulture, $"rate {metric.SampleRate}"), Tags(tags), metric.UnixSeconds == 0 ? "" : $"time {metric.UnixSeconds}",
            Or("container", Encoding.UTF8.GetString(metric.Container), ""), Or("external", Encoding.UTF8.GetString(metric.ExternalData), ""), Or("cardinality", Encoding.UTF8.GetString(metric.Cardinality), "")));
    }

    static IEnumerable<string> Parts(params string[] parts) => parts.Where(part => part.Length > 0);

    static string Quote(string text) => $"\"{text.Replace("\n", "⏎", StringComparison.Ordinal)}\"";

    static string Time(long unixSeconds) => unixSeconds == ReceivedUnixSeconds ? "" : $"time {unixSeconds}";

    static string Or(string name, string value, string usual) => value == usual ? "" : $"{name} {value}";

    static string Tags(IReadOnlyList<string> tags) => tags.Count == 0 ? "" : "#" + string.Join(" #", tags);
}
