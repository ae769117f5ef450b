using Apm.Query.Functions;
using Apm.Query.Language;
using Apm.Query.Text;

namespace Apm.Monitors.Queries;

/// <summary>
/// Reads queries of metric monitors (metrics-monitors §6.2):
/// <code>
/// monitor-query = time-agg "(" window [ "," shift ] ")" ":" query operator number
/// time-agg      = "avg" | "sum" | "max" | "min" | "percentile" | ("change" | "pct_change") with "(" inner "(" window ")" "," shift ")"
/// window        = ( "last_" | "current_" | "next_" ) n ( "m" | "h" | "d" | "w" | "mo" )
/// shift         = "last_" n unit | n unit "_ago"
/// </code>
/// </summary>
static class MetricQueryReader
{
    static readonly string[] s_aggregators = ["avg", "sum", "max", "min", "percentile", "change", "pct_change"];

    /// <exception cref="MonitorQueryException">The text is no such query.</exception>
    public static MetricMonitorQuery Read(MonitorTextReader reader)
    {
        var word = reader.Word(out var wordAt);
        if (!s_aggregators.Contains(word)) throw WrongAggregator(word, wordAt, s_aggregators);
        reader.Take("(", $"and a window after \"{word}\", such as {word}(last_5m)");
        var isChange = word is "change" or "pct_change";
        var (aggregator, window) = isChange ? Inner(reader) : (AggregatorOf(word), Window(reader));
        var (shift, shiftText) = reader.TryTake(",") ? Shift(reader) : (0, "");
        if (isChange && shift == 0) throw reader.Unexpected($"a comma and a shift in {word}, such as {word}(avg(last_5m),last_30m)");
        reader.Take(")", "behind the window");
        reader.Take(":", "and a metric query behind the window");
        var query = Query(reader);
        var condition = reader.Condition();
        var asked = new MetricMonitorQuery(aggregator, window, isChange ? 0 : shift, isChange ? "" : shiftText, isChange ? new ChangeOver(word == "pct_change", shift, shiftText) : null, query, condition);
        Check(asked, wordAt);
        return asked;
    }

    static void Check(MetricMonitorQuery asked, TextRange at)
    {
        if ((asked.Window.Kind == WindowKind.Next) != (asked.Algorithm?.Name == "forecast"))
            throw new MonitorQueryException($"\"{asked.Window}\": a window that begins now is for forecast(…), and a forecast needs one, such as max(next_1w).", at);
        if (asked.Algorithm is not null && asked.Change is not null)
            throw new MonitorQueryException($"{asked.Algorithm.Name} at column {asked.Algorithm.NameAt.Column} judges points itself; a change of it means nothing. Write avg({asked.Window}).", asked.Algorithm.NameAt);
        if (asked.Query is not CallNode && asked.Query.Children.SelectMany(Calls).FirstOrDefault(call => call.Name is "anomalies" or "outliers" or "forecast") is { } inside)
            throw new MonitorQueryException($"{inside.Name} at column {inside.NameAt.Column} has to be the outermost part of a monitor's query.", inside.NameAt);
    }

    static IEnumerable<CallNode> Calls(QueryNode node) => (node is CallNode call ? [call] : Enumerable.Empty<CallNode>()).Concat(node.Children.SelectMany(Calls));

    static QueryNode Query(MonitorTextReader reader)
    {
        try
        {
            var query = MetricQueryParser.ReadOne(reader.Text, reader.At, out var end);
            QueryFunctions.Check(query);
            if (!query.MetricQueries.Any()) throw new MonitorQueryException($"\"{query}\" at column {query.At.Column} asks for no metric. Add one, such as avg:system.load.1{{*}}.", query.At);
            reader.At = end;
            return query;
        }
        catch (QueryTextException wrong)
        {
            throw new MonitorQueryException(wrong.Message, wrong.At, wrong.Suggestion);
        }
    }

    static (TimeAggregator, MonitorWindow) Inner(MonitorTextReader reader)
    {
        var inner = reader.Word(out var at);
        if (inner is not ("avg" or "sum" or "max" or "min")) throw WrongAggregator(inner, at, s_aggregators[..4]);
        reader.Take("(", $"and a window after \"{inner}\"");
        var window = Window(reader);
        reader.Take(")", "behind the window");
        return (AggregatorOf(inner), window);
    }

    static MonitorWindow Window(MonitorTextReader reader)
    {
        var text = reader.Word(out var at);
        if (MonitorWindow.Of(text) is { } window) return window;
        throw new MonitorQueryException($"\"{text}\" at column {at.Column} is no window. Write last_ and a number of m, h, d, w or mo, at most {MonitorWindow.LongestSeconds / 86_400} days, such as last_5m.", at, "last_5m");
    }

    static (long Seconds, string Text) Shift(MonitorTextReader reader)
    {
        var text = reader.Word(out var at);
        var length = text.StartsWith("last_", StringComparison.Ordinal) ? text.AsSpan(5) : text.EndsWith("_ago", StringComparison.Ordinal) ? text.AsSpan(0, text.Length - 4) : default;
        return MonitorWindow.OfLength(WindowKind.Last, length) is { } shift ? (shift.LengthSeconds, text)
            : throw new MonitorQueryException($"\"{text}\" at column {at.Column} is no shift. Write last_30m or 30m_ago.", at, "last_30m");
    }

    static TimeAggregator AggregatorOf(string word) => word switch
    {
        "sum" => TimeAggregator.Sum,
        "max" => TimeAggregator.Max,
        "min" => TimeAggregator.Min,
        "percentile" => TimeAggregator.Percentile,
        _ => TimeAggregator.Avg,
    };

    static MonitorQueryException WrongAggregator(string word, TextRange at, IReadOnlyList<string> known)
    {
        var nearest = NearestWord.Find(word, known);
        return new MonitorQueryException(
            (word.Length == 0 ? $"The query has to begin with how its window becomes one value (column {at.Column})" : $"\"{word}\" at column {at.Column} is no way in which a window becomes one value") +
            (nearest is null ? "." : $". Did you mean \"{nearest}\"?") + $" Write one of {string.Join(", ", known)}, such as avg(last_5m):avg:my_metric{{*}} > 800.", at, nearest);
    }
}
