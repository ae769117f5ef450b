using System.Globalization;
using Apm.Core.Metrics;

namespace Apm.Query.Scripts;

/// <summary>A line of a script that says what came, step by step: <c>m{host:a} 10 _ 30*4</c>. <c>_</c> is nothing, <c>5*3</c> is three of them.</summary>
public sealed record ScriptLine(string Name, IReadOnlyList<string> Tags, IReadOnlyList<string> Values)
{
    /// <summary>Most values of one line; default 100,000. More are refused.</summary>
    public const int MaxValuesPerLine = 100_000;

    /// <exception cref="FormatException">It is no such line; the message says why.</exception>
    public static ScriptLine Read(string line)
    {
        var (open, close) = (line.IndexOf('{', StringComparison.Ordinal), line.LastIndexOf('}'));
        if (open <= 0 || close < open) throw new FormatException($"\"{line.Trim()}\" is no series. Write name{{tags}} and its values, such as m{{host:a}} 1 2 _ 4.");
        var name = line[..open].Trim();
        string[] tags = [.. line[(open + 1)..close].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        var values = line[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(Repeated).Take(MaxValuesPerLine + 1).ToList();
        return values.Count <= MaxValuesPerLine ? new ScriptLine(name, tags, values) : throw new FormatException($"\"{name}\" has more than {MaxValuesPerLine} values in a line.");
    }

    /// <summary>The values that are there, with their times.</summary>
    public IEnumerable<(long UnixSeconds, string Text)> Present(int stepSeconds, long startUnixSeconds) =>
        Values.Select((value, i) => (startUnixSeconds + (long)i * stepSeconds, value)).Where(value => value.value != "_");

    /// <summary>The values as points of a metric.</summary>
    /// <param name="what"><c>gauge</c>, <c>count</c>, <c>rate</c>, or <c>distribution</c>, of which each value is several joined by commas.</param>
    /// <exception cref="FormatException">They are none; the message says why.</exception>
    public SeriesPoints Series(string what, int stepSeconds, long startUnixSeconds)
    {
        var key = new SeriesKey(MetricNames.Metric(Name) ?? throw new FormatException($"\"{Name}\" is no name of a metric."), MetricTags.Of(Tags.Select(tag => MetricNames.Tag(tag) ?? throw new FormatException($"\"{tag}\" is no tag."))));
        if (!Enum.TryParse<MetricType>(what, ignoreCase: true, out var type) || !char.IsLetter(what[0])) throw new FormatException($"\"{what}\": there are gauge, count, rate, distribution, spans.");
        if (type == MetricType.Distribution) return new SeriesPoints(key, type, stepSeconds, []) { Sketches = [.. Present(stepSeconds, startUnixSeconds).Select(value => new SketchPoint(value.UnixSeconds, SketchOf(value.Text)))] };
        return new SeriesPoints(key, type, type == MetricType.Gauge ? 0 : stepSeconds, [.. Present(stepSeconds, startUnixSeconds).Select(value => new MetricPoint(value.UnixSeconds, NumberOf(value.Text)))]);
    }

    /// <exception cref="FormatException">It is no number.</exception>
    public static double NumberOf(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : throw new FormatException($"\"{text}\" is no number.");

    static IEnumerable<string> Repeated(string word) =>
        word.Split('*') is [var value, var times] && int.TryParse(times, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? Enumerable.Repeat(value, count) : [word];

    static DistributionSketch SketchOf(string text)
    {
        var sketch = new DistributionSketch();
        foreach (var value in text.Split(',')) sketch.Add(NumberOf(value));
        return sketch;
    }
}
