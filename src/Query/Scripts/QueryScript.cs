using Apm.Core.Counting;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Evaluate;
using Apm.Query.Metrics;
using Apm.Query.Text;

namespace Apm.Query.Scripts;

/// <summary>
/// Runs a script that says what was measured and what queries give of it (docs/metric-queries.md):
/// <code>
/// load gauge every 20s
///     m{host:a}   10 _ 30
///
/// eval from 0s to 1m sum:m{*}
///     {*} 0s=10 40s=30
/// </code>
/// <c>load</c> takes <c>gauge</c>, <c>count</c>, <c>rate</c>, <c>distribution</c> (values of one point joined by commas) or <c>spans</c>
/// (hits, errors, durations in milliseconds). <c>_</c> is no point, <c>5*3</c> is three of them. <c>hosts</c> gives tags to hosts, <c>let
/// env = env:prod</c> a value to <c>$env</c>, <c>clear</c> forgets all. What stands behind <c>#</c> at the start of a line is not read.
/// </summary>
public sealed class QueryScript : IHostTags
{
    /// <summary>0 s of a script: 2026-03-01T10:00:00Z.</summary>
    public const long StartUnixSeconds = 1_772_359_200;

    readonly List<ScriptCheck> _checks = [];
    readonly Dictionary<string, string[]> _hosts = new(StringComparer.Ordinal);
    readonly Dictionary<string, IReadOnlyList<string>> _variables = new(StringComparer.Ordinal);
    readonly TimeProvider _clock;
    ScriptSeries _series = new();
    ScriptSpans _spans = new();

    QueryScript(TimeProvider clock) => _clock = clock;

    /// <summary>Runs a script.</summary>
    /// <returns>Each <c>eval</c> with what was expected and what came.</returns>
    /// <exception cref="FormatException">A line is none of a script; the message names it.</exception>
    public static IReadOnlyList<ScriptCheck> Run(string text, TimeProvider clock)
    {
        var script = new QueryScript(clock);
        var lines = text.Split('\n').Select(line => line.TrimEnd()).ToArray();
        for (var at = 0; at < lines.Length;)
        {
            var first = at;
            var head = lines[at++];
            if (head.Length == 0 || head.StartsWith('#')) continue;
            var block = new List<string>();
            for (; at < lines.Length && lines[at].StartsWith(' '); at++) if (lines[at].Trim() is { Length: > 0 } line && line[0] != '#') block.Add(line);
            try
            {
                script.Run(head, block, first + 1);
            }
            catch (FormatException wrong)
            {
                throw new FormatException($"Line {first + 1}: {wrong.Message}", wrong);
            }
        }
        return script._checks;
    }

    IReadOnlyList<string> IHostTags.TagsOf(string host) => _hosts.GetValueOrDefault(host, []);

    void Run(string head, List<string> block, int line)
    {
        var words = head.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (words)
        {
            case ["clear"]:
                (_series, _spans) = (new ScriptSeries(), new ScriptSpans());
                _hosts.Clear();
                _variables.Clear();
                break;
            case ["hosts"]:
                foreach (var host in block.Select(text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries))) _hosts[host[0]] = [.. host[1..].Select(tag => MetricNames.Tag(tag) ?? throw new FormatException($"\"{tag}\" is no tag."))];
                break;
            case ["let", var name, "=", .. var values]:
                _variables[name.TrimStart('$')] = values;
                break;
            case ["load", var what, "every", var step]:
                foreach (var series in block) Load(what, SecondsOf(step), series);
                break;
            case ["eval", "from", var from, "to", var to, ..]:
                var query = head.Split(' ', 6)[5];
                _checks.Add(new ScriptCheck(line, query, block, Evaluate(query, SecondsOf(from), SecondsOf(to))));
                break;
            default:
                throw new FormatException($"\"{head}\" is nothing that a script says. There are: load, hosts, let, clear, eval.");
        }
    }

    void Load(string what, int step, string line)
    {
        var given = ScriptLine.Read(line);
        if (what != "spans")
        {
            _series.Add(given.Series(what, step, StartUnixSeconds));
            return;
        }
        foreach (var (unixSeconds, text) in given.Present(step, StartUnixSeconds))
            if (!_spans.TryAdd(given.Name, given.Tags, unixSeconds, ScriptLine.NumberOf(text))) throw new FormatException($"\"{given.Name}\": of spans there are hits, errors and durations.");
    }

    static int SecondsOf(string text)
    {
        var isBefore = text.StartsWith('-');
        if (!DurationText.TryParse(isBefore ? text[1..] : text, out var nanos)) throw new FormatException($"\"{text}\" is no time. Write one such as 30s, 5m, -1h.");
        return (int)(nanos / UnixTime.NanosPerSecond) * (isBefore ? -1 : 1);
    }

    List<string> Evaluate(string query, int from, int to)
    {
        var queries = new MetricQueries(new CombinedMetricReader(_series, new TraceMetricReader(_spans)), this, new TraceMetricUnits(), new Counters(), _clock);
        try
        {
            var window = new TimeRange((StartUnixSeconds + from) * UnixTime.NanosPerSecond, (StartUnixSeconds + to) * UnixTime.NanosPerSecond);
            var answer = queries.Evaluate(query, window, new QueryOptions { Variables = _variables });
            List<string> lines = [.. answer.Series.Select(ScriptCheck.Print)];
            if (answer.Warning.Length > 0) lines.Add("says " + answer.Warning);
            return lines;
        }
        catch (QueryTextException wrong)
        {
            return [$"error at column {wrong.At.Column}: {wrong.Message}"];
        }
        catch (QueryLimitException tooMuch)
        {
            return [$"error: {tooMuch.Message}"];
        }
    }
}
