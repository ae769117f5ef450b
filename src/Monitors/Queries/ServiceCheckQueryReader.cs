using System.Globalization;
using Apm.Query.Text;

namespace Apm.Monitors.Queries;

/// <summary>Reads <c>"check".over("tag").exclude("tag").by("key").last(n).count_by_status()</c> (metrics-monitors §6.3). Without <c>over</c> all runs are meant.</summary>
static class ServiceCheckQueryReader
{
    static readonly string[] s_calls = ["over", "exclude", "by", "last", "count_by_status", "pct_by_status"];

    /// <exception cref="MonitorQueryException">The text is no such query.</exception>
    public static ServiceCheckMonitorQuery Read(MonitorTextReader reader)
    {
        var check = reader.Quoted(out _) ?? throw reader.Unexpected("the name of a check in quotes, such as \"mysql.can_connect\"");
        var chain = CallChain.Read(reader, s_calls);
        if (!reader.AtEnd) throw reader.Unexpected("the end of the query");
        var over = chain.Find("over");
        if (over is { Listed.Count: 0 }) throw new MonitorQueryException($".over at column {over.At.Column} must not be empty. Write .over(\"*\") for all runs.", over.At);
        var isPercent = chain.Find("pct_by_status") is not null;
        if (!isPercent) chain.Needed("count_by_status", ".count_by_status()", reader);
        var last = chain.Needed("last", ".last(2)", reader).Single(".last(2)");
        if (!int.TryParse(last.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > ServiceCheckMonitorQuery.MaxLast)
            throw new MonitorQueryException($"\"{last.Text}\" at column {last.At.Column} must be a number from 1 to {ServiceCheckMonitorQuery.MaxLast}.", last.At);
        return new ServiceCheckMonitorQuery(check, over?.Listed ?? ["*"], chain.Find("exclude")?.Listed ?? [], chain.Find("by")?.Listed ?? [], count, isPercent);
    }
}
