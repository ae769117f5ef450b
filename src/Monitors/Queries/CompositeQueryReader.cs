using System.Globalization;
using Apm.Query.Text;

namespace Apm.Monitors.Queries;

/// <summary>Reads ids of monitors joined by <c>&amp;&amp;</c>, <c>||</c>, <c>!</c> and parentheses (metrics-monitors §6.8).</summary>
static class CompositeQueryReader
{
    /// <summary>Deepest nesting of parentheses and <c>!</c>.</summary>
    const int DeepestNesting = 32;

    /// <exception cref="MonitorQueryException">The text is no such query.</exception>
    public static CompositeMonitorQuery Read(MonitorTextReader reader)
    {
        var root = Or(reader, 0);
        if (!reader.AtEnd) throw reader.Unexpected("&& or ||");
        var query = new CompositeMonitorQuery(root);
        return query.Parts.Count <= CompositeMonitorQuery.MaxParts ? query
            : throw new MonitorQueryException($"The query has {query.Parts.Count} monitors; at most {CompositeMonitorQuery.MaxParts} are combined.", new TextRange(0, reader.Text.Length));
    }

    static CompositeNode Or(MonitorTextReader reader, int depth)
    {
        var left = And(reader, depth);
        while (reader.TryTake("||")) left = new CompositeOr(left, And(reader, depth));
        return left;
    }

    static CompositeNode And(MonitorTextReader reader, int depth)
    {
        var left = One(reader, depth);
        while (reader.TryTake("&&")) left = new CompositeAnd(left, One(reader, depth));
        return left;
    }

    static CompositeNode One(MonitorTextReader reader, int depth)
    {
        if (depth > DeepestNesting) throw new MonitorQueryException($"The query is nested deeper than {DeepestNesting} at column {reader.At + 1}. Write it flatter.", new TextRange(reader.At, 1));
        if (reader.TryTake("!")) return new CompositeNot(One(reader, depth + 1));
        if (reader.TryTake("("))
        {
            var inner = Or(reader, depth + 1);
            reader.Take(")", "that closes the parenthesis");
            return inner;
        }
        var word = reader.Word(out var at);
        if (long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0) return new CompositePartNode(id);
        reader.At = at.Start;
        throw reader.Unexpected("the id of a monitor, \"!\" or \"(\"");
    }
}
