using System.Globalization;
using System.Text;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Query.Evaluate;
using Apm.Query.Text;
using Apm.TestKit;

namespace Apm.Query.Tests.Language;

/// <summary>
/// Runs the scripts in <c>tests/QueryScripts</c>. <c>load every 10s</c> is followed by lines of hits, errors or durations per
/// bucket; <c>eval from A to B QUERY</c> by the series that are expected, or by the error. What a script does not say is not checked.
/// </summary>
public class QueryScriptTests
{
    public static TheoryData<string> Scripts() => [.. Directory.GetFiles(Folder, "*.txt").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    static string Folder => Path.Combine(Fixtures.RepoRoot, "tests", "QueryScripts");

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Holds(string script)
    {
        var stats = new List<StatsBucket>();
        var lines = File.ReadAllLines(Path.Combine(Folder, script));
        var checks = 0;
        for (var at = 0; at < lines.Length;)
        {
            if (lines[at].StartsWith("load every ", StringComparison.Ordinal)) stats = Load(Block(lines, ref at));
            else if (lines[at].StartsWith("eval from ", StringComparison.Ordinal))
            {
                var first = at;
                var block = Block(lines, ref at);
                var actual = Evaluate(block[0], stats);
                Assert.True(block.Skip(1).SequenceEqual(actual), $"{script}, line {first + 1}: {block[0]}\nexpected\n{string.Join('\n', block.Skip(1))}\nbut got\n{string.Join('\n', actual)}");
                checks++;
            }
            else at++;
        }
        Assert.True(checks > 0, $"{script} evaluates nothing.");
    }

    /// <summary>A line and the indented lines beneath it, trimmed.</summary>
    static List<string> Block(string[] lines, ref int at)
    {
        var block = new List<string> { lines[at++] };
        while (at < lines.Length && lines[at].StartsWith(' ')) block.Add(lines[at++].Trim());
        return block;
    }

    /// <summary>Lines such as <c>hits{service:web,resource_name:GET /} 10 20 _ 5</c>; durations are in milliseconds.</summary>
    static List<StatsBucket> Load(List<string> block)
    {
        var buckets = new SortedDictionary<long, StatsBucket>();
        foreach (var line in block.Skip(1))
        {
            var open = line.IndexOf('{', StringComparison.Ordinal);
            var close = line.LastIndexOf('}');
            var key = Key(line[(open + 1)..close]);
            var values = line[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            for (var i = 0; i < values.Length; i++)
            {
                if (values[i] == "_") continue;
                var value = double.Parse(values[i], CultureInfo.InvariantCulture);
                var start = Some.BaseUnixNanos + i * StatsBucket.CountedWidthNanos;
                if (!buckets.TryGetValue(start, out var bucket)) buckets.Add(start, bucket = new StatsBucket(start, StatsBucket.CountedWidthNanos));
                var cell = bucket.CellOf(key);
                switch (line[..open])
                {
                    case "hits": cell.HitCount += value; cell.TopLevelHitCount += value; break;
                    case "errors": cell.ErrorCount += value; break;
                    case "durations": cell.HitCount++; cell.DurationNanos += value * Some.Millisecond; cell.OkNanos.Add(value * Some.Millisecond); break;
                    default: throw new FormatException($"hits, errors or durations, not: {line}");
                }
            }
        }
        return [.. buckets.Values];
    }

    static StatsKey Key(string tags)
    {
        var values = tags.Split(',').ToDictionary(tag => tag[..tag.IndexOf(':', StringComparison.Ordinal)], tag => tag[(tag.IndexOf(':', StringComparison.Ordinal) + 1)..]);
        return new StatsKey
        {
            Service = values.GetValueOrDefault("service", "web"),
            Name = values.GetValueOrDefault("operation", "flask.request"),
            Resource = values.GetValueOrDefault("resource_name", "GET /"),
            Env = values.GetValueOrDefault("env", "prod"),
            HttpStatusCode = int.Parse(values.GetValueOrDefault("http.status_code", "0"), CultureInfo.InvariantCulture),
        };
    }

    /// <summary><c>eval from 0s to 1m QUERY</c>, times from the start of the load.</summary>
    static List<string> Evaluate(string line, List<StatsBucket> stats)
    {
        var words = line.Split(' ', 6);
        Assert.True(DurationText.TryParse(words[2], out var from));
        Assert.True(DurationText.TryParse(words[4], out var to));
        try
        {
            var answer = new MetricQueries(new StatsList(stats)).Evaluate(words[5], new TimeRange(Some.BaseUnixNanos + from, Some.BaseUnixNanos + to));
            return [.. answer.Series.Select(Print)];
        }
        catch (QueryTextException wrong)
        {
            return [$"error at column {wrong.At.Column}: {wrong.Message}"];
        }
    }

    static string Print(MetricSeries series)
    {
        var text = new StringBuilder($"{{{series.Scope}}}");
        foreach (var point in series.Points)
            text.Append(CultureInfo.InvariantCulture, $" {point.UnixSeconds - Some.BaseUnixNanos / UnixTime.NanosPerSecond}s={Math.Round(point.Value, 3)}");
        return text.ToString();
    }
}
