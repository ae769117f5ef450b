using System.Globalization;
using Apm.Query.Filters;
using Apm.Query.Text;

namespace Apm.Monitors.Queries;

/// <summary>
/// Reads <c>events("search").rollup("count").by("key").last("5m") > 0</c>, and the same of spans with <c>trace-analytics</c>
/// (metrics-monitors §6.1). What is searched is read as well, so that a mistake in it is told when the monitor is written.
/// </summary>
static class SearchQueryReader
{
    static readonly string[] s_calls = ["rollup", "by", "last", "index"];
    static readonly string[] s_methods = ["count", "cardinality", "avg", "sum", "min", "max", "median"];

    /// <exception cref="MonitorQueryException">The text is no such query.</exception>
    public static SearchMonitorQuery Read(MonitorTextReader reader, string source)
    {
        var word = reader.Word(out var at);
        if (word != source) throw new MonitorQueryException($"The query has to begin with {source}(\"…\"), not with \"{word}\" (column {at.Column}).", at, source);
        reader.Take("(", $"after {source}");
        var search = reader.Quoted(out var searchAt) ?? throw reader.Unexpected("a search in quotes");
        reader.Take(")", "behind the search");
        var chain = CallChain.Read(reader, s_calls);
        var rollup = chain.Needed("rollup", ".rollup(\"count\")", reader);
        var (method, measure) = Rollup(rollup, source);
        var last = chain.Needed("last", ".last(\"5m\")", reader).Single(".last(\"5m\")");
        var window = MonitorWindow.OfLength(WindowKind.Last, last.Text) ?? throw new MonitorQueryException($"\"{last.Text}\" at column {last.At.Column} is no length of time, such as 5m, 4h or 1d.", last.At, "5m");
        string[] by = [.. (chain.Find("by")?.Listed ?? []).Where(key => key != "*")]; // A star alone is everything as one.
        Check(source, search, searchAt, by, chain.Find("by"), measure, rollup);
        return new SearchMonitorQuery(source, search, method, measure, by, window, reader.Condition());
    }

    static (string Method, string Measure) Rollup(ChainCall rollup, string source)
    {
        if (rollup.Arguments.Count is 0 or > 2) throw new MonitorQueryException($".rollup at column {rollup.At.Column} takes a method, and what to compute with: .rollup(\"count\") or .rollup(\"max\", \"@duration\").", rollup.At);
        var method = rollup.Arguments[0].Text;
        var isPercentile = method.StartsWith("pc", StringComparison.Ordinal) && double.TryParse(method.AsSpan(2), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent is > 0 and < 100;
        if (!isPercentile && !s_methods.Contains(method))
        {
            var nearest = NearestWord.Find(method, s_methods);
            throw new MonitorQueryException($"\"{method}\" at column {rollup.Arguments[0].At.Column} is no way to compute." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", s_methods)}, and pc95 and its like.", rollup.Arguments[0].At, nearest);
        }
        var measure = rollup.Arguments.Count == 2 ? rollup.Arguments[1].Text : "";
        if (measure.Length == 0 && method != "count") throw new MonitorQueryException($".rollup(\"{method}\") at column {rollup.At.Column} needs what to compute with, such as .rollup(\"{method}\", \"@duration\").", rollup.At);
        if (source == SearchMonitorQuery.Events && method is not ("count" or "cardinality")) throw new MonitorQueryException($"Events can be counted only; \"{method}\" at column {rollup.Arguments[0].At.Column} needs numbers. Write count, or cardinality and a tag key.", rollup.Arguments[0].At, "count");
        return (method, measure);
    }

    static void Check(string source, string search, TextRange searchAt, IReadOnlyList<string> by, ChainCall? groups, string measure, ChainCall rollup)
    {
        try
        {
            if (source == SearchMonitorQuery.Events) EventQuery.Parse(search);
            else if (search.Trim() is not ("" or "*")) TraceFilterParser.Parse(search);
        }
        catch (QueryTextException wrong)
        {
            throw new MonitorQueryException("In the search: " + wrong.Message, new TextRange(searchAt.Start + 1 + wrong.At.Start, wrong.At.Length), wrong.Suggestion);
        }
        if (source == SearchMonitorQuery.Events) return;
        try
        {
            foreach (var key in by) SpanField.Parse(key);
        }
        catch (QueryTextException wrong)
        {
            throw new MonitorQueryException($"In .by at column {groups!.At.Column}: {wrong.Message}", groups.At, wrong.Suggestion);
        }
        try
        {
            if (measure.Length > 0) SpanField.Parse(measure);
        }
        catch (QueryTextException wrong)
        {
            throw new MonitorQueryException($"In .rollup at column {rollup.At.Column}: {wrong.Message}", rollup.At, wrong.Suggestion);
        }
    }
}
